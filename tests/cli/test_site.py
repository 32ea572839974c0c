"""`cellwarden site` as people type it."""

import json
import shutil
import socket
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from tests.cli.conftest import Typed
from tests.locate import heard as small
from tests.watch.test_notify import broker, server

from benchmarks import geofence as lane
from cellwarden.cli import plan_sensors, progress
from cellwarden.locate.site import load
from cellwarden.locate.site_write import to_toml
from cellwarden.simulate.levels import heard_dbm, world
from cellwarden.simulate.prison import PLACE

WING = PLACE / "remand-wing.toml"


@pytest.fixture
def run(typed: Typed) -> Typed:
    return partial(typed, "site")


def test_a_sound_site_is_summed_up(run) -> None:  # type: ignore[no-untyped-def]
    code, out, err = run("check", WING)
    summary, bare = out.splitlines()
    assert (code, summary, err) == (0, "Remand wing: 3 floors, 60 cells, 352 walls, 12 sensors.", "")
    assert bare.startswith("No sensor stands on the outer face of the wall")
    code, out, _err = run("check", WING, "--language", "fr")
    assert code == 0 and "3 étages, 60 cellules, 352 murs, 12 capteurs" in out


def test_each_fault_is_a_line_and_the_code_is_two(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "site.toml"
    text = WING.read_text("utf-8")
    path.write_text(text.replace('name = "A-003"', 'name = "A-001"').replace('"A0-S2"', '"A0-S1"'), "utf-8")
    code, out, err = run("check", path)
    lines = out.splitlines()
    assert code == 2 and len(lines) == 2
    number = text[: text.index('name = "A-003"')].count("\n")
    assert lines[0].startswith(f"{path}:{number}: room A-001 has the name of another one (line ")
    assert err == f"cellwarden: 2 faults in {path}: mend them\n"


@pytest.mark.parametrize("ending", ["svg", "png"])
def test_a_plan_is_drawn_and_not_drawn_over(run, tmp_path: Path, ending: str) -> None:  # type: ignore[no-untyped-def]
    output = tmp_path / f"plan.{ending}"
    assert run("draw", WING, "-o", output, "--floor", "1")[0] == 0
    assert output.read_bytes()[:4] == (b"<svg" if ending == "svg" else b"\x89PNG")
    code, _out, err = run("draw", WING, "-o", output)
    assert code == 2 and "--force" in err and err.count("\n") == 1
    assert run("draw", WING, "-o", output, "--force")[0] == 0


BAD = {
    "a missing file": (("check", "none.toml"), "none.toml", "cannot be read"),
    "a folder": (("check", "."), "cannot be read", ""),
    "another ending": (("draw", WING, "-o", "plan.pdf"), "plan.pdf", ".svg or .png"),
    "a floor that is not": (("draw", WING, "-o", "plan.svg", "--floor", "7"), "remand-wing.toml", "0, 1, 2"),
    "a folder that is not": (("draw", WING, "-o", "none/plan.svg"), "none/plan.svg", "choose another place"),
    "a plan of another kind": (("import", "plan.dwg", "-o", "x.toml"), "plan.dwg", ".geojson, .dxf or .ifc"),
    "no plan": (("import", "none.geojson", "-o", "x.toml"), "none.geojson", "cannot be read"),
    "no drawing": (("import", "none.dxf", "-o", "x.toml"), "none.dxf", "cannot be read"),
    "a wall of cheese": (("import", "none.dxf", "-o", "x.toml", "--walls", "cheese"), "cheese", "choose"),
}


@pytest.mark.parametrize(("words", "name", "remedy"), BAD.values(), ids=BAD.keys())
def test_bad_input_is_one_line(  # type: ignore[no-untyped-def]
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[object, ...], name: str, remedy: str
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = run(*words)
    assert code == 2 and out == "" and err.count("\n") == 1
    assert err.startswith("cellwarden: ") and name in err and remedy in err
    assert not list(tmp_path.iterdir())


def test_a_binary_file_is_refused_in_one_line(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    for name in ("site.toml", "site.json"):
        (tmp_path / name).write_bytes(bytes(range(256)))
        code, _out, err = run("check", tmp_path / name)
        assert code == 2 and err.count("\n") == 1 and str(tmp_path / name) in err


def test_an_imported_plan_without_sensors_says_what_is_left(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    ring = [[0, 0], [2.6, 0], [2.6, 4], [0, 4], [0, 0]]
    cell = {"geometry": {"type": "Polygon", "coordinates": [ring]}, "properties": {"kind": "cell", "name": "1"}}
    plan, output = tmp_path / "plan.geojson", tmp_path / "site.toml"
    plan.write_text(json.dumps({"features": [cell]}))
    # 2.6 m wide is narrower than a tenth of a degree only in degrees: a plan this small must say more than one room
    far = {"geometry": {"type": "Point", "coordinates": [1, 1]}, "properties": {}}
    plan.write_text(json.dumps({"features": [cell, far]}))
    code, out, _err = run("import", plan, "-o", output, "--walls", "brick")
    assert code == 0 and out.splitlines()[0] == "plan: 1 floor, 1 cell, 4 walls, 1 sensor."
    assert "1 fault is left" in out and len(load(output).walls) == 4
    shutil.copy(output, plan)  # a site's file is no plan
    code, _out, err = run("import", plan, "-o", output, "--force")
    assert code == 2 and "JSON" in err


def test_places_for_sensors_are_proposed(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    output = tmp_path / "new.toml"
    code, out, _err = run("plan-sensors", WING, "--count", 4, "--draws", 20, "--cost", 400, "-o", output)
    assert code == 0 and "1,600" in out and "right cell first" in out and "outer face of the wall" in out
    assert [sensor.name for sensor in load(output).sensors] == ["S-01", "S-02", "S-03", "S-04"]
    assert run("plan-sensors", output, "--count", 150)[0] == 2


def test_places_on_the_wall_are_proposed_beside_the_sensors_that_hang(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    output = tmp_path / "new.toml"
    code, out, _err = run("plan-sensors", WING, "--count", 2, "--goal", "fence", "--draws", 10, "-o", output)
    assert code == 0 and "inside, missed" in out and "outer face of the wall" not in out
    assert [sensor.name for sensor in load(output).sensors][12:] == ["W-01", "W-02"]
    code, _out, err = run("plan-sensors", output, "--count", 200, "--goal", "fence")
    assert code == 2 and "on its wall, not 200" in err


@pytest.mark.parametrize("goal", ["cells", "fence"])
def test_places_are_written_without_a_word_and_never_over_a_file_that_is_there(run, tmp_path: Path, goal: str) -> None:  # type: ignore[no-untyped-def]
    output = tmp_path / "new.toml"
    asked = ("plan-sensors", WING, "--count", 2, "--goal", goal, "-o", output)
    assert run(*asked, "--quiet") == (0, "", "")
    code, out, err = run(*asked)
    assert (code, out) == (2, "") and "--force" in err


def test_who_looks_on_sees_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, int]] = []
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(progress.Steps, "told", lambda _self, done, total: told.append((done, total)))
    with plan_sensors._bar("places", 2, False) as tell:
        tell()
        tell()
    assert told == [(0, 2), (1, 2), (2, 2)]
    with plan_sensors._bar("places", 2, True) as tell:
        tell()
    assert len(told) == 3


def test_sensors_cannot_be_planned_without_cells(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "site.toml"
    path.write_text(WING.read_text("utf-8").replace('kind = "cell"', 'kind = "room"'), "utf-8")
    code, _out, err = run("plan-sensors", path, "--count", 4)
    assert code == 2 and "has no cells" in err and err.count("\n") == 1


def test_a_phone_in_a_cell_is_inside_and_one_in_the_street_is_not(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    site, rng = lane.site_of("building and wall"), np.random.default_rng(5)
    built = world(site, rng)
    place, readings = tmp_path / "site.toml", tmp_path / "r.csv"
    place.write_text(to_toml(site), encoding="utf-8")
    lines = ["time_s,sensor,rssi_dbm,phone"]
    for name, places in (("P1", lane.inside_places(site, 1, rng)), ("P2", lane.outside_places(site, 1, rng))):
        levels = heard_dbm(built, places, np.array([30.0]), rng)[:, 0]
        heard = [(s.name, level) for s, level in zip(site.sensors, levels, strict=True) if np.isfinite(level)]
        lines += [f"1,{sensor},{level:.1f},{name}" for sensor, level in heard]
    readings.write_text("\n".join(lines) + "\n")
    code, out, err = run("inside", place, readings)
    assert (code, err) == (0, "")
    first, second = out.splitlines()
    assert first.startswith("P1: inside the wall, probability") and second.startswith("P2: outside the wall")
    assert "P1\u00a0: dans l’enceinte, probabilité" in run("inside", place, readings, "--language", "fr")[1]


def test_what_one_sensor_heard_is_on_neither_side(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    # it was told to be outside with 0.997, as if all other sensors had listened
    (tmp_path / "r.csv").write_text("time_s,sensor,rssi_dbm\n1,A0-S1,-60\n")
    code, out, err = run("inside", WING, tmp_path / "r.csv")
    assert (code, out, err) == (0, "r.csv: unknown: fewer than 3 sensors heard it\n", "")


def test_a_site_without_an_outside_cannot_say_who_is_inside(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "r.csv").write_text("time_s,sensor,rssi_dbm\n1,S0,-60\n")
    code, out, err = run("inside", small.site_file(tmp_path), tmp_path / "r.csv")
    assert (code, out) == (2, "") and err.count("\n") == 1 and "beyond the wall" in err


def test_a_test_message_goes_to_each_address_and_who_did_not_take_it_is_named(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "site.toml"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as inbox:
        inbox.bind(("127.0.0.1", 0))
        inbox.settimeout(10)
        well = f"syslog://127.0.0.1:{inbox.getsockname()[1]}"
        path.write_text(WING.read_text("utf-8") + f'\n[notify]\naddresses = ["{well}"]\n', "utf-8")
        assert run("notify", path) == (0, f"{well} was sent it; syslog does not say whether it came\n", "")
        assert "this is a test" in inbox.recv(4096).decode()
        both = f'\n[notify]\naddresses = ["http://u:hunter2@127.0.0.1:1/t0ken", "{well}"]\n'
        path.write_text(WING.read_text("utf-8") + both, "utf-8")
        code, out, err = run("notify", path, "--language", "fr")
        assert "ceci est un essai" in inbox.recv(4096).decode()
    lost, taken = out.splitlines()
    assert code == 2 and lost.startswith("http://127.0.0.1:1 ") and well in taken
    assert "hunter2" not in out + err and "t0ken" not in out + err and err.count("\n") == 1


def test_a_broker_that_took_the_test_message_is_said_to_have(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "site.toml"
    with server(broker()) as (port, got):
        address = f"mqtt://guard:hunter2@127.0.0.1:{port}"
        path.write_text(WING.read_text("utf-8") + f'\n[notify]\naddresses = ["{address}"]\n', "utf-8")
        assert run("notify", path) == (0, f"mqtt://127.0.0.1:{port} took it\n", "")
    assert b'"kind": "test"' in got[1]


def test_a_site_that_tells_nobody_is_told_how_to(run) -> None:  # type: ignore[no-untyped-def]
    code, out, err = run("notify", WING)
    assert (code, out) == (2, "") and "[notify]" in err and err.count("\n") == 1
