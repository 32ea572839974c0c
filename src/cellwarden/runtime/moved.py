"""A store whose file goes while it is watched: looked at between steps, and told to whoever alerts go to.

```
 steps ─► looking ─► guard        every LOOK_S: is the file where it was? (`store.moved`)
             └─► the log, the audit log, each address
```

It is looked at where nobody writes: the guard, which writes most, waits for itself here and not for a lock.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from sqlalchemy import Engine

from cellwarden.language import gettext as _
from cellwarden.model.span import S_NS
from cellwarden.runtime.guard import PROGRAM
from cellwarden.runtime.site import Step
from cellwarden.store.audit import audited
from cellwarden.store.moved import Followed, Moved, saved
from cellwarden.watch.notify.message import Message, iso

LOOK_S = 10
"""Between two looks, which cost nothing."""


def looking(
    steps: Iterable[Step], followed: Followed, tell: Callable[[Moved], None], now_ns: Callable[[], int] = time.time_ns
) -> Iterator[Step]:
    """The same steps; `tell` is told when the store's file has gone, and when it could be copied after all."""
    told, looked_ns = None, 0
    for step in steps:
        if abs(now_ns() - looked_ns) >= LOOK_S * S_NS:  # clocks are put back, too
            looked_ns = now_ns()
            found = followed.look()
            if found is not None and found != told:
                tell(found)
            told = found
        yield step
    found = followed.look()  # who ends is told, too: a page may have noticed it first
    if found is not None and found != told:
        tell(found)


def telling(
    site: str, engine: Engine, send: Callable[[Message], None], warn: Callable[[str], None]
) -> Callable[[Moved], None]:
    """What tells of it: in the audit log, which goes on in the copy, as a line, and to each address."""

    def tell(moved: Moved) -> None:
        message = words(site, moved)
        warn(message.body)
        send(message)
        with engine.begin() as c:
            audited(c, PROGRAM, "store moved", str(moved.saved or moved.path), moved.why)

    return tell


def words(site: str, moved: Moved) -> Message:
    """What whoever alerts go to is told."""
    title = _("{site}: the store's file is gone, or another one is in its place").format(site=site)
    if moved.saved is None:
        body = _(
            "{path} is gone and could not be copied ({why}): do not stop the watch, or what was kept is lost; make room"
            " beside it, and it is copied"
        ).format(path=moved.path, why=moved.why)
    else:
        body = _(
            "{path} is gone, or another file is in its place: the watch goes on in {saved}, and nothing is lost. When"
            " it may stop: stop it, `cellwarden store restore {saved} -o {path} --force`, start it anew"
        ).format(path=moved.path, saved=moved.saved)
    values = {
        "name": "store", "told": iso(moved.since_ns), "since": iso(moved.since_ns), "kind": "moved", "interface": "",
        "band": "", "room": "", "room_probability": 0.0, "rooms": [], "probability": 0.0, "severity": "high",
        "sensors": [], "reason": "store moved", "escalation": 0, "silent": False,
    }  # fmt: skip
    return Message("store", "high", title, body, values, moved.since_ns)


def left(store: Path) -> str:
    """What to say, where a watch begins, of a copy that one before it made; empty for none."""
    return next(
        (
            _(
                "{saved} lies beside the store: a watch went on in it when the store's file was gone. Put it back by"
                " `cellwarden store restore {saved} -o {path} --force`, or move it away"
            ).format(saved=one, path=store)
            for one in saved(store)
        ),
        "",
    )
