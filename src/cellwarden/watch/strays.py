"""What is kept of unknown bursts, and the names that people give their shapes."""

from collections.abc import Iterable

from sqlalchemy import Connection, func, insert, select

from cellwarden.model import Stray, StrayName
from cellwarden.store import tables

_FIELDS = (
    "start_ns", "end_ns", "sensor", "low_hz", "high_hz", "bursts", "burst_s", "period_s", "snr_db", "unkept",
)  # fmt: skip


def keep(c: Connection, several: Iterable[Stray]) -> None:
    """Trains, as they are told."""
    rows = [{name: getattr(one, name) for name in _FIELDS} for one in several]
    if rows:
        c.execute(insert(tables.strays), rows)


def strays(c: Connection, since_ns: int, until_ns: int, most: int) -> tuple[list[Stray], int]:
    """Those that began in [since, until), in the order of time: of more than `most` each second, third, …; how many."""
    one = tables.strays.c
    between = one.start_ns >= since_ns, one.start_ns < until_ns
    count = c.execute(select(func.count()).select_from(tables.strays).where(*between)).scalar_one()
    asked = select(*(one[name] for name in _FIELDS)).where(*between).order_by(one.start_ns, one.id)
    if count > most:
        asked = asked.where(one.id % -(-count // most) == 0)
    return [Stray(*row) for row in c.execute(asked)], count


def unkept(c: Connection, since_ns: int, until_ns: int) -> int:
    """How many were too many to be kept."""
    one = tables.strays.c
    asked = select(func.coalesce(func.sum(one.unkept), 0)).where(one.start_ns >= since_ns, one.start_ns < until_ns)
    return int(c.execute(asked).scalar_one())


def name(c: Connection, one: StrayName) -> None:
    """A name, after those that were given before."""
    c.execute(
        insert(tables.stray_names).values(
            name=one.name, who=one.who, when_ns=one.when_ns, why=one.why, frequency_hz=one.frequency_hz,
            width_hz=one.width_hz, burst_s=one.burst_s,
        )
    )  # fmt: skip


def names(c: Connection) -> list[StrayName]:
    """All that were ever given, the oldest first."""
    one = tables.stray_names.c
    asked = select(one.name, one.who, one.when_ns, one.why, one.frequency_hz, one.width_hz, one.burst_s)
    return [StrayName(*row) for row in c.execute(asked.order_by(one.id))]
