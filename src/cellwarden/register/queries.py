"""The first register: finds, in a list that only grows (the database refuses anything else)."""

import csv
import io
from datetime import UTC, datetime

from sqlalchemy import Connection, insert, select

from cellwarden.document.table import harmless
from cellwarden.model.register import Find
from cellwarden.store import tables

HEAD = ("number", "alert", "cell", "when", "model", "seal", "photographs", "who")


def keep_find(c: Connection, one: Find) -> int:
    """A find; the number that the list gives it."""
    made = insert(tables.finds).values(
        alert=one.alert,
        cell=one.cell,
        when_ns=one.when_ns,
        model=one.model,
        seal=one.seal,
        photographs=list(one.photographs),
        who=one.who,
    )
    return int(c.execute(made.returning(tables.finds.c.number)).scalar_one())


def finds(c: Connection, alert: str | None = None) -> list[Find]:
    """All finds in the order in which they were kept, or those of one alert."""
    return [find for _number, find in _numbered(c, alert)]


def finds_csv(c: Connection) -> str:
    """The list as a table: times in UTC, photographs' hashes with a space between.

    A cell that a spreadsheet would take for a formula gets an apostrophe before it.
    """
    made = io.StringIO()
    rows = csv.writer(made, lineterminator="\n")
    rows.writerow(HEAD)
    for number, one in _numbered(c):
        when = datetime.fromtimestamp(one.when_ns // 10**9, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        told = (one.alert, one.cell, when, one.model, one.seal, " ".join(one.photographs), one.who)
        rows.writerow([number, *map(harmless, told)])
    return made.getvalue()


def _numbered(c: Connection, alert: str | None = None) -> list[tuple[int, Find]]:
    asked = select(tables.finds).order_by(tables.finds.c.number)
    if alert is not None:
        asked = asked.where(tables.finds.c.alert == alert)
    return [
        (row.number, Find(row.alert, row.cell, row.when_ns, row.model, row.seal, tuple(row.photographs), row.who))
        for row in c.execute(asked)
    ]
