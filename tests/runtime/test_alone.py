"""What one process alone may have: a second one is refused, and a process that was killed leaves nothing locked."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.test_commands import WING
from tests.processes import started
from tests.runtime.test_node import config

from cellwarden.errors import InUseError
from cellwarden.runtime.alone import alone
from cellwarden.runtime.keep import Keeper
from cellwarden.runtime.node import run
from cellwarden.runtime.node_file import read

HOLDS = """
import sys, time
from pathlib import Path
from cellwarden.runtime.alone import alone
with alone(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_process_that_is_killed_leaves_nothing_locked(tmp_path: Path, kind: str) -> None:
    place = tmp_path if kind == "folder" else tmp_path / "queue.sqlite"
    with started([sys.executable, "-c", HOLDS, place], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == "held\n"
        with pytest.raises(InUseError, match="is in use"), alone(place):
            pass
        process.kill()
        process.wait()
        with alone(place):
            pass


def test_a_second_node_on_one_queue_is_refused_and_sends_nothing(tmp_path: Path) -> None:
    settings = read(config(tmp_path, f"file:{WING}"))
    with alone(settings.queue), pytest.raises(InUseError, match="is in use"):
        run(settings, print)
    assert not (tmp_path / "sent.jsonl").exists()


def test_two_do_not_keep_evidence_in_one_folder(tmp_path: Path) -> None:
    with Keeper(tmp_path, 1e9, 1e9, None, None, print), pytest.raises(InUseError, match="is in use"):
        Keeper(tmp_path, 1e9, 1e9, None, None, print)
    assert len(list(tmp_path.iterdir())) == 1  # the second one began no index
    with Keeper(tmp_path, 1e9, 1e9, None, None, print):
        pass


def test_one_may_keep_evidence_and_whole_samples_in_one_folder(tmp_path: Path) -> None:
    with Keeper(tmp_path, 1e9, 1e9, tmp_path, None, print):
        pass
