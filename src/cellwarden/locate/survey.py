"""A survey from a walk: somebody stands with a test phone at known places for a while, and notes when.

```
STAYS.csv   start_s,end_s,x_m,y_m,z_m        READINGS.csv   time_s,sensor,rssi_dbm
            120,150,6.5,2.0,1.0                             121.4,A0-S1,-67        ──► SURVEY.csv, as `locate` reads it
            171,200,9.1,2.0,1.0                             121.4,A0-S2,-80
```

What was heard between two stays is left out: nobody knows where the phone was then.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cellwarden.errors import ReadingsError
from cellwarden.language import gettext as _
from cellwarden.locate.readings import FEWEST_PLACES, Readings, numbers
from cellwarden.locate.site import NOWHERE, Site, rooms_at

STAY_COLUMNS = ("start_s", "end_s", "x_m", "y_m", "z_m")
SURVEY_HEAD = "x_m,y_m,z_m,sensor,rssi_dbm\n"


class Stays(NamedTuple):
    """When the phone was where, in the order of time."""

    start_s: NDArray[np.float64]
    end_s: NDArray[np.float64]
    place_m: NDArray[np.float64]
    """Shape (p, 3)."""


class Coverage(NamedTuple):
    """What a survey tells of, and what it does not."""

    places: int
    levels: int
    between: int
    """Readings between stays, which are left out."""
    cells: tuple[str, ...]
    """Cells without a place."""
    silent: tuple[str, ...]
    """Sensors that heard nothing of it."""


def read_stays(path: Path, site: Site) -> Stays:
    """Raises ReadingsError, naming the line: a stay ends after it begins, none overlap, and each is in a room."""
    found = sorted(numbers(path, STAY_COLUMNS), key=lambda row: row[1])
    values = np.array([row for _line, row in found], np.float64).reshape(-1, len(STAY_COLUMNS))
    start, end, place = values[:, 0], values[:, 1], values[:, 2:]
    rooms = rooms_at(site, place)
    for n, (line, _row) in enumerate(found):
        problem = ""
        if end[n] <= start[n]:
            problem = _("the stay ends before it begins: mend it")
        elif n and start[n] < end[n - 1]:
            problem = _("the stay begins before the one before it ends: mend it")
        elif rooms[n] == NOWHERE:
            problem = _("the place is in no room of the site: are these metres, in the site's frame?")
        if problem:
            raise ReadingsError(_("{path}, line {line}: {problem}").format(path=path, line=line, problem=problem))
    if len(found) < FEWEST_PLACES:
        raise ReadingsError(
            _("{path}: levels at {count} places are no survey: walk to {least} or more").format(
                path=path, count=len(found), least=FEWEST_PLACES
            )
        )
    return Stays(start, end, place)


def stay_of(stays: Stays, readings: Readings) -> NDArray[np.int64]:
    """The stay of each reading, shape (n,); -1 between stays."""
    at = np.searchsorted(stays.start_s, readings.time_s, side="right") - 1
    return np.where((at >= 0) & (readings.time_s <= stays.end_s[at]), at, -1)


def lines(site: Site, stays: Stays, readings: Readings) -> Iterator[str]:
    """The survey's table. Levels are as sensors reported them: whoever reads it calibrates them."""
    yield SURVEY_HEAD
    for stay, sensor, level in zip(stay_of(stays, readings), readings.sensor, readings.level_dbm, strict=True):
        if stay >= 0:
            x, y, z = stays.place_m[stay]
            one = site.sensors[sensor]
            yield f"{x:.2f},{y:.2f},{z:.2f},{one.name},{level - one.offset_db:.1f}\n"


def coverage(site: Site, stays: Stays, readings: Readings) -> Coverage:
    """What there is, and what is missing."""
    stay = stay_of(stays, readings)
    heard = np.unique(stay[stay >= 0])
    rooms = set(rooms_at(site, stays.place_m[heard]).tolist())
    cells = tuple(room.name for n, room in enumerate(site.rooms) if room.kind == "cell" and n not in rooms)
    sensors = set(readings.sensor[stay >= 0].tolist())
    silent = tuple(sensor.name for n, sensor in enumerate(site.sensors) if n not in sensors)
    return Coverage(len(heard), int((stay >= 0).sum()), int((stay < 0).sum()), cells, silent)
