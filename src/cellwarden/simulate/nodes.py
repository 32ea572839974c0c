"""What the nodes of a site tell of phones that speak at once: emissions with the errors of each node's clock and ears.

```
 phone 1  frame ▌   ▌   ▌   ▌       ▌   a slot of its cell's frames, silent in one of 26, in pauses of speech
 phone 2   ▌   ▌   ▌   ▌   ▌   ▌        but for two frames of each 104 (SACCH, SID)
 node A   its time = (1 + rate) × time + offset; some bursts missed, start and carrier measured with noise
```

All phones are of one cell and share its few carriers and its training sequence: the hardest case for whoever must tell
them apart. Sources: frames, slots, and the idle frame of a call TS 45.002 §7 table 1; what is sent in pauses TS 46.081.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.gsm_waveform import CHANNEL_HZ, FRAME_SYMBOLS, SLOT_SYMBOLS, SYMBOL_RATE_HZ
from cellwarden.associate.seen import arrival_error_s
from cellwarden.model import Emission, Segment

FRAME_S = FRAME_SYMBOLS / SYMBOL_RATE_HZ
SLOT_S = SLOT_SYMBOLS / SYMBOL_RATE_HZ
BURST_S = 148 / SYMBOL_RATE_HZ
RATE_HZ = 2e6
CENTRE_HZ = 902.4e6
START_NS = 1_780_000_000_000_000_000
FLOOR_DBFS_HZ = -110.0


@dataclass(frozen=True, slots=True)
class Ears:
    """How nodes differ. Assumptions, but for the oscillators' (`Parameters.receiver_ppm`)."""

    nodes: int = 4
    clock_error_s: float = 2e-3
    """Standard deviation of each node's clock; a computer set by the network is right to some milliseconds."""
    rate_ppm: float = 2.0
    """Its oscillator, even between this much below and above; its carrier offsets err alike."""
    missed: float = 0.1
    """Of a phone's bursts that a node hears at all, besides those too faint."""
    levels_db: tuple[float, float] = (0.0, 25.0)
    """SNR of a phone at a node, even between these; some four decibels more or less each burst (fading)."""
    fading_db: float = 4.0
    least_snr_db: float = 2.0
    """What is fainter is not heard."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a node told, with what nobody told it: which phone's which burst each was."""

    bursts: tuple[tuple[Emission, Segment], ...]
    truth: tuple[tuple[int, int], ...]


def calls(phones: int, seconds: float, rng: np.random.Generator) -> list[tuple[float, NDArray[np.float64]]]:
    """Channel middle and start times of the bursts of each phone, all in calls of one cell, no two in one place."""
    carriers = -(-phones // 8) + 1
    places = rng.permutation(8 * carriers)[:phones]
    frame = np.arange(int(seconds / FRAME_S))
    made = []
    for place in places:
        carrier, slot = divmod(int(place), 8)
        begin, end = np.sort(rng.uniform(-0.5, 1.5, 2)) * seconds
        if end - begin < 0.5 * seconds:
            begin, end = 0.0, seconds
        idle, signals = (frame % 26 == at for at in ((12, 25) if slot % 2 else (25, 12)))
        talking = np.repeat(rng.random(int(seconds) + 2) < 0.6, int(1 / FRAME_S) + 1)[: len(frame)]
        kept = ~idle & (talking | signals | (frame % 104 < 8))
        at = frame * FRAME_S + slot * SLOT_S
        middle = CENTRE_HZ + (carrier - carriers // 2) * CHANNEL_HZ
        made.append((middle, at[kept & (at >= begin) & (at < end)]))
    return made


def told(phones: int, seconds: float, ears: Ears, rng: np.random.Generator) -> list[Said]:
    """What each node tells of so many phones."""
    spoken = calls(phones, seconds, rng)
    locked = rng.uniform(-0.1e-6, 0.1e-6, phones)
    return [_node(spoken, locked, ears, rng) for _ in range(ears.nodes)]


def _node(
    spoken: list[tuple[float, NDArray[np.float64]]], locked: NDArray[np.float64], ears: Ears, rng: np.random.Generator
) -> Said:
    late, rate = rng.normal(0.0, ears.clock_error_s), rng.uniform(-1, 1) * ears.rate_ppm * 1e-6
    segment = Segment(0, 1 << 40, RATE_HZ, CENTRE_HZ, START_NS + round(late * 1e9))
    rows = []
    for phone, (middle, times) in enumerate(spoken):
        mean = rng.uniform(*ears.levels_db)
        snr = mean + ears.fading_db * rng.normal(size=len(times))
        heard = (snr >= ears.least_snr_db) & (rng.random(len(times)) >= ears.missed)
        flight = rng.uniform(0.0, 0.3e-6)
        for burst in np.flatnonzero(heard):
            start = (times[burst] + flight) * (1 + rate)
            emission = _emission(float(start), middle, float(snr[burst]), locked[phone] - rate, phone, rng)
            rows.append((emission, segment, (phone, int(burst))))
    rows.sort(key=lambda row: row[0].sample_start)
    return Said(tuple((e, s) for e, s, _t in rows), tuple(truth for _e, _s, truth in rows))


def _emission(
    start_s: float, middle_hz: float, snr_db: float, off: float, train: int, rng: np.random.Generator
) -> Emission:
    offset = middle_hz - CENTRE_HZ
    noise_hz = 15.0 * 10 ** ((15.0 - snr_db) / 20)  # 15 Hz at 15 dB, as measured
    made = Emission(
        "gsm:normal", 0, round(BURST_S * RATE_HZ), offset - CHANNEL_HZ / 2, offset + CHANNEL_HZ / 2, snr_db, 1.0,
        cfo_hz=off * middle_hz + rng.normal(0.0, noise_hz), timing_samples=0.0, direction="uplink",
        floor_dbfs_hz=FLOOR_DBFS_HZ, details={"training_sequence": 3, "train": train},
    )  # fmt: skip
    at = max(0.0, (start_s + rng.normal(0.0, arrival_error_s(made))) * RATE_HZ)
    return Emission(
        made.label, int(at), made.sample_count, made.low_offset_hz, made.high_offset_hz, snr_db, 1.0,
        cfo_hz=made.cfo_hz, timing_samples=at % 1.0, direction="uplink", floor_dbfs_hz=FLOOR_DBFS_HZ,
        details=made.details,
    )  # fmt: skip
