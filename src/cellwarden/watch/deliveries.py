"""Deliveries as the store keeps them: one of an alert, an address, a step of escalation and a severity, never two.

```
 begun ─► waiting ─┬─► taken
                   ├─► given up    nobody took it for three days, or its address is the site's no more
                   └─► decided     an escalation that somebody forestalled
```

The store holds an address as its SHA-256, beside what may be shown of it: passwords stay in the site's file.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple, TypeAlias

from sqlalchemy import Connection, RowMapping, and_, func, or_, select, text, update

from cellwarden.store.tables import deliveries
from cellwarden.watch.notify import hidden
from cellwarden.watch.notify.queue import LONGEST_NS, Delivery, given_up

State: TypeAlias = Literal["waiting", "taken", "given up", "decided"]

_BEGUN = text(
    "INSERT INTO deliveries"
    " (alert, address, place, step, severity, since_ns, next_ns, tries, failure, state) VALUES"
    " (:alert, :address, :place, :step, :severity, :since_ns, :next_ns, :tries, :failure, 'waiting')"
    " ON CONFLICT (alert, address, step, severity) DO NOTHING"
)
_WAITING = deliveries.c.state == "waiting"


def keep_deliveries(c: Connection, begun: Iterable[Delivery]) -> int:
    """Keep those that were not kept before, whatever became of these; returns how many are new."""
    return sum(c.execute(_BEGUN, _columns(one)).rowcount for one in begun)


def due_deliveries(c: Connection, addresses: Iterable[str], now_ns: int, limit: int) -> list[Delivery]:
    """Those to be tried now, the oldest first. Where a clock went back, what it put too far ahead is due at once."""
    by = {digest(address): address for address in addresses}
    at, tried = deliveries.c.next_ns, deliveries.c.tries > 0
    ahead = or_(and_(tried, at > now_ns + LONGEST_NS), and_(~tried, deliveries.c.since_ns > now_ns))
    asked = (
        select(deliveries)
        .where(_WAITING, deliveries.c.address.in_(by), or_(at <= now_ns, ahead))
        .order_by(deliveries.c.since_ns, deliveries.c.id)
        .limit(limit)
    )
    return [_delivery(row, by[row["address"]]) for row in c.execute(asked).mappings()]


def keep_delivery(c: Connection, one: Delivery, state: State = "waiting") -> None:
    """What became of a try: when the next one is, or how it ended."""
    same = (deliveries.c[name] == value for name, value in _key(one).items())
    told = {"next_ns": one.next_ns, "tries": one.tries, "failure": one.failure, "state": state}
    c.execute(update(deliveries).where(*same).values(**told))


def readdress(
    c: Connection, addresses: Sequence[str], now_ns: int, to: Sequence[str] | None = None
) -> Mapping[str, int]:
    """What waits for an address that is none of these any more goes to those that had not to get it: whoever mends an
    address gets the night's alerts. Returns how many each old one, as it may be shown, had waiting.

    `to` are those of the addresses that get them, where it is not all.
    """
    to = addresses if to is None else to
    if not to:
        return {}
    astray = _WAITING & deliveries.c.address.not_in([digest(one) for one in addresses])
    counts = Counter[str]()
    for row in c.execute(select(deliveries).where(astray).order_by(deliveries.c.id)).mappings().all():
        counts[row["place"]] += 1
        if not given_up(one := _delivery(row, ""), now_ns):
            again = (replace(one, address=address, next_ns=now_ns, tries=0, failure="") for address in to)
            keep_deliveries(c, again)
    c.execute(update(deliveries).where(astray).values(state="given up"))
    return counts


def steps_begun(c: Connection, since_ns: int) -> set[tuple[str, int]]:
    """Alerts that escalated since then, each with its steps."""
    asked = select(deliveries.c.alert, deliveries.c.step).distinct()
    asked = asked.where(deliveries.c.step > 0, deliveries.c.since_ns >= since_ns)
    return {(row.alert, row.step) for row in c.execute(asked)}


class Place(NamedTuple):
    """How it goes with a place to which alerts are sent, as it may be shown."""

    place: str
    taken: int
    waiting: int
    given_up: int
    failing: int
    """Of those that wait or were given up, how many were tried in vain."""
    failure: str
    """What the newest of these was told; empty where nothing fails."""
    last_ns: int | None
    """When the newest that was taken had begun."""


def places(c: Connection, since_ns: int) -> list[Place]:
    """All to which anything was to be sent since then, those that fail first."""
    counts: dict[str, Counter[str]] = {}
    last: dict[str, int] = {}
    of = deliveries.c
    failing = and_(of.state.in_(("waiting", "given up")), of.failure != "")
    asked = select(of.place, of.state, failing.label("failing"), func.count(), func.max(of.since_ns))
    for place, state, fails, count, newest in c.execute(
        asked.where(of.since_ns >= since_ns).group_by(of.place, of.state, failing)
    ):
        counts.setdefault(place, Counter()).update({state: count, "failing": count if fails else 0})
        if state == "taken":
            last[place] = newest
    words = {row.place: row.failure for row in _failures(c, since_ns)}
    found = [
        Place(
            place, of_it["taken"], of_it["waiting"], of_it["given up"], of_it["failing"], words.get(place, ""),
            last.get(place),
        )
        for place, of_it in counts.items()
    ]  # fmt: skip
    return sorted(found, key=lambda one: (not one.failing, one.place))


def failing(c: Connection, since_ns: int) -> list[str]:
    """Places that do not take what is sent to them: what waits there was tried in vain, or was given up since then."""
    return sorted({row.place for row in _failures(c, since_ns)})


def _failures(c: Connection, since_ns: int) -> list[Any]:
    """Place and words of each try in vain that nothing has followed, the newest last."""
    of = deliveries.c
    asked = select(of.place, of.failure).where(
        of.failure != "", or_(of.state == "waiting", and_(of.state == "given up", of.since_ns >= since_ns))
    )
    return list(c.execute(asked.order_by(of.since_ns, of.id)))


def digest(address: str) -> str:
    """What stands for an address in the store."""
    return hashlib.sha256(address.encode()).hexdigest()


def _key(one: Delivery) -> dict[str, Any]:
    return {"alert": one.alert, "address": digest(one.address), "step": one.step, "severity": one.severity}


def _columns(one: Delivery) -> dict[str, Any]:
    return {
        **_key(one),
        "place": hidden(one.address),
        "since_ns": one.since_ns,
        "next_ns": one.next_ns,
        "tries": one.tries,
        "failure": one.failure,
    }


def _delivery(row: RowMapping, address: str) -> Delivery:
    return Delivery(
        row["alert"], address, row["since_ns"], row["next_ns"], row["tries"], row["step"], row["severity"],
        row["failure"],
    )  # fmt: skip
