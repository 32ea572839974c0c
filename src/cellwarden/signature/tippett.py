"""How far ratios can be believed, drawn (a Tippett plot): the part of all pairs that reach each ratio.

    100 %  ──────╮_                     pairs of one transmitter: the further right, the better
                 ╲ ╲__
                  ╲   ╲____             pairs of two: the further left, the better
      0 %  ────────╲───────╲──
                  10⁰        ratio      what lies beyond 10⁰ on the wrong side misleads

Source: ENFSI Guideline for Evaluative Reporting in Forensic Science (2015).
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from cellwarden.document.plot import INK, LETTERS_PX, MARGIN, SIZE, Axes, frame
from cellwarden.document.sheet import Line, Mark, Sheet, Text
from cellwarden.language import gettext as _
from cellwarden.measure.likelihood import tippett
from cellwarden.signature.comparators import Trial, pairs

WIDEST = 8.0
"""Powers of ten that are drawn either way; what is beyond lies at the edge."""
SAME, DIFFERENT = "#15803d", "#b91c1c"
COLUMNS = 3
ROW = SIZE + 1.4 * MARGIN
"""Of one plot and its words."""


def picture(trials: Sequence[tuple[str, Trial]]) -> Sheet:
    """The trials side by side, each with its title."""
    marks = [mark for k, (title, trial) in enumerate(trials) for mark in _plot(k, title, trial)]
    width = min(len(trials), COLUMNS) * (SIZE + MARGIN) + MARGIN
    height = -(-len(trials) // COLUMNS) * ROW + MARGIN / 4
    return Sheet(width, height, tuple(marks), _("Likelihood ratios of pairs that are known"))


def _plot(place: int, title: str, trial: Trial) -> Iterator[Mark]:
    row, column = divmod(place, COLUMNS)
    left, top = MARGIN + column * (SIZE + MARGIN), MARGIN / 2 + row * ROW
    axes = Axes(left, (-WIDEST, WIDEST), (0.0, 100.0), top)
    yield from frame(axes, _("logarithm of the likelihood ratio, base 10"), _("pairs that reach it, %"))
    yield Line(axes.at(0, 0), axes.at(0, 100), INK)
    told = tippett(*pairs(trial))
    for parts, colour in ((told.same, SAME), (told.different, DIFFERENT)):
        x = np.concatenate([[-WIDEST], told.log10_ratio, [WIDEST]])
        y = 100 * np.concatenate([[1.0], parts, [0.0]])
        points = [axes.at(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)]
        for one, other in pairwise(points):
            yield Line(one, other, colour, 2.0)
    yield Text((axes.left + SIZE / 2, axes.top - 12), title, LETTERS_PX, INK)
    words = ((_("one source"), SAME), (_("two sources"), DIFFERENT))
    for line, (text, colour) in enumerate(words):
        where = axes.left + 0.68 * SIZE, axes.top + 14 + 18 * line
        yield Text(where, text, LETTERS_PX, colour, "start", halo="#ffffff")
