"""Tables of levels: what sensors heard of a phone, and what they hear of one whose place is known (a survey).

```
READINGS.csv   time_s,sensor,rssi_dbm              SURVEY.csv   x_m,y_m,z_m,sensor,rssi_dbm
               0.0,S-01,-72                                     0.2,15.3,1.9,S-01,-70
               0.0011,S-02,-78                                  0.2,15.3,1.9,S-01,-89
```

Readings may have a column `phone`, as `cellwarden associate` writes it, where several phones were heard at once.
Both may be packed with gzip. Only these columns are read: what else a table holds (the true place of a walk, for one)
never gets past `_columns`. Many receivers write 127 or 0, or nothing, where they have no level (Bluetooth Core, Vol 4
Part E §7.5.4); these lines, and levels that no receiver can report, are no readings and are counted.
"""

import csv
import gzip
import io
import math
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from cellwarden.errors import ReadingsError
from cellwarden.language import gettext as _
from cellwarden.language import reason_of
from cellwarden.locate.site import NOWHERE, Site, rooms_at

READING_COLUMNS = ("time_s", "sensor", "rssi_dbm")
SURVEY_COLUMNS = ("x_m", "y_m", "z_m", "sensor", "rssi_dbm")
PHONE_COLUMN = "phone"
SENTINELS = (127.0, 0.0)
HIGHEST_DBM, LOWEST_DBM = 20.0, -150.0
"""What a receiver can report of a phone: it would be broken above, and below lies the noise of a hertz."""
LARGEST = 1 << 30
"""Bytes of a table when unpacked: some thirty million readings."""
FEWEST_PLACES = 4
"""A survey of fewer places says nothing about how levels fall with distance."""


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """What was heard, in the order of time."""

    time_s: NDArray[np.float64]
    """Shape (n,), not falling."""
    sensor: NDArray[np.int64]
    """Index in `site.sensors`, shape (n,)."""
    level_dbm: NDArray[np.float64]
    """Shape (n,), calibrated by the sensor's `offset_db`."""
    first_s: float
    """Time of the first line, with a level or without; 0 where the table has none."""
    without_level: int
    """Lines that hold no level."""
    repeated: int = 0
    """Lines that were written before, which count once."""


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
    """Levels heard of a phone at known places. A row of each array is a place, a column a sensor of the site."""

    place_m: NDArray[np.float64]
    """Shape (p, 3)."""
    power_dbm: NDArray[np.float64]
    """Level of the mean power (in watts), shape (p, s); nan where the sensor heard nothing there."""
    mean_dbm: NDArray[np.float64]
    """Mean of the levels (in decibels), so below `power_dbm` where they fade; same shape."""
    square_db2: NDArray[np.float64]
    """Mean square of the levels' deviation from `mean_dbm`; same shape."""
    count: NDArray[np.int64]
    """Levels heard, shape (p, s)."""


def read_readings(path: Path, site: Site) -> Readings:
    """What was heard, whatever phone it was of. Raises ReadingsError."""
    return _readings(path, site, "")[""]


def read_phones(path: Path, site: Site) -> dict[str, Readings]:
    """What was heard of each phone, by its name in the column `phone`. Raises ReadingsError.

    A table without that column is of one phone without a name. Lines that name no phone may be of several, and are left
    out where others do.
    """
    found = _readings(path, site, PHONE_COLUMN)
    return {name: one for name, one in found.items() if name or len(found) == 1}


def _readings(path: Path, site: Site, column: str) -> dict[str, Readings]:
    """Readings by what stands in a column, which may be missing; one without a name where the table is empty."""
    index, offsets = _index(path, site)
    heard: dict[str, tuple[list[float], list[int], list[float]]] = {}
    first: dict[str, float] = {}
    without: Counter[str] = Counter()
    for line, (time, name, level, of) in _columns(path, READING_COLUMNS, column):
        time_s = _number(path, line, "time_s", time)
        first[of] = min(first.get(of, math.inf), time_s)
        sensor = _sensor(path, line, name, index)
        times, sensors, levels = heard.setdefault(of, ([], [], []))
        if (dbm := _level(path, line, level)) is None:
            without[of] += 1
            continue
        times.append(time_s)
        sensors.append(sensor)
        levels.append(dbm + offsets[sensor])
    made = {}
    for of, (times, sensors, levels) in (heard or {"": ([], [], [])}).items():
        time_s_array = np.array(times, np.float64)
        order = np.argsort(time_s_array, kind="stable")
        sensor_array, level_array = np.array(sensors, np.int64)[order], np.array(levels, np.float64)[order]
        once = _once(time_s_array[order], sensor_array, level_array)
        made[of] = Readings(
            time_s_array[order][once], sensor_array[once], level_array[once], first.get(of, 0.0), without[of],
            int((~once).sum()),
        )  # fmt: skip
    return made


def _once(time_s: NDArray[np.float64], sensor: NDArray[np.int64], level_dbm: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which readings remain, shape (n,), where those of a sensor and time were all written as often: once is enough.

    No sensor hears a burst twice. Where times are of whole seconds, say, bursts may be alike; as they do not all come
    equally often, most of them remain.
    """
    if not len(time_s):
        return np.zeros(0, np.bool_)
    order = np.lexsort((level_dbm, sensor, time_s))
    moment = np.append(True, (np.diff(time_s[order]) != 0) | (np.diff(sensor[order]) != 0))
    begins = np.flatnonzero(moment | np.append(True, np.diff(level_dbm[order]) != 0))
    count = np.diff(begins, append=len(order))
    moments = np.flatnonzero(moment[begins])
    written = np.repeat(np.gcd.reduceat(count, moments), np.diff(moments, append=len(begins)))
    once = np.zeros(len(order), np.bool_)
    once[order] = np.arange(len(order)) - np.repeat(begins, count) < np.repeat(count // written, count)
    return once


def read_survey(path: Path, site: Site) -> Survey:
    """Levels at known places; lines of one place (to the centimetre) go together. Raises ReadingsError.

    Some places may be beyond all rooms, but not most of them: they are of another frame or unit.
    """
    index, offsets = _index(path, site)
    places: dict[tuple[float, float, float], int] = {}
    first: list[int] = []
    rows, sensors, levels = [], [], []
    for line, (x, y, z, name, level) in _columns(path, SURVEY_COLUMNS):
        column = zip(("x_m", "y_m", "z_m"), (x, y, z), strict=True)
        place_x, place_y, place_z = (round(_number(path, line, key, text), 2) for key, text in column)
        row = places.setdefault((place_x, place_y, place_z), len(places))
        first += [line] * (len(places) - len(first))
        sensor = _sensor(path, line, name, index)
        if (dbm := _level(path, line, level)) is not None:
            rows.append(row)
            sensors.append(sensor)
            levels.append(dbm + offsets[sensor])
    if len(places) < FEWEST_PLACES or not rows:
        raise ReadingsError(
            _("{path}: levels at {count} places are no survey: walk to {least} or more").format(
                path=path, count=len(places) if rows else 0, least=FEWEST_PLACES
            )
        )
    lost = np.flatnonzero(rooms_at(site, np.array(list(places))) == NOWHERE)
    if site.rooms and len(lost) > len(places) / 2:
        _wrong(path, first[lost[0]], _("the place is in no room of the site: are these metres, in the site's frame?"))
    return survey_of(np.array(list(places)), np.array(rows), np.array(sensors), np.array(levels), len(site.sensors))


def survey_of(
    place_m: NDArray[np.float64],
    row: NDArray[np.int64],
    sensor: NDArray[np.int64],
    level_dbm: NDArray[np.float64],
    sensors: int,
) -> Survey:
    """A survey from single levels: of each the row of its place, its sensor and its level, all of shape (n,)."""
    shape = (len(place_m), sensors)
    count, total, power, square = np.zeros(shape, np.int64), np.zeros(shape), np.zeros(shape), np.zeros(shape)
    np.add.at(count, (row, sensor), 1)
    np.add.at(total, (row, sensor), level_dbm)
    np.add.at(power, (row, sensor), 10 ** (level_dbm / 10))
    with np.errstate(invalid="ignore", divide="ignore"):
        mean, power_dbm = total / count, 10 * np.log10(power / count)
    np.add.at(square, (row, sensor), (level_dbm - mean[row, sensor]) ** 2)
    return Survey(place_m, power_dbm, mean, square / np.maximum(count, 1), count)


def numbers(path: Path, wanted: Sequence[str]) -> Iterator[tuple[int, list[float]]]:
    """Of each line its number and the numbers in the columns that are wanted. Raises ReadingsError."""
    for line, cells in _columns(path, wanted):
        yield line, [_number(path, line, column, text) for column, text in zip(wanted, cells, strict=True)]


def _index(path: Path, site: Site) -> tuple[Mapping[str, int], Sequence[float]]:
    if not site.sensors:
        raise ReadingsError(_("{path} cannot be located: the site has no sensor").format(path=path))
    return {s.name: n for n, s in enumerate(site.sensors)}, [s.offset_db for s in site.sensors]


def _columns(path: Path, wanted: Sequence[str], also: str | None = None) -> Iterator[tuple[int, list[str]]]:
    """Of each line its number and the cells of the columns that are wanted, in the order wanted.

    The cell of a column that may be missing is the last one, empty where it is.
    """
    with _text(path) as file:
        rows = csv.reader(file)
        try:
            head = [name.strip().casefold() for name in next(rows, [])]
            if missing := [name for name in wanted if head.count(name) != 1]:
                raise ReadingsError(
                    _("{path} needs one column {missing}: its first line must name {wanted}").format(
                        path=path, missing=", ".join(missing), wanted=",".join(wanted)
                    )
                )
            at = [head.index(name) for name in wanted]
            extra = head.index(also) if also and also in head else None
            for row in rows:
                if not row:
                    continue
                if len(row) <= max(at):
                    _wrong(path, rows.line_num, _("has too few cells: copy the file again"))
                cells = [row[n].strip() for n in at]
                if also is not None:
                    cells.append(row[extra].strip() if extra is not None and extra < len(row) else "")
                yield rows.line_num, cells
        except (csv.Error, UnicodeDecodeError) as error:
            raise ReadingsError(_("{path} is no table of text: save it as CSV in UTF-8").format(path=path)) from error
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise ReadingsError(_("{path} is damaged: copy it again").format(path=path)) from error
        except OSError as error:
            raise ReadingsError(_("{path} cannot be read: {why}").format(path=path, why=reason_of(error))) from error


def _text(path: Path) -> io.TextIOWrapper:
    """The table as text, unpacked where its first bytes say that it is packed."""
    if not path.is_file():
        raise ReadingsError(_("{path} is no file: name a table of levels (CSV)").format(path=path))
    try:
        raw = path.open("rb")
        packed = raw.peek(2)[:2] == b"\x1f\x8b"
        plain = gzip.GzipFile(fileobj=raw) if packed else raw
    except OSError as error:
        raise ReadingsError(_("{path} cannot be read: {why}").format(path=path, why=reason_of(error))) from error
    return io.TextIOWrapper(_Limited(path, plain), encoding="utf-8-sig", newline="")


class _Limited(io.BufferedReader):
    """Refuses what unpacks to more than a table can hold (a small file may unpack to anything)."""

    def __init__(self, path: Path, source: io.BufferedIOBase) -> None:
        super().__init__(source)
        self._path, self._left = path, LARGEST

    def read1(self, size: int = -1) -> bytes:
        got = super().read1(size)
        self._left -= len(got)
        if self._left < 0:
            raise ReadingsError(_("{path} is too large: split it").format(path=self._path))
        return got


def _sensor(path: Path, line: int, name: str, index: Mapping[str, int]) -> int:
    if name not in index:
        known = ", ".join(list(index)[:6]) + (", …" if len(index) > 6 else "")
        _wrong(
            path, line, _("sensor {name} is not in the site, which has {known}").format(name=repr(name), known=known)
        )
    return index[name]


def _number(path: Path, line: int, column: str, text: str) -> float:
    value = _parsed(text)
    if value is None or abs(value) > 1e12:
        _wrong(path, line, _("{column} is {value}: write a number").format(column=column, value=repr(text)))
    return value


def _level(path: Path, line: int, text: str) -> float | None:
    """A level in dBm; None where the line holds none."""
    if not text:
        return None
    value = _parsed(text)
    if value is None:
        _wrong(path, line, _("{column} is {value}: write a number").format(column="rssi_dbm", value=repr(text)))
    return value if value not in SENTINELS and LOWEST_DBM <= value <= HIGHEST_DBM else None


def _parsed(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _wrong(path: Path, line: int, problem: str) -> NoReturn:
    raise ReadingsError(_("{path}, line {line}: {problem}").format(path=path, line=line, problem=problem))
