"""Loops are compiled by several processes at once, and none of these outlives who asked."""

import importlib
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from tests.processes import started, until

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
    assert side_by_side([partial(written, path) for path in paths], lambda *far: told.append(far))
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]
    assert str(os.getpid()) not in {path.read_text() for path in paths}


TURNING = """
import time
from numba.extending import overload
from cellwarden.compiled import exact

def slow(value):
    return value

@overload(slow)
def compiled_slowly(value):
    time.sleep(4)
    return lambda value: value

@exact
def turned(values):
    return slow(values[0])
"""


def turning(own: Path, other: Path) -> None:
    """Calls a loop in the moment at which another process does; tells whether it had to compile it."""
    import numpy as np

    turned = importlib.import_module("turning").turned
    own.touch()
    until(other.exists, 60.0)
    turned(np.zeros(3))
    own.write_text(str(sum(turned.stats.cache_misses.values())))


def test_a_loop_that_two_call_at_once_is_compiled_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "turning.py").write_text(TURNING)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("cellwarden.runtime.compiling.cores", lambda: 2)
    a, b = tmp_path / "a", tmp_path / "b"
    assert side_by_side([partial(turning, a, b), partial(turning, b, a)])
    assert sorted([a.read_text(), b.read_text()]) == ["0", "1"]


@pytest.mark.long
def test_a_process_that_the_system_ends_is_no_error_and_a_part_that_is_wrong_is_one() -> None:
    assert not side_by_side([dying, dying])
    with pytest.raises(LookupError, match="it is wrong"):
        side_by_side([failing])


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_processes_end_with_who_asked_for_them(how: signal.Signals, tmp_path: Path) -> None:
    path = tmp_path / "worker"
    script = tmp_path / "asking.py"
    script.write_text(ASKING.format(path=str(path)))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with started([sys.executable, script], env=environment, stderr=subprocess.DEVNULL) as process:
        until(lambda: path.exists() and path.read_text() != "", 60.0)
        process.send_signal(how)
        process.wait(60)
        worker = int(path.read_text())
        until(lambda: not Path("/proc", str(worker)).exists(), 60.0)
