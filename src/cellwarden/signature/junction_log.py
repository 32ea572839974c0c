"""What a lane's instrument heard: the meter's table in, and the readings that all instruments come down to.

```
LOG.csv   time_s,position_m,transmit_dbm,second_dbm,third_dbm        and, where there are several, person
          0.00,-2.00,30,-131.2,-137.9
          0.01,-1.99,27,-132.0,-138.4
```

`position_m` is where the middle of who passes is, along the lane, 0 opposite the antennas. `transmit_dbm` is the
power sent (e.i.r.p.), which should step by some decibels from line to line. Levels are those at the receiver's
antenna port, in dBm. Where one is not told (empty, `nan`, `-inf`), as instruments write below their floor, the lowest
that the table tells of that harmonic stands. Lines of one `person` (a number of a person or parcel) that follow each
other are one passage. In a table of the empty lane lines without a person are the lane itself, and those with one are
passages of persons known to carry nothing."""

import csv
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from cellwarden.errors import LaneError
from cellwarden.language import gettext as _
from cellwarden.language import number, reason_of

LEVELS = ("second_dbm", "third_dbm")
COLUMNS = ("time_s", "position_m", "transmit_dbm", *LEVELS)
PERSON = "person"
NUMBER = re.compile(r"(?=.*\d)[A-Z0-9][A-Z0-9/._-]{0,19}")
"""What officers number persons and parcels with; a name would be personal data, and has no digit."""
LOWEST_DBM, HIGHEST_DBM = -200.0, 60.0
MOST_LINES = 5_000_000
FEWEST = 20
"""Readings of a passage: fewer show no answer rise and fall."""
FASTEST_M_S = 20.0
"""Nobody runs so fast, and no wand or belt is led so: positions in centimetres would make it 100."""
LONGEST_M = 100.0
"""No lane, door or belt is longer; what is sought along it would take an hour and all memory."""
CLIPPED = 8
"""Highest readings of a passage that are exactly alike: an analogue level never is, one at its converter's end is."""
ABOVE_DB = 10.0
"""Over the middle of all, so that a quiet meter's coarse steps are not taken for its end."""


@dataclass(frozen=True, slots=True, eq=False)
class Log:
    """One passage, or the empty lane. Arrays over n readings; the first axis of two is the order: 2f0, 3f0."""

    person: str
    time_s: NDArray[np.float64]
    position_m: NDArray[np.float64]
    transmit_dbm: NDArray[np.float64]
    power_mw: NDArray[np.float64]
    """At the receiver's antenna port, shape (2, n)."""
    amplitude: NDArray[np.complex128] | None = None
    """√mW, with the phase against that of the lighting squared and cubed, shape (2, n); None of a meter."""
    frequency_hz: NDArray[np.float64] | None = None
    """f0 of each reading, shape (n,); None where it is not told."""
    untold: int = 0
    """Levels that the table did not tell."""


def read_log(path: Path) -> list[Log]:
    """The passages of a table, in its order. Raises LaneError."""
    if not path.is_file():
        raise LaneError(_("{path} is no file: name a lane's table (CSV) or recording").format(path=path))
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return parsed(file, path)
    except UnicodeDecodeError as error:
        raise no_text(path) from error
    except OSError as error:
        raise LaneError(_("{path} cannot be read: {why}").format(path=path, why=reason_of(error))) from error


def no_text(path: Path) -> LaneError:
    """What to say of a table that is none."""
    return LaneError(_("{path} is no table of text: save it as CSV in UTF-8").format(path=path))


def parsed(lines: Iterable[str], path: Path) -> list[Log]:
    """The passages of a table's lines, in their order; `path` is what errors call it. Raises LaneError."""
    try:
        rows = list(_rows(lines, path))
    except csv.Error as error:
        raise no_text(path) from error
    if not rows:
        raise LaneError(_("{path} holds no reading: record again").format(path=path))
    every = np.array([row[2] for row in rows], np.float64)
    untold = np.isnan(every).sum(axis=1)
    _fill(path, every)
    logs, first = [], 0
    for person, group in groupby(rows, key=lambda row: row[1]):
        own = list(group)
        part = slice(first, first + len(own))
        logs.append(replace(_log(path, own[0][0], person, every[part]), untold=int(untold[part].sum())))
        first += len(own)
    return logs


def _fill(path: Path, table: NDArray[np.float64]) -> None:
    """Levels that are not told become the lowest one told: the floor of the instrument, or what lies just above it."""
    for name in LEVELS:
        level = table[:, COLUMNS.index(name)]
        missing = np.isnan(level)
        if missing.all():
            raise LaneError(
                _("{path} tells no level in {column}: write the instrument's floor there").format(
                    path=path, column=name
                )
            )
        level[missing] = level[~missing].min()


def check_person(number: str) -> str:
    """A number of a person or parcel as it is kept. Raises LaneError for what may be a name."""
    kept = number.strip().upper()
    if not NUMBER.fullmatch(kept):
        raise LaneError(
            _("{number} is no number of a person or parcel: write digits, as P-0042, and never a name").format(
                number=repr(number)
            )
        )
    return kept


def _log(path: Path, line: int, person: str, table: NDArray[np.float64]) -> Log:
    time_s, position_m, transmit_dbm, *levels = table.T
    where = _("{path}, from line {line} on").format(path=path, line=line)
    if len(time_s) < FEWEST:
        raise LaneError(
            _("{where}: {count} readings are no passage: {least} or more are needed").format(
                where=where, count=len(time_s), least=FEWEST
            )
        )
    if (np.diff(time_s) < 0).any():
        raise LaneError(_("{where}: time_s runs backwards: sort the table by it").format(where=where))
    speed = float(np.ptp(position_m)) / max(float(np.ptp(time_s)), 1e-9)
    if speed > FASTEST_M_S and np.ptp(time_s) > 0:
        raise LaneError(
            _("{where}: position_m changes by {speed} m a second: write metres and seconds").format(
                where=where, speed=number(speed)
            )
        )
    check_length(where, position_m)
    for order, level in zip((2, 3), levels, strict=True):
        check_clipped(where, order, level)
    return Log(person, time_s, position_m, transmit_dbm, 10 ** (np.array(levels) / 10))


def check_length(where: str, position_m: NDArray[np.float64]) -> None:
    """Raises LaneError where the way is longer than any lane."""
    length = float(np.ptp(position_m))
    if length > LONGEST_M:
        raise LaneError(
            _("{where}: position_m spans {length} m, no lane is longer than {most} m: part the passages").format(
                where=where, length=number(length), most=number(LONGEST_M)
            )
        )


def stands_still(log: Log) -> bool:
    """Whether both levels are exactly alike throughout, while the power that is sent steps."""
    return bool((np.ptp(log.power_mw, axis=1) == 0).all() and np.ptp(log.transmit_dbm) > 0)


def check_clipped(where: str, order: int, level_dbm: NDArray[np.float64]) -> None:
    """Raises LaneError where the highest readings stand at the instrument's end."""
    top = level_dbm.max()
    if int((level_dbm == top).sum()) >= CLIPPED and top > np.median(level_dbm) + ABOVE_DB:
        raise LaneError(
            _("{where}: the level at {order}f0 is clipped at {level} dBm: record again with less gain").format(
                where=where, order=order, level=f"{top:g}"
            )
        )


def _rows(lines: Iterable[str], path: Path) -> Iterator[tuple[int, str, list[float]]]:
    """Of each line its number, its person and the five numbers."""
    rows = csv.reader(lines)
    at, person_at = _places(path, next(rows, []))
    for row in rows:
        if rows.line_num > MOST_LINES:
            raise LaneError(_("{path} is too large: split it").format(path=path))
        if row:
            yield rows.line_num, *_row(path, rows.line_num, row, at, person_at)


def _places(path: Path, head: Sequence[str]) -> tuple[list[int], int | None]:
    """Columns of COLUMNS, and of the person where there is one."""
    names = [name.strip().casefold() for name in head]
    missing = [name for name in COLUMNS if names.count(name) != 1]
    if missing == ["third_dbm"]:
        raise LaneError(
            _(
                "{path} has no third harmonic (column third_dbm): without it a corroded contact looks like a phone;"
                " record 3f0 too"
            ).format(path=path)
        )
    if missing:
        raise LaneError(
            _("{path} needs one column {missing}: its first line must name {wanted}").format(
                path=path, missing=", ".join(missing), wanted=",".join(COLUMNS)
            )
        )
    return [names.index(name) for name in COLUMNS], names.index(PERSON) if PERSON in names else None


def _row(
    path: Path, line: int, row: Sequence[str], at: Sequence[int], person_at: int | None
) -> tuple[str, list[float]]:
    if len(row) <= max(*at, person_at or 0):
        _wrong(path, line, _("has too few cells: copy the file again"))
    values = []
    for name, place in zip(COLUMNS, at, strict=True):
        try:
            value = float(row[place])
        except ValueError:
            value = math.nan if row[place].strip() else -math.inf
        untold = value == -math.inf or row[place].strip().casefold() == "nan"
        if name in LEVELS and untold:
            values.append(math.nan)
            continue
        low, high = (LOWEST_DBM, HIGHEST_DBM) if name.endswith("_dbm") else (-1e12, 1e12)
        if not low <= value <= high:
            text = repr(row[place])
            _wrong(path, line, _("{column} is {value}: write a number").format(column=name, value=text))
        values.append(value)
    person = "" if person_at is None or not row[person_at].strip() else check_person(row[person_at])
    return person, values


def _wrong(path: Path, line: int, problem: str) -> NoReturn:
    raise LaneError(_("{path}, line {line}: {problem}").format(path=path, line=line, problem=problem))
