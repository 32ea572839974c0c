"""The rules in force, with the text they were read from. Whoever changes them writes the file first; the watch takes
them with its next step.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, func, insert, select

from cellwarden.document.whole import write_whole
from cellwarden.errors import RulesError
from cellwarden.language import gettext as _
from cellwarden.language import reason_of
from cellwarden.model.watch import RulesText
from cellwarden.store import tables
from cellwarden.watch.rules_file import Rules, load
from cellwarden.watch.rules_write import written


@dataclass(slots=True)
class Held:
    """What console and watch share: the one changes it, the other reads it."""

    rules: Rules
    text: str
    path: Path | None = None
    """None where they have no file: then they cannot be changed."""


def held(path: Path | None, rooms: Sequence[str] | None = None) -> Held:
    """The rules of a file, or the usual ones. Raises RulesError, naming line and remedy."""
    if path is None:
        return Held(Rules(), written(Rules()))
    rules = load(path, rooms)
    return Held(rules, path.read_text(encoding="utf-8-sig"), path)


def change(c: Connection, now: Held, text: str, rules: Rules, one: RulesText) -> None:
    """Put `rules`, read from `text`, in force: the version is kept, then the file is written, whole or not at all.

    The text of before is kept too, where it never was: somebody wrote it by hand. To be called in a transaction.
    """
    assert now.path is not None
    newest = next(iter(texts(c, 1)), None)
    if newest is None or newest.text != now.text:
        _keep(c, RulesText(_next(c), one.when_ns, "", "", now.text))
    _keep(c, RulesText(_next(c), one.when_ns, one.who, one.why, text))
    _write(now.path, text)
    now.rules, now.text = rules, text


def texts(c: Connection, limit: int) -> list[RulesText]:
    """All versions, the newest first."""
    asked = select(tables.rules_texts).order_by(tables.rules_texts.c.number.desc()).limit(limit)
    return [RulesText(row.number, row.when_ns, row.who, row.why, row.text) for row in c.execute(asked)]


def _keep(c: Connection, one: RulesText) -> None:
    c.execute(
        insert(tables.rules_texts).values(
            number=one.number, when_ns=one.when_ns, who=one.who, why=one.why, text=one.text
        )
    )


def _next(c: Connection) -> int:
    return int(c.execute(select(func.coalesce(func.max(tables.rules_texts.c.number), 0))).scalar_one()) + 1


def _write(path: Path, text: str) -> None:
    try:
        write_whole(path, (text.encode(),))
    except OSError as error:
        raise RulesError(
            _("{path} cannot be written: {why}: make room, or mend its rights").format(path=path, why=reason_of(error))
        ) from error
