"""The clock that people read: of the time zone that a site's rules name, else of the machine.

A machine in a rack may stand by UTC, and the prison does not. Where a process answers for a site, as the console does,
each answer is made within `standing`; what machines read never goes by this clock.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

_zone: ContextVar[str] = ContextVar("zone", default="")
"""Within `standing`, its zone: of this task or thread alone."""


@contextmanager
def standing(zone: str) -> Iterator[None]:
    """Read the clock of a zone (empty: the machine's) in this task or thread, and in those that it starts meanwhile."""
    token = _zone.set(zone)
    try:
        yield
    finally:
        _zone.reset(token)


def local(time_ns: int) -> datetime:
    """Date and time of day there."""
    name = _zone.get()
    return datetime.fromtimestamp(time_ns / 1e9, UTC).astimezone(ZoneInfo(name) if name else None)


def zone(time_ns: int) -> str:
    """`Europe/Paris, UTC+01:00`; of a machine, which knows its zone by a few letters, the offset alone."""
    name, offset = _zone.get(), f"UTC{local(time_ns):%z}"
    offset = f"{offset[:-2]}:{offset[-2:]}"
    return f"{name}, {offset}" if name and name != "UTC" else offset
