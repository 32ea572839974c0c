"""Values by the thousand, of columns: where bursts are many, making each by itself is what costs most."""

from collections import deque
from collections.abc import Iterable
from dataclasses import fields
from functools import lru_cache
from typing import Any, TypeVar

Value = TypeVar("Value")


def many(kind: type[Value], count: int, **columns: Iterable[object]) -> list[Value]:
    """As many values of a frozen data class with slots as asked for, of a column for each of its fields.

    The same as one after the other, but for the check, for each field of each, that a frozen one is not changed.
    """
    made = [kind.__new__(kind) for _ in range(count)]
    for name, put in _fields(kind):
        deque(map(put, made, columns[name]), maxlen=0)
    return made


@lru_cache
def _fields(kind: Any) -> list[tuple[str, Any]]:
    """Each field with what sets it."""
    return [(one.name, getattr(kind, one.name).__set__) for one in fields(kind)]
