"""To whom an alert goes: one table of notifiers, each a file and a line.

```
 Alert ─► message ─► Delivery ─► due? ─► by its address ─► told
                        ▲                    │ NotifyError
                        └── later (queue) ◄──┘
```

An address is a URL; what it begins with chooses the notifier, and what is not in the table goes to Apprise, which knows
a hundred services, pagers and gateways of SMS. An address that ends in `#rooms=A-104,A-106` takes alerts of these rooms
alone: the camera that sees their doors is asked to keep that moment.
"""

from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPException
from urllib.parse import unquote, urlsplit

from cellwarden.errors import NotifyError
from cellwarden.language import gettext as _
from cellwarden.model import Odds
from cellwarden.watch.notify import apprise, mqtt, syslog, webhook
from cellwarden.watch.notify.message import Message

ROOMS = "#rooms="
"""Before the rooms of which an address takes alerts, each with what is no letter written as %…."""
Notifier = Callable[[str, Message], None]
"""Takes an address and a message; raises NotifyError where it was not taken."""

NOTIFIERS: Mapping[str, Notifier] = {
    "http": webhook.send,
    "https": webhook.send,
    "mqtt": mqtt.send,
    "mqtts": mqtt.send,
    "syslog": syslog.send,
    "syslog+tcp": syslog.send,
    "mailto": apprise.send,
    "mailtos": apprise.send,
}


def send(address: str, message: Message) -> None:
    """Send a message to one address. Raises NotifyError, which never tells a password."""
    try:
        NOTIFIERS.get(urlsplit(address).scheme, apprise.send)(address.partition(ROOMS)[0], message)
    except (OSError, ValueError, HTTPException) as error:
        why = _(getattr(error, "strerror", None) or str(getattr(error, "reason", None) or type(error).__name__))
        raise NotifyError(_("{address} cannot be reached: {why}").format(address=hidden(address), why=why)) from error


def rooms(address: str) -> tuple[str, ...]:
    """Those of which an address takes alerts; none where it takes all."""
    named = address.partition(ROOMS)[2]
    return tuple(unquote(one) for one in named.split(",")) if named else ()


def wanting(addresses: Sequence[str], odds: Odds) -> list[str]:
    """The addresses that take an alert of such a place, by its likeliest room."""
    return [one for one in addresses if not rooms(one) or (odds and odds[0][0] in rooms(one))]


def problem(address: str) -> str:
    """What is wrong with an address, in words; empty where nothing is. Whether anybody answers, `send` finds out."""
    address = address.partition(ROOMS)[0]
    kind, mark, _rest = address.partition("://")
    if not kind or not mark or not address.isprintable():
        return _("is no address: write it as https://…, mqtt://…, syslog://… or mailto://…")
    if not sounds(address) and NOTIFIERS[kind.lower()] is not apprise.send:
        return _faulty(address)
    return "" if apprise.understood(address) else _("is no address that Apprise knows: look it up in its list")


def _faulty(address: str) -> str:
    """Of what we send to ourselves."""
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return _("has a host or port that cannot be: mend it")
    if not host:
        return _("names no host: write one after ://")
    return "" if address.isascii() and " " not in address else _("has letters that must be written as %…: mend it")


def sounds(address: str) -> bool:
    """Whether it is a pager, a gateway of SMS or a chat, which quiet hours are kept for: what is not in our table."""
    return address.partition("://")[0].lower() not in NOTIFIERS


def answers(address: str) -> bool:
    """Whether who takes a message says so: syslog never does, by UDP or TCP."""
    return urlsplit(address).scheme not in ("syslog", "syslog+tcp")


def hidden(address: str) -> str:
    """An address as it may be shown: its kind and host, no user, password, path or token.

    What Apprise's services have in a host's place may be a token: only the kind is shown.
    """
    if sounds(address):
        kind, mark, _rest = address.partition("://")
        return f"{kind}://…" if mark and kind.isalnum() else "?"
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "?"
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "")
