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

SEQUENCES = TRAINED, SYNCHRONISED = "training_sequence", "synchronisation_sequence"
ARRIVAL_S: Mapping[str, float] = {"gsm": 0.25e-6, "lte": 2e-6, "nr": 2e-6, "umts": 2e-6}
"""Standard deviation of a burst's measured start at 10 dB: GSM's as measured (docs/bench.md), the others' guessed."""
MOST_TRAINS = 1 << 53
"""Larger numbers of trains are none: as numbers of a table they would be another one."""
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


Row = tuple[float, ...]
"""What is kept of a burst until its columns are made: those of `Seen`, time first, then SNR, floor, band, duration."""


def row(e: Emission, segment: Segment, since_ns: int, kinds: dict[tuple[str, object], int]) -> Row:
    """Of a burst whose segment tells its start. `kinds` numbers labels with sequences, and learns new ones."""
    kind = kinds.setdefault((e.label, e.details.get(TRAINED, e.details.get(SYNCHRONISED))), len(kinds))
    middle, gsm = middle_hz(e, segment), e.label.startswith("gsm:")
    exact = e.snr_db >= EXACT_DB or gsm
    cfo = e.cfo_hz / middle if e.cfo_hz is not None and middle and exact else math.nan
    width, train = e.high_offset_hz - e.low_offset_hz, e.details.get("train", -1)
    number = train if isinstance(train, int) and abs(train) < MOST_TRAINS else -1
    floor = math.nan if e.floor_dbfs_hz is None else e.floor_dbfs_hz
    of_all = time_s(e, segment, since_ns), arrival_error_s(e), kind, middle, width, cfo, number, e.label == FRAMED
    return *of_all, e.snr_db, floor, CHANNEL_HZ if gsm else width, e.sample_count / segment.rate_hz


def table(rows: Sequence[Row]) -> Floats:
    """Rows as one array, shape (n, 12)."""
    return np.array(rows, np.float64).reshape(-1, 12)


def tabled(table: Floats) -> Seen:
    """Columns of some bursts of one node, from their `table`."""
    ordered = table[np.argsort(table[:, 0], kind="stable"), :8]
    time, error, kind, frequency, width, cfo, train, framed = ordered.T
    return Seen(time, error, kind.astype(np.int64), frequency, width, cfo, train.astype(np.int64), framed > 0)


def levels(table: Floats) -> tuple[Floats, Floats]:
    """Power of each burst itself in dBFS, nan where its noise floor is not told, and one standard deviation in dB."""
    snr_db, floor, band_hz, duration_s = table[:, 8:].T
    snr, independent = 10 ** (snr_db / 10), np.maximum(duration_s * band_hz, 1.0)
    error = 10 / math.log(10) * np.sqrt((2 * snr + 1) / independent) / snr
    return snr_db + floor + 10 * np.log10(np.maximum(band_hz, 1.0)), error


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


def some(column: Seen, kept: NDArray[np.bool_] | Whole) -> Seen:
    """Some of a node's bursts."""
    return Seen(*(getattr(column, name)[kept] for name in Seen.__slots__))


def joined(parts: Iterable[Seen]) -> Seen:
    """Several nodes' bursts in one table, in the order given."""
    every = list(parts)
    columns = [[getattr(one, name) for one in every] for name in Seen.__slots__]
    return Seen(*(np.concatenate(column) for column in columns))
