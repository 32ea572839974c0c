"""Finds Wi-Fi's direct sequence in the samples of one channel by its Barker code.

    chips    +-++-+++--- at 11 Mchip/s, one code a symbol of 1 µs
    energy   behind the code's filter, folded over 1 µs, has one sharp peak
    phases   from peak to peak ► descrambler ► SYNC (128 ones, or 56 zeros) ► start frame delimiter ► start

CCK frames have the code in their preamble and header only (96 or 192 µs), which is enough. The mean of N values of
noise behind the filter exceeds its expectation r times with probability e^-N(r - 1 - ln r) (`detect.evidence`).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.wifi_kernels import despread, folded_peak
from cellwarden.airinterface.wifi_waveform import BARKER, CHIP_RATE_HZ, LONG_SFD, SHORT_SFD, bits_of
from cellwarden.detect.evidence import evidence

_CODE = np.array(BARKER)
PER_CHIP = 2
RATE_HZ = PER_CHIP * CHIP_RATE_HZ
SYMBOL = 11 * PER_CHIP
LEAST_PEAK = 2.5
"""Energy in the folded peak over that beside it. At 0 dB a code of 11 chips gives some 8; echoes blur it."""
LEAST_NATS = 30.0
MOST_OTHER = 0.6
"""Energy behind the reversed code, over that behind the code: a quarter or less. Pulses and lines do not care.
Asked where no delimiter proves the code, since echoes blur it."""
MOST_STEADY = 0.9
"""Sum of the turns from symbol to symbol over the sum of their sizes: the scrambler sees to it that signs change."""
FEWEST_SYMBOLS = 40
SHORT_SYMBOLS = 96
PREAMBLE_SYMBOLS = {"long": 144, "short": 72}
"""SYNC and delimiter, which have two phases."""
NEAR = 3
"""Samples either way that the pulse and its first echoes fill."""
LEADERS = 3
CARRIER_STEP_HZ = 300e3
"""Of the carriers tried: at half of it a symbol of 1 µs loses 0.3 dB."""
DELIMITER_ERRORS = 3
DELIMITER_SYNC = 16
"""SYNC bits before the delimiter that must be right with it."""


@dataclass(frozen=True, slots=True)
class Sequence:
    """A stretch of Barker symbols."""

    nats: float
    carrier_hz: float
    least_snr_db: float
    """In 22 MHz; the true one is higher where echoes and the code's own sidelobes are more than the noise."""
    start: float | None
    """Sample at which SYNC begins; None where no delimiter is in the stretch."""
    preamble: str
    """`long`, `short` or empty."""


@dataclass(frozen=True, slots=True)
class Code:
    """Where Barker's code may be in a stretch: at which carrier, and in which sample of each symbol."""

    nats: float
    ratio: float
    carrier_hz: float
    peak: int
    behind: NDArray[np.complex64]
    """The samples behind its filter."""


def code(y: NDArray[np.complex64], carriers_hz: NDArray[np.float64]) -> Code | None:
    """The likeliest code in samples at 22 MS/s, its carrier near one of those given; None where there is none."""
    if len(y) // SYMBOL - 1 < FEWEST_SYMBOLS:
        return None
    early = y[: (SHORT_SYMBOLS + 1) * SYMBOL]  # a short preamble ends here
    step = 2 if len(carriers_hz) > 4 * LEADERS else 1
    told = [(*_peak(_behind(early, carrier)), carrier) for carrier in carriers_hz[::step].tolist()]
    if step > 1:  # half a symbol's rate off, the code still shows: those between the best are looked at besides
        best = np.array([carrier for *_, carrier in sorted(told, reverse=True)[:LEADERS]])
        beside = carriers_hz[1::2][np.min(np.abs(carriers_hz[1::2, None] - best), axis=1) < 1.5 * CARRIER_STEP_HZ]
        told += [(*_peak(_behind(early, carrier)), carrier) for carrier in beside.tolist()]
    _, ratio, nats, peak, chosen = max(told)
    found = _behind(y, chosen)
    wide = _peak(found)
    if wide[2] > nats:
        _, ratio, nats, peak = wide
    if ratio < LEAST_PEAK or nats < LEAST_NATS:
        return None
    return Code(nats, ratio, chosen, peak, found)


def sequence(y: NDArray[np.complex64], heard: Code) -> Sequence | None:
    """The symbols of a code in the samples it was heard in; None where they are none of Wi-Fi's."""
    chosen, peak = heard.carrier_hz, heard.peak
    turns = heard.behind[peak::SYMBOL].astype(np.complex128)
    steps = turns[1:] * np.conj(turns[:-1])
    # the carrier turns each symbol by 2π chosen · 1 µs besides, which the code's own turning does not take off
    steps *= np.exp(-2j * np.pi * chosen / CHIP_RATE_HZ * 11)
    if abs(np.sum(steps)) > MOST_STEADY * np.sum(np.abs(steps)):
        return None
    residual = _residual(steps)
    start, preamble = _delimiter((steps * np.exp(-1j * residual)).real < 0)
    if start is None:  # squared turns tell the carrier to 500 kHz only: the other one has every bit inverted
        start, preamble = _delimiter((steps * np.exp(-1j * residual)).real > 0)
        residual -= 0.0 if start is None else math.copysign(np.pi, residual)
    if start is not None:  # header and data may have four phases
        known = steps[max(0, start) : max(0, start + PREAMBLE_SYMBOLS[preamble] - 1)]
        residual += _residual(known * np.exp(-1j * residual))
    carrier = chosen + residual / (2 * np.pi) * CHIP_RATE_HZ / 11
    # a code that is found at a sample begins half a chip before it: chips are sampled in their middle
    at = peak - PER_CHIP / 2
    if start is None:
        other = _peak(_behind(y, chosen, _CODE[::-1]))[0]
        if other > MOST_OTHER * float(np.mean(np.abs(turns) ** 2)):
            return None
    least = 10 * math.log10((heard.ratio - 1.0) / len(BARKER))
    return Sequence(heard.nats, carrier, least, None if start is None else start * SYMBOL + at, preamble)


def _residual(steps: NDArray[np.complex128]) -> float:
    """By how many radians two-phase symbols turn from one to the next besides their bits."""
    return float(np.angle(np.sum(steps**2 / np.maximum(np.abs(steps), 1e-30)))) / 2


def _behind(y: NDArray[np.complex64], carrier_hz: float, code: NDArray[np.int64] = _CODE) -> NDArray[np.complex64]:
    """Samples behind the code's filter at a carrier: complex64."""
    turning = np.exp(2j * np.pi * carrier_hz / CHIP_RATE_HZ * np.arange(len(BARKER)))
    return despread(y, (code * turning).astype(np.complex64), PER_CHIP)


def _peak(z: NDArray[np.complex64]) -> tuple[float, float, float, int]:
    """The folded energy's peak, how far it stands above what is beside it, its nats, and its place in the symbol."""
    top, beside, loud, place = folded_peak(z, SYMBOL, NEAR)
    ratio = top / max(beside, 1e-30)
    return loud, ratio, evidence(ratio, len(z) // SYMBOL), place


def _delimiter(flips: NDArray[np.bool_]) -> tuple[int | None, str]:
    """The symbol at which SYNC begins, and which preamble it is. `flips[n]` is the bit of symbol n + 1."""
    bits = flips.astype(np.int64)
    if len(bits) < 7 + 16 + DELIMITER_SYNC:
        return None, ""
    plain = bits[7:] ^ bits[3:-4] ^ bits[:-7]  # plain[i] is the descrambled bit of symbol i + 8
    for name, sync, value, delimiter in (("long", 128, 1, LONG_SFD), ("short", 56, 0, SHORT_SFD)):
        wanted = np.array([value] * DELIMITER_SYNC + bits_of(delimiter, 16))
        windows = np.lib.stride_tricks.sliding_window_view(plain, len(wanted)) if len(plain) >= len(wanted) else None
        if windows is None:
            continue
        errors = np.sum(windows != wanted, axis=1)
        at = int(np.argmin(errors))
        if errors[at] <= DELIMITER_ERRORS:
            return at + 8 + DELIMITER_SYNC - sync, name
    return None, ""
