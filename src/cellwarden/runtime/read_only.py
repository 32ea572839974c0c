"""A damaged store, shown: what can be read is made a store of its own, which lives as long as its console.

```
 SITE.db ─► salvage ─► a folder beside it, deleted at the end ─► console: pages, sign-in; nothing else is taken
 SITE.db-views ◄─ who looks at what
```

What somebody's sign-in changes (sessions, wrong guesses) goes into the copy, and ends with it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from sqlalchemy import Engine

from cellwarden.console.desk import ReadOnly
from cellwarden.language import gettext as _
from cellwarden.runtime.guard import PROGRAM
from cellwarden.store.audit import ELSEWHERE
from cellwarden.store.beside import Beside
from cellwarden.store.engine import opened
from cellwarden.store.salvage import no_room, salvage
from cellwarden.watch.notify.message import Message, iso


class Shown(NamedTuple):
    """What a console shows of a damaged store."""

    engine: Engine
    read_only: ReadOnly
    people: bool
    """Whether all people could be read: else one who was barred here may be missing."""


@contextmanager
def salvaged(store: Path, now_ns: Callable[[], int]) -> Iterator[Shown]:
    """Within this, what can be read. Raises StoreDamagedError for too little, StoreError where it cannot be kept."""
    try:
        folder = TemporaryDirectory(prefix=f".{store.name}.", dir=store.absolute().parent)
    except OSError as error:
        raise no_room(store, error) from error
    with folder as name:
        place = Path(name) / "salvaged.db"
        found, log = salvage(store, Path(name), place), Beside(store)
        engine = opened(str(place)).execution_options(**{ELSEWHERE: log.append})
        why = f"SHA-256 {found.digest}" + (f"; {', '.join(found.gaps)}" if found.gaps else "")
        try:
            log.append(PROGRAM, "read-only begins", str(store), why, now_ns())
            shown = ReadOnly(store, now_ns(), found.until_ns, bool(found.gaps), log)
            yield Shown(engine, shown, "people" not in found.gaps)
            log.append(PROGRAM, "read-only ends", str(store), "", now_ns())
        finally:
            engine.dispose()
            log.close()


def words(site: str, store: Path, now_ns: int) -> Message:
    """What whoever alerts go to is told, once."""
    title = _("{site}: nobody listens: the store is damaged").format(site=site)
    body = _("Restore a backup by `cellwarden store restore BACKUP -o {path} --force`, then start the watch anew.")
    values = {
        "name": "store", "told": iso(now_ns), "since": iso(now_ns), "kind": "damaged", "interface": "", "band": "",
        "room": "", "room_probability": 0.0, "rooms": [], "probability": 0.0, "severity": "high", "sensors": [],
        "reason": "store damaged", "escalation": 0, "silent": False,
    }  # fmt: skip
    return Message("store", "high", title, body.format(path=store), values, now_ns)
