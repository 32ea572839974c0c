"""Garbage, looked for rarely: emissions are values without cycles, and a busy scan makes thousands of them a second."""

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager

EACH = (200_000, 25, 100)
"""Objects made for a collection of the youngest, and how many of these for one of the elder (Python: 700, 10, 10).

Importing what a scan needs makes some 130,000: none of them is looked at before its first sample."""


def rarely() -> None:
    """For a whole process, before it imports much: what that makes stays, and goes with the process at its end.

    Python would look through all of it at the very end, which takes a quarter of a short command's time.
    """
    gc.set_threshold(*EACH)
    atexit.register(gc.freeze)


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
