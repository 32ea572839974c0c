"""The chain on a stream: what is heard is what a scan of the same samples finds, and what is lost is counted."""

from collections.abc import Iterator
from dataclasses import replace
from threading import Event

import numpy as np
import pytest

from cellwarden.errors import SourceError
from cellwarden.radio.band_plan import Schedule
from cellwarden.radio.live import Tuning, open_stream
from cellwarden.radio.live.hop import hopping
from cellwarden.radio.live.stream import Piece, Stream
from cellwarden.radio.recording import open_recording
from cellwarden.runtime.listen import Health, listen
from cellwarden.runtime.scan import scan
from cellwarden.simulate import wing

SCENE = wing.PLACE.with_suffix(".sigmf-meta")


def stream() -> Stream:
    return open_stream(f"file:{SCENE}", Tuning())


def without(pieces: Iterator[Piece], numbers: set[int]) -> Iterator[Piece]:
    """Pieces of a source that leaves some out, and tells it."""
    lost = 0
    for number, piece in enumerate(pieces):
        if number in numbers:
            lost += len(piece.iq)
        else:
            yield replace(piece, lost=lost)
            lost = 0


def test_what_is_heard_on_a_stream_is_what_a_scan_of_it_finds() -> None:
    events = list(listen(stream()))
    assert [e.emission for e in events if e.what == "burst"] == list(scan(open_recording(SCENE)))
    begun, over = ({e.train for e in events if e.what == what} for what in ("begun", "over"))
    assert begun == over == {0, 1, 2}  # two phones, one of which asked for its channel first
    assert sum(int(e.emission.details["bursts"]) for e in events if e.what == "over") == 51


def test_a_train_is_told_when_its_first_burst_is() -> None:
    whats = [e.what for e in listen(stream())]
    first = whats.index("begun")
    assert whats[first + 1] == "burst"
    assert whats.index("over") > max(i for i, what in enumerate(whats) if what == "burst") - 51


def test_a_train_is_told_over_when_it_has_been_silent_not_when_the_next_one_is_heard() -> None:
    """Ten seconds of noise follow: two are silence enough, two more may wait in the ring, and a chunk is short."""
    scene = stream()
    size, given = round(0.02 * scene.rate_hz), [0]
    noise = np.random.default_rng(6).normal(0, 30, (size, 2)).round().astype(np.int16)

    def pieces() -> Iterator[Piece]:
        yield from scene.pieces
        for _number in range(500):
            given[0] += size
            yield Piece(noise, 2.0**-15, centre_hz=902e6)

    opened = replace(scene, pieces=pieces())
    told = {e.train: given[0] / scene.rate_hz for e in listen(opened) if e.what == "over" and e.train < 3}
    assert set(told) == {0, 1, 2}
    assert max(told.values()) < 5.0


def test_dropped_samples_are_a_gap_that_is_counted_and_time_goes_on_over_it() -> None:
    opened = stream()
    health: list[Health] = []
    gone = {3, 4, 7}
    size = round(0.02 * opened.rate_hz)
    holed = replace(opened, pieces=without(opened.pieces, gone))
    events = list(listen(holed, health=health.append))
    whole = {e.sample_start: e for e in scan(open_recording(SCENE))}
    heard = [e for e in events if e.what == "burst"]
    assert len(heard) > 25
    for event in heard:
        nearest = min(whole, key=lambda start: abs(start - event.emission.sample_start))
        assert abs(nearest - event.emission.sample_start) <= 2  # as if nothing were missing
    holes = [(n * size, (n + 1) * size) for n in gone]
    for event in heard:
        middle = event.emission.sample_start + event.emission.sample_count / 2
        assert not any(low < middle < high for low, high in holes)
    assert len({e.train for e in heard if e.emission.label == "gsm:normal"}) == 2  # a gap ends no call
    clocks = {e.segment.start_ns for e in heard}
    assert len(clocks) == 1


@pytest.mark.parametrize("step_ns", [1_795_000_000 * 10**9, -3600 * 10**9])
def test_a_source_whose_clock_is_set_is_followed(step_ns: int) -> None:
    opened, rate, set_at = stream(), stream().rate_hz, 0.13

    def stamped() -> Iterator[Piece]:
        count = 0
        for piece in opened.pieces:
            yield replace(piece, start_ns=10**15 + round(count / rate * 1e9) + step_ns * (count > set_at * rate))
            count += len(piece.iq)

    bursts = [e for e in listen(replace(opened, pieces=stamped())) if e.what == "burst"]
    moments = [(e.segment.start_ns or 0) - 10**15 for e in bursts]
    before = [m for e, m in zip(bursts, moments, strict=True) if e.emission.sample_start < (set_at - 0.01) * rate]
    behind = [m for e, m in zip(bursts, moments, strict=True) if e.emission.sample_start > (set_at + 0.03) * rate]
    assert set(before) == {0}
    assert behind and all(abs(m - step_ns) < 10 for m in behind)


def test_health_tells_clipping_and_the_noise_floor() -> None:
    rate, rng = 1e6, np.random.default_rng(5)
    noise = rng.normal(0, 100, (1_200_000, 2)).round().astype(np.int16)
    noise[::1000, 0] = 32767

    def pieces() -> Iterator[Piece]:
        for part in np.split(noise, 60):
            yield Piece(part, 2.0**-15)

    told: list[Health] = []
    warm = Event()

    def celsius() -> float:
        warm.set()
        return 41.5

    silent = Stream(stream().address, rate, pieces(), lambda: None, patient=True, temperature=celsius)
    assert not [e for e in listen(silent, health=told.append) if e.emission.label.startswith("gsm")]
    (one,) = told
    assert one.samples == 1_000_000
    assert one.lost == one.dropped == 0
    assert one.clipped == 1e-3
    assert warm.is_set() and one.temperature_c == 41.5
    expected_db = 10 * np.log10(2 * 100**2 * 2.0**-30 / rate)  # variance of I and Q, spread over the band
    assert one.floor_dbfs_hz is not None
    assert abs(one.floor_dbfs_hz - expected_db) < 0.5


def test_a_given_time_of_signal_ends_it() -> None:
    looped = open_stream(f"file:{SCENE}?loop", Tuning())
    told: list[Health] = []
    for _event in listen(looped, seconds=1.5, health=told.append):
        pass
    assert len(told) == 1
    assert told[0].samples <= 1.5 * looped.rate_hz


def test_a_plan_is_followed_and_a_call_goes_on_from_visit_to_visit() -> None:
    """Two windows hear the same scene in turn: each visit holds a part of it, each call is one train a window."""
    opened = open_stream(f"file:{SCENE}?loop", Tuning())
    tuned: list[float] = []
    schedule = Schedule(opened.rate_hz, 0.1, 0.02, (902e6, 1750e6))
    hops = hopping(replace(opened, tune=tuned.append), schedule)
    events = list(listen(hops, seconds=1.0))
    assert tuned[:4] == [902e6, 1750e6, 902e6, 1750e6]
    centres = {e.segment.centre_hz for e in events}
    assert centres == {902e6, 1750e6}
    visit, cycle = round(0.1 * opened.rate_hz), 2 * round(0.12 * opened.rate_hz)
    for event in (e for e in events if e.what == "burst"):
        middle = event.emission.sample_start + event.emission.sample_count / 2
        begins = round(0.02 * opened.rate_hz) + (cycle // 2 if event.segment.centre_hz == 1750e6 else 0)
        assert 0 <= (middle - begins) % cycle < visit


def test_a_source_that_cannot_be_tuned_refuses_a_plan() -> None:
    with pytest.raises(SourceError, match="--plan"):
        hopping(stream(), Schedule(1e6, 0.1, 0.02, (9e8, 9.1e8)))
