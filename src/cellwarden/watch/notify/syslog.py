"""Syslog in CEF, for the prison's SIEM.

```
 <34>1 2026-01-05T12:00:00.000Z - cellwarden - A-2026-000001 - CEF:0|Cellwarden|Cellwarden|1|call|title|8|key=value …
 └ facility 4 (security), severity                             └ version, vendor, product, its version, id, name, 0…10
```

By UDP (`syslog://host:514`), or by TCP with each message's length before it (`syslog+tcp://host:601`).
Sources: RFC 5424 §6, RFC 6587 §3.4.1, RFC 5426; ArcSight, Implementing ArcSight Common Event Format, revision 25.
"""

import socket
from urllib.parse import urlsplit

from cellwarden import __version__
from cellwarden.watch.notify.message import Message, iso

WAIT_S = 10.0
FACILITY = 4
SYSLOG = {"low": 5, "medium": 4, "high": 2}
"""Notice, warning, critical."""
CEF = {"low": 3, "medium": 6, "high": 8}
PORTS = {"syslog": 514, "syslog+tcp": 601}


def send(address: str, message: Message) -> None:
    """Raises OSError where it cannot be sent; by UDP nobody says whether it came."""
    parts = urlsplit(address)
    where = parts.hostname or "localhost", parts.port or PORTS[parts.scheme]
    line = event(message).encode()
    if parts.scheme == "syslog":
        family, kind, protocol, _name, place = socket.getaddrinfo(*where, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind, protocol) as out:
            out.sendto(line, place)
        return
    with socket.create_connection(where, WAIT_S) as out:
        out.sendall(f"{len(line)} ".encode() + line)


def event(message: Message) -> str:
    """The line."""
    values = message.values
    head = "|".join(
        _head(str(part))
        for part in (*("Cellwarden", "Cellwarden", __version__, values["kind"], message.title, CEF[message.severity]),)
    )
    extension = {
        "rt": message.time_ns // 1_000_000,
        "externalId": message.name,
        "cs1Label": "room",
        "cs1": values["room"],
        "cfp1Label": "probability",
        "cfp1": values["probability"],
        "app": values["interface"],
        "cnt": values["escalation"] + 1,
        "msg": message.body,
    }
    fields = " ".join(f"{key}={_field(str(value))}" for key, value in extension.items())
    priority = 8 * FACILITY + SYSLOG[message.severity]
    return f"<{priority}>1 {iso(message.time_ns)} - cellwarden - {message.name} - CEF:0|{head}|{fields}"


def _head(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\r", " ").replace("\n", " ")


def _field(text: str) -> str:
    return text.replace("\\", "\\\\").replace("=", "\\=").replace("\r", " ").replace("\n", "\\n")
