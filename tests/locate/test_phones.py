"""Readings of many phones in one table, each located by itself."""

from pathlib import Path

import numpy as np
import pytest
from tests.locate import heard

from cellwarden.locate import fixes, phones, radio_map, solve
from cellwarden.locate.readings import read_phones, read_readings
from cellwarden.model import Fix


def table(path: Path, lines: list[str], head: str = "time_s,sensor,rssi_dbm,phone") -> Path:
    path.write_text("\n".join([head, *lines]) + "\n")
    return path


def test_a_table_is_parted_by_its_phones(tmp_path: Path) -> None:
    path = table(tmp_path / "r.csv", ["2,S1,-60,P2", "1,S0,-50,P1", "1,S1,127,P2", "0,S2,-70,", "3,S0,-51,P1"])
    found = read_phones(path, heard.SITE)
    assert sorted(found) == ["P1", "P2"]
    assert found["P1"].time_s.tolist() == [1.0, 3.0] and found["P1"].level_dbm.tolist() == [-50.0, -51.0]
    assert found["P2"].sensor.tolist() == [1] and found["P2"].without_level == 1 and found["P2"].first_s == 1.0
    assert len(read_readings(path, heard.SITE).time_s) == 4


def test_a_table_without_that_column_is_of_one_phone(tmp_path: Path) -> None:
    plain = table(tmp_path / "r.csv", ["1,S0,-50", "0,S1,-60"], "time_s,sensor,rssi_dbm")
    found = read_phones(plain, heard.SITE)
    assert list(found) == [""] and found[""].time_s.tolist() == [0.0, 1.0]
    empty = read_phones(table(tmp_path / "e.csv", [], "time_s,sensor,rssi_dbm"), heard.SITE)
    assert list(empty) == [""] and empty[""].first_s == 0.0


def test_fixes_of_all_phones_come_in_the_order_of_time_under_their_names() -> None:
    def at(time_s: float) -> Fix:
        return Fix(time_s, (1.0, 2.0, 3.0), 1.5, "C00", 0.75)

    found = {"P1": [at(1.0), at(3.0)], "P2": [at(2.0)], 'x,"y"': [at(2.5)]}
    assert list(phones.lines(found)) == [
        "time_s,x_m,y_m,z_m,radius90_m,cell,probability,phone\n",
        "1,1.00,2.00,3.00,1.50,C00,0.750,P1\n",
        "2,1.00,2.00,3.00,1.50,C00,0.750,P2\n",
        '2.5,1.00,2.00,3.00,1.50,C00,0.750,"x,""y"""\n',
        "3,1.00,2.00,3.00,1.50,C00,0.750,P1\n",
    ]


@pytest.mark.long
def test_two_phones_at_once_are_located_as_well_as_each_alone(tmp_path: Path) -> None:
    fitted = radio_map.fit(heard.SITE, heard.surveyed(1))
    first, place = heard.walked(1, 20.0)
    second, _place = heard.walked(2, 20.0, power_db=-4.0)
    rows = [
        f"{t:.3f},S{s},{level:.3f},{name}"
        for name, one in (("A", first), ("B", second))
        for t, s, level in zip(one.time_s, one.sensor, one.level_dbm, strict=True)
    ]
    both = read_phones(table(tmp_path / "r.csv", rows), heard.SITE)
    ways = {name: list(fixes.fixes(heard.SITE, one, solve.causal(fitted, one))) for name, one in both.items()}
    assert [name for name, _fix in phones.by_time(ways)] == ["A", "B"] * 20
    last = ways["A"][-1]
    assert last.place_m is not None
    assert np.hypot(*(np.array(last.place_m[:2]) - place[-1, :2])) < 3.0
    alone = list(fixes.fixes(heard.SITE, both["A"], solve.causal(fitted, both["A"])))
    assert alone == ways["A"]
