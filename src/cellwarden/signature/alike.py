"""Emissions that nothing joins in time: which are one transmitter's, by what they show of it alone?

each joins the group that it is likeliest of, the ratio against all of that group's, or begins one of its own;
groups are joined while two of them are rather one
"""

from collections.abc import Sequence

from cellwarden.model import Session
from cellwarden.signature.compare import Comparator, log_ratio, point


def grouped(comparator: Comparator, sessions: Sequence[Session]) -> list[list[int]]:
    """Numbers of the sessions of each transmitter, the largest group first. A session may be one emission's."""
    groups: list[list[int]] = []
    for number in range(len(sessions)):
        groups.append([number])
        while len(groups) > 1 and (pair := _likeliest(comparator, sessions, groups)) is not None:
            kept, gone = pair
            groups[kept] += groups.pop(gone)
    return sorted((sorted(group) for group in groups), key=len, reverse=True)


def _likeliest(
    comparator: Comparator, sessions: Sequence[Session], groups: Sequence[Sequence[int]]
) -> tuple[int, int] | None:
    """The earlier group of which the last one is rather than of another transmitter; None where it is of none."""
    points = [point(comparator, [sessions[k] for k in group]) for group in groups]
    last = len(groups) - 1
    ratios = [log_ratio(comparator, one, points[last]) for one in points[:last]]
    best = max(range(last), key=ratios.__getitem__)
    return (best, last) if ratios[best] > 0 else None
