"""How good likelihood ratios are: of pairs that are of one source, and of pairs that are not.

    EER    the error at the threshold where as many same pairs are missed as different ones are accepted
    Cllr = 1/2 ( mean over same pairs of log2(1 + 1/LR) + mean over different ones of log2(1 + LR) )

Cllr is 0 for perfect ratios and 1 for ratios that always say nothing; above 1 they mislead. A Tippett plot shows, for
every ratio, which part of both kinds exceeds it. Pairs share sources, so intervals are drawn over sources, not pairs.

Sources: N. Brümmer and J. du Preez, Computer Speech and Language 20 (2006) 230; ENFSI Guideline for Evaluative
Reporting in Forensic Science (2015).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cellwarden.measure.interval import Estimate
from cellwarden.measure.roc import operating_point, roc


class Tippett(NamedTuple):
    """Parts of both kinds of pairs whose logarithm (base 10) of the ratio is at least so much."""

    log10_ratio: NDArray[np.float64]
    """Rising, shape (n,)."""
    same: NDArray[np.float64]
    different: NDArray[np.float64]


def equal_error(log_ratios: ArrayLike, same: ArrayLike) -> float:
    """Equal-error rate, between the two measured points where the errors cross; shapes (n,).

    Raises ValueError where one of the two kinds of pairs is absent.
    """
    curve = roc(log_ratios, same)
    missed, accepted = 1 - curve.detections, curve.false_alarms
    after = int(np.argmax(accepted >= missed))
    if after == 0:
        return float(accepted[0])
    gap, was = accepted[after] - missed[after], missed[after - 1] - accepted[after - 1]
    part = was / (was + gap) if was + gap > 0 else 0.0
    return float(accepted[after - 1] + part * (accepted[after] - accepted[after - 1]))


def cost(log_ratios: ArrayLike, same: ArrayLike) -> float:
    """Cllr in bits of natural logarithms of ratios, shape (n,), and whether each pair is of one source.

    Raises ValueError where one of the two kinds of pairs is absent.
    """
    ratio, one = np.asarray(log_ratios, np.float64), np.asarray(same, np.bool_)
    if one.all() or not one.any():
        raise ValueError("a cost needs pairs of one source and of two")
    missed, accepted = np.logaddexp(0, -ratio[one]).mean(), np.logaddexp(0, ratio[~one]).mean()
    return float(0.5 * (missed + accepted) / np.log(2))


def missed_at(log_ratios: ArrayLike, same: ArrayLike, false_accept: float) -> float:
    """Part of the same pairs that is missed where at most `false_accept` of the different ones are accepted."""
    return 1.0 - operating_point(roc(log_ratios, same), false_accept).detection


def tippett(log_ratios: ArrayLike, same: ArrayLike) -> Tippett:
    """Both curves at every ratio that occurs."""
    ratio, one = np.asarray(log_ratios, np.float64) / np.log(10), np.asarray(same, np.bool_)
    at = np.unique(ratio)
    parts = [1 - np.searchsorted(np.sort(ratio[kind]), at, side="left") / max(1, kind.sum()) for kind in (one, ~one)]
    return Tippett(at, *parts)


def over_sources(
    figure: Callable[[NDArray[np.intp]], float], sources: int, rng: np.random.Generator, times: int = 200
) -> Estimate:
    """A figure of chosen sources with its 95 % interval, the sources being drawn again with replacement.

    figure: from the numbers of sources, shape (sources,), in which some may come twice. Not-a-number is left out.
    """
    drawn = np.array([figure(np.sort(rng.integers(0, sources, sources))) for _ in range(times)])
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    return Estimate(figure(np.arange(sources)), float(low), float(high))
