"""The end of a command that listens: a signal closes its stream."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cellwarden.radio.live.stream import Stream


@contextmanager
def closed_by_signals(stream: "Stream") -> Iterator[None]:
    """Within this Ctrl-C and a service manager's SIGTERM close the stream: what was heard is told to its end.

    Who presses Ctrl-C again breaks off.
    """
    before = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}

    def close(_number: int, _frame: FrameType | None) -> None:
        restore()
        stream.close()

    def restore() -> None:
        for one, handler in before.items():
            signal.signal(one, handler)

    for one in before:
        signal.signal(one, close)
    try:
        yield
    finally:
        restore()
