"""What must not be kept: no watch without a mandate, and nothing from where people speak under privilege or outside.

```
[legal]                                        in the site's file
basis = "Code pénitentiaire, art. L. 223-1"    the law that allows it
authority = "DISP Paris, ref. 2026-118"        who ordered it, and the order's reference
expires = 2027-06-30                           its last day
```

The rule. A sighting is dropped where its phone is more likely than allowed in a `privileged` room (DROP_PRIVILEGED) or
beyond the wall (DROP_OUTSIDE). Its place is judged from all that was heard of that phone so far (`places`).

```
 p(forbidden)   0 ──────── CLEAR ──────────── drop at ─────── SURE ──────── 1
                passed at once │   waits for more, WAIT_NS    │ dropped at once
                               │   at most; then by `drop at` │
```

What the errors cost. Keeping one sighting of a talk with a lawyer breaks the law, losing one of a contraband phone
costs some seconds of a call that goes on: so in a privileged room the first is weighed nine times the second, and one
in ten is too likely (p = 1 / (1 + 9)). Beyond the wall both weigh alike, half is the limit, since a phone outside makes
no alert anyway unless it is all but certainly inside (`rules`). A contraband phone in the room beside a lawyer's is
therefore heard less well: that is the price, and `site` tells how many rooms are privileged.

Nothing of what is dropped is kept but how often it happened, and that within 60 s of being heard: a sighting that waits
is in memory only, and after WAIT_NS it is passed or gone.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np

from cellwarden.errors import MandateError, SiteError
from cellwarden.language import gettext as _
from cellwarden.locate import site_file
from cellwarden.locate.site import Site
from cellwarden.locate.whereabouts import OUTSIDE
from cellwarden.model import Sighting
from cellwarden.model.span import S_NS
from cellwarden.watch.places import Pool, empty, logs, probabilities, with_one

WAIT_NS = 55 * S_NS
"""The longest that a sighting waits; 60 s are allowed, and whoever calls `due` may be late."""
FORGET_NS = 60 * S_NS
"""Silence after which the places of a phone are forgotten."""
CLEAR = 0.01
SURE = 0.9
DROP_PRIVILEGED = 0.1
DROP_OUTSIDE = 0.5
REASONS = ("outside", "privileged")


@dataclass(frozen=True, slots=True)
class Mandate:
    """What allows a site to be watched."""

    basis: str
    authority: str
    expires: date
    """Its last day."""


def mandate(path: Path, today: date) -> Mandate:
    """Read a site's mandate. Raises MandateError where there is none, or it has expired."""
    try:
        legal = site_file.tables(path).get("legal")
    except SiteError as error:
        raise MandateError(str(error)) from error
    if not isinstance(legal, dict):
        raise MandateError(
            _("{path} has no legal basis: add [legal] with basis, authority and expires").format(path=path)
        )
    basis, authority = (_words(path, legal, key) for key in ("basis", "authority"))
    expires = legal.get("expires")
    if isinstance(expires, datetime) or not isinstance(expires, date):
        raise MandateError(
            _("{path}: {key} in [legal] must be a day, as {key} = 2027-06-30").format(path=path, key="expires")
        )
    if today > expires:
        raise MandateError(
            _("{path}: the mandate {authority} expired on {day}: have it renewed").format(
                path=path, authority=authority, day=expires.isoformat()
            )
        )
    return Mandate(basis, authority, expires)


def valid(mandate: Mandate, now_ns: int) -> bool:
    """Whether a mandate still holds; a watch that runs for months asks again each hour."""
    return datetime.fromtimestamp(now_ns / S_NS, UTC).date() <= mandate.expires


def _words(path: Path, legal: dict[str, Any], key: str) -> str:
    value = legal.get(key)
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise MandateError(
            _("{path}: {key} in [legal] must be a text of one line, in quotes").format(path=path, key=key)
        )
    return value


@dataclass(slots=True)
class _Phone:
    """Of one phone where it was, and what waits."""

    pool: Pool
    end_ns: int
    waiting: list[Sighting] = field(default_factory=list)


@dataclass(slots=True)
class Sieve:
    """What waits, and how much was dropped for which reason."""

    index: dict[str, int]
    privileged: tuple[int, ...]
    phones: dict[str, _Phone] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=lambda: dict.fromkeys(REASONS, 0))
    burnt: list[str] = field(default_factory=list)
    """Hashes of the snippets of what was dropped, until `to_delete` tells them."""


def fresh(site: Site, rooms: tuple[str, ...]) -> Sieve:
    """Nothing heard yet; rooms as odds name them (`locate.whereabouts.room_names`)."""
    index = {name: n for n, name in enumerate(rooms)}
    kept = tuple(index[room.name] for room in site.rooms if room.kind == "privileged")
    return Sieve(index, kept)


def heard(sieve: Sieve, sighting: Sighting) -> tuple[Sieve, tuple[Sighting, ...]]:
    """Take a sighting in; those that may go on now, in the order of time. Changes the sieve."""
    phone = sieve.phones.get(sighting.phone)
    if phone is None or sighting.start_ns - phone.end_ns > FORGET_NS:
        phone = sieve.phones[sighting.phone] = _Phone(empty(len(sieve.index)), sighting.end_ns)
    phone.pool = with_one(phone.pool, logs(sieve.index, sighting.odds))
    phone.end_ns = max(phone.end_ns, sighting.end_ns)
    phone.waiting.append(sighting)
    forbidden = _forbidden(sieve, phone.pool)
    if forbidden["privileged"] + forbidden["outside"] <= CLEAR:
        return sieve, _released(phone)
    if forbidden["privileged"] + forbidden["outside"] >= SURE:
        _drop(sieve, phone, forbidden)
    return sieve, ()


def due(sieve: Sieve, now_ns: int) -> tuple[Sieve, tuple[Sighting, ...]]:
    """What has waited long enough and may go on; the rest of it is dropped. To be called every second or so."""
    passed: list[Sighting] = []
    for name, phone in list(sieve.phones.items()):
        if phone.waiting and now_ns - phone.waiting[0].end_ns >= WAIT_NS:
            forbidden = _forbidden(sieve, phone.pool)
            if forbidden["privileged"] >= DROP_PRIVILEGED or forbidden["outside"] >= DROP_OUTSIDE:
                _drop(sieve, phone, forbidden)
            else:
                passed += _released(phone)
        if not phone.waiting and now_ns - phone.end_ns > FORGET_NS:
            del sieve.phones[name]
    return sieve, tuple(sorted(passed, key=lambda one: one.start_ns))


def to_delete(sieve: Sieve) -> tuple[str, ...]:
    """Hashes of the snippets that must be deleted now; each is told once."""
    told, sieve.burnt = tuple(sieve.burnt), []
    return told


def waiting(sieve: Sieve) -> int:
    """How many sightings wait."""
    return sum(len(phone.waiting) for phone in sieve.phones.values())


def _forbidden(sieve: Sieve, pool: Pool) -> dict[str, float]:
    found = probabilities(pool)
    privileged = float(np.sum(found[list(sieve.privileged)])) if sieve.privileged else 0.0
    return {"privileged": privileged, "outside": float(found[sieve.index[OUTSIDE]])}


def _drop(sieve: Sieve, phone: _Phone, forbidden: dict[str, float]) -> None:
    sieve.dropped[max(forbidden, key=lambda reason: forbidden[reason])] += len(phone.waiting)
    sieve.burnt += [snippet for sighting in phone.waiting for snippet in sighting.evidence]
    phone.waiting = []


def _released(phone: _Phone) -> tuple[Sighting, ...]:
    released, phone.waiting = tuple(phone.waiting), []
    return released
