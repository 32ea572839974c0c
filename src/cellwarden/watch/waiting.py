"""What is kept so that a restart forgets nobody: registrations that wait, and how sure it is who has a presence.

A watch that ends, or is killed, loses its tracks. Presences are in the store as they were last told; who waits is kept
in the transaction of the sighting that made it wait, and goes in that of what decides.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from cellwarden.model import Activity, Presence
from cellwarden.store import rows, tables
from cellwarden.watch.doing import Proof
from cellwarden.watch.tracker import News

Waiting = Mapping[tuple[str, int], News]
"""Registrations that wait, by the phone and the start of their presences (`cases.Told.waiting`)."""


def keep(c: Connection, now: Waiting, before: Waiting) -> None:
    """What waits now, where `before` is what is kept."""
    row = tables.waiting.c
    for phone, start_ns in [key for key, news in before.items() if now.get(key) is not news]:
        c.execute(delete(tables.waiting).where(row.phone == phone, row.start_ns == start_ns))
    new = [_columns(*key, news) for key, news in now.items() if before.get(key) is not news]
    if new:
        c.execute(insert(tables.waiting), new)


def waiting(c: Connection) -> dict[tuple[str, int], News]:
    """What waited when the last watch ended. A presence that is too old to be kept takes its registration along."""
    row, presence = tables.waiting.c, tables.presences
    same = (presence.c.phone == row.phone) & (presence.c.start_ns == row.start_ns)
    asked = select(presence, row.what, row.activity, row.proof).join_from(presence, tables.waiting, same)
    found = c.execute(asked.order_by(presence.c.id)).mappings()
    return {
        (one["phone"], one["start_ns"]): News(
            one["what"], rows.presence(one), Activity(**one["activity"]), _proof(one["proof"])
        )
        for one in found
    }


def log_ratios(c: Connection, presences: list[Presence]) -> Iterator[tuple[Presence, float]]:
    """Each with the highest likelihood ratio (its logarithm) of what was heard of its emitter under its names."""
    row = tables.sightings.c
    for one in presences:
        names = {one.phone, *(activity.phone for activity in one.activities)}
        asked = select(func.max(row.log_ratio)).where(
            row.start_ns >= one.start_ns, row.start_ns <= one.end_ns, row.emitter == one.emitter, row.phone.in_(names)
        )
        yield one, float(c.execute(asked).scalar() or 0.0) if one.emitter else 0.0


def _columns(phone: str, start_ns: int, news: News) -> dict[str, Any]:
    assert news.activity is not None and news.proof is not None
    proof, activity = asdict(news.proof), asdict(news.activity)
    return {"phone": phone, "start_ns": start_ns, "what": news.what, "activity": activity, "proof": proof}


def _proof(one: Mapping[str, Any]) -> Proof:
    return Proof(**{**one, "sensors": tuple(one["sensors"]), "evidence": tuple(one["evidence"])})
