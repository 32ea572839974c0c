"""Stores that are really damaged: each kind of damage that a disk does to a file of SQLite, done to a sound one."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

PAGE = 4096
NEW = "500", "520"
"""Numbers of the alerts that are in a log alone."""
WRITES = """
import os, sys
from tests.store.values import alert
from cellwarden.store.engine import opened
from cellwarden.watch import queries
engine = opened(sys.argv[1])
for number in range(int(sys.argv[2]), int(sys.argv[3])):
    with engine.begin() as c:
        queries.keep_alert(c, alert(f"A-2026-{number:06d}"))
os.kill(os.getpid(), 9)
"""


def spoil(path: Path, kind: str) -> None:
    """Damage a store that nobody uses: a page of rows in the middle of its alerts, one that leads to such pages, the
    one that leads to all of them; the end of the file; or its log, in the middle of what was acknowledged."""
    if kind == "log":
        write(path)
        _overwritten(path.with_name(path.name + "-wal"), 32 + 9 * (24 + PAGE) + 24 + 1000, b"\xa5" * 64)
    elif kind == "cut":
        os.truncate(path, path.stat().st_size // PAGE * 2 // 3 * PAGE + 1000)
    else:
        root, branches, leaves = _pages(path)
        page = {"root": root, "branch": branches[len(branches) // 2], "leaf": leaves[len(leaves) // 2]}[kind]
        _overwritten(path, (page - 1) * PAGE, b"\xa5" * PAGE)


def write(path: Path) -> None:
    """Have alerts kept by a process that is killed, so that they are in the store's log."""
    subprocess.run([sys.executable, "-c", WRITES, path, *NEW], check=False)


def _overwritten(path: Path, at: int, what: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(what)


def _pages(path: Path) -> tuple[int, list[int], list[int]]:
    """The numbers of the pages of the table of alerts: its root, what leads to leaves, leaves (file format §1.6)."""
    with closing(sqlite3.connect(path)) as c:
        root = c.execute("SELECT rootpage FROM sqlite_master WHERE type = 'table' AND name = 'alerts'").fetchone()[0]
        c.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = path.read_bytes()
    branches, leaves, waiting = [], [], [root]
    while waiting:
        number = waiting.pop(0)
        page = whole[(number - 1) * PAGE : number * PAGE]
        if page[0] != 5:  # an interior page of a table
            leaves.append(number)
            continue
        branches.append(number)
        for k in range(int.from_bytes(page[3:5], "big")):
            cell = int.from_bytes(page[12 + 2 * k : 14 + 2 * k], "big")
            waiting.append(int.from_bytes(page[cell : cell + 4], "big"))
        waiting.append(int.from_bytes(page[8:12], "big"))
    return root, branches, leaves
