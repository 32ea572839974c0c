"""Trains: pure, few, and made in the memory of a moment."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellwarden.model import Emission, Segment
from cellwarden.radio.annotations import segment_of
from cellwarden.radio.recording import open_recording
from cellwarden.runtime.scan import scan
from cellwarden.signature.group import SILENCE_S, Grouper, trains
from cellwarden.simulate.wing import PLACE

RATE = 4e6
SEGMENT = Segment(0, 10**12, RATE, 900e6)
FRAME_S = 60e-3 / 13
SLOT_S = FRAME_S / 8


def burst(
    at_s: float, *, channel: int = 3, cfo: float = 100.0, tsc: int = 5, snr: float = 20.0, label: str = "gsm:normal"
) -> Emission:
    start = at_s * RATE
    middle = channel * 2e5
    return Emission(
        label,
        int(start),
        round(148 / 270833.3 * RATE),
        middle - 1e5,
        middle + 1e5,
        snr,
        0.99,
        cfo_hz=cfo,
        carrier_offset_hz=middle + cfo,
        timing_samples=start - int(start),
        direction="uplink",
        details={"training_sequence": tsc},
    )


def made(emissions: Iterable[Emission], segment: Segment = SEGMENT) -> list[Emission]:
    ordered = sorted(emissions, key=lambda e: e.sample_start)
    return sorted(trains((e, segment) for e in ordered), key=lambda e: e.sample_start)


def call(frames: Iterable[int], at_s: float = 0.0, **like: float) -> list[Emission]:
    return [burst(at_s + frame * FRAME_S, **like) for frame in frames]  # type: ignore[arg-type]


def test_a_call_with_idle_frames_is_one_train_from_its_first_burst_to_the_end_of_its_last() -> None:
    bursts = call(n for n in range(104) if n % 26 != 25)  # TS 45.002 §6.3: the 26th frame of a traffic channel is idle
    (train,) = made(bursts)
    assert train.details["bursts"] == 100 and train.details["training_sequence"] == 5
    assert train.label == "gsm:normal" and train.direction == "uplink"
    assert train.sample_start == bursts[0].sample_start
    assert train.sample_start + train.sample_count == bursts[-1].sample_start + bursts[-1].sample_count
    assert (train.low_offset_hz, train.high_offset_hz) == (5e5, 7e5)
    assert train.snr_db == pytest.approx(20.0) and train.cfo_hz == pytest.approx(100.0)
    assert 0.99 < train.confidence < 1.0


def test_a_burst_alone_keeps_its_confidence() -> None:
    (train,) = made([replace(burst(0.1), confidence=0.6)])
    assert train.confidence == pytest.approx(0.6) and train.details["bursts"] == 1


@pytest.mark.parametrize(
    "other",
    [
        {"at_s": SLOT_S},  # the next slot
        {"tsc": 2, "at_s": 0.5 * FRAME_S},
        {"tsc": 2},  # a neighbouring cell's, on top of it
        {"cfo": 1_000.0, "at_s": 0.0, "channel": 4},
        {"channel": 4},  # the same slot of another carrier of the cell
        {"at_s": 8 / 270833.3},  # eight symbols off
    ],
)
def test_two_phones_at_once_are_two_trains(other: dict[str, float]) -> None:
    mine = call(range(60))
    theirs = call(range(60), **other)
    found = made([*mine, *theirs])
    assert [t.details["bursts"] for t in found] == [60, 60]


def test_a_call_that_hops_is_one_train_also_beside_one_that_stays() -> None:
    rng = np.random.default_rng(3)
    channels = rng.choice([-15, 5, 12], 80)
    cfo_ppm = 0.4
    hops = [
        burst(n * FRAME_S + SLOT_S, channel=int(c), cfo=cfo_ppm * (900 + 0.2 * c), tsc=5)
        for n, c in enumerate(channels)
    ]
    stays = call(range(80), channel=5, cfo=350.0)
    found = made([*hops, *stays])
    assert [(t.details["bursts"], t.details.get("carriers")) for t in found] == [(80, None), (80, 3)]
    assert found[1].carrier_offset_hz is None


def test_what_settled_on_one_channel_does_not_hop_to_the_next_call() -> None:
    found = made([*call(range(40)), *call(range(42, 80), channel=4)])
    assert [t.details["bursts"] for t in found] == [40, 38]


def test_without_a_known_centre_carriers_are_compared_by_themselves() -> None:
    unknown = replace(SEGMENT, centre_hz=None)
    mine = [replace(e, cfo_hz=None) for e in call(range(30))]
    theirs = [replace(e, cfo_hz=None) for e in call(range(30), channel=4)]
    assert [t.details["bursts"] for t in made([*mine, *theirs], unknown)] == [30, 30]


@given(error=st.floats(-20e-6, 20e-6), quiet=st.lists(st.integers(1, 100), min_size=5, max_size=60))
def test_a_receivers_clock_may_be_twenty_ppm_wrong_and_the_call_mostly_silent(error: float, quiet: list[int]) -> None:
    frames = np.cumsum(quiet)
    (train,) = made(call(frames * (1 + error)))
    assert train.details["bursts"] == len(quiet)


def test_a_long_call_keeps_its_train_while_a_wrong_clock_carries_it_through_the_frame() -> None:
    frames = np.arange(0, 20_000, 8) * (1 + 20e-6)  # 92 s: the drift is 500 symbols
    (train,) = made(call(frames))
    assert train.details["bursts"] == 2_500


def test_silence_and_a_new_segment_end_a_train() -> None:
    gap = round((SILENCE_S + 0.1) / FRAME_S)
    assert len(made(call([0, 1, 2, 2 + gap, 3 + gap]))) == 2
    later = Segment(10**9, 10**9, RATE, 900e6)
    first, second = burst(0.0), replace(burst(FRAME_S), sample_start=10**9)
    assert len(list(trains([(first, SEGMENT), (second, later)]))) == 2


def test_numbers_are_told_at_once_and_trains_when_they_end() -> None:
    grouper = Grouper()
    assert [grouper.add(e, SEGMENT) for e in call(range(3))] == [([(e, 0)], []) for e in call(range(3))]
    told, over = grouper.add(burst(2.5, tsc=1), SEGMENT)
    assert [number for _e, number in told] == [1] and [t.details["bursts"] for t in over] == [3]
    assert [t.details["train"] for t in grouper.close()[1]] == [1]


def test_open_trains_do_not_grow_with_the_recording() -> None:
    rng = np.random.default_rng(5)

    def lone() -> Iterator[tuple[Emission, Segment]]:
        for n in range(4_000):  # ten a second, of no phone twice
            yield burst(n * 0.1 + rng.uniform(0, 0.05), cfo=rng.uniform(-2e4, 2e4), tsc=n % 8), SEGMENT

    ended = 0
    grouper = Grouper()
    for number, (e, segment) in enumerate(lone()):
        ended += len(grouper.add(e, segment)[1])
        assert number + 1 - ended <= 10 * SILENCE_S + 2
    assert ended > 3_900


def noise(at_s: float, low: float = 1e5, width: float = 5e4, length_s: float = 1e-3) -> Emission:
    return Emission("unknown:burst", int(at_s * RATE), int(length_s * RATE), low, low + width, 9.0, 0.9)


def test_unknown_bursts_are_a_train_where_band_duration_and_rhythm_agree() -> None:
    regular = [noise(n * 0.05) for n in (0, 1, 2, 4, 5, 9)]
    (train,) = made(regular)
    assert train.details["bursts"] == 6 and train.carrier_offset_hz is None
    assert len(made([*regular, noise(0.31)])) == 2  # out of time
    assert len(made([*regular, noise(0.3, low=2e5)])) == 2  # another band
    assert len(made([*regular, noise(0.3, length_s=3e-3)])) == 2  # another length


def test_a_base_stations_slots_are_one_train_whatever_they_hold() -> None:
    slots = [burst(n * SLOT_S, tsc=n % 8, label="gsm:downlink") for n in range(50)]
    (train,) = made(slots)
    assert train.label == "gsm:downlink" and train.details["bursts"] == 50


def test_the_bundled_recordings_phones_are_an_access_a_dialogue_and_a_call() -> None:
    recording = open_recording(PLACE.with_suffix(".sigmf-meta"))
    found = made_of(PLACE.with_suffix(".sigmf-meta"))
    assert sorted((t.label, t.details["bursts"]) for t in found) == [
        ("gsm:access", 1),
        ("gsm:normal", 8),
        ("gsm:normal", 42),
    ]
    assert recording.sample_count > max(t.sample_start + t.sample_count for t in found)


def made_of(path: Path) -> list[Emission]:
    recording = open_recording(path)
    return list(trains((e, segment_of(recording, e)) for e in scan(recording)))


@pytest.mark.parametrize(("name", "most_trains"), [("gsm_call_2M", 2), ("gsm_band_10M", 1)])
def test_shared_calls_make_pure_and_few_trains(shared: Path, name: str, most_trains: int) -> None:
    """An emitter of the truth is what shares kind, sequence, slot and level: the recordings' calls differ in these."""
    path = shared / "recordings" / "gsm" / f"{name}.sigmf-meta"
    meta = json.loads(path.read_text())
    rate = meta["global"]["core:sample_rate"]
    recording, grouper = open_recording(path), Grouper()
    emitters: dict[int, set[tuple[object, ...]]] = defaultdict(set)
    told = [item for e in scan(recording) for item in grouper.add(e, segment_of(recording, e))[0]]
    for e, number in told:
        middle = e.sample_start + e.sample_count / 2
        truth = min(
            meta["annotations"],
            key=lambda a: (
                abs(a["core:sample_start"] + a["core:sample_count"] / 2 - middle)
                + abs(a["core:freq_lower_edge"] - recording.segments[0].centre_hz - e.low_offset_hz)  # type: ignore[operator]
            ),
        )
        slot = round(truth["core:sample_start"] / rate / SLOT_S - 0.4666) % 8
        access = truth["core:sample_start"] if e.label == "gsm:access" else slot
        emitters[number].add((truth["core:label"], truth["truth:sequence"], access, truth["truth:snr_db"]))
    assert all(len(of) == 1 for of in emitters.values())  # no train mixes emitters
    trains_of: dict[tuple[object, ...], int] = defaultdict(int)
    for (emitter,) in emitters.values():
        trains_of[emitter] += 1
    assert max(trains_of.values()) <= most_trains  # the call's second train is one burst whose sequence was misread
