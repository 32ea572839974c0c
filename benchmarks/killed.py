"""kill -9 at random moments: nothing that the store acknowledged is lost or doubled, and nothing is kept by half.

Writers keep alerts, decisions, finds, sightings and audit lines, and note each in a file of their own once its
transaction has ended. They are killed, the store is opened again by whoever comes next, and notes and store compared.

    python -m benchmarks.killed write STORE NOTES NAME      one writer, for ever
"""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from sqlalchemy import Engine

from benchmarks.lane import Lane
from cellwarden.model import Activity, Alert, Decision, Find, Sighting

WRITERS = 2
KILLS = 100
ROUND = 10
"""Kills of one store."""


def write(place: str, notes: Path, name: str) -> None:
    """Keep and note, until killed."""
    from cellwarden.register.queries import keep_find
    from cellwarden.store.audit import audited
    from cellwarden.store.engine import opened
    from cellwarden.watch import queries

    engine = opened(place)
    file = os.open(notes, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    while True:
        now_ns = time.time_ns()
        with engine.begin() as c:
            queries.keep_sightings(c, [_sighting(now_ns + k, name) for k in range(20)])
        _note(file, f"sightings {name} {now_ns}")
        with engine.begin() as c:
            told = queries.next_alert_name(c, 2026)
            queries.keep_alert(c, _alert(told, now_ns))
            audited(c, name, "told", told)
        _note(file, f"alert {told}")
        with engine.begin() as c:
            queries.decide(c, Decision(told, "found", name, now_ns, "in the mattress"), "new")
            keep_find(c, Find(told, "A-001", now_ns, "L8STAR", f"S-{told}", (), name))
            line = audited(c, name, "decided", told)
        _note(file, f"decision {told}")
        _note(file, f"find {told}")
        _note(file, f"audit {line.number} decided {told}")


def _note(file: int, line: str) -> None:
    os.write(file, f"{line}\n".encode())


def _sighting(at_ns: int, phone: str) -> Sighting:
    return Sighting(at_ns, at_ns + 1, phone, "gsm", {"gsm:normal": 9}, 9e8, 0.9, (("A-001", 1.0),), ("S",))


def _alert(name: str, at_ns: int) -> Alert:
    call = Activity("P", "call", at_ns, at_ns, "gsm", "GSM 900", 9)
    return Alert(name, at_ns, at_ns, "P", "", call, (("A-001", 1.0),), 0.9, "high", ("S",), ())


def killed(place: str, folder: Path, rng: np.random.Generator, writers: int = WRITERS) -> None:
    """Start writers on a store, and kill all of them at one random moment of their work."""
    names = [f"writer-{rng.integers(1 << 48):x}" for _ in range(writers)]
    words = [sys.executable, "-m", "benchmarks.killed", "write", place]
    every = [subprocess.Popen([*words, str(folder / f"{name}.notes"), name]) for name in names]
    try:
        while not all((folder / f"{name}.notes").exists() for name in names):
            if any(one.poll() is not None for one in every):
                raise RuntimeError("a writer ended by itself")
            time.sleep(0.01)
        time.sleep(rng.uniform(0, 0.6))
    finally:
        for one in every:
            one.send_signal(signal.SIGKILL)
        for one in every:
            one.wait()


def wrong(place: str, folder: Path) -> list[str]:
    """What the store lost, doubled or kept by half of what was noted; empty where all is well."""
    from cellwarden.store.engine import opened

    engine = opened(place)
    try:
        return list(_wrong(engine, _notes(folder)))
    finally:
        engine.dispose()


def _notes(folder: Path) -> list[str]:
    return [line for path in sorted(folder.glob("*.notes")) for line in path.read_text("utf-8").splitlines()]


def _wrong(engine: Engine, notes: list[str]) -> Iterator[str]:
    from cellwarden.register.queries import finds
    from cellwarden.store.audit import lines, verify
    from cellwarden.store.engine import reading
    from cellwarden.watch import queries

    with reading(engine) as c:
        if c.dialect.name == "sqlite":
            if (said := c.exec_driver_sql("PRAGMA integrity_check").scalar()) != "ok":
                yield f"integrity: {said}"
            if c.exec_driver_sql("PRAGMA foreign_key_check").first():
                yield "foreign keys"
        if (broken := verify(c)) is not None:
            yield f"audit line {broken}"
        told = {alert.name: decision for alert, decision in queries.alerts(c)}
        log = list(lines(c))
        held = Counter(f"alert {name}" for name in told)
        held.update(f"decision {d.alert}" for name in told for d in queries.decisions(c, name))
        held.update(f"find {find.alert}" for find in finds(c))
        held.update(f"audit {line.number} {line.action} {line.what}" for line in log)
        heard = Counter(one.phone for one in queries.sightings(c, 0, 1 << 62))
    noted = Counter(notes)
    batches = Counter(one.split()[1] for one in notes if one.startswith("sightings "))
    yield from (f"lost: {one}" for one in notes if not held[one] and not one.startswith("sightings "))
    yield from (f"doubled: {one}" for one, count in (held | noted).items() if count > 1)
    for name in heard | batches:
        if heard[name] - 20 * batches[name] not in (0, 20):  # the last ones may have been kept and not yet noted
            yield f"sightings of {name}: {heard[name]} kept, {batches[name]} times 20 noted"
    done = Counter((line.action, line.what) for line in log)
    for name, decision in told.items():
        if done["told", name] != 1 or done["decided", name] != (decision is not None):
            yield f"by half: {name}"
    if sum(done.values()) != len(told) + sum(d is not None for d in told.values()):
        yield "by half: audit lines of nothing"


def measured(seed: int, kills: int) -> dict[str, Any]:
    """One store, killed so many times."""
    rng = np.random.default_rng(88_000 + seed)
    with TemporaryDirectory() as folder:
        place, found = str(Path(folder) / "site.db"), []
        for _ in range(kills):
            killed(place, Path(folder), rng)
            found += wrong(place, Path(folder))
        return {"kills": kills, "acknowledged": len(_notes(Path(folder))), "wrong": found}


def parts(scale: float) -> Mapping[str, Any]:
    """Stores of ten kills each."""
    stores = max(1, round(KILLS / ROUND * scale))
    return {f"store-{k}": partial(measured, k, min(ROUND, max(2, round(KILLS * scale)))) for k in range(stores)}


def summary(done: Mapping[str, Any]) -> dict[str, Any]:
    """Kills, what was acknowledged, and what was wrong of it."""
    from cellwarden.measure.count import poisson  # scipy, which a writer need not wait for

    kills = sum(one["kills"] for one in done.values())
    wrongs = [said for one in done.values() for said in one["wrong"]]
    return {
        "kills": kills,
        "acknowledged": sum(one["acknowledged"] for one in done.values()),
        "wrong": len(wrongs),
        "wrong_per_kill_interval": [round(bound / kills, 4) for bound in poisson(len(wrongs))],
        "first_wrong": wrongs[:5],
    }


LANE = Lane("killed", parts, summary)

if __name__ == "__main__":
    if len(sys.argv) != 5 or sys.argv[1] != "write":
        sys.exit(__doc__)
    write(sys.argv[2], Path(sys.argv[3]), sys.argv[4])
