"""Units of work in processes of their own, each result kept as it comes. An interrupt loses nothing that was done."""

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from cellwarden.bench.journal import Journal
from cellwarden.errors import BenchError
from cellwarden.language import gettext as _
from cellwarden.language import language, use

Kept: TypeAlias = dict[str, Any]
Progress: TypeAlias = Callable[[int, int], None]
"""Is told how many units are done, and how many there are."""
Unit = TypeVar("Unit")


def work_off(
    todo: Sequence[tuple[str, Unit]],
    work: Callable[[Unit], Kept],
    journal: Journal,
    *,
    processes: int,
    progress: Progress | None = None,
) -> None:
    """Do all units, given with their names, that the journal does not hold, and put their results into it.

    `work` goes to other processes: it is a function of a module, or a partial of one. Raises BenchError, and what
    `work` raises.
    """
    fresh = [(name, unit) for name, unit in todo if name not in journal.done]
    done = len(todo) - len(fresh)

    def keep(name: str, result: Kept) -> None:
        nonlocal done
        journal.keep({**result, "unit": name})
        done += 1
        if progress:
            progress(done, len(todo))

    if progress:
        progress(done, len(todo))
    if processes == 1 or len(fresh) <= 1:
        for name, unit in fresh:
            keep(name, work(unit))
    else:
        _in_processes(fresh, work, min(processes, len(fresh)), keep)


def _in_processes(
    fresh: Sequence[tuple[str, Unit]],
    work: Callable[[Unit], Kept],
    processes: int,
    keep: Callable[[str, Kept], None],
) -> None:
    """On an interrupt, or where a unit fails, what is under way is finished and kept."""
    where = language(), str(Path.cwd())
    pool = ProcessPoolExecutor(processes, get_context("spawn"), initializer=_begin, initargs=where)
    names: dict[Future[Kept], str] = {}
    try:
        with _deaf():
            names = {pool.submit(work, unit): name for name, unit in fresh}
        for future in as_completed(list(names)):
            result = future.result()
            keep(names.pop(future), result)
    except BrokenProcessPool as error:
        raise BenchError(_("a process of the bench ended early: free some memory, or give --jobs 1")) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        for future, name in names.items():
            if future.done() and not future.cancelled() and future.exception() is None:
                keep(name, future.result())


@contextmanager
def _deaf() -> Iterator[None]:
    """Processes that begin here never hear the interrupt that a terminal sends to all of a command's processes."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _begin(spoken: str, folder: str) -> None:
    """A process begins."""
    os.chdir(folder)
    use(spoken)
