"""Pictures of a spectrum: decibels to a small PNG, and the frame around it with round numbers on its axes.

Time runs right and frequency runs up, as in a score.
"""

import base64
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray
from PIL import Image

from cellwarden.language import language
from cellwarden.measure.power import squared
from cellwarden.radio.recording import Recording, read_samples

PALETTE = ((13, 8, 60), (71, 3, 159), (149, 33, 140), (214, 85, 93), (253, 157, 58), (240, 249, 33))
LEVELS = 64
"""Shades in a picture. Noise does not compress: more shades would only make a larger file."""
QUIET_DBFS = -200.0
ROOM, SPARSE = 1 << 18, 4
"""Values of transforms made at once; and samples to be read for one that is wanted, at most."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Decibels of the darkest and of the brightest shade."""

    low_db: float
    high_db: float


@dataclass(frozen=True, slots=True)
class Frame:
    """A plot's place in its drawing (pixels) and what its edges stand for."""

    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float
    x: tuple[float, float]
    y: tuple[float, float]

    @property
    def across(self) -> float:
        """Width of the plot within its margins."""
        return self.width - self.left - self.right

    @property
    def down(self) -> float:
        """Height of the plot within its margins."""
        return self.height - self.top - self.bottom

    def at_x(self, value: float) -> float:
        """Where a value lies from the left edge of the drawing."""
        return self.left + (value - self.x[0]) / (self.x[1] - self.x[0]) * self.across

    def at_y(self, value: float) -> float:
        """Where a value lies from the top edge of the drawing."""
        return self.top + (self.y[1] - value) / (self.y[1] - self.y[0]) * self.down

    def x_ticks(self, apart: float = 95.0) -> list[tuple[float, str]]:
        """Places and words of round numbers on the lower edge, some `apart` pixels from each other."""
        return [(self.at_x(value), words) for value, words in ticks(*self.x, self.across / apart)]

    def y_ticks(self, apart: float = 45.0) -> list[tuple[float, str]]:
        """Places and words of round numbers on the left edge."""
        return [(self.at_y(value), words) for value, words in ticks(*self.y, self.down / apart)]


def decimal(value: float, places: int) -> str:
    """A number for an axis: no groups of digits, a comma in French, a true minus."""
    text = f"{round(value, places) + 0.0:.{places}f}".replace("-", "−")
    return text.replace(".", ",") if language() == "fr" else text


def ticks(low: float, high: float, wanted: float) -> list[tuple[float, str]]:
    """Multiples of 1, 2 or 5 times a power of ten between two values, with their words."""
    rough = (high - low) / max(wanted, 1.0)
    power = math.floor(math.log10(rough))
    step = next(m for m in (1, 2, 5, 10) if m * 10.0**power >= rough * 0.999) * 10.0**power
    places = max(0, -math.floor(math.log10(step) + 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [(n * step, decimal(n * step, places)) for n in range(first, last + 1)]


def power_columns(
    recording: Recording, stretch: tuple[int, int], size: int, columns: int, frames: int, bins: int
) -> NDArray[np.float32]:
    """Short-time power spectra of a stretch of samples (first, end), lowest frequency first.

    float32, shape (columns, bins), full scale 1. A column is the strongest of `frames` transforms of `size` samples,
    padded with zeros to `bins`, around its middle; nothing outside the stretch is read.
    """
    first, end = stretch
    window = np.hanning(size + 2)[1:-1].astype(np.float32)
    window /= window.sum()
    middles = first + (2 * np.arange(columns) + 1) * (end - first) // (2 * columns)
    starts = np.maximum(first, np.minimum(middles - frames * size // 2, end - frames * size))
    length = min(frames * size, end - first)
    rows = -(-length // size)
    image, at_once = np.empty((columns, bins), np.float32), max(1, ROOM // (rows * bins))
    for n in range(0, columns, at_once):
        part = starts[n : n + at_once]
        x = np.zeros((len(part), rows * size), np.complex64)
        x[:, :length] = _read(recording, part, length)
        power = squared(scipy.fft.fft(x.reshape(-1, rows, size) * window, bins, overwrite_x=True))
        image[n : n + at_once] = scipy.fft.fftshift(power.max(axis=1), axes=1)
    return image


def _read(recording: Recording, starts: NDArray[np.int64], length: int) -> NDArray[np.complex64]:
    """So many samples from each of some places in rising order on, read at once where little lies between them."""
    low, end = int(starts[0]), int(starts[-1]) + length
    if end - low > SPARSE * len(starts) * length:
        return np.stack([read_samples(recording, start, length) for start in starts.tolist()])
    return read_samples(recording, low, end - low)[(starts - low)[:, None] + np.arange(length)]


def decibels(power: NDArray[np.float32]) -> NDArray[np.float32]:
    """Power of full scale 1 as dBFS, silence as QUIET_DBFS."""
    return np.asarray(10 * np.log10(power + np.float32(10 ** (QUIET_DBFS / 10))), np.float32)


def png(columns_db: NDArray[np.float32], scale: Scale) -> str:
    """Columns of decibels, shape (times, frequencies), as a PNG in base64: dark is quiet, bright is loud."""
    part = (columns_db.T[::-1] - scale.low_db) / (scale.high_db - scale.low_db)
    picture = Image.fromarray(np.clip(part * LEVELS, 0, LEVELS - 1).astype(np.uint8)).convert("P")
    picture.putpalette([channel for colour in shades() for channel in colour])
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode()


def shades() -> list[tuple[int, int, int]]:
    """The LEVELS colours from quiet to loud."""
    steps = np.linspace(0, len(PALETTE) - 1, LEVELS)
    colours = np.array(PALETTE, float)
    table = np.stack([np.interp(steps, np.arange(len(PALETTE)), colours[:, c]) for c in range(3)], axis=1)
    return [(int(r), int(g), int(b)) for r, g, b in table]


def path(frame: Frame, x: NDArray[np.float64], y: NDArray[np.float64]) -> str:
    """An SVG path through points; values that are no numbers break it, and those outside the frame lie on its edge."""
    words: list[str] = []
    draw = False
    for across, up in _points(frame, x, y):
        if not math.isfinite(up):
            draw = False
            continue
        words.append(f"{'L' if draw else 'M'}{across:.1f} {up:.1f}")
        draw = True
    return "".join(words)


def _points(frame: Frame, x: NDArray[np.float64], y: NDArray[np.float64]) -> Iterator[tuple[float, float]]:
    for across, up in zip(x.tolist(), y.tolist(), strict=True):
        inside = min(max(up, frame.y[0]), frame.y[1]) if math.isfinite(up) else up
        yield frame.at_x(across), frame.at_y(inside)
