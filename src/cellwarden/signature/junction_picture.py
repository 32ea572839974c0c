"""A passage drawn: 2f0 against 3f0 with the boundary of the decision, and both against the transmit power.

Of several passages the plane shows all answers, the curve the strongest one's.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellwarden.document.sheet import Area, Dot, Line, Mark, Sheet, Text
from cellwarden.language import gettext as _
from cellwarden.language import number
from cellwarden.signature.junction import KINDS, METAL, SEMI, SEMICONDUCTOR, Answer, Examined, levels_dbm

SIZE = 420.0
MARGIN = 64.0
LETTERS_PX = 12.0
INK, GRID = "#1d1d1b", "#d6d3d1"
COLOURS = {SEMICONDUCTOR: "#b91c1c", METAL: "#1d4ed8", "nothing": "#78716c"}
SECOND, THIRD = "#b45309", "#0f766e"
BOUNDARY_DB = -SEMI.intercept / SEMI.slope
"""A2 - 3/4 A3 at which semiconductor and metal are equally likely."""


@dataclass(frozen=True, slots=True)
class _Axes:
    """A square plot whose left upper corner lies at `left`."""

    left: float
    x: tuple[float, float]
    y: tuple[float, float]

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Pixels of a point, held within the plot."""
        across = min(1.0, max(0.0, (x - self.x[0]) / (self.x[1] - self.x[0])))
        up = min(1.0, max(0.0, (y - self.y[0]) / (self.y[1] - self.y[0])))
        return self.left + across * SIZE, MARGIN / 2 + (1 - up) * SIZE


def picture(passages: Sequence[Examined]) -> Sheet:
    """Plane and curve side by side."""
    answers = [answer for one in passages for answer in one.answers]
    best = max(answers, key=lambda answer: sum(answer.place.level_mw))
    plane, curve = _plane_axes(answers), _curve_axes(best)
    marks = (*_plane(plane, passages), *_curve(curve, best))
    title = _("Answers at 2f0 and 3f0")
    return Sheet(2 * SIZE + 3 * MARGIN, SIZE + 1.5 * MARGIN, marks, title)


def _plane_axes(answers: Sequence[Answer]) -> _Axes:
    levels = np.array([levels_dbm(answer.place) for answer in answers])
    low = min(-145.0, float(np.floor(levels.min() / 10) * 10))
    high = max(-95.0, float(np.ceil(levels.max() / 10) * 10 + 5))
    return _Axes(MARGIN, (low, high), (low, high))


def _plane(axes: _Axes, passages: Sequence[Examined]) -> Iterator[Mark]:
    """Where nothing is, the boundary, and a dot for each answer."""
    best = max((answer for one in passages for answer in one.answers), key=lambda answer: sum(answer.place.level_mw))
    limits = [10 * np.log10(error) + z for error, z in zip(best.place.error_mw, passages[0].limits_db, strict=True)]
    corner = axes.at(*limits)
    yield Area(
        (axes.at(axes.x[0], axes.y[0]), axes.at(limits[0], axes.y[0]), corner, axes.at(axes.x[0], limits[1])), "#f5f5f4"
    )
    yield from _frame(axes, _("level at 2f0, dBm"), _("level at 3f0, dBm"))
    x = np.linspace(*axes.x, 200)
    y = (x - BOUNDARY_DB) / 0.75
    inside = (y >= axes.y[0]) & (y <= axes.y[1]) & ((x >= limits[0]) | (y >= limits[1]))
    if inside.sum() >= 2:
        ends = x[inside][[0, -1]], y[inside][[0, -1]]
        yield Line(axes.at(ends[0][0], ends[1][0]), axes.at(ends[0][1], ends[1][1]), INK, 1.5)
    words = ((_("metal contact"), 0.2, 0.95, METAL), (_("semiconductor"), 0.82, 0.3, SEMICONDUCTOR))
    for text, across, up, kind in words:
        place = axes.left + across * SIZE, MARGIN / 2 + (1 - up) * SIZE
        yield Text(place, text, LETTERS_PX, COLOURS[kind], halo="#ffffff")
    yield Text((axes.left + 40, MARGIN / 2 + SIZE - 12), _("nothing"), LETTERS_PX, COLOURS["nothing"], halo="#ffffff")
    for one in passages:
        for answer in one.answers:
            reading = answer.reading
            words_of = f"{one.person} {_(KINDS[reading.kind])} {number(reading.probability, 2)}".strip()
            yield Dot(axes.at(*levels_dbm(answer.place)), 5.0, COLOURS[reading.kind], words_of)


def _curve_axes(best: Answer) -> _Axes:
    sent = np.concatenate([one[:, 0] for one in best.growth])
    heard = np.concatenate([_clear(one)[:, 1] for one in best.growth])
    low, high = float(sent.min()) - 1, float(sent.max()) + 1
    if not len(heard):
        return _Axes(2 * MARGIN + SIZE, (low, high), (-150.0, -100.0))
    return _Axes(2 * MARGIN + SIZE, (low, high), (float(heard.min()) - 6, float(heard.max()) + 6))


def _clear(growth: NDArray[np.float64]) -> NDArray[np.float64]:
    """Transmit power, level in dBm, and its error in dB where the level is above it: shape (m, 3)."""
    good = growth[growth[:, 1] > growth[:, 2]]
    return np.column_stack((good[:, 0], 10 * np.log10(good[:, 1]), 10 / np.log(10) * good[:, 2] / good[:, 1]))


def _curve(axes: _Axes, best: Answer) -> Iterator[Mark]:
    """Levels at each transmit power, beside the lines of 2 and 3 dB per dB through them."""
    yield from _frame(axes, _("transmit power, dBm"), _("level, dBm"))
    for row, (order, colour) in enumerate(((2, SECOND), (3, THIRD))):
        points = _clear(best.growth[row])
        if not len(points):
            continue
        middle = points.mean(axis=0)
        ends = np.array(axes.x)
        line = middle[1] + order * (ends - middle[0])
        inside = np.clip(line, *axes.y)
        x = middle[0] + (inside - middle[1]) / order
        yield Line(axes.at(x[0], inside[0]), axes.at(x[1], inside[1]), colour, 1.0)
        for sent, level, error in points:
            yield Line(axes.at(sent, level - error), axes.at(sent, level + error), colour, 2.0)
            yield Dot(axes.at(sent, level), 4.0, colour)
        slope = (best.reading.second_slope, best.reading.third_slope)[row]
        told = (
            ""
            if slope is None
            else _(": {slope} ± {error} dB per dB").format(slope=number(slope[0], 1), error=number(slope[1], 1))
        )
        place = axes.left + 12, MARGIN / 2 + 14 + 18 * row
        yield Text(place, f"{order}f0{told}", LETTERS_PX, colour, "start", halo="#ffffff")


def _frame(axes: _Axes, across: str, up: str) -> Iterator[Mark]:
    """Lines at round numbers, and what the axes say."""
    for ends, along in ((axes.x, True), (axes.y, False)):
        step = next(s for s in (1, 2, 5, 10, 20, 50) if (ends[1] - ends[0]) / s <= 8 or s == 50)
        for value in np.arange(np.ceil(ends[0] / step) * step, ends[1] + 1e-9, step):
            x, y = axes.at(value, axes.y[0]) if along else axes.at(axes.x[0], value)
            end = (x, MARGIN / 2) if along else (axes.left + SIZE, y)
            yield Line((x, y), end, GRID)
            place = (x, y + 14) if along else (x - 22, y)
            yield Text(place, number(float(value)).replace("-", "−"), LETTERS_PX - 1, INK)
    yield Text((axes.left + SIZE / 2, MARGIN / 2 + SIZE + 34), across, LETTERS_PX, INK)
    yield Text((axes.left - 48, MARGIN / 2 + SIZE / 2), up, LETTERS_PX, INK, upright=True)
