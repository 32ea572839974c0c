"""Emissions that nothing joins in time: which are one transmitter's, by what they show of it alone?

each joins the group that it is likeliest of, the ratio against the mean of that group, or begins one of its own;
a group that has grown joins another where the two are rather one
"""

from collections.abc import Sequence

import numpy as np

from cellwarden.model import Signature
from cellwarden.signature.compare import Comparator, log_ratios, point
from cellwarden.signature.sessions import joined


def grouped(comparator: Comparator, signatures: Sequence[Signature]) -> list[list[int]]:
    """Numbers of the signatures of each transmitter, the largest group first; all of the comparator's family."""
    groups: list[list[int]] = []
    for number in range(len(signatures)):
        groups.append([number])
        while len(groups) > 1 and (best := _likeliest(comparator, signatures, groups)) is not None:
            groups.append(groups.pop(best) + groups.pop())
    return sorted((sorted(group) for group in groups), key=len, reverse=True)


def _likeliest(comparator: Comparator, signatures: Sequence[Signature], groups: Sequence[Sequence[int]]) -> int | None:
    """The earlier group of which the last one is rather than of another transmitter; None where it is of none."""
    *points, last = [point(comparator, [joined([signatures[k] for k in group])]) for group in groups]
    ratios = log_ratios(comparator, points, last)
    best = int(np.argmax(ratios))
    return best if ratios[best] > 0 else None
