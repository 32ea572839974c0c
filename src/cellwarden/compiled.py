"""How loops are compiled: kept beside their file for the next start, other threads running meanwhile.

What is divided by zero is infinite, as in numpy: the check that Python asks for is a branch at each division, and of
loops with branches compilers make no vectors.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

Loop = TypeVar("Loop", bound=Callable[..., Any])
OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "no_cfunc_wrapper": True, "error_model": "numpy"}
"""Nobody calls a loop from C: the wrapper for that is not compiled, a tenth of a first start."""


def exact(loop: Loop) -> Loop:
    """Compiled as it is written."""
    return cast(Loop, njit(**OPTIONS)(loop))


def fast(loop: Loop) -> Loop:
    """Compiled for speed: sums in any order, and no value that is not a number."""
    return cast(Loop, njit(**OPTIONS, fastmath=True)(loop))


@exact
def put(target: Any, values: Any) -> None:
    """target[:] = values, both of shape (n,).

    Written like that in a loop, it has Numba compile the words for arrays that do not fit, for 4 s.
    """
    for i in range(len(target)):
        target[i] = values[i]
