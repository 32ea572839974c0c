"""Ctrl-C, also while loops are compiled: it comes a moment later where it would be lost.

The compiler works outside of Python for seconds and then calls back. What Python has to say of an interrupt it says in
that call, from which no exception comes out: it would be printed, and the loop broken.
"""

import os
import signal
import threading
from types import FrameType

COMPILER = "llvmlite.binding.executionengine"
"""Module that the compiler calls back."""
LATER_S = 0.05


def install() -> None:
    """In place of Python's own answer to Ctrl-C; where somebody has another one, or none, it stays."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, interrupted)


def interrupted(number: int, frame: FrameType | None) -> None:
    """Raises KeyboardInterrupt, or sends the signal again where the compiler is at work."""
    while frame is not None:
        if frame.f_globals.get("__name__") == COMPILER:
            again = threading.Timer(LATER_S, os.kill, (os.getpid(), number))
            again.daemon = True
            again.start()
            return
        frame = frame.f_back
    raise KeyboardInterrupt
