"""Images of the receiver: the conjugate of what is stronger, at the mirrored frequency, at the same time.

        image            |            original
     ...▂▂▂▂...          0          ...████...          received: x + α x*, |α| of some -30 dB
      -f2 -f1            |           f1  f2

No phone is there, however much it looks like one. `images` takes what all interfaces named in a stretch, and its block.

Source: Valkama, Renfors, Koivunen, "Advanced methods for I/Q imbalance compensation", IEEE Trans. Signal Processing 49
(2001) §II.
"""

import math
from bisect import bisect_left
from dataclasses import replace

import numpy as np

from cellwarden.airinterface.impostors_features import narrow
from cellwarden.detect.suppress import density_db
from cellwarden.model import Block, Burst, Emission

IMAGE_DB = (12.0, 75.0)
"""How far below its original a receiver's image lies."""
IMAGE_COHERENCE = 0.5
IMAGE_SHARE, CHANCE_NATS = 0.6, 20.0
"""Of what stands above the noise in a box, the least part that goes together with the original, so that a phone is not
lost in an image; and the nats by which that must exceed what chance makes of so much time and bandwidth."""
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
    strong = sorted(
        (e for e in emissions if e.snr_db > IMAGE_DB[0] and not e.label.startswith(NEVER)), key=lambda e: e.sample_start
    )
    if not strong:
        return emissions
    starts = [e.sample_start for e in strong]
    longest = max(e.sample_count for e in strong)
    renamed = []
    for one in emissions:
        first = bisect_left(starts, one.sample_start - longest)
        end = bisect_left(starts, one.sample_start + one.sample_count)
        renamed.append(one if one.label.startswith(NEVER) else _as_image(one, strong[first:end], block))
    for one in strong:
        image = _image_of(one, block) if one.snr_db > IMAGE_OF_DB else None
        if image and not any(_same(image, other) for other in renamed):
            renamed.append(image)
    return renamed


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
    if low <= 0 <= high or not _inside(start, end, block):
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


def _as_image(weak: Emission, strongest: list[Emission], block: Block) -> Emission:
    for strong in strongest:
        end = min(weak.sample_start + weak.sample_count, strong.sample_start + strong.sample_count)
        start = max(weak.sample_start, strong.sample_start)
        mirrored = -strong.high_offset_hz < weak.high_offset_hz and weak.low_offset_hz < -strong.low_offset_hz
        if strong is weak or not mirrored or end - start < 0.5 * weak.sample_count:
            continue
        if density_db(weak) > density_db(strong) - IMAGE_DB[0] or not _inside(start, end, block):
            continue
        low = max(weak.low_offset_hz, -strong.high_offset_hz)
        high = min(weak.high_offset_hz, -strong.low_offset_hz)
        if high <= 0 <= low or low <= 0 <= high:  # at zero a signal is its own mirror image
            continue
        coherence, below_db = mirror(block, start, end, low, high)
        least = _least_coherence(weak, (end - start) / block.segment.rate_hz * (high - low))
        if IMAGE_DB[0] < below_db < IMAGE_DB[1] and coherence > least:
            details: dict[str, str | int | float] = {"below_db": round(below_db, 1), "coherence": round(coherence, 3)}
            sure = min(0.99, 0.5 + coherence / 2)
            return replace(weak, label=f"image:{strong.label}", confidence=sure, direction="unknown", details=details)
    return weak


def _least_coherence(weak: Emission, freedom: float) -> float:
    """Asked of an image: noise in its box, with `freedom` independent values, is no part of it and goes with nothing.

    The coherence of D independent values of two signals exceeds c with probability (1 - c)^(D - 1).
    """
    signal = 10 ** (weak.snr_db / 10)
    chance = -math.expm1(-CHANCE_NATS / max(freedom - 1, 1.0))
    return max(IMAGE_SHARE * signal / (1 + signal), chance)


def _inside(start: int, end: int, block: Block) -> bool:
    return start >= block.sample_start and end <= block.sample_start + len(block.iq)


def mirror(block: Block, start: int, end: int, low_hz: float, high_hz: float) -> tuple[float, float]:
    """Coherence (0…1) of a band with the conjugate of the mirrored one, and how many decibels it lies below that."""
    at = Burst(start, end - start, low_hz, high_hz, 0.0, 0.0)
    width = high_hz - low_hz
    image = narrow(at, block, width, 1.5 * width).y.astype(np.complex128)
    original = narrow(at, block, width, 1.5 * width, -(low_hz + high_hz) / 2).y.conj().astype(np.complex128)
    strong, weak = float(np.sum(np.abs(original) ** 2)), float(np.sum(np.abs(image) ** 2))
    common = abs(complex(np.vdot(original, image))) ** 2
    return common / max(strong * weak, 1e-60), 10 * math.log10(max(strong, 1e-30) / max(weak, 1e-30))
