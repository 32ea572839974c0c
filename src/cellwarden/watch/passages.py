"""What is kept of the lane at the gate: passages, how they ended, and what the empty lane sounds like."""

from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, RowMapping, insert, select, update

from cellwarden.errors import StoreError
from cellwarden.language import gettext as _
from cellwarden.model import Alert, Decision, JunctionReading, Passage, State
from cellwarden.store import rows, tables
from cellwarden.watch import junctions
from cellwarden.watch.cases import ENDED
from cellwarden.watch.queries import changed, decide
from cellwarden.watch.rules import JUNCTION


class AlreadyChecked(StoreError):
    """Somebody else said meanwhile how it ended."""


def keep(c: Connection, one: Passage) -> int:
    """A passage; the number that the store gives it."""
    row = tables.passages
    number = c.execute(
        insert(row).returning(row.c.id).values(
            when_ns=one.when_ns, person=one.person, readings=[asdict(reading) for reading in one.readings],
            calibrated=one.calibrated, warning_read=one.warning_read, who=one.who, second_check=one.second_check,
            outcome=one.outcome, why=one.why, checked_by=one.checked_by, checked_ns=one.checked_ns,
        )
    ).scalar_one()  # fmt: skip
    changed(c, "passage", str(number))
    return int(number)


def passage(c: Connection, number: int) -> Passage | None:
    """The one of a number; None where there is none (any more)."""
    row = c.execute(select(tables.passages).where(tables.passages.c.id == number)).mappings().one_or_none()
    return _passage(row) if row else None


def passages(c: Connection, since_ns: int, limit: int) -> list[Passage]:
    """The newest first."""
    row = tables.passages.c
    asked = select(tables.passages).where(row.when_ns >= since_ns).order_by(row.when_ns.desc(), row.id.desc())
    return [_passage(one) for one in c.execute(asked.limit(limit)).mappings()]


def check(
    c: Connection, number: int, second_check: str, outcome: str, why: str, who: str, when_ns: int, said: str = ""
) -> None:
    """How a passage ended, and with it its alert, whose decision says `said`. Raises AlreadyChecked, and keeps nothing,
    where that is known."""
    row = tables.passages
    made = update(row).where(row.c.id == number, row.c.outcome == "")
    ended = {"second_check": second_check, "outcome": outcome, "why": why, "checked_by": who, "checked_ns": when_ns}
    if not c.execute(made.values(**ended)).rowcount:
        raise AlreadyChecked(_("Somebody else said meanwhile how it ended: look at it again."))
    changed(c, "passage", str(number))
    known = alert_of(c, number)
    if known is not None and known[1] == "new":
        decide(c, Decision(known[0].name, junctions.DECIDED[outcome], who, when_ns, said or why), "new")


def alert_of(c: Connection, number: int) -> tuple[Alert, State] | None:
    """The alert that a passage gave, and where it stands; None where it gave none."""
    asked = select(tables.alerts).where(tables.alerts.c.phone == junctions.phone_of(number))
    row = c.execute(asked.where(tables.alerts.c.told_ns >= _kept_ns(c, number))).mappings().one_or_none()
    return None if row is None else (rows.alert(row), row["state"])


def waiting(c: Connection) -> list[Alert]:
    """Open alerts of passages, the newest first: of each somebody has yet to say how it ended."""
    one = tables.alerts.c
    asked = select(tables.alerts).where(one.state.not_in(ENDED), one.activity["kind"].as_string() == JUNCTION)
    return [rows.alert(row) for row in c.execute(asked.order_by(one.told_ns.desc())).mappings()]


def _kept_ns(c: Connection, number: int) -> int:
    """When a passage was kept: alerts before it are none of its."""
    at = tables.passages.c
    return int(c.execute(select(at.when_ns).where(at.id == number)).scalar() or 0)


def keep_empty(c: Connection, text: str, who: str, when_ns: int) -> None:
    """The empty lane's table, which holds from now on."""
    c.execute(insert(tables.empty_lanes).values(when_ns=when_ns, who=who, text=text))


def empty(c: Connection) -> tuple[int, str, str, int] | None:
    """Number, table, by whom and when, of the newest; None before the first."""
    row = tables.empty_lanes.c
    asked = select(row.id, row.text, row.who, row.when_ns).order_by(row.id.desc()).limit(1)
    found = c.execute(asked).one_or_none()
    return None if found is None else (int(found[0]), found[1], found[2], found[3])


def _passage(row: RowMapping) -> Passage:
    readings = tuple(_reading(one) for one in row["readings"])
    return Passage(
        row["id"], row["when_ns"], row["person"], readings, row["calibrated"], row["warning_read"], row["who"],
        row["second_check"], row["outcome"], row["why"], row["checked_by"], row["checked_ns"],
    )  # fmt: skip


def _reading(told: dict[str, Any]) -> JunctionReading:
    slopes = {name: told[name] and tuple(told[name]) for name in ("second_slope", "third_slope")}
    return JunctionReading(**told | slopes)
