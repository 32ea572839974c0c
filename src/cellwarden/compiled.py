"""How loops are compiled: kept beside their file for the next start, other threads running meanwhile.

What is divided by zero is infinite, as in numpy: the check that Python asks for is a branch at each division, and of
loops with branches compilers make no vectors.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

Loop = TypeVar("Loop", bound=Callable[..., Any])


def exact(loop: Loop) -> Loop:
    """Compiled as it is written."""
    return cast(Loop, njit(cache=True, nogil=True, error_model="numpy")(loop))


def fast(loop: Loop) -> Loop:
    """Compiled for speed: sums in any order, and no value that is not a number."""
    return cast(Loop, njit(cache=True, nogil=True, error_model="numpy", fastmath=True)(loop))
