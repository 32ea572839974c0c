"""MQTT: the alert as JSON, published at least once (quality of service 1).

```
 CONNECT ─► ◄─ CONNACK   PUBLISH, packet 1 ─► ◄─ PUBACK 1   DISCONNECT ─►          mqtt://user:password@host:1883/topic
```

Source: OASIS, MQTT Version 3.1.1 (2014) §3.1 to §3.4, §3.14. An alert is one packet that is acknowledged or not:
no library is needed for that.
"""

import json
import secrets
import socket
import ssl
from urllib.parse import unquote, urlsplit

from cellwarden.watch.notify.message import Message

WAIT_S = 10.0
PORTS = {"mqtt": 1883, "mqtts": 8883}
TOPIC = "cellwarden/alerts"
CONNECT, CONNACK, PUBLISH_ONCE, PUBACK, DISCONNECT = 0x10, 0x20, 0x32, 0x40, 0xE0
PACKET = (1).to_bytes(2, "big")


def send(address: str, message: Message) -> None:
    """Raises OSError where the broker does not take it."""
    parts = urlsplit(address)
    host = parts.hostname or "localhost"
    topic = unquote(parts.path.strip("/")) or TOPIC
    body = json.dumps({"title": message.title, **message.values}).encode()
    with socket.create_connection((host, parts.port or PORTS[parts.scheme]), WAIT_S) as plain:
        line = (
            ssl.create_default_context().wrap_socket(plain, server_hostname=host) if parts.scheme == "mqtts" else plain
        )
        line.sendall(_connect(parts.username, parts.password))
        if _answer(line, CONNACK)[1:2] != b"\0":
            raise ConnectionRefusedError("refused by the broker")
        line.sendall(_packet(PUBLISH_ONCE, _text(topic) + PACKET + body))
        if _answer(line, PUBACK)[:2] != PACKET:
            raise ConnectionError("not acknowledged")
        line.sendall(bytes([DISCONNECT, 0]))


def _connect(user: str | None, password: str | None) -> bytes:
    flags = 0x02 | (0x80 if user else 0) | (0x40 if user and password else 0)
    head = _text("MQTT") + bytes([4, flags]) + (60).to_bytes(2, "big") + _text(f"cellwarden-{secrets.token_hex(4)}")
    names = [unquote(word) for word in (user, password if user else None) if word]
    return _packet(CONNECT, head + b"".join(map(_text, names)))


def _packet(kind: int, body: bytes) -> bytes:
    """With its length in sevens of bits."""
    length, left = bytearray(), len(body)
    while True:
        left, low = divmod(left, 128)
        length.append(low | (0x80 if left else 0))
        if not left:
            return bytes([kind]) + bytes(length) + body


def _text(text: str) -> bytes:
    raw = text.encode()
    return len(raw).to_bytes(2, "big") + raw


def _answer(line: socket.socket, kind: int) -> bytes:
    """The two bytes of an answer of a kind."""
    got = b""
    while len(got) < 4:
        if not (more := line.recv(4 - len(got))):
            raise ConnectionError("the broker closed the connection")
        got += more
    if got[0] != kind or got[1] != 2:
        raise ConnectionError("no broker of MQTT 3.1.1")
    return got[2:]
