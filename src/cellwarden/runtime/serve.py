"""A guarded site and its console in one process: the guard in a thread of its own, the console in the main one.

steps ─► guard (thread) ─► store ◄─ console (main thread) ◄─ browsers
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from socket import socket
from typing import TYPE_CHECKING

from cellwarden.model import Alert

if TYPE_CHECKING:
    import uvicorn


@dataclass(slots=True)
class _Ended:
    """Why the guard ended, where it did so by itself."""

    error: Exception | None = None


def serve(
    alerts: Iterator[Alert],
    server: "uvicorn.Server",
    door: socket,
    stop: Callable[[], None],
    *,
    seconds: float | None = None,
    tell: Callable[[Alert], None] = lambda alert: None,
) -> bool:
    """Both, until Ctrl-C, or so many seconds, or the end of the guard, whose error is raised then.

    Returns whether its time was over.

    `alerts` ends soon after `stop` was called.
    """
    ended = _Ended()

    def watch() -> None:
        try:
            for alert in alerts:
                tell(alert)
        except Exception as error:  # noqa: BLE001 it is raised again in the main thread
            ended.error = error
        server.should_exit = True

    def leave() -> None:
        server.should_exit = True

    watching = threading.Thread(target=watch, name="guard")
    timer = threading.Timer(seconds, leave) if seconds is not None else None
    watching.start()
    if timer is not None:
        timer.start()
    try:
        with closing(door):
            server.run(sockets=[door])
    except KeyboardInterrupt:  # uvicorn ends in order, then says again what it was told
        pass
    finally:
        over = timer is not None and timer.finished.is_set()
        if timer is not None:
            timer.cancel()
        stop()
        watching.join()
    if ended.error is not None:
        raise ended.error
    return over
