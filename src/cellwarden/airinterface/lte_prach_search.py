"""LTE's and NR's preambles below the energy floor: the root, the band and the subframe are known, the shift is not.

    subframe                              formats 0 … 3: prefix, then the sequence once or twice
    ├─ prefix ─┤├──── 800 µs ────┤        one Fourier transform of the 800 µs, at twice their band, has the 839
               ▲ one window                subcarriers among its bins; matched with the root, all shifts at once

Of noise, the power of one shift over its mean is exponential; that of a preamble of SNR γ stands at 839 γ. What is
asked for is what noise has once in a thousand windows. Format 4 has 139 subcarriers of 7.5 kHz in one window of 133 µs,
NR's short preambles have 139 of 15 or 30 kHz, sent up to twelve times in one phase.

A phone is within 0.1 millionths of its cell (TS 36.101 §6.5.1): 270 Hz at 2.7 GHz, a fifth of a subcarrier, costs
0.7 dB, and no other frequency is tried.

Source: 3GPP TS 36.211 §5.7, TS 38.211 §6.3.3.1.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.airinterface.lte_prach import spectrum_of
from cellwarden.airinterface.lte_receiver import logistic, low_pass, stretch
from cellwarden.airinterface.lte_waveform import (
    PREAMBLE,
    PREAMBLE_FORMATS,
    PREAMBLE_HZ,
    SHORT_PREAMBLE,
    SHORT_PREAMBLE_HZ,
    SHORT_PREFIX_S,
    SUBCARRIER_HZ,
)
from cellwarden.airinterface.nr_waveform import LONG_FORMATS, SHORT_FORMATS
from cellwarden.detect import transform
from cellwarden.detect.kernels import decimate
from cellwarden.model import Block, Burst, Cell, Emission

FALSE_ALARM = 1e-3
"""In one window of noise."""
DELAYS = 2048
"""Shifts tried: 2.4 for each of the sequence, so that halfway between two costs 0.6 dB."""
RESAMPLED = {PREAMBLE: 1536, SHORT_PREAMBLE: 256}
"""Samples of a sequence where the rate gives no whole number: multiples of 15 kHz."""
SUBFRAMES = 10
SURE_NATS = 3.0
"""Log odds of what is just asked for; a window with a preamble is rarer than one without, and noise rarer still."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A format's sequence: subcarriers, their spacing, its prefix and how often it is sent."""

    length: int
    spacing_hz: float
    prefix_s: float
    repeats: int
    label: str = "lte:prach"
    together: bool = False
    """Whether all repetitions are summed before the transform: in their time the frequency error turns little."""

    @property
    def seconds(self) -> float:
        """From the prefix's beginning to the end."""
        return self.prefix_s + self.repeats / self.spacing_hz


LAYOUTS: dict[str, Layout] = {
    **{str(n): Layout(PREAMBLE, PREAMBLE_HZ, prefix, times) for n, (prefix, times) in enumerate(PREAMBLE_FORMATS)},
    "4": Layout(SHORT_PREAMBLE, SHORT_PREAMBLE_HZ, SHORT_PREFIX_S, 1),
    **{
        f"{name}/{hz / 1e3:g}": Layout(PREAMBLE, hz, prefix, times, "nr:prach")
        for name, (prefix, times, hz) in LONG_FORMATS.items()
    },
    **{
        f"{name}/{15 * multiple}": Layout(
            SHORT_PREAMBLE, SUBCARRIER_HZ * multiple, prefix / multiple, times, "nr:prach", True
        )
        for name, (prefix, times) in SHORT_FORMATS.items()
        for multiple in (1, 2)
    },
}
"""By `preamble_format`: LTE's by their number, NR's by their name and spacing in kilohertz."""


def search(block: Block, cell: Cell) -> list[Emission]:
    """Preambles of a known root in a block, clear or not.

    `cell.carriers_hz` are the middles of its preambles' bands; details: `preamble_root`, `preamble_format` (0 where it
    is not told), `preamble_subframe` (all are searched where it is not told).
    """
    root = cell.details.get("preamble_root")
    layout = LAYOUTS[str(cell.details.get("preamble_format", 0))]
    rate = block.segment.rate_hz
    if not isinstance(root, int) or not 0 < root < layout.length or rate < 1.1 * layout.length * layout.spacing_hz:
        return []
    starts = _starts(block, cell, layout)
    found: list[Emission] = []
    for carrier in cell.carriers_hz:
        if len(starts) and abs(carrier) < rate / 2 - layout.length * layout.spacing_hz / 2:
            found += _found(block, cell, layout, starts, carrier)
    return sorted(found, key=lambda e: e.sample_start)


def _starts(block: Block, cell: Cell, layout: Layout) -> NDArray[np.float64]:
    """Samples at which preambles begin that lie in the block whole."""
    subframe = cell.frame_samples / SUBFRAMES
    chosen = cell.details.get("preamble_subframe")
    first = cell.frame_start + (0 if chosen is None else int(chosen)) * subframe
    every = subframe if chosen is None else cell.frame_samples
    last = block.sample_start + len(block.iq) - layout.seconds * block.segment.rate_hz
    low, high = math.ceil((block.sample_start - first) / every), math.floor((last - first) / every)
    return np.asarray(first + np.arange(low, high + 1) * every, np.float64)


def _windows(block: Block, layout: Layout, starts: NDArray[np.float64], carrier_hz: float) -> NDArray[np.complex64]:
    """Subcarriers of each repetition, as a transform at the recording's own rate has them: (starts, repeats, length).

    Where that rate gives a whole number of samples in a sequence every so manieth is kept, else it is resampled.
    """
    rate = block.segment.rate_hz
    whole = rate / layout.spacing_hz
    step = _step(round(whole), layout.length) if abs(whole - round(whole)) < 1e-6 else 0
    size = round(whole) // step if step else RESAMPLED[layout.length]
    samples = np.empty((len(starts), layout.repeats, size), np.complex64)
    for number, start in enumerate(starts.tolist()):
        for repeat in range(layout.repeats):
            begin = start + (layout.prefix_s + repeat / layout.spacing_hz) * rate
            if step:
                first = round(begin) - block.sample_start
                decimate(block.iq, block.scale, first, carrier_hz / rate, low_pass(step), step, samples[number, repeat])
            else:
                samples[number, repeat] = _resampled(block, begin, layout, carrier_hz, size)
    if layout.together:  # each is turned on by what the carrier lies beside the grid
        apart = np.exp(-2j * np.pi * (carrier_hz / layout.spacing_hz % 1.0) * np.arange(layout.repeats))
        samples = np.sum(samples * apart[:, None].astype(np.complex64), axis=1, keepdims=True)
    spectra, low = scipy.fft.fft(samples, axis=-1, overwrite_x=True), (layout.length - 1) // 2
    bands = np.concatenate([spectra[..., -low:], spectra[..., : layout.length - low]], axis=-1)
    return np.asarray(bands * np.float32(whole / size), np.complex64)


@lru_cache(maxsize=32)
def _step(size: int, length: int) -> int:
    """Every how manieth of `size` samples is kept: nothing then folds into a band of `length` subcarriers."""
    return next(step for step in range(max(1, size * 2 // (3 * length)), 0, -1) if size % step == 0)


def _resampled(block: Block, begin: float, layout: Layout, carrier_hz: float, size: int) -> NDArray[np.complex64]:
    """`size` samples of one sequence's length with a band's middle at zero frequency."""
    rate = block.segment.rate_hz
    box = Burst(math.floor(begin), round(rate / layout.spacing_hz), 0.0, 0.0, 0.0, -200.0)
    heard = stretch(box, block, 0.0, carrier_hz, round(size * layout.spacing_hz / SUBCARRIER_HZ))
    turn = (carrier_hz - heard.centre_hz) / heard.rate_hz
    late = carrier_hz / rate * (begin - math.floor(begin))
    return np.asarray(heard.y[:size] * np.exp(-2j * np.pi * (turn * np.arange(size) - late)), np.complex64)


def _delays(bands: NDArray[np.complex64], spectrum: NDArray[np.complex64]) -> NDArray[np.float32]:
    """Power at each shift of a sequence: bands (starts, repeats, length) to (starts, repeats, DELAYS)."""
    matched = np.zeros((*bands.shape[:2], DELAYS), np.complex64)
    np.multiply(bands, np.conj(spectrum), out=matched[..., : bands.shape[2]])
    power, even = np.empty(matched.shape, np.float32), np.ones(DELAYS, np.float32)
    samples = matched.view(np.float32).reshape(-1, 2)
    starts = np.arange(0, len(samples), DELAYS)
    transform.powers(samples, starts, even, even, transform.plan(DELAYS), power.reshape(-1, DELAYS))
    return power


@lru_cache(maxsize=8)
def _least(repeats: int) -> float:
    """What the power of one shift, summed over repetitions and over its mean, is asked for."""
    return float(scipy.special.gammainccinv(repeats, FALSE_ALARM / DELAYS))


def _found(block: Block, cell: Cell, layout: Layout, starts: NDArray[np.float64], carrier_hz: float) -> list[Emission]:
    root, rate = int(cell.details["preamble_root"]), block.segment.rate_hz
    power = _delays(_windows(block, layout, starts, carrier_hz), spectrum_of(root, layout.length)).sum(axis=1)
    repeats, summed = (1, layout.repeats) if layout.together else (layout.repeats, 1)
    level = power.mean(axis=-1) / repeats  # of one shift of noise; a preamble's own part is taken for noise too
    best = power.max(axis=-1) / level
    least = _least(repeats)
    found = []
    for number in np.flatnonzero(best > least).tolist():
        part = min(float(best[number]) / (layout.length * repeats), 0.999)
        snr = part / (1.0 - part) / summed
        noise = float(level[number]) * (1.0 - part) / layout.length / summed  # in one subcarrier
        density = noise / (rate / layout.spacing_hz) / rate
        floor = 10 * math.log10(max(density, 1e-30))
        beyond = float(best[number]) - least
        found.append(_emission(cell, layout, float(starts[number]), carrier_hz, rate, snr, floor, beyond))
    return found


def _emission(
    cell: Cell, layout: Layout, start: float, carrier_hz: float, rate: float, snr: float, floor: float, beyond: float
) -> Emission:
    width = layout.length * layout.spacing_hz
    return Emission(
        label=layout.label,
        sample_start=math.floor(start),
        sample_count=round(layout.seconds * rate),
        low_offset_hz=carrier_hz - width / 2,
        high_offset_hz=carrier_hz + width / 2,
        snr_db=10 * math.log10(snr),
        confidence=logistic(beyond + SURE_NATS),
        carrier_offset_hz=carrier_hz,
        timing_samples=start - math.floor(start),
        direction="uplink",
        floor_dbfs_hz=floor,
        details={
            "root": int(cell.details["preamble_root"]),
            "format": cell.details.get("preamble_format", 0),
            "evidence": round(beyond, 1),
            "searched": 1,
        },
    )
