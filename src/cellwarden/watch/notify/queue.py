"""What is still to be sent: values that a store keeps, so that neither a lost server nor a lost power line loses one.

tries   1     2     3    4    5     6 …            each time twice as long, an hour at most; given up after KEEP_NS
wait    10 s  20 s  40 s 80 s 160 s 320 s …
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from cellwarden.errors import NotifyError
from cellwarden.model.span import S_NS
from cellwarden.watch.notify.message import Message

FIRST_NS = 10 * S_NS
LONGEST_NS = 3600 * S_NS
KEEP_NS = 3 * 24 * 3600 * S_NS
"""An alert of three days ago helps nobody on a pager; it stays in the console."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One alert on its way to one address."""

    alert: str
    address: str
    since_ns: int
    next_ns: int
    """Not before."""
    tries: int = 0
    step: int = 0
    """Of escalation."""
    severity: str = ""
    """Of the alert as it began: one that became graver is sent anew."""
    failure: str = ""
    """Of the last try, in words."""


def begun(alert: str, addresses: Iterable[str], now_ns: int, step: int = 0, severity: str = "") -> tuple[Delivery, ...]:
    """To each address, at once. Which are due, the store says (`watch.deliveries`)."""
    return tuple(Delivery(alert, address, now_ns, now_ns, 0, step, severity) for address in addresses)


def tried(delivery: Delivery, message: Message, now_ns: int, send: Callable[[str, Message], None]) -> Delivery | None:
    """Try once: None where it was taken, else when to try again."""
    try:
        send(delivery.address, message)
    except NotifyError as error:
        wait_ns = min(FIRST_NS * 2 ** min(delivery.tries, 20), LONGEST_NS)
        return replace(delivery, tries=delivery.tries + 1, next_ns=now_ns + wait_ns, failure=str(error))
    return None


def given_up(delivery: Delivery, now_ns: int) -> bool:
    """Whether it is too old to be tried again; whoever takes it out of the queue writes that down."""
    return now_ns - delivery.since_ns > KEEP_NS
