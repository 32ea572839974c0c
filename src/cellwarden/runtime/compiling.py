"""Loops compiled by several processes at once, each loop by one of them: others that need it wait, and then load it.

Two that call a loop for the first time in the same minute would else both compile it, for as long each; and of two
signatures that are kept at one moment the index of Numba's cache may lose one, which is then compiled again. No loop
calls one that calls it, so none waits for ever.
"""

import fcntl
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from numba.core.compiler_lock import global_compiler_lock
from numba.core.dispatcher import Dispatcher

from cellwarden.runtime.parallel import cores

Part = Callable[[], object]
"""Calls loops, for the sake of their being compiled. Goes to another process, so it is a function of a module."""
Told = Callable[[int, int], None]
LOOPS: Any = Dispatcher
"""Of which one method is replaced."""


def side_by_side(parts: Sequence[Part], told: Told = lambda _done, _of: None) -> bool:
    """Do all parts on all cores, the longest first; `told` how many of how many are done. Returns whether all are.

    A process that ends early, as where memory is short, ends it all: what was not compiled is when it is needed.
    """
    spawn, many = get_context("spawn"), min(cores(), len(parts))
    told(0, len(parts))
    with TemporaryDirectory(prefix="cellwarden-") as folder:
        try:
            with ProcessPoolExecutor(many, mp_context=spawn, initializer=_begin, initargs=(Path(folder),)) as pool:
                for done, part in enumerate(as_completed([pool.submit(part) for part in parts]), 1):
                    part.result()
                    told(done, len(parts))
        except BrokenProcessPool:
            return False
    return True


def _begin(folder: Path) -> None:
    """How a process begins. It ends at once at Ctrl-C, which all of a terminal's get, and with its parent."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    end_with_parent()
    _take_turns(folder)


def end_with_parent() -> None:
    """This process, from now on: also where the parent is killed."""
    threading.Thread(target=_wait_for_its_end, daemon=True).start()


def _wait_for_its_end() -> None:
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


@contextmanager
def in_turn(folder: Path) -> Iterator[None]:
    """Processes that share the folder compile each loop in turn."""
    before = LOOPS.compile
    folder.mkdir(exist_ok=True)
    _take_turns(folder)
    try:
        yield
    finally:
        LOOPS.compile = before


def _take_turns(folder: Path) -> None:
    """From now on."""
    compiled = LOOPS.compile

    def compile_alone(loop: Any, signature: Any) -> Any:
        # Numba's own lock first: a thread that waits for it must hold nothing that another one needs
        with global_compiler_lock, (folder / f"{loop.__module__}.{loop.__qualname__}").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # until it is closed
            return compiled(loop, signature)

    LOOPS.compile = compile_alone
