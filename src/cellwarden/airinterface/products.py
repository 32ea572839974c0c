"""Products of the receiver: what stages that are driven too hard make of strong signals.

                     strong a    strong b     product of the third order
     ..▂▂▂..........|..█████......█████.......▂▂▂▂▂...      an amplifier: x |x|², of which b² a* is a part
      -3 f1         0    f1         f2       2 f2 - f1      what follows the mixer, I and Q apart: (a*)³, (a² b)* too

No phone is there, whatever its channel and slot; and the fifth power of a GSM burst turns by a quarter for each symbol,
as another one does. On a raster equal spacing is chance, so what decides is whether the samples of the weak one are
those of the product. `products` takes what all interfaces named in a stretch, and its block.

Source: B. Razavi, RF Microelectronics (2011) §2.2.4.
"""

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.airinterface.images import NEVER, inside, least_coherence, renamed
from cellwarden.airinterface.impostors_features import narrow
from cellwarden.compiled import exact
from cellwarden.model import Block, Burst, Emission
from cellwarden.model.many import BOX, columns

LABEL = "spur:intermodulation"
STRONG_DB, BELOW_DB = 30.0, 10.0
"""Least SNR of what makes products, and how far each of the two stands above its product."""
POWERS = np.array([(2, -1), (-2, -1), (3, -2), (3, 2), (4, 1)])
"""Of a and b, the conjugate's where negative, in the products that are known; a and b may be one."""
TRIED = 6
"""Products that one emission is asked about: of low orders first, and of strong ones."""
SHARE = 0.5
"""Of what stands above the noise, the least part that goes together with the product."""


def products(emissions: list[Emission], block: Block) -> list[Emission]:
    """Emissions, those renamed that are a product of two stronger ones. What lies outside the block stays as it is."""
    strong = [n for n, e in enumerate(emissions) if e.snr_db > STRONG_DB and not e.label.startswith(NEVER)]
    if not strong:
        return emissions
    made = list(emissions)
    tried: Counter[int] = Counter()
    for weak, one, other, powers in _may_be(emissions, strong, block.segment.rate_hz).tolist():
        tried[weak] += 1
        if made[weak] is emissions[weak] and tried[weak] <= TRIED:
            made[weak] = _as_product(emissions[weak], emissions[one], emissions[other], POWERS[powers], block)
    return made


def _may_be(emissions: Sequence[Emission], strong: Sequence[int], rate_hz: float) -> NDArray[np.int64]:
    """Numbers of an emission, of two strong ones whose product it may be by time, frequency and level, and of POWERS.

    Shape (n, 4), in the order in which they are asked about.
    """
    boxes = np.empty((6, len(emissions)))
    boxes[:4] = columns(emissions, *BOX)
    boxes[1] += boxes[0]
    boxes[4] = [math.nan if e.floor_dbfs_hz is None else e.floor_dbfs_hz + e.snr_db for e in emissions]
    boxes[5] = [e.label.startswith(NEVER) for e in emissions]
    found = _fitting(boxes, np.array(strong), POWERS, rate_hz)
    powers = np.abs(POWERS)[found[:, 3]]
    level_db = powers[:, 0] * boxes[4, found[:, 1]] + powers[:, 1] * boxes[4, found[:, 2]]
    return found[np.lexsort((-level_db, powers.sum(axis=1), found[:, 0]))]


@exact
def _fitting(
    boxes: NDArray[np.float64], strong: NDArray[np.int64], powers: NDArray[np.int64], rate_hz: float
) -> NDArray[np.int64]:
    """`_may_be` in no order: who lies where a product would, of two beside it that last for half of its time each.

    boxes: start, end, lower and upper edge, level (decibels of density), whether it cannot be one; float64, shape
    (6, n). Frequencies are counted around the rate: a converter that clips folds what it makes.
    """
    found = np.empty((64, 4), np.int64)
    count = 0
    starts, ends, lows, highs, level, never = boxes
    middle = (lows + highs) / 2
    makers = np.empty(len(strong), np.int64)
    for weak in range(boxes.shape[1]):
        half, many = (ends[weak] - starts[weak]) / 2, 0
        for one in strong:
            lasts = min(ends[weak], ends[one]) - max(starts[weak], starts[one])
            apart = highs[weak] <= lows[one] or highs[one] <= lows[weak]
            if lasts >= half and apart and level[one] > level[weak] + BELOW_DB and not never[weak]:
                makers[many] = one
                many += 1
        for one in makers[:many]:
            for other in makers[:many]:
                for number in range(len(powers)):
                    off = powers[number, 0] * middle[one] + powers[number, 1] * middle[other] - middle[weak]
                    if abs(off - rate_hz * np.round(off / rate_hz)) > (highs[weak] - lows[weak]) / 2:
                        continue
                    if count == len(found):
                        found = np.concatenate((found, np.empty((count, 4), np.int64)))
                    found[count] = weak, one, other, number
                    count += 1
    return found[:count]


def _as_product(weak: Emission, one: Emission, other: Emission, powers: NDArray[np.int64], block: Block) -> Emission:
    """The weak one named as a product of the others, or as it was."""
    trio = weak, one, other
    start = max(e.sample_start for e in trio)
    end = min(e.sample_start + e.sample_count for e in trio)
    if not inside(start, end, block):
        return weak
    coherence, freedom = alike(trio, powers, start, end, block)
    if coherence <= least_coherence(weak, freedom, SHARE):
        return weak
    below_db = 10 * math.log10(max(min(_watts(one), _watts(other)) / max(_watts(weak), 1e-30), 1e-30))
    return renamed(weak, LABEL, below_db, coherence)


def _watts(e: Emission) -> float:
    floor = 0.0 if e.floor_dbfs_hz is None else e.floor_dbfs_hz
    return float(10 ** ((floor + e.snr_db) / 10) * (e.high_offset_hz - e.low_offset_hz))


def alike(
    trio: Sequence[Emission], powers: NDArray[np.int64], start: int, end: int, block: Block
) -> tuple[float, float]:
    """Coherence (0…1) of the first of three emissions with a product of the others, and of how many free values.

    Both within the first one's band, since products are wider than what they are made of.
    """
    widths = [e.high_offset_hz - e.low_offset_hz for e in trio]
    boxes = [Burst(start, end - start, e.low_offset_hz, e.high_offset_hz, 0.0, 0.0) for e in trio]
    rate = max(2 * widths[0], float(np.abs(powers) @ widths[1:]))
    weak, one, other = (narrow(box, block, width, rate) for box, width in zip(boxes, widths, strict=True))
    p, q = powers.tolist()
    turn = (p * one.middle_hz + q * other.middle_hz - weak.middle_hz) / weak.rate_hz
    made = _power(one.y, p) * _power(other.y, q) * np.exp(2j * np.pi * turn * np.arange(len(weak.y)))
    within = np.abs(scipy.fft.fftfreq(len(made), 1 / weak.rate_hz)) < widths[0] / 2
    x, y = scipy.fft.fft(weak.y)[within], scipy.fft.fft(made)[within]
    common = abs(np.vdot(x, y)) ** 2 / max(float(np.vdot(x, x).real * np.vdot(y, y).real), 1e-60)
    return float(common), (end - start) / block.segment.rate_hz * widths[0]


def _power(y: NDArray[np.complex64], exponent: int) -> NDArray[np.complex64]:
    """y to a whole power, of the conjugate where that is negative; of mean power 1, so that no power overflows."""
    scaled = y / np.float32(max(math.sqrt(float(np.mean(np.abs(y) ** 2))), 1e-30))
    return np.asarray((scaled if exponent > 0 else np.conj(scaled)) ** abs(exponent), np.complex64)
