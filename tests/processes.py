"""Programs that a test starts: none outlives it, and no test waits for one that nobody ends."""

import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any


@contextmanager
def started(command: Sequence[object], **options: Any) -> Iterator["subprocess.Popen[str]"]:
    """A program that is killed where the test is done with it, or has failed."""
    with subprocess.Popen(list(map(str, command)), text=True, **options) as process:
        try:
            yield process
        finally:
            process.kill()


def until(true: Callable[[], bool], seconds: float = 300.0) -> None:
    """Wait for what a program does."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.2)
