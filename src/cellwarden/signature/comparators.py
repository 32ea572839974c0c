"""The comparators that come with the program, one a family, and how one is written down.

`python -m benchmarks.fingerprint_learn` makes them from the simulator, for want of enough real phones: what they say is
an investigative lead.
"""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from cellwarden.signature.compare import Comparator

FOLDER = Path(__file__).parent / "learned"
DIGITS = 5
"""Significant ones of what is written."""


@lru_cache
def comparator(family: str) -> Comparator | None:
    """The one for a family, or None where none was learned."""
    path = FOLDER / f"{family.replace(':', '_')}.json"
    return read(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None


def written(one: Comparator) -> dict[str, Any]:
    """As JSON holds it; of the covariances the lower triangle."""
    lower = np.tril_indices(len(one.names))

    def short(values: Any) -> list[float]:
        return [float(f"{v:.{DIGITS}g}") for v in values]

    return {
        "family": one.family,
        "names": list(one.names),
        "centre": short(one.centre),
        "unit": short(one.unit),
        "between": short(one.between[lower]),
        "session": short(one.session[lower]),
        "burst": short(one.burst[lower]),
        "slope": one.slope,
        "intercept": one.intercept,
        "learned_from": one.learned_from,
    }


def read(held: dict[str, Any]) -> Comparator:
    """The comparator that `written` wrote."""
    size = len(held["names"])

    def whole(values: list[float]) -> Any:
        matrix = np.zeros((size, size))
        matrix[np.tril_indices(size)] = values
        return matrix + np.tril(matrix, -1).T

    return Comparator(
        held["family"],
        tuple(held["names"]),
        np.array(held["centre"]),
        np.array(held["unit"]),
        whole(held["between"]),
        whole(held["session"]),
        whole(held["burst"]),
        held["slope"],
        held["intercept"],
        held["learned_from"],
    )
