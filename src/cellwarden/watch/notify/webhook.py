"""Webhooks: the alert as JSON in a POST, for ticket systems, cameras that take bookmarks, what the site has.

`https://user:password@host/path` is signed in to as RFC 7617 (Basic) has it.
"""

import base64
import json
import urllib.request
from urllib.parse import unquote, urlsplit

from cellwarden.watch.notify.message import Message

WAIT_S = 10.0


def send(address: str, message: Message) -> None:
    """Raises OSError where it is not taken: no answer, or one that is no 2xx."""
    body = json.dumps({"title": message.title, "body": message.body, **message.values}).encode()
    headers = {"Content-Type": "application/json", "User-Agent": "cellwarden"}
    parts = urlsplit(address)
    names, at, host = parts.netloc.rpartition("@")
    if at:
        user, _colon, password = names.partition(":")
        pair = f"{unquote(user)}:{unquote(password)}".encode()
        headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
    plain = parts._replace(netloc=host).geturl()
    request = urllib.request.Request(plain, body, headers, method="POST")  # noqa: S310 http or https
    with urllib.request.build_opener(_NoRedirect).open(request, timeout=WAIT_S) as answer:
        answer.read(1 << 16)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """An alert goes where it was sent, and to nobody whom that one names."""

    def redirect_request(self, *_arguments: object) -> None:
        return None
