"""Alerts go out, and none is lost: kept with the alert in one transaction, sent by threads of their own.

```
 guard ─► alert + deliveries (one transaction) ─► a thread an address: what is due ─► send ─► outcome + audit line
          each minute: nobody decided? ─► deliveries of the next step ─┘                        └ not taken: later
```

Whoever is killed between sending and keeping the outcome sends again when it starts anew: an alert may come twice, and
never not at all. An address that does not answer keeps nobody waiting but itself. The audit log has a line for each
delivery that was taken, that failed for the first time, and that was given up; none tells a password, path or token.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from sqlalchemy import Connection, Engine

from cellwarden.errors import CellwardenError, NotifyError
from cellwarden.language import gettext as _
from cellwarden.language.clock import standing
from cellwarden.model import Alert
from cellwarden.model.watch import State as AlertState
from cellwarden.store.audit import audited
from cellwarden.store.engine import reading
from cellwarden.watch import deliveries, notify, queries, rules
from cellwarden.watch.notify.message import Message, message
from cellwarden.watch.notify.queue import KEEP_NS, Delivery, begun, given_up, tried
from cellwarden.watch.rules_file import Rules

WHO = "notifier"
"""In the audit log."""
LOOK_S = 0.5
"""Between two looks for what is due: an alert is on its way after so long at most."""
ESCALATE_S = 60.0
AGAIN_S = 10.0
"""After the store could not be used."""
MANY = 32
"""Deliveries that are looked up at once."""
STOP_S = 1.0
"""How long the end waits for a server that is slow; what it took then may come to it again."""

NEW: tuple[AlertState] = ("new",)

Clock = Callable[[], int]
Warn = Callable[[str], None]


def keep(c: Connection, wanted: Rules, alerts: Iterable[Alert], addresses: Sequence[str], now_ns: int) -> None:
    """Alerts that were just kept, on their way to each address; one that became graver goes out once more.

    What rings at night waits for the end of quiet hours; tickets, brokers, SIEM and letters get it at once.
    """
    for alert in alerts:
        loud_ns = max(now_ns, rules.sounds_ns(wanted, alert))
        on_way = begun(alert.name, notify.wanting(addresses, alert.odds), now_ns, severity=alert.severity)
        deliveries.keep_deliveries(
            c, (replace(one, next_ns=loud_ns) if notify.sounds(one.address) else one for one in on_way)
        )


@contextmanager
def running(
    engine: Engine,
    wanted: Callable[[], Rules],
    addresses: Sequence[str],
    now_ns: Clock,
    warn: Warn = lambda _words: None,
) -> Iterator[None]:
    """Send and escalate meanwhile, by the rules as they are then."""
    if not addresses:
        yield
        return
    readdressed(engine, addresses, now_ns())
    stopped = threading.Event()

    def sends(address: str) -> Callable[[], float]:
        def send_due() -> float:
            with standing(wanted().timezone):
                return 0.0 if sent(engine, address, now_ns, warn, stopped) else LOOK_S

        return send_due

    def escalates() -> float:
        escalated(engine, wanted(), addresses, now_ns())
        return ESCALATE_S

    work = [*map(sends, addresses), escalates]
    threads = [threading.Thread(target=_repeated, args=(one, stopped, warn), name=WHO, daemon=True) for one in work]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopped.set()
        end_s = time.monotonic() + STOP_S
        for thread in threads:
            thread.join(max(0.0, end_s - time.monotonic()))


def sent(
    engine: Engine,
    address: str,
    now_ns: Clock,
    warn: Warn = lambda _words: None,
    stopped: threading.Event | None = None,
    send: notify.Notifier = notify.send,
) -> int:
    """Try what is due for an address, one after the other; returns how many were tried."""
    stopped = stopped or threading.Event()
    with reading(engine) as c:
        due = deliveries.due_deliveries(c, (address,), now_ns(), MANY)
    for number, one in enumerate(due):
        if stopped.is_set():
            return number
        _send(engine, one, now_ns, warn, stopped, send)
    return len(due)


def escalated(engine: Engine, wanted: Rules, addresses: Sequence[str], now_ns: int) -> int:
    """Begin the deliveries of alerts of the last days on which nobody has decided; returns how many alerts they are."""
    since_ns = now_ns - KEEP_NS
    with reading(engine) as c:
        open_ = queries.alerts(c, NEW, since_ns)
        known = deliveries.steps_begun(c, since_ns)
    late = [
        (alert, step) for alert, step in rules.escalations(wanted, open_, now_ns) if (alert.name, step) not in known
    ]
    if not late:
        return 0
    with engine.begin() as c:
        for alert, step in late:
            deliveries.keep_deliveries(c, begun(alert.name, notify.wanting(addresses, ()), now_ns, step))
            audited(c, WHO, "alert escalated", alert.name, str(step), now_ns=now_ns)
    return len(late)


def readdressed(engine: Engine, addresses: Sequence[str], now_ns: int) -> None:
    """What waits for addresses that the site's file no longer has goes to those that it has."""
    with engine.begin() as c:
        for place, count in deliveries.readdress(c, addresses, now_ns, notify.wanting(addresses, ())).items():
            audited(c, WHO, "address removed", place, f"{count}", now_ns=now_ns)


def _send(
    engine: Engine, one: Delivery, now_ns: Clock, warn: Warn, stopped: threading.Event, send: notify.Notifier
) -> None:
    """Try one, and keep what became of it."""
    words = _message(engine, one)
    if words is None:
        _until_kept(lambda: _kept(engine, one, "decided", now_ns()), stopped, warn)
        return
    again = tried(one, words, now_ns(), _surely(send))
    if again is None:
        _until_kept(lambda: _kept(engine, one, "taken", now_ns()), stopped, warn)
        return
    if again.tries == 1:
        warn(again.failure)
    state: deliveries.State = "given up" if given_up(again, now_ns()) else "waiting"
    _until_kept(lambda: _kept(engine, again, state, now_ns()), stopped, warn)


def _message(engine: Engine, one: Delivery) -> Message | None:
    """What to send: the alert as it is now. None for an escalation of what somebody has decided meanwhile."""
    with reading(engine) as c:
        if one.step and queries.decisions(c, one.alert):
            return None
        return message(queries.alert(c, one.alert), one.step)


def _surely(send: notify.Notifier) -> notify.Notifier:
    """Whatever goes wrong in a service's own code is a try that failed, and says so."""

    def send_surely(address: str, words: Message) -> None:
        try:
            send(address, words)
        except CellwardenError:
            raise
        except Exception as error:
            raise NotifyError(
                _("{address} cannot be reached: {why}").format(address=notify.hidden(address), why=type(error).__name__)
            ) from error

    return send_surely


def _kept(engine: Engine, one: Delivery, state: deliveries.State, now_ns: int) -> None:
    """What became of a try, and its line in the audit log, in one transaction."""
    place, tries = notify.hidden(one.address), one.tries + (state == "taken")
    with engine.begin() as c:
        deliveries.keep_delivery(c, replace(one, tries=tries), state)
        if state == "taken":
            audited(c, WHO, "alert sent", one.alert, f"{place}, {tries}", now_ns=now_ns)
        elif state == "given up":
            audited(c, WHO, "alert given up", one.alert, f"{place}, {tries}: {one.failure}", now_ns=now_ns)
        elif one.tries == 1:
            audited(c, WHO, "alert not sent", one.alert, one.failure, now_ns=now_ns)


def _until_kept(keep: Callable[[], None], stopped: threading.Event, warn: Warn) -> None:
    """Nothing more is sent before the store has what became of this: else it would be sent over and over."""
    while True:
        try:
            keep()
        except CellwardenError as error:
            warn(str(error))
            if stopped.wait(AGAIN_S):
                return
        else:
            return


def _repeated(work: Callable[[], float], stopped: threading.Event, warn: Warn) -> None:
    """Work, and again after as many seconds as it says; also after an error, which is told."""
    while not stopped.is_set():
        try:
            wait_s = work()
        except Exception as error:  # noqa: BLE001 a thread that ends would lose alerts in silence
            warn(str(error) if isinstance(error, CellwardenError) else f"{type(error).__name__}: {error}")
            wait_s = AGAIN_S
        stopped.wait(wait_s)
