"""A phone's offset from its cell's carrier: told by receivers that know the cell, and by no other."""

from pathlib import Path

import numpy as np
import pytest
from tests.runtime.test_learned import base_station

from cellwarden.errors import SiteError
from cellwarden.locate.site import Sensor, Site
from cellwarden.model import Cell, Emission, Measured, Observation, Reception, Segment
from cellwarden.radio.live import Tuning
from cellwarden.runtime.carriers import Carrier, Carriers, _carriers, carriers
from cellwarden.runtime.learned import Learned
from cellwarden.runtime.receivers import Receiver, read
from cellwarden.runtime.sighted import sightings

UP_HZ = 1747.5e6
SITE = Site("two", (), (), (), (Sensor("A", (0, 0, 2)), Sensor("B", (9, 0, 2))))


def heard(phone: str, offsets_hz: dict[str, list[float]]) -> list[Observation]:
    """Bursts of a phone at some sensors, each with its carrier offset as it seems there."""
    made = []
    for n in range(len(next(iter(offsets_hz.values())))):
        each = tuple(
            Reception(
                name, -50.0, 0.3, 0.0, 100.0,
                Emission("lte:pusch", 0, 1000, -9e4, 9e4, 15.0, 1.0, cfo_hz=cfo[n], details={"train": 1}),
            )
            for name, cfo in offsets_hz.items()
        )  # fmt: skip
        made.append(Observation(n * 10**7, "lte:pusch", UP_HZ, phone, each))
    return made


def learned(down_hz: float, clock_ppm: float, at_hz: float = 1842.5e6, interface: str = "lte") -> Learned:
    """A cell as a receiver hears it whose clock is fast by so much."""
    seems = (down_hz / (1 + clock_ppm * 1e-6) - at_hz,)
    return Learned(Cell(interface, seems, 0.0, 1.0, {"clock_ppm": clock_ppm}), Segment(0, 1, 1.92e6, at_hz), Path("x"))


def told(observed: list[Observation], known: Carriers) -> tuple[float | None, float]:
    (one,) = sightings(observed, SITE, lambda *_: (("01", 1.0),), carrier=known.of)
    return one.offset_hz, one.offset_error_hz


def test_an_offset_is_told_beside_the_cell_and_not_beside_the_receivers_own_clock() -> None:
    known = Carriers({"A": _carriers([learned(1842.5e6, 0.8)]), "B": _carriers([learned(1842.5e6, -1.5)])})
    rng = np.random.default_rng(1)
    seems = {
        name: (40.0 - ppm * 1e-6 * UP_HZ + rng.normal(0, 30, 20)).tolist() for name, ppm in (("A", 0.8), ("B", -1.5))
    }
    offset, error = told(heard("P1", seems), known)
    assert offset == pytest.approx(40.0, abs=25.0)  # 30 Hz a burst, a median of 20 at two sensors: 6 Hz
    assert error == pytest.approx(0.02 * 1747.5, abs=5.0)  # what one cell's carrier is measured to
    alone, _error = told(heard("P1", {"A": seems["A"]}), known)
    assert alone == pytest.approx(40.0, abs=30.0)


def test_where_no_cell_is_known_or_not_which_one_nothing_is_told() -> None:
    observed = heard("P1", {"A": [10.0, 12.0, 11.0]})
    assert told(observed, Carriers({})) == (None, 0.0)
    assert told(observed, Carriers({"B": _carriers([learned(1842.5e6, 0.0)])})) == (None, 0.0)
    two = [learned(1842.5e6, 0.0), learned(1845.5e6, 0.3)]  # two masts whose clocks differ, either may serve it
    assert told(observed, Carriers({"A": _carriers(two)})) == (None, 0.0)
    far = Carriers({"A": (Carrier("lte", UP_HZ + 15e6, Measured(0.0, 0.02)),)})
    assert told(observed, far) == (None, 0.0)
    untuned = Learned(Cell("lte", (0.0,), 0.0, 1.0, {"clock_ppm": 0.1}), Segment(0, 1, 1e6), Path("x"))
    assert _carriers([untuned]) == ()


def test_a_recording_of_a_base_station_tells_its_carrier(tmp_path: Path) -> None:
    known = carriers([Receiver("A", "rtltcp://h:1", Tuning(), base_station(tmp_path)), Receiver("B", "x", Tuning())])
    fast = known.of("A", "lte", UP_HZ - 360e3)
    assert fast is not None and fast.value == pytest.approx(0.0, abs=0.1)
    assert known.of("B", "lte", UP_HZ) is None and known.of("A", "gsm", 897e6) is None


def test_a_sites_file_names_the_recording_beside_itself(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    table = '[[receiver]]\nsensor = "A"\nsource = "x:y"\n'
    path.write_text(table + 'carriers = "down.sigmf-meta"\n')
    assert read(path, SITE)[0].carriers == tmp_path / "down.sigmf-meta"
    path.write_text(table + "carriers = 3\n")
    with pytest.raises(SiteError, match="carriers"):
        read(path, SITE)
