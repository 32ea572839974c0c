"""Charts of curves as SVG: lines, dots with their intervals, and what the axes say."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from cellwarden.runtime.pictures import Frame, decimal, path

SIZE = 760.0, 380.0
MARGINS = {"left": 64.0, "right": 14.0, "top": 12.0, "bottom": 46.0}


@dataclass(frozen=True, slots=True)
class Dot:
    """A point with its interval, in pixels, and what it says when it is pointed at."""

    x: float
    y: float
    low: float
    high: float
    words: str


@dataclass(frozen=True, slots=True)
class Series:
    """One curve."""

    name: str
    colour: int
    """Which of the style sheet's colours."""
    line: str
    """An SVG path; empty for dots alone."""
    dots: tuple[Dot, ...] = ()
    dashed: bool = False
    """Theory, not measurement."""


@dataclass(frozen=True, slots=True)
class Chart:
    """Curves in one frame."""

    title: str
    frame: Frame
    x_title: str
    y_title: str
    series: tuple[Series, ...]


@dataclass(frozen=True, slots=True)
class DecadeFrame(Frame):
    """A frame whose x is the logarithm to base 10 of what its lower edge says."""

    def x_ticks(self, apart: float = 95.0) -> list[tuple[float, str]]:
        """A place for each power of ten."""
        powers = range(math.ceil(self.x[0] - 1e-9), math.floor(self.x[1] + 1e-9) + 1)
        return [(self.at_x(power), decimal(10.0**power, max(0, -power))) for power in powers]


def share_frame(levels: Sequence[float]) -> Frame:
    """A frame for shares against levels."""
    low, high = min(levels), max(levels)
    margin = max(0.5, 0.02 * (high - low))
    return Frame(*SIZE, **MARGINS, x=(low - margin, high + margin), y=(0.0, 1.0))


def decade_frame(least: float) -> DecadeFrame:
    """A frame for shares against false alarms from `least` to 1."""
    return DecadeFrame(*SIZE, **MARGINS, x=(math.floor(math.log10(least)), 0.0), y=(0.0, 1.0))


def measured(
    name: str, colour: int, frame: Frame, points: Iterable[tuple[float, float, float, float, str]], *, line: bool = True
) -> Series:
    """Dots of (x, share, lower and upper end, words) with a line through them."""
    given = list(points)
    dots = tuple(
        Dot(frame.at_x(x), frame.at_y(y), frame.at_y(low), frame.at_y(high), w) for x, y, low, high, w in given
    )
    x, y = (np.array([p[axis] for p in given], np.float64) for axis in (0, 1))
    return Series(name, colour, path(frame, x, y) if line and len(given) > 1 else "", dots)


def theory(name: str, colour: int, frame: Frame, x: Sequence[float], y: Sequence[float]) -> Series:
    """A dashed line."""
    return Series(name, colour, path(frame, np.asarray(x, np.float64), np.asarray(y, np.float64)), dashed=True)


def stairs(name: str, colour: int, frame: Frame, across: Sequence[float], up: Sequence[float]) -> Series:
    """A receiver operating characteristic: across (false alarms) and up rise; what lies left of the frame is cut."""
    x: list[float] = []
    y: list[float] = []
    last = 0.0
    for a, u in zip(across, up, strict=True):
        at = max(math.log10(a), frame.x[0]) if a > 0 else frame.x[0]
        x += [at, at]
        y += [last, u]
        last = u
    return Series(name, colour, path(frame, np.array(x, np.float64), np.array(y, np.float64)))
