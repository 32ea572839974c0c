"""How warm a receiver is: asked now and then by a thread of its own, since a driver may take long to answer."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

EACH_S = 30.0
LAST_S = 1.0
"""For which a driver that does not answer is waited for at the end."""


@contextmanager
def warmth(ask: Callable[[], float | None] | None, each_s: float = EACH_S) -> Iterator[Callable[[], float | None]]:
    """Within this, what tells the newest answer at once; None before there is one."""
    newest: list[float | None] = [None]
    ended = Event()

    def watch(ask: Callable[[], float | None]) -> None:
        while not ended.is_set():
            newest[0] = ask()
            ended.wait(each_s)

    thread = Thread(target=watch, args=(ask,), name="warmth", daemon=True)
    if ask is not None:
        thread.start()
    try:
        yield lambda: newest[0]
    finally:
        ended.set()
        if ask is not None:
            thread.join(LAST_S)
