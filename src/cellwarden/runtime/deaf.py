"""A sensor that goes deaf is an alert of its own: it is told at once, to whoever alerts go to.

So is that nobody listens at all (`sending`).

```
 guard ─ SensorState of another reason ─► sending ─┬─► a line
                                                   └─► each address, tried again until it takes it or GIVE_UP_S
```

These messages live in memory alone: who starts anew finds out anew who is deaf, and the console shows it meanwhile.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import NamedTuple

from cellwarden.console.words import blind, deaf_words
from cellwarden.errors import NotifyError
from cellwarden.language import gettext as _
from cellwarden.model import SensorState
from cellwarden.watch import notify
from cellwarden.watch.notify.message import Message, iso

AGAIN_S = 10.0
GIVE_UP_S = 3600.0


class _Due(NamedTuple):
    """A message on its way."""

    address: str
    words: Message
    until_s: float


def words(site: str, state: SensorState) -> Message:
    """What is told of a sensor."""
    reason = deaf_words(state.reason)
    if state.blind:
        where = ", ".join(blind(one, state.time_ns) for one in state.blind)
        title = _("{site}: sensor {name}: {where}").format(site=site, name=state.sensor, where=where)
        body = _("A jammer sends near it: look for it; what phones send in that band is not heard here.")
    elif state.reason:
        title = _("{site}: sensor {name} is deaf: {reason}").format(site=site, name=state.sensor, reason=reason)
        body = _("Phones near it may not be heard until it is mended.")
    else:
        title = _("{site}: sensor {name} hears again").format(site=site, name=state.sensor)
        body = _("What a node heard meanwhile is delivered by it.")
    severity = "high" if state.reason else "low"
    values = {
        "name": f"sensor {state.sensor}", "told": iso(state.time_ns), "since": iso(state.time_ns),
        "kind": "deaf" if state.reason else "hears", "interface": "", "band": "", "room": "", "room_probability": 0.0,
        "rooms": [], "probability": 0.0, "severity": severity, "sensors": [state.sensor], "reason": state.reason,
        "escalation": 0, "silent": False,
    }  # fmt: skip
    return Message(f"sensor {state.sensor}", severity, title, body, values, state.time_ns)


@contextmanager
def sending(
    addresses: Sequence[str],
    warn: Callable[[str], None],
    send: notify.Notifier = notify.send,
    again_s: float = AGAIN_S,
) -> Iterator[Callable[[Message], None]]:
    """Within this, what sends a message: each address in a thread of its own, so that none waits for another."""
    stopped = threading.Event()
    addresses = notify.wanting(addresses, ())  # no room's camera
    queues: dict[str, SimpleQueue[_Due]] = {address: SimpleQueue() for address in addresses}

    def work(address: str) -> None:
        while not stopped.is_set():
            try:
                due = queues[address].get(timeout=0.5)
            except Empty:
                continue
            said = False
            while not stopped.is_set() and time.monotonic() < due.until_s:
                try:
                    send(address, due.words)
                    break
                except NotifyError as error:
                    if not said:
                        warn(str(error))
                    said = True
                    stopped.wait(again_s)

    def tell(told: Message) -> None:
        warn(told.title)
        for address, waiting in queues.items():
            waiting.put(_Due(address, told, time.monotonic() + GIVE_UP_S))

    for address in addresses:
        threading.Thread(target=work, args=(address,), name="deaf", daemon=True).start()
    try:
        yield tell
    finally:
        stopped.set()
