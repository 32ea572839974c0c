"""Ratios of pairs that are known: what is drawn of them, and that they are the comparator's own."""

import numpy as np
import pytest

from cellwarden.document.plot import MARGIN, SIZE
from cellwarden.document.sheet import Line
from cellwarden.measure.likelihood import cost
from cellwarden.signature.comparators import Trial, pairs, quantiles, taught, trial
from cellwarden.signature.tippett import DIFFERENT, ROW, SAME, WIDEST, picture


def test_the_curves_fall_from_all_pairs_to_none_and_cross_a_ratio_where_as_many_reach_it() -> None:
    ten = np.log(10)
    sheet = picture([("a", Trial(np.array([1.0, 3.0]) * ten, np.array([-2.0]) * ten))])
    lines = {
        colour: [m for m in sheet.marks if isinstance(m, Line) and m.colour == colour] for colour in (SAME, DIFFERENT)
    }
    for drawn in lines.values():
        assert drawn[0].start == (MARGIN, MARGIN / 2) and drawn[-1].end == (MARGIN + SIZE, MARGIN / 2 + SIZE)
    half = [m.end for m in lines[SAME] if m.end[1] == MARGIN / 2 + SIZE / 2]  # one of two pairs reaches 10³
    assert half == [(MARGIN + (3 + WIDEST) / (2 * WIDEST) * SIZE, MARGIN / 2 + SIZE / 2)]


@pytest.mark.parametrize(("family", "kind"), [one for one in taught() if one[0] != "lte:pusch"])
def test_a_comparator_says_more_than_nothing_on_pairs_that_it_has_not_seen(family: str, kind: str) -> None:
    held = trial(family, kind)
    assert cost(*pairs(held)) < 0.8 and np.median(held.same) > 0 > np.median(held.different)


def test_that_of_lte_says_a_little() -> None:
    held = trial("lte:pusch", "phones")
    assert cost(*pairs(held)) < 0.9 and np.median(held.same) > 0 > np.mean(held.different)


def test_further_trials_stand_in_a_row_below() -> None:
    one = Trial(np.array([1.0]), np.array([-1.0]))
    three, four = (picture([("a", one)] * count) for count in (3, 4))
    assert (four.width, four.height) == (three.width, three.height + ROW)
    assert max(m.end[1] for m in four.marks if isinstance(m, Line)) < four.height


def test_quantiles_spread_as_the_scores_do() -> None:
    scores = np.random.default_rng(1).normal(3.0, 2.0, 5000)
    kept = quantiles(scores)
    assert kept.mean() == pytest.approx(3.0, abs=0.1) and kept.std() == pytest.approx(2.0, rel=0.05)
