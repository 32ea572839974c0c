"""A day of a site in the store and in the history: how fast a heat map of it is, and how large it is.

50 million trains a year, as issue 8 reckons, are 140,000 a day. One part writes as many sightings, closes the day, and
counts heat maps from the store and from the file; another one opens a store of a week of them (it looks through its
file) and backs it up.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.lane import Lane
from cellwarden.model import Sighting

TRAINS, CELLS, PHONES = 140_000, 60, 9
DAY = date(2026, 11, 23)
START_NS = int(datetime(2026, 11, 23, tzinfo=UTC).timestamp()) * 10**9
DAY_NS = 86_400 * 10**9
TIMES = 7


def sightings(count: int, rng: np.random.Generator, days: int = 1) -> Iterator[Sighting]:
    """So many over whole days, of a few phones in all cells, with odds over five rooms and two snippets each."""
    for at in np.sort(rng.integers(days * DAY_NS, size=count)).tolist():
        cell, phone = int(rng.integers(CELLS)), int(rng.integers(PHONES))
        odds = tuple((f"A-{(cell + k) % CELLS:03d}", round(0.5 / 2**k, 4)) for k in range(4))
        yield Sighting(
            START_NS + at,
            START_NS + at + 900_000_000,
            f"P-{phone}",
            "gsm",
            {"gsm:normal": int(rng.integers(1, 217))},
            897.4e6,
            0.98,
            (*odds, ("outside", 0.03)),
            ("A0-S1", "A0-S2", "A0-S3"),
            tuple(rng.bytes(32).hex() for _ in range(2)),
        )


def timed(what: Callable[[], object], times: int = TIMES) -> list[float]:
    """Seconds that it takes, several times."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        what()
        took.append(time.perf_counter() - began)
    return took


def day(trains: int) -> dict[str, Any]:
    """One day: kept, closed, counted."""
    from cellwarden.store import history
    from cellwarden.store.engine import opened, reading
    from cellwarden.watch.queries import keep_sightings

    with TemporaryDirectory() as folder:
        place, kept = Path(folder) / "site.db", Path(folder) / "history"
        engine = opened(str(place))
        with engine.begin() as c:
            keep_sightings(c, sightings(trains, np.random.default_rng(1)))
        with reading(engine) as c:
            end = DAY + timedelta(days=1)
            stored_s = timed(lambda: history.heat(c, kept, DAY, end))
            stored = history.heat(c, kept, DAY, end)
            close_s = timed(lambda: history.close_day(c, kept, DAY), 1)
            closed_s = timed(lambda: history.heat(c, kept, DAY, end))
            closed = history.heat(c, kept, DAY, end)
        engine.dispose()
        same = stored.keys() == closed.keys() and all((stored[cell] == closed[cell]).all() for cell in stored)
        return {
            "trains": trains,
            "heat_map_of_a_closed_day_s": [round(median(closed_s), 3), round(max(closed_s), 3)],
            "heat_map_of_an_open_day_s": [round(median(stored_s), 3), round(max(stored_s), 3)],
            "both_alike": same and sum(int(heat.sum()) for heat in closed.values()) == trains,
            "closing_s": round(close_s[0], 1),
            "file_mb": round(history.part(kept, DAY).stat().st_size / 1e6, 1),
            "store_mb": round(place.stat().st_size / 1e6, 1),
        }


def week(trains: int) -> dict[str, Any]:
    """A store of eight days: opened, and backed up."""
    from cellwarden.store.backup import backup
    from cellwarden.store.engine import opened
    from cellwarden.watch.queries import keep_sightings

    with TemporaryDirectory() as folder:
        place = Path(folder) / "site.db"
        engine, rng = opened(str(place)), np.random.default_rng(2)
        for _ in range(8):
            with engine.begin() as c:
                keep_sightings(c, sightings(trains, rng, 8))
        engine.dispose()
        return {
            "store_mb": round(place.stat().st_size / 1e6, 1),
            "opening_s": round(timed(lambda: opened(str(place)).dispose(), 1)[0], 1),
            "backup_s": round(timed(lambda: backup(str(place), Path(folder) / "backup"), 1)[0], 1),
        }


def parts(scale: float) -> Mapping[str, Any]:
    """The day is whole at any scale; the week is as long as asked for."""
    return {"day": partial(day, TRAINS), "week": partial(week, round(TRAINS * scale))}


def summary(done: Mapping[str, Any]) -> dict[str, Any]:
    """Both as they are."""
    return {"day": done["day"], "week": done["week"]}


LANE = Lane("history", parts, summary)

if __name__ == "__main__":
    for name, value in day(TRAINS).items():
        print(f"{name}: {value}")
