"""Trials in the field, as a table: one line for each time that somebody went past a device with a phone, or without.

    device;present;alarm;score;distance_m;posture;phone
    portal A;true;true;7.2;1.5;standing;Mini 2G
    portal A;false;false;0.4;1.5;standing;

Columns may have other names (English or French, see COLUMNS) and stand in any order; those that are not known are left
out of account. Commas, semicolons or tabs separate; where semicolons or tabs do, a comma may be the decimal sign.
"""

import csv
import io
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cellwarden.errors import BenchError
from cellwarden.language import gettext as _
from cellwarden.language import reason_of

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "device": ("device", "technology", "portal", "detector", "sensor", "dispositif", "technologie", "portique"),
    "present": ("present", "phone_present", "truth", "actual", "présent", "vérité"),
    "alarm": ("alarm", "detected", "result", "alarme", "détecté", "résultat"),
    "score": ("score", "level", "niveau"),
    "distance_m": ("distance_m", "distance"),
    "posture": ("posture", "position"),
    "phone": ("phone", "phone_model", "model", "téléphone", "modèle"),
}
"""The columns, with the names that they may have."""
YES = ("true", "t", "1", "yes", "y", "vrai", "v", "oui", "o")
NO = ("false", "f", "0", "no", "n", "faux", "non")
MOST_BYTES = 200_000_000


@dataclass(frozen=True, slots=True)
class Trial:
    """One pass."""

    device: str
    present: bool
    """There was a phone."""
    alarm: bool | None
    """What the device said; None where only its score is known."""
    score: float | None
    distance_m: float | None
    posture: str
    phone: str


def read(path: Path) -> list[Trial]:
    """All trials of a file. Raises BenchError, naming the line and the column, for all that can be wrong with it."""
    rows, separator = _rows(path)
    if not rows:
        raise BenchError(_("{path} is empty: it needs a line of column names and one for each trial").format(path=path))
    places = _places(path, rows[0])
    trials = []
    for number, row in enumerate(rows[1:], 2):
        if any(cell.strip() for cell in row):
            trials.append(_trial(path, number, row, places, separator))
    if not trials:
        raise BenchError(_("{path} has column names but no trial").format(path=path))
    return trials


def _rows(path: Path) -> tuple[list[list[str]], str]:
    try:
        if not path.is_file():
            raise BenchError(_("{path} is no file: name a table of trials (CSV)").format(path=path))
        if path.stat().st_size > MOST_BYTES:
            raise BenchError(_("{path} is too large for a table of trials: split it").format(path=path))
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BenchError(_("{path} cannot be read: {why}").format(path=path, why=reason_of(error))) from error
    except UnicodeDecodeError as error:
        raise BenchError(_("{path} is not UTF-8 text: save it as CSV in UTF-8").format(path=path)) from error
    head = text.partition("\n")[0]
    separator = max(";\t,", key=head.count)
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator)), separator
    except csv.Error as error:
        raise BenchError(_("{path} is no table: {why}").format(path=path, why=error)) from error


def _places(path: Path, head: Sequence[str]) -> dict[str, int]:
    """Where each known column stands."""
    names = [name.strip().casefold() for name in head]
    places: dict[str, int] = {}
    for column, known in COLUMNS.items():
        found = [n for n, name in enumerate(names) if name in known]
        if len(found) > 1:
            raise BenchError(
                _("{path} has two columns for {column}: {names}: leave one out").format(
                    path=path, column=column, names=", ".join(repr(head[n]) for n in found)
                )
            )
        if found:
            places[column] = found[0]
    missing = [column for column in ("device", "present") if column not in places]
    missing += ["alarm"] if "alarm" not in places and "score" not in places else []
    if missing:
        raise BenchError(
            _("{path} lacks the column {missing}; it has {names}: name its columns {known}").format(
                path=path,
                missing=", ".join(missing),
                names=", ".join(repr(name) for name in head[:20]),
                known=", ".join(COLUMNS),
            )
        )
    return places


def _trial(path: Path, line: int, row: Sequence[str], places: Mapping[str, int], separator: str) -> Trial:
    def cell(column: str) -> str:
        at = places.get(column)
        return row[at].strip() if at is not None and at < len(row) else ""

    def value(column: str, meaning: Callable[[str], bool | float | None], remedy: str) -> bool | float | None:
        text = cell(column)
        if not text:
            return None
        if (found := meaning(text)) is None:
            raise BenchError(
                _("{path}, line {line}: {column} is {value}: write {remedy}").format(
                    path=path, line=line, column=column, value=repr(text), remedy=remedy
                )
            )
        return found

    truth = value("present", _boolean, _("true or false"))
    alarm = value("alarm", _boolean, _("true or false"))
    score = value("score", lambda text: _number(text, separator), _("a number"))
    distance = value("distance_m", lambda text: _length(text, separator), _("a number of metres, 0 or more"))
    if truth is None or not cell("device") or (alarm is None and score is None):
        column = "present" if truth is None else "alarm" if cell("device") else "device"
        raise BenchError(
            _("{path}, line {line}: {column} is empty: fill it in or take the line out").format(
                path=path, line=line, column=column
            )
        )
    heard = None if alarm is None else bool(alarm)
    return Trial(cell("device"), bool(truth), heard, score, distance, cell("posture"), cell("phone"))


def _boolean(text: str) -> bool | None:
    word = text.casefold()
    return True if word in YES else False if word in NO else None


def _number(text: str, separator: str) -> float | None:
    try:
        value = float(text.replace(",", ".") if separator != "," else text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _length(text: str, separator: str) -> float | None:
    value = _number(text, separator)
    return value if value is not None and value >= 0 else None
