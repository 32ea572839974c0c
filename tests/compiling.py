"""Loops compiled by one worker of pytest while others that need them wait, and then load them from the disk.

Two workers that call a loop for the first time in the same minute would else both compile it, for as long each; and of
two signatures that are kept at one moment the index of Numba's cache may lose one, which is then compiled again.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from numba.core.compiler_lock import global_compiler_lock
from numba.core.dispatcher import Dispatcher


@contextmanager
def in_turn(folder: Path) -> Iterator[None]:
    """Workers that share the folder compile each loop in turn. No loop calls one that calls it: none waits for ever."""
    compiled = Dispatcher.compile

    def compile_alone(loop: Any, signature: Any) -> Any:
        # Numba's own lock first: a thread that waits for it must hold nothing that another one needs
        with global_compiler_lock, (folder / f"{loop.__module__}.{loop.__qualname__}").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # until it is closed
            return compiled(loop, signature)

    folder.mkdir(exist_ok=True)
    with patch.object(Dispatcher, "compile", compile_alone):
        yield
