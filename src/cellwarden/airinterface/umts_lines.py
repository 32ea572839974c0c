"""Where a UMTS preamble's carrier lies, by its squares: echoes that tilt a spectrum leave them.

    chips      ±1 on an axis that turns by 90° a chip
    squares    +1, -1, +1, …  at any code: two lines, half the chip rate on either side of twice the carrier

Source: 3GPP TS 25.213 §4.3.3.
"""

import math

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.airinterface.umts_carrier import on_raster
from cellwarden.airinterface.umts_waveform import BANDWIDTH_HZ, CHIP_RATE_HZ, PREAMBLE_CHIPS
from cellwarden.detect.filters import low_pass
from cellwarden.detect.kernels import decimate
from cellwarden.measure.power import squared
from cellwarden.model import Block, Burst

SHORTEST, LONGEST = 0.5, 1.5
"""Of a preamble's length, a box that may be one: a faint one's box lacks some of it."""
WIDTH = 1.6
"""Of a carrier's width, what is looked at around a box's middle: its carrier may lie beside that."""
LINES_NATS, LINE_NATS = 25.0, 5.0
"""Least nats of both lines together, and of each."""


def preamble_carrier(burst: Burst, block: Block) -> float | None:
    """Offset in hertz of the carrier that the two lines of a preamble's squares tell; None where there are none."""
    rate = block.segment.rate_hz
    if not SHORTEST < burst.sample_count / rate * CHIP_RATE_HZ / PREAMBLE_CHIPS < LONGEST:
        return None
    middle_hz = (burst.low_offset_hz + burst.high_offset_hz) / 2
    step = max(1, int(rate / (WIDTH * BANDWIDTH_HZ)))
    y = np.empty(burst.sample_count // step, np.complex64)
    taps = low_pass(step, round(BANDWIDTH_HZ / rate, 3)) if step > 1 else np.ones(1, np.float32)
    decimate(block.iq, block.scale, burst.sample_start - block.sample_start, middle_hz / rate, taps, step, y)
    carrier_hz = _between(y * y, rate / step)
    return None if carrier_hz is None else on_raster(middle_hz + carrier_hz, block)


def _between(squares: NDArray[np.complex64], rate_hz: float) -> float | None:
    """Half the frequency in whose middle two lines lie, one chip rate from each other.

    squares: complex64, shape (n,), at `rate_hz`.
    """
    size = scipy.fft.next_fast_len(2 * len(squares))
    nats = squared(scipy.fft.fft(squares, size)) / max(float(np.vdot(squares, squares).real), 1e-30)
    apart = round(CHIP_RATE_HZ / rate_hz * size)
    lower, upper = nats, np.roll(nats, -apart)
    both = np.where(np.minimum(lower, upper) > LINE_NATS, lower + upper, 0)
    at = int(np.argmax(both))
    if both[at] < LINES_NATS:
        return None
    twice = (at + apart / 2) / size
    return (twice - math.floor(twice + 0.5)) * rate_hz / 2
