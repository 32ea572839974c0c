"""Values by the thousand, of columns and back: where bursts are many, each by itself is what costs most."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import fields
from operator import attrgetter
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Value = TypeVar("Value")
BOX = "sample_start", "sample_count", "low_offset_hz", "high_offset_hz"
"""Where a burst or an emission lies."""


def many(kind: type[Value], count: int, **columns: Iterable[object]) -> list[Value]:
    """As many values of a frozen data class with slots as asked for, of a column for each of its fields.

    The same as one after the other, but for the check, for each field of each, that a frozen one is not changed.
    """
    made = [kind.__new__(kind) for _ in range(count)]
    for one in fields(kind):  # type: ignore[arg-type]
        deque(map(getattr(kind, one.name).__set__, made, columns[one.name]), maxlen=0)
    return made


def columns(values: Sequence[object], *names: str) -> NDArray[np.float64]:
    """Fields of some values as float64, a row for each field: shape (names, values)."""
    made = np.empty((len(names), len(values)))
    for row, name in zip(made, names, strict=True):
        row[:] = list(map(attrgetter(name), values))
    return made
