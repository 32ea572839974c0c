"""A passage drawn: 2f0 against 3f0 with the boundary of the decision, and both against the transmit power.

Of several passages the plane shows all answers, the curve the strongest one's.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from cellwarden.document.plot import INK, LETTERS_PX, MARGIN, SIZE, Axes, frame
from cellwarden.document.sheet import Area, Dot, Line, Mark, Sheet, Text
from cellwarden.language import gettext as _
from cellwarden.language import number
from cellwarden.signature.junction import KINDS, METAL, SEMICONDUCTOR, Answer, Examined, levels_dbm

COLOURS = {SEMICONDUCTOR: "#b91c1c", METAL: "#1d4ed8", "nothing": "#78716c"}
SECOND, THIRD = "#b45309", "#0f766e"


def picture(passages: Sequence[Examined]) -> Sheet:
    """Plane and curve side by side."""
    answers = [answer for one in passages for answer in one.answers]
    best = max(answers, key=lambda answer: sum(answer.place.level_mw))
    plane, curve = _plane_axes(answers), _curve_axes(best)
    marks = (*_plane(plane, passages), *_curve(curve, best))
    title = _("Answers at 2f0 and 3f0")
    return Sheet(2 * SIZE + 3 * MARGIN, SIZE + 1.5 * MARGIN, marks, title)


def _plane_axes(answers: Sequence[Answer]) -> Axes:
    levels = np.array([levels_dbm(answer.place) for answer in answers])
    low = min(-145.0, float(np.floor(levels.min() / 10) * 10))
    high = max(-95.0, float(np.ceil(levels.max() / 10) * 10 + 5))
    return Axes(MARGIN, (low, high), (low, high))


def _plane(axes: Axes, passages: Sequence[Examined]) -> Iterator[Mark]:
    """Where nothing is, the boundary, and a dot for each answer."""
    best = max((answer for one in passages for answer in one.answers), key=lambda answer: sum(answer.place.level_mw))
    limits = [10 * np.log10(error) + z for error, z in zip(best.place.error_mw, passages[0].limits_db, strict=True)]
    corner = axes.at(*limits)
    yield Area(
        (axes.at(axes.x[0], axes.y[0]), axes.at(limits[0], axes.y[0]), corner, axes.at(axes.x[0], limits[1])), "#f5f5f4"
    )
    yield from frame(axes, _("level at 2f0, dBm"), _("level at 3f0, dBm"))
    x = np.linspace(*axes.x, 200)
    semi = passages[0].instrument.semi
    y = (x + semi.intercept / semi.slope) / 0.75  # where semiconductor and metal are equally likely
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


def _curve_axes(best: Answer) -> Axes:
    sent = np.concatenate([one[:, 0] for one in best.growth])
    heard = np.concatenate([_clear(one)[:, 1] for one in best.growth])
    low, high = float(sent.min()) - 1, float(sent.max()) + 1
    if not len(heard):
        return Axes(2 * MARGIN + SIZE, (low, high), (-150.0, -100.0))
    return Axes(2 * MARGIN + SIZE, (low, high), (float(heard.min()) - 6, float(heard.max()) + 6))


def _clear(growth: NDArray[np.float64]) -> NDArray[np.float64]:
    """Transmit power, level in dBm, and its error in dB where the level is above it: shape (m, 3)."""
    good = growth[growth[:, 1] > growth[:, 2]]
    return np.column_stack((good[:, 0], 10 * np.log10(good[:, 1]), 10 / np.log(10) * good[:, 2] / good[:, 1]))


def _curve(axes: Axes, best: Answer) -> Iterator[Mark]:
    """Levels at each transmit power, beside the lines of 2 and 3 dB per dB through them."""
    yield from frame(axes, _("transmit power, dBm"), _("level, dBm"))
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
