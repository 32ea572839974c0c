"""Square plots of marks: axes with lines at round numbers, for what a program draws while it runs."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cellwarden.document.sheet import Line, Mark, Text
from cellwarden.language import number

SIZE = 420.0
MARGIN = 64.0
LETTERS_PX = 12.0
INK, GRID = "#1d1d1b", "#d6d3d1"


@dataclass(frozen=True, slots=True)
class Axes:
    """A square plot whose left upper corner lies at `left`, `top`."""

    left: float
    x: tuple[float, float]
    y: tuple[float, float]
    top: float = MARGIN / 2

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Pixels of a point, held within the plot."""
        across = min(1.0, max(0.0, (x - self.x[0]) / (self.x[1] - self.x[0])))
        up = min(1.0, max(0.0, (y - self.y[0]) / (self.y[1] - self.y[0])))
        return self.left + across * SIZE, self.top + (1 - up) * SIZE


def frame(axes: Axes, across: str, up: str) -> Iterator[Mark]:
    """Lines at round numbers, and what the axes say."""
    for ends, along in ((axes.x, True), (axes.y, False)):
        step = next(s for s in (1, 2, 5, 10, 20, 50) if (ends[1] - ends[0]) / s <= 8 or s == 50)
        for value in np.arange(np.ceil(ends[0] / step) * step, ends[1] + 1e-9, step):
            x, y = axes.at(value, axes.y[0]) if along else axes.at(axes.x[0], value)
            end = (x, axes.top) if along else (axes.left + SIZE, y)
            yield Line((x, y), end, GRID)
            place = (x, y + 14) if along else (x - 22, y)
            yield Text(place, number(float(value)).replace("-", "−"), LETTERS_PX - 1, INK)
    yield Text((axes.left + SIZE / 2, axes.top + SIZE + 34), across, LETTERS_PX, INK)
    yield Text((axes.left - 48, axes.top + SIZE / 2), up, LETTERS_PX, INK, upright=True)
