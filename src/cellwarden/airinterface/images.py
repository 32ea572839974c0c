"""Images of the receiver: the conjugate of what is stronger, at the mirrored frequency, at the same time.

        image            |            original
     ...▂▂▂▂...          0          ...████...          received: x + α x*, |α| of some -30 dB
      -f2 -f1            |           f1  f2

The mirror is where the oscillator was: at zero in most recordings, elsewhere where a receiver was tuned beside what it
recorded or somebody shifted that, and in the middle of a phone's carrier for an image that the phone sends itself.

No phone is there, however much it looks like one. `images` takes what all interfaces named in a stretch, and its block.

Source: Valkama, Renfors, Koivunen, "Advanced methods for I/Q imbalance compensation", IEEE Trans. Signal Processing 49
(2001) §II.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.airinterface.impostors_features import narrow
from cellwarden.compiled import exact, fast
from cellwarden.measure.power import squared
from cellwarden.model import Block, Burst, Emission
from cellwarden.model.many import BOX, columns

IMAGE_DB = (12.0, 75.0)
"""How far below its original a receiver's image lies."""
IMAGE_COHERENCE = 0.5
IMAGE_SHARE, CHANCE_NATS = 0.6, 20.0
"""Of what stands above the noise in a box, the least part that goes together with the original, so that a phone is not
lost in an image; and the nats by which that must exceed what chance makes of so much time and bandwidth."""
ELSEWHERE_DB, EDGE_S, WIDER = 20.0, 30e-6, 0.25
"""Around another mirror than zero: how far below its original an image lies at least, and by what its edges in time,
and its width as a part of the wider one, may differ from that's. Boxes of the faint one waver."""
LEAST_FREEDOM = 50.0
"""Time times width of an image around another mirror: carriers without a message are like any other."""
NEVER = ("image:", "noise:")
"""What is no image of anything. All else may be: a conjugate of GSM or LTE is now and then like another sequence."""
IMAGE_OF_DB = 30.0
"""Least SNR of an emission whose image is looked for where no box is."""


def images(emissions: list[Emission], block: Block) -> list[Emission]:
    """Emissions, those renamed `image:<label>` that are the conjugate of a stronger one, and those found besides.

    A receiver whose I and Q differ in gain or phase adds α x* to each x. Both are filtered to the image's band, and
    their coherence there says whether one is the other's conjugate. A strong emission's image is looked for even where
    no box is. Emissions outside the block are left as they are, and have no image. Nothing but what is IMAGE_DB over
    the noise has an image that could be heard, so that a quiet band costs nothing.
    """
    numbers = [n for n, e in enumerate(emissions) if e.snr_db > IMAGE_DB[0] and not e.label.startswith(NEVER)]
    if not numbers:
        return emissions
    strong = [emissions[n] for n in numbers]
    told = list(emissions)
    boxes = _columns(emissions)
    for number, original in _may_be(boxes, numbers).tolist():
        if told[number] is emissions[number] and not emissions[number].label.startswith(NEVER):
            told[number] = _as_image(emissions[number], strong[original], block)
    for number, original in _alike(boxes, numbers, block.segment.rate_hz).tolist():
        if told[number] is emissions[number] and not emissions[number].label.startswith(NEVER):
            told[number] = _as_image_elsewhere(emissions[number], emissions[original], block)
    for one in strong:
        image = _image_of(one, block) if one.snr_db > IMAGE_OF_DB else None
        if image and not any(_same(image, other) for other in told):
            told.append(image)
    return told


def _same(image: Emission, other: Emission) -> bool:
    """Whether an image has been named already: one of its label at its time and frequency."""
    return (
        image.label == other.label
        and abs(image.sample_start - other.sample_start) < image.sample_count / 2
        and image.low_offset_hz < other.high_offset_hz
        and other.low_offset_hz < image.high_offset_hz
    )


def _image_of(strong: Emission, block: Block) -> Emission | None:
    start, end = strong.sample_start, strong.sample_start + strong.sample_count
    low, high = -strong.high_offset_hz, -strong.low_offset_hz
    if low <= 0 <= high or not inside(start, end, block):
        return None
    coherence, below_db = mirror(block, start, end, low, high)
    if not IMAGE_DB[0] < below_db < IMAGE_DB[1] or coherence < IMAGE_COHERENCE:
        return None
    return Emission(
        label=f"image:{strong.label}",
        sample_start=start,
        sample_count=strong.sample_count,
        low_offset_hz=low,
        high_offset_hz=high,
        snr_db=strong.snr_db - below_db,
        confidence=min(0.99, 0.5 + coherence / 2),
        floor_dbfs_hz=strong.floor_dbfs_hz,
        details={"below_db": round(below_db, 1), "coherence": round(coherence, 3)},
    )


def _may_be(boxes: NDArray[np.float64], strong: Sequence[int]) -> NDArray[np.int64]:
    """Pairs of an emission and a strong one whose image it may be by time, frequency and level: shape (pairs, 2).

    boxes: of `_columns`; strong: numbers of the strong ones among them. In a dense scene all but a few pairs are told
    apart here.
    """
    originals = boxes[:, strong]
    order = np.argsort(originals[0], kind="stable")
    found = _mirrored(boxes, np.ascontiguousarray(originals[:, order]), 10 ** (-IMAGE_DB[0] / 10))
    found[:, 1] = order[found[:, 1]]
    return found[np.lexsort((found[:, 1], found[:, 0]))]


@exact
def _mirrored(weak: NDArray[np.float64], strong: NDArray[np.float64], most: float) -> NDArray[np.int64]:
    """Pairs of columns (start, end, lower and upper edge, density): one lies where the other's image would.

    For half its time at least, with no more than the part `most` of its density. weak: shape (5, n); strong: shape
    (5, m), in the order of start.
    """
    found = np.empty((64, 2), np.int64)
    count = 0
    longest = np.max(strong[1] - strong[0])
    for i in range(weak.shape[1]):
        start, end, low, high, density = weak[:, i]
        for j in range(np.searchsorted(strong[0], start - longest), strong.shape[1]):
            if strong[0, j] >= end:
                break
            shared = min(end, strong[1, j]) - max(start, strong[0, j])
            if (
                density <= most * strong[4, j]
                and -strong[3, j] < high
                and low < -strong[2, j]
                and shared >= 0.5 * (end - start)
            ):
                if count == len(found):
                    found = np.concatenate((found, np.empty((count, 2), np.int64)))
                found[count, 0], found[count, 1] = i, j
                count += 1
    return found[:count]


def _columns(emissions: Sequence[Emission]) -> NDArray[np.float64]:
    """Start, end, lower and upper edge, density (no decibels): shape (5, n)."""
    made = np.empty((5, len(emissions)))
    made[:4] = columns(emissions, *BOX)
    made[1] += made[0]
    made[4] = [math.nan if e.floor_dbfs_hz is None else e.floor_dbfs_hz for e in emissions]
    made[4] = np.nan_to_num(10 ** ((made[4] + columns(emissions, "snr_db")[0]) / 10))
    return made


def _as_image(weak: Emission, strong: Emission, block: Block) -> Emission:
    """The weak one named as the image of the strong one, or as it was."""
    start = max(weak.sample_start, strong.sample_start)
    end = min(weak.sample_start + weak.sample_count, strong.sample_start + strong.sample_count)
    low = max(weak.low_offset_hz, -strong.high_offset_hz)
    high = min(weak.high_offset_hz, -strong.low_offset_hz)
    if low <= 0 <= high or not inside(start, end, block):  # at zero a signal is its own mirror image
        return weak
    coherence, below_db = mirror(block, start, end, low, high)
    least = least_coherence(weak, (end - start) / block.segment.rate_hz * (high - low))
    if not IMAGE_DB[0] < below_db < IMAGE_DB[1] or coherence <= least:
        return weak
    return renamed(weak, f"image:{strong.label}", below_db, coherence)


def _alike(boxes: NDArray[np.float64], strong: Sequence[int], rate_hz: float) -> NDArray[np.int64]:
    """Pairs of an emission and a stronger one of the same time and width, whose image it may be wherever it lies."""
    order = np.argsort(boxes[0], kind="stable")
    found = _same_boxes(boxes, order, np.array(strong), EDGE_S * rate_hz, 10 ** (-ELSEWHERE_DB / 10))
    return found[np.lexsort((found[:, 1], found[:, 0]))]


@exact
def _same_boxes(
    boxes: NDArray[np.float64], order: NDArray[np.int64], strong: NDArray[np.int64], slack: float, most: float
) -> NDArray[np.int64]:
    """Pairs of boxes that begin and end together and are as wide, one with no more than the part `most` of the density.

    boxes: start, end, lower and upper edge, density; float64, shape (5, n); order: of their starts; slack: in samples.
    Returns int64, shape (m, 2), the weak one first.
    """
    found = np.empty((64, 2), np.int64)
    count = 0
    start, end, low, high, density = boxes
    starts = start[order]
    for one in strong:
        for n in order[np.searchsorted(starts, start[one] - slack) : np.searchsorted(starts, start[one] + slack)]:
            width, other = high[one] - low[one], high[n] - low[n]
            if (
                density[n] < most * density[one]
                and abs(end[n] - end[one]) < slack
                and abs(width - other) < WIDER * max(width, other)
            ):
                if count == len(found):
                    found = np.concatenate((found, np.empty((count, 2), np.int64)))
                found[count, 0], found[count, 1] = n, one
                count += 1
    return found[:count]


def _as_image_elsewhere(weak: Emission, strong: Emission, block: Block) -> Emission:
    """The weak one named as the image of the strong one around any mirror, or as it was.

    Their middles are known to some kilohertz only: what they have in common may turn.
    """
    start = max(weak.sample_start, strong.sample_start)
    end = min(weak.sample_start + weak.sample_count, strong.sample_start + strong.sample_count)
    width = weak.high_offset_hz - weak.low_offset_hz
    freedom = (end - start) / block.segment.rate_hz * width
    if freedom < LEAST_FREEDOM or not inside(start, end, block):
        return weak
    image, original = (
        narrow(Burst(start, end - start, 0.0, 0.0, 0.0, 0.0), block, width, 1.5 * width, middle).y
        for middle in ((e.low_offset_hz + e.high_offset_hz) / 2 for e in (weak, strong))
    )
    both = float(np.sum(squared(image), dtype=np.float64) * np.sum(squared(original), dtype=np.float64))
    common = float(np.max(squared(scipy.fft.fft(image * original, 2 * len(image)))))
    coherence = common / max(both, 1e-60)
    below_db = 10 * math.log10(float(np.sum(squared(original))) / max(float(np.sum(squared(image))), 1e-30))
    if coherence <= least_coherence(weak, freedom):
        return weak
    return renamed(weak, f"image:{strong.label}", below_db, coherence)


def renamed(weak: Emission, label: str, below_db: float, coherence: float) -> Emission:
    """An emission as what the receiver made of stronger ones, so many decibels below them."""
    details: dict[str, str | int | float] = {"below_db": round(below_db, 1), "coherence": round(coherence, 3)}
    sure = min(0.99, 0.5 + coherence / 2)
    return replace(weak, label=label, confidence=sure, direction="unknown", details=details)


def least_coherence(weak: Emission, freedom: float, share: float = IMAGE_SHARE) -> float:
    """Coherence asked of an image, or of what else goes with something stronger.

    Noise in its box, with `freedom` independent values, is no part of it and goes with nothing.

    The coherence of D independent values of two signals exceeds c with probability (1 - c)^(D - 1).
    """
    signal = 10 ** (weak.snr_db / 10)
    chance = -math.expm1(-CHANCE_NATS / max(freedom - 1, 1.0))
    return max(share * signal / (1 + signal), chance)


def inside(start: int, end: int, block: Block) -> bool:
    return start >= block.sample_start and end <= block.sample_start + len(block.iq)


def mirror(block: Block, start: int, end: int, low_hz: float, high_hz: float) -> tuple[float, float]:
    """Coherence (0…1) of a band with the conjugate of the mirrored one, and how many decibels it lies below that."""
    at = Burst(start, end - start, low_hz, high_hz, 0.0, 0.0)
    width = high_hz - low_hz
    image = narrow(at, block, width, 1.5 * width).y
    original = narrow(at, block, width, 1.5 * width, -(low_hz + high_hz) / 2).y
    strong, weak, common = _common(original, image)
    return common / max(strong * weak, 1e-60), 10 * math.log10(max(strong, 1e-30) / max(weak, 1e-30))


@fast
def _common(original: NDArray[np.complex64], image: NDArray[np.complex64]) -> tuple[float, float, float]:
    """Σ |x|², Σ |y|² and |Σ x y|²: what y has in common with the conjugate of x."""
    strong = weak = re = im = 0.0
    for i in range(len(image)):
        a, b, c, d = original[i].real, original[i].imag, image[i].real, image[i].imag
        strong += a * a + b * b
        weak += c * c + d * d
        re += a * c - b * d
        im += a * d + b * c
    return strong, weak, re * re + im * im
