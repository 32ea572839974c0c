"""What of a node's emissions tells which burst of another node is the same: time, kind, channel, level, in columns.

A label alone does not tell bursts apart, so the sequence that a burst carries for its base station goes with it: two
GSM phones of different cells on one channel differ in it. Levels come from the SNR in the interface's nominal band and
the noise floor that the node measured:

    level = SNR + floor + 10 log10(band)        σ² = (10 / ln 10)² (2 SNR + 1) / (SNR² n),  n = duration × band

the second for a burst whose power is a mean over n independent samples behind noise (S. Kay, Statistical Signal
Processing I (1993) §3.11).
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.gsm_waveform import CHANNEL_HZ
from cellwarden.model import Emission, Segment
from cellwarden.radio.absolute import middle_hz

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

SEQUENCES = ("training_sequence", "synchronisation_sequence")
ARRIVAL_S: Mapping[str, float] = {"gsm": 0.25e-6, "lte": 2e-6, "nr": 2e-6, "umts": 2e-6}
"""Standard deviation of a burst's measured start at 10 dB: GSM's as measured (docs/bench.md), the others' guessed."""
EXACT_DB = 10.0
"""SNR from which on a carrier offset that is not GSM's is as good as that: of an LTE burst of one block at 3 dB it is
kilohertz off."""
FRAMED = "gsm:normal"
VAGUE_ARRIVAL_S = 20e-6
"""Of what was found by its energy alone."""
LEAST_ARRIVAL_S = 0.1e-6
"""No start is believed to be better: echoes in a building last as long."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One node's bursts, in the order of time, each column of shape (n,)."""

    time_s: Floats
    """Since a time common to all nodes, by the node's own clock."""
    error_s: Floats
    kind: Whole
    """Same number, same label and sequence."""
    frequency_hz: Floats
    """Middle of the channel or box."""
    width_hz: Floats
    cfo: Floats
    """Carrier offset as a part of the carrier; nan where not known."""
    train: Whole
    """Its train at this node, or −1."""
    framed: NDArray[np.bool_]
    """Whether it keeps a slot of GSM's frames."""


def seen(bursts: Sequence[tuple[Emission, Segment]], since_ns: int, kinds: dict[tuple[str, object], int]) -> Seen:
    """Columns of bursts whose segments tell their start. `kinds` numbers labels with sequences, and learns new ones."""
    rows = [_row(emission, segment, since_ns, kinds) for emission, segment in bursts]
    table = np.array(rows, np.float64).reshape(-1, 8)
    table = table[np.argsort(table[:, 0], kind="stable")]
    time, error, kind, frequency, width, cfo, train, framed = table.T
    return Seen(time, error, kind.astype(np.int64), frequency, width, cfo, train.astype(np.int64), framed > 0)


def _row(e: Emission, segment: Segment, since_ns: int, kinds: dict[tuple[str, object], int]) -> tuple[float, ...]:
    sequence = next((e.details[name] for name in SEQUENCES if name in e.details), None)
    kind = kinds.setdefault((e.label, sequence), len(kinds))
    middle = middle_hz(e, segment)
    exact = e.snr_db >= EXACT_DB or e.label.startswith("gsm:")
    cfo = e.cfo_hz / middle if e.cfo_hz is not None and middle and exact else math.nan
    width, train = e.high_offset_hz - e.low_offset_hz, e.details.get("train", -1)
    number = float(train) if isinstance(train, int) else -1.0
    framed = float(e.label == FRAMED)
    return time_s(e, segment, since_ns), arrival_error_s(e), float(kind), middle, width, cfo, number, framed


def time_s(e: Emission, segment: Segment, since_ns: int) -> float:
    """When a burst began by its node's clock, in seconds since a time; whole nanoseconds are subtracted as such."""
    samples = e.sample_start - segment.sample_start + (e.timing_samples or 0.0)
    return ((segment.start_ns or 0) - since_ns) * 1e-9 + samples / segment.rate_hz


def arrival_error_s(e: Emission) -> float:
    """One standard deviation of a burst's measured start."""
    at_ten_db = ARRIVAL_S.get(e.label.partition(":")[0])
    if at_ten_db is None or e.timing_samples is None:
        return VAGUE_ARRIVAL_S
    return max(LEAST_ARRIVAL_S, at_ten_db * 10 ** ((10 - e.snr_db) / 20))


def band_hz(e: Emission) -> float:
    """The band in which an emission's SNR is counted."""
    return CHANNEL_HZ if e.label.startswith("gsm:") else e.high_offset_hz - e.low_offset_hz


def level_dbfs(e: Emission) -> float:
    """Power of the burst itself; nan where its noise floor is not told."""
    if e.floor_dbfs_hz is None:
        return math.nan
    return e.snr_db + e.floor_dbfs_hz + 10 * math.log10(max(band_hz(e), 1.0))


def level_error_db(e: Emission, rate_hz: float) -> float:
    """One standard deviation of `level_dbfs`."""
    snr = 10 ** (e.snr_db / 10)
    independent = max(1.0, e.sample_count / rate_hz * band_hz(e))
    return 10 / math.log(10) * math.sqrt((2 * snr + 1) / independent) / snr


def some(column: Seen, kept: NDArray[np.bool_]) -> Seen:
    """Some of a node's bursts."""
    return Seen(*(getattr(column, name)[kept] for name in Seen.__slots__))


def joined(parts: Iterable[Seen]) -> Seen:
    """Several nodes' bursts in one table, in the order given."""
    every = list(parts)
    columns = [[getattr(one, name) for one in every] for name in Seen.__slots__]
    return Seen(*(np.concatenate(column) for column in columns))
