"""A train in the making, and what of a burst matters to it: the values that the rules of all interfaces share."""

import math
from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

from cellwarden.airinterface.gsm_waveform import SYMBOL_RATE_HZ
from cellwarden.model import Emission, Segment

MOST_SURE = 0.9999
"""Bursts of one train err together: no number of them makes more certain than this."""
HOPPING = ("gsm", "bluetooth", "ble")
"""Interfaces whose trains lie on carriers, of which it is told how many."""
KEPT = ("training_sequence", "synchronisation_sequence", "modulation")
"""Details of its first burst that are the whole train's."""


@dataclass(slots=True, eq=False)
class Train:
    """A train that may go on. The one value here that changes."""

    number: int
    first: Emission
    filed: tuple[Hashable, ...]
    last: Emission
    last_s: float
    offset_hz: float
    variance: float
    level_db: float
    channel: int
    """Of its last burst."""
    channels: set[int]
    low_hz: float
    high_hz: float
    doubt: float
    bursts: int = 1
    period_s: float | None = None
    ratio: float = field(default=0.0)
    """Sum of the bursts' SNRs, not in decibels."""
    end: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    """Labels of its bursts."""
    memory: Any = None
    """What the rules of its interface remember."""


@dataclass(frozen=True, slots=True)
class View:
    """What of a burst matters here, worked out once."""

    emission: Emission
    start_s: float
    """Since the beginning of the segment."""
    offset_hz: float
    """From the channel where the centre is known, else from baseband zero."""
    variance: float
    channel: int
    carrier_hz: float
    """Absolute, or 0 where it is not known."""
    duration_s: float


def begun(number: int, view: View) -> Train:
    """A train of which a burst is the first; it is not counted yet."""
    e = view.emission
    return Train(
        number=number,
        first=e,
        filed=(),
        last=e,
        last_s=view.start_s,
        offset_hz=view.offset_hz,
        variance=view.variance,
        level_db=e.snr_db,
        channel=view.channel,
        channels={view.channel},
        low_hz=e.low_offset_hz,
        high_hz=e.high_offset_hz,
        doubt=1.0,
        bursts=0,
    )


def viewed(e: Emission, segment: Segment) -> View:
    """What of an emission matters to trains."""
    start_s = (e.sample_start - segment.sample_start + (e.timing_samples or 0.0)) / segment.rate_hz
    duration_s = e.sample_count / segment.rate_hz
    carrier = e.carrier_offset_hz if e.carrier_offset_hz is not None else (e.low_offset_hz + e.high_offset_hz) / 2
    known = e.cfo_hz is not None and segment.centre_hz is not None
    offset = e.cfo_hz if known and e.cfo_hz is not None else carrier
    return View(
        emission=e,
        start_s=start_s,
        offset_hz=offset,
        variance=_offset_variance(e.snr_db, duration_s),
        channel=round(carrier - offset),
        carrier_hz=(segment.centre_hz or 0.0) + carrier if known else 0.0,
        duration_s=duration_s,
    )


def _offset_variance(snr_db: float, duration_s: float) -> float:
    """Of a measured carrier offset in hertz squared: four times the Cramér–Rao bound 6 / (SNR N³) (radians a symbol)².

    Rife and Boorstyn, IEEE Trans. Inf. Theory 20 (1974) 591, for N symbols of GSM.
    """
    radians = 4.0 * 6.0 / (10 ** (snr_db / 10) * max(duration_s * SYMBOL_RATE_HZ, 1.0) ** 3)
    return radians * (SYMBOL_RATE_HZ / (2 * math.pi)) ** 2


def grown(train: Train, view: View) -> None:
    """Count a burst as the train's latest."""
    e = view.emission
    train.last, train.last_s, train.channel = e, view.start_s, view.channel
    train.channels.add(view.channel)
    train.low_hz, train.high_hz = min(train.low_hz, e.low_offset_hz), max(train.high_hz, e.high_offset_hz)
    train.doubt *= 1.0 - e.confidence
    train.bursts += 1
    train.kinds[e.label] += 1
    train.ratio += 10 ** (e.snr_db / 10)
    train.end = max(train.end, e.sample_start + e.sample_count)


def summed(train: Train) -> Emission:
    """The whole train as one emission: from its first burst to the end of its last, over all its carriers."""
    first, stays = train.first, len(train.channels) == 1
    details: dict[str, str | int | float] = {"train": train.number, "bursts": train.bursts}
    details |= {name: first.details[name] for name in KEPT if name in first.details}
    if not stays and first.label.partition(":")[0] in HOPPING:
        details["carriers"] = len(train.channels)
    if len(train.kinds) > 1:
        details["kinds"] = "+".join(sorted(label.partition(":")[2] for label in train.kinds))
    cfo = train.offset_hz if first.cfo_hz is not None else None
    carrier = first.carrier_offset_hz
    if carrier is not None and stays:
        carrier = train.channel + train.offset_hz if cfo is not None else train.offset_hz
    return Emission(
        label=train.kinds.most_common(1)[0][0],
        sample_start=first.sample_start,
        sample_count=train.end - first.sample_start,
        low_offset_hz=train.low_hz,
        high_offset_hz=train.high_hz,
        snr_db=10 * math.log10(max(train.ratio / train.bursts, 1e-9)),
        confidence=max(min(1.0 - train.doubt, MOST_SURE), first.confidence if train.bursts == 1 else 0.0),
        cfo_hz=cfo,
        carrier_offset_hz=carrier if stays else None,
        timing_samples=first.timing_samples,
        direction=first.direction,
        floor_dbfs_hz=first.floor_dbfs_hz,
        details=details,
    )
