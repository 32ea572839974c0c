"""Lane 21: a console with a crowd. How long a page takes, how long after it was kept an alert is told, how much memory.

A server process of its own, on SQLite; 200 sensors that tell every second, 5,000 open alerts, 50 viewers who listen and
turn pages. The time of an event is from the alert's commit to its arrival at each viewer.
"""

import json
import multiprocessing
import resource
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.lane import Lane
from cellwarden.locate.site import Sensor, Site
from cellwarden.model import Activity, Alert, SensorState
from cellwarden.simulate.prison import large_prison
from cellwarden.store.engine import opened
from cellwarden.watch import queries

SECONDS = 600.0
SENSORS, ALERTS, VIEWERS = 200, 5000, 50
PAGES = "/", "/alerts", "/alerts/{name}", "/timeline", "/sensors"
PAUSE_S = 10.0
"""A viewer turns a page so often, on average."""
S_NS = 10**9


def site() -> Site:
    """The large prison with as many sensors."""
    found = large_prison()
    rooms = [room for room in found.rooms if room.kind == "cell"][:: max(1, 600 // SENSORS)][:SENSORS]
    sensors = tuple(
        Sensor(f"S-{at:03d}", (*np.mean(room.outline_m, axis=0), found.floors[room.floor].base_m + 2.0))
        for at, room in enumerate(rooms)
    )
    return replace(found, sensors=sensors)


def alert(name: str, cell: str) -> Alert:
    """A call in a cell, told now."""
    now = time.time_ns()
    doing = Activity("P", "call", now - 60 * S_NS, now, "gsm", "GSM 900", 800)
    return Alert(name, now, now, "P", "", doing, ((cell, 0.8),), 0.97, "high", ("S-001",), ("ab" * 32,))


def crowd(seconds: float, alerts: int = ALERTS, viewers: int = VIEWERS) -> dict[str, Any]:
    """All at once, for so many seconds."""
    import httpx

    from cellwarden.store import people

    guarded = site()
    cells = [room.name for room in guarded.rooms if room.kind == "cell"]
    with tempfile.TemporaryDirectory(prefix="cellwarden-") as folder:
        engine = opened(f"{folder}/site.db")
        with engine.begin() as c:
            people.accept(c, people.invite(c, "officer", "officer", time.time_ns()), "", "", time.time_ns())
            tokens = [people.new_session(c, "officer", time.time_ns()) for _n in range(viewers)]
            for at in range(alerts):
                queries.keep_alert(c, alert(queries.next_alert_name(c, 2026), cells[at % len(cells)]))
        context = multiprocessing.get_context("spawn")
        here, there = context.Pipe()
        process = context.Process(target=serve, args=(f"{folder}/site.db", there), daemon=True)
        process.start()
        base = here.recv()
        end = time.monotonic() + seconds
        kept: dict[str, float] = {}
        pages: list[float] = []
        events: list[float] = []

        def listen(token: str) -> None:
            with (
                httpx.Client(base_url=base, cookies={"session": token}, timeout=30) as client,
                client.stream("GET", "/live") as answer,
            ):
                for line in answer.iter_lines():
                    if line.startswith("data: {"):
                        told = json.loads(line[6:])
                        events.extend(time.monotonic() - kept[n] for n in told.get("changed", ()) if n in kept)
                    if time.monotonic() > end:
                        return

        def turn(token: str, seed: int) -> None:
            rng = np.random.default_rng(seed)
            with httpx.Client(base_url=base, cookies={"session": token}, timeout=30) as client:
                while time.monotonic() < end:
                    time.sleep(rng.exponential(PAUSE_S))
                    path = PAGES[rng.integers(len(PAGES))].format(name=f"A-2026-{rng.integers(1, alerts):06d}")
                    began = time.monotonic()
                    assert client.get(path).status_code == 200
                    pages.append(time.monotonic() - began)

        threads = [threading.Thread(target=listen, args=(token,)) for token in tokens]
        threads += [threading.Thread(target=turn, args=(token, at)) for at, token in enumerate(tokens)]
        for thread in threads:
            thread.start()
        while time.monotonic() < end - 3:
            with engine.begin() as c:
                now = time.time_ns()
                told = [SensorState(sensor.name, now, -100.0, 0, 0.0) for sensor in guarded.sensors]
                queries.keep_sensor_states(c, told)
            time.sleep(1.0)
            with engine.begin() as c:
                name = queries.next_alert_name(c, 2026)
                queries.keep_alert(c, alert(name, cells[len(kept) % len(cells)]))
            kept[name] = time.monotonic()
        for thread in threads:
            thread.join(60)
        here.send("end")
        memory = here.recv()
        process.join(10)
        engine.dispose()
    return {
        "alerts": alerts, "viewers": viewers, "sensors": SENSORS, "seconds": seconds,
        "pages": len(pages), "page_s": [float(q) for q in np.percentile(pages, (50, 95))],
        "events": len(events), "event_s": [float(q) for q in np.percentile(events, (50, 95, 99))],
        "memory_mb": memory,
    }  # fmt: skip


def serve(place: str, line: Any) -> None:
    """The console in a process of its own."""
    from cellwarden.console.app import application
    from cellwarden.console.serve import address, listening, server

    door = listening("127.0.0.1", 0)
    running = server(application(opened(place), site(), photographs=Path(place).with_suffix(".p")))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [door]})
    thread.start()
    while not running.started:
        time.sleep(0.05)
    line.send(address(door))
    line.recv()
    line.send(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    running.should_exit = True
    thread.join(10)


def parts(scale: float) -> dict[str, Any]:
    """One crowd; a small one where there is little time."""
    few = scale < 0.1
    return {"crowd": partial(crowd, max(20.0, SECONDS * scale), *((500, 10) if few else ()))}


def summary(done: Mapping[str, Any]) -> dict[str, Any]:
    """As measured."""
    return dict(done["crowd"])


LANE = Lane("console", parts, summary)
