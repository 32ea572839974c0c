"""Several receivers of a site together: each burst once, by phone, with the level at each sensor."""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from cellwarden.errors import SiteError, SourceError
from cellwarden.locate.cells import ABSENT_DBM
from cellwarden.locate.site import Sensor, Site
from cellwarden.model import Emitter, Odds
from cellwarden.radio.live import Tuning, open_stream
from cellwarden.radio.live.stream import Piece, Stream
from cellwarden.runtime import site
from cellwarden.runtime.known import Known
from cellwarden.runtime.listen import listen
from cellwarden.runtime.receivers import read
from cellwarden.runtime.signing import Signer
from cellwarden.runtime.site import Step, steps
from cellwarden.runtime.whose import Whose
from cellwarden.signature.gallery_file import save
from cellwarden.simulate import wing

SCENE = wing.PLACE.with_suffix(".sigmf-meta")
SITE = Site("two", (), (), (), (Sensor("A", (0, 0, 2)), Sensor("B", (9, 0, 2), offset_db=-6.0), Sensor("C", (5, 5, 2))))


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two receivers on a machine that has much else to do may be seconds apart: they are waited for."""
    monkeypatch.setattr(site, "LATE_S", 60.0)


def stream(start_ns: int) -> Stream:
    """A receiver whose own clock told when its first sample was taken."""
    opened = open_stream(f"file:{SCENE}", Tuning())

    def pieces() -> Iterator[Piece]:
        taken = 0
        for piece in opened.pieces:
            yield replace(piece, start_ns=start_ns + round(taken / opened.rate_hz * 1e9))
            taken += len(piece.iq)

    return replace(opened, pieces=pieces())


def broken() -> Stream:
    def pieces() -> Iterator[Piece]:
        raise SourceError("the receiver was unplugged")
        yield

    return replace(open_stream(f"file:{SCENE}", Tuning()), pieces=pieces())


def heard(streams: dict[str, Stream]) -> tuple[list[Step], list[tuple[NDArray[np.float64], float]]]:
    asked: list[tuple[NDArray[np.float64], float]] = []

    def whereabouts(levels_dbm: NDArray[np.float64], interface: str, frequency_hz: float) -> Odds:
        assert interface == "gsm"
        asked.append((levels_dbm, frequency_hz))
        return (("01", 1.0),)

    return list(steps(streams, SITE, whereabouts)), asked


def test_two_sensors_tell_each_burst_once_and_their_levels_by_their_calibration() -> None:
    now = time.time_ns()
    told, asked = heard({"A": stream(now), "B": stream(now + 3_000_000)})
    every = [one for step in told for one in step.sightings]
    assert sum((Counter(one.labels) for one in every), Counter()) == {"gsm:normal": 50, "gsm:access": 1}
    assert {one.sensors for one in every} == {("A", "B")}
    for levels_dbm, frequency_hz in asked:
        assert levels_dbm[0] - levels_dbm[1] == pytest.approx(6.0, abs=0.01) and levels_dbm[2] == ABSENT_DBM
        assert pytest.approx(frequency_hz, abs=1e6) == 901.8e6
    assert [step.end_ns for step in told] == sorted(step.end_ns for step in told)


def test_a_receiver_that_fails_is_told_as_deaf_and_the_others_go_on() -> None:
    told, _asked = heard({"A": broken(), "B": stream(time.time_ns())})
    assert ("A", "no samples") in [(state.sensor, state.reason) for step in told for state in step.states]
    assert sum(sum(one.labels.values()) for step in told for one in step.sightings) == 51


def test_a_phone_that_the_gallery_knows_is_told_with_its_name(tmp_path: Path) -> None:
    """The call of the scene, enrolled from one hearing."""
    place, now = tmp_path / "emitters.json", time.time_ns()
    signer = Signer()
    told = [signer.event(event) for event in listen(stream(now), passing=signer.passing)]
    save(place, [Emitter("E-0042", tuple(one.session for one in told if one and one.session.bursts > 8))])
    whose = Whose(Known(place, pytest.fail))
    streams = {"A": stream(now), "B": stream(now)}
    heard = [one for step in steps(streams, SITE, lambda *_: (("01", 1.0),), whose=whose) for one in step.sightings]
    named = [one for one in heard if one.emitter]
    assert {one.emitter for one in named} == {"E-0042"} and all(one.log_ratio > 2 for one in named)
    assert sum(one.labels["gsm:normal"] for one in named) > 30


def test_receivers_stand_in_the_sites_file(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text(
        '[[receiver]]\nsensor = "A"\nsource = "rtltcp://10.0.0.2:1234"\ncentre_hz = 897.5e6\nrate_hz = 2.4e6\n'
    )
    (one,) = read(path, SITE)
    assert one.sensor == "A" and one.source == "rtltcp://10.0.0.2:1234"
    assert one.tuning == Tuning(2.4e6, 897.5e6)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('[[receiver]]\nsource = "x"', "sensor"),
        ('[[receiver]]\nsensor = "Z"\nsource = "x"', "Z"),
        ('[[receiver]]\nsensor = "A"\nsource = "x"\n' * 2, "A"),
        ('[[receiver]]\nsensor = "A"\nsource = "x"\ncentre_hz = "fast"', "fast"),
        ('[[receiver]]\nsensor = "A"\nsource = "x"\nspeed = "1M"', "speed"),
        ("[receiver]", "[[receiver]]"),
    ],
)
def test_what_is_wrong_with_a_receiver_is_told(tmp_path: Path, text: str, word: str) -> None:
    path = tmp_path / "site.toml"
    path.write_text(text)
    with pytest.raises(SiteError, match=r"site\.toml") as told:
        read(path, SITE)
    assert word in str(told.value)


def test_a_sensor_that_is_deaf_is_not_taken_for_one_that_heard_nothing() -> None:
    """Else a phone that but one of two hears seems far away."""
    _told, asked = heard({"A": broken(), "B": stream(time.time_ns())})
    assert all(np.isfinite(levels_dbm[1]) for levels_dbm, _hertz in asked)
    assert asked[-1][0].tolist()[::2] == [ABSENT_DBM, ABSENT_DBM]  # the one that broke, and the one without a receiver


def test_a_machine_that_was_busy_catches_up_step_by_step() -> None:
    """Nobody speaks for a minute at once: what a phone does is told by its seconds."""
    ends = list(site._ends(1_000, 57_300_001_000))
    assert len(ends) == 57 and ends[-1] == 57_300_001_000
    assert np.diff([1_000, *ends]) == pytest.approx(57_300_000_000 / 57, abs=1)
    assert list(site._ends(1_000, 1_020_001_000)) == [1_020_001_000]


def test_the_crystal_of_a_receiver_that_does_not_stamp_is_brought_back_to_the_clock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As at a node: a week of 30 millionths is 18 s."""
    late_ns = 18 * 10**9
    opened = [replace(stream(time.time_ns()), patient=patient) for patient in (True, False)]

    def pieces(self: site.Pace, received: Iterator[Piece]) -> Iterator[Piece]:
        self.correction_ns = late_ns
        return received

    monkeypatch.setattr(site.Pace, "pieces", pieces)
    begun = [min(one.start_ns for step in heard({"A": each})[0] for one in step.sightings) for each in opened]
    assert begun[1] - begun[0] == pytest.approx(late_ns, abs=10**9)
