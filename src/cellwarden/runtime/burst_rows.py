"""Bursts as a node tells them to its site: all that associating, locating and counting them asks for, and no more.

    {"run_ns": …, "told_ns": …, "time_ns": …, "time_error_ns": …, "bursts": [
       [label, start, length, low, high, snr, floor, cfo, confidence, clear, train, {"training_sequence": 5}], …]}

start     nanoseconds from `time_ns` to the first symbol, by the node's clock
length    nanoseconds
low, high hertz, absolute where the receiver tells what it is tuned to
floor     dBFS in a hertz, or null
cfo       hertz from the channel's middle, or null
clear     whether its start is measured better than its box shows
train     its train's number in this run of the node
"""

from collections.abc import Callable, Mapping
from typing import Any

from cellwarden.associate.seen import SEQUENCES
from cellwarden.model import ENDLESS, Emission, Segment

RATE_HZ = 1e9
"""What is rebuilt counts its samples in nanoseconds."""
Located = tuple[Emission, Segment]


def row(emission: Emission, segment: Segment, train: int, start_ns: int) -> list[Any]:
    """A burst that lies in `segment`, `start_ns` after the message's time."""
    centre, e = segment.centre_hz or 0.0, emission
    return [
        e.label,
        start_ns,
        round(e.sample_count / segment.rate_hz * 1e9),
        round(centre + e.low_offset_hz),
        round(centre + e.high_offset_hz),
        round(e.snr_db, 2),
        _rounded(e.floor_dbfs_hz, 2),
        _rounded(e.cfo_hz, 1),
        round(e.confidence, 6),
        e.timing_samples is not None,
        train,
        {name: e.details[name] for name in SEQUENCES if name in e.details},
    ]


def start_ns(emission: Emission, segment: Segment) -> int:
    """When a burst began by the clock that its segment's start tells, which it must."""
    samples = emission.sample_start - segment.sample_start + (emission.timing_samples or 0.0)
    return (segment.start_ns or 0) + round(samples / segment.rate_hz * 1e9)


def bursts(body: Mapping[str, Any], train: Callable[[int, int], int]) -> list[Located]:
    """The bursts of a message, in its order; `train` numbers a node's trains by run and number.

    Raises ValueError, TypeError, KeyError or IndexError for what no node tells.
    """
    run_ns, since_ns = int(body["run_ns"]), int(body["time_ns"])
    return [_burst(one, since_ns, train(run_ns, int(one[10]))) for one in body["bursts"]]


def _burst(one: list[Any], since_ns: int, train: int) -> Located:
    label, begin_ns, length_ns, low_hz, high_hz, snr_db, floor, cfo_hz, confidence, clear, _train, sequences = one
    middle_hz, width_hz = (low_hz + high_hz) / 2, float(high_hz - low_hz)
    emission = Emission(
        label=str(label),
        sample_start=0,
        sample_count=int(length_ns),
        low_offset_hz=-width_hz / 2,
        high_offset_hz=width_hz / 2,
        snr_db=float(snr_db),
        confidence=float(confidence),
        cfo_hz=None if cfo_hz is None else float(cfo_hz),
        timing_samples=0.0 if clear else None,
        floor_dbfs_hz=None if floor is None else float(floor),
        details={name: int(sequences[name]) for name in SEQUENCES if name in sequences} | {"train": train},
    )
    return emission, Segment(0, ENDLESS, RATE_HZ, middle_hz, since_ns + int(begin_ns))


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
