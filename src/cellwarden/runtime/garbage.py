"""Garbage, looked for rarely: emissions are values without cycles, and a busy scan makes thousands of them a second."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

EACH = (200_000, 25, 100)
"""Objects made for a collection of the youngest, and how many of these for one of the elder (Python: 700, 10, 10)."""


@contextmanager
def seldom() -> Iterator[None]:
    """Within this, what was there before is not looked at, and what is new but seldom."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*EACH)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
