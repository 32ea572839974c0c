"""To whom an alert goes: one table of notifiers, each a file and a line.

```
 Alert ─► message ─► Delivery ─► due? ─► by its address ─► told
                        ▲                    │ NotifyError
                        └── later (queue) ◄──┘
```

An address is a URL; what it begins with chooses the notifier, and what is not in the table goes to Apprise, which knows
a hundred services, pagers and gateways of SMS.
"""

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from cellwarden.errors import NotifyError
from cellwarden.language import gettext as _
from cellwarden.watch.notify import apprise, mqtt, syslog, webhook
from cellwarden.watch.notify.message import Message

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
        NOTIFIERS.get(urlsplit(address).scheme, apprise.send)(address, message)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or getattr(error, "reason", None) or type(error).__name__
        raise NotifyError(_("{address} cannot be reached: {why}").format(address=hidden(address), why=why)) from error


def hidden(address: str) -> str:
    """An address as it may be shown: its kind and host, no user, password, path or token."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "?"
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "")
