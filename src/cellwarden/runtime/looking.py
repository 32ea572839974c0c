"""A thread of its own that looks again and again, for as long as somebody waits for samples or messages."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread


@contextmanager
def looking(look: Callable[[], None], each_s: float, name: str) -> Iterator[None]:
    """Within this `look` is called each time so long has passed; its last call has ended behind this."""
    ended = Event()

    def work() -> None:
        while not ended.wait(each_s):
            look()

    thread = Thread(target=work, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
