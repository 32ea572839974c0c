"""Loops are compiled by several processes at once, and none of these outlives who asked."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from tests.processes import started

from cellwarden.runtime.compiling import side_by_side

ASKING = """
from functools import partial
from pathlib import Path
from tests.runtime.test_compiling import lasting
from cellwarden.runtime.compiling import side_by_side
if __name__ == "__main__":
    side_by_side([partial(lasting, Path({path!r}))])
"""


def written(path: Path) -> None:
    """Tells which process did it."""
    path.write_text(str(os.getpid()))


def lasting(path: Path) -> None:
    """A part that takes long."""
    written(path)
    time.sleep(300)


def dying() -> None:
    """A process that the system ends."""
    os._exit(9)


def failing() -> None:
    """A part that is wrong."""
    raise LookupError("it is wrong")


def test_all_parts_are_done_by_other_processes_and_told_as_they_end(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    paths = [tmp_path / name for name in "abc"]
    side_by_side([partial(written, path) for path in paths], lambda *far: told.append(far))
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]
    assert str(os.getpid()) not in {path.read_text() for path in paths}


def test_a_process_that_the_system_ends_is_no_error_and_a_part_that_is_wrong_is_one() -> None:
    side_by_side([dying, dying])
    with pytest.raises(LookupError, match="it is wrong"):
        side_by_side([failing])


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_processes_end_with_who_asked_for_them(how: signal.Signals, tmp_path: Path) -> None:
    path = tmp_path / "worker"
    script = tmp_path / "asking.py"
    script.write_text(ASKING.format(path=str(path)))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with started([sys.executable, script], env=environment, stderr=subprocess.DEVNULL) as process:
        until(lambda: path.exists() and path.read_text() != "")
        process.send_signal(how)
        process.wait(60)
        worker = int(path.read_text())
        until(lambda: not Path("/proc", str(worker)).exists())


def until(true: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until something is true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.05)
