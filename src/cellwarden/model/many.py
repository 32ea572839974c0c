"""Values by the thousand, of columns: where bursts are many, making each by itself is what costs most."""

from collections import deque
from collections.abc import Iterable
from dataclasses import fields
from typing import TypeVar

Value = TypeVar("Value")


def many(kind: type[Value], count: int, **columns: Iterable[object]) -> list[Value]:
    """As many values of a frozen data class with slots as asked for, of a column for each of its fields.

    The same as one after the other, but for the check, for each field of each, that a frozen one is not changed.
    """
    made = [kind.__new__(kind) for _ in range(count)]
    for one in fields(kind):  # type: ignore[arg-type]
        deque(map(getattr(kind, one.name).__set__, made, columns[one.name]), maxlen=0)
    return made
