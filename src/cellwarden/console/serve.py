"""The console's server: an address that is free, TLS where a certificate is brought, an end that waits for nobody."""

import socket
from pathlib import Path
from typing import TYPE_CHECKING

from cellwarden.errors import ConsoleError
from cellwarden.language import gettext as _
from cellwarden.language import reason_of

if TYPE_CHECKING:
    import uvicorn
    from fastapi import FastAPI

PATIENCE_S = 1
"""Pages listen for ever: at the end they are given so long."""


def listening(host: str, port: int) -> socket.socket:
    """A socket at an address (port 0: a free one). Raises ConsoleError where it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    door = socket.socket(family, socket.SOCK_STREAM)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((host, port))
        door.listen(256)
    except (OSError, OverflowError) as error:
        door.close()
        why = reason_of(error)
        raise ConsoleError(
            _("{host}:{port} cannot be listened at: {why}: choose another address or --port").format(
                host=host, port=port, why=why
            )
        ) from error
    return door


def server(app: "FastAPI", certificate: Path | None = None, key: Path | None = None) -> "uvicorn.Server":
    """A server to `run(sockets=[…])`, or to `await serve(sockets=[…])` beside other tasks."""
    import uvicorn

    refuse_unfit(certificate, key)
    return uvicorn.Server(
        uvicorn.Config(
            app, log_level="warning", access_log=False, server_header=False, proxy_headers=False,
            timeout_graceful_shutdown=PATIENCE_S, ssl_certfile=certificate, ssl_keyfile=key,
        )
    )  # fmt: skip


def refuse_unfit(certificate: Path | None, key: Path | None) -> None:
    """Raises ConsoleError where these are no certificate and its key: before anybody is told an address."""
    import ssl

    for path in (certificate, key):
        if path is not None and not path.is_file():
            raise ConsoleError(_("{path} does not exist: name a certificate and its key, as PEM").format(path=path))
    if certificate is None:
        if key is not None:
            raise ConsoleError(_("{path} is a key without its certificate: name both, as PEM").format(path=key))
        return
    try:  # a key with a passphrase is refused, too: nobody is there to type it
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
    except (OSError, ValueError) as error:
        raise ConsoleError(
            _("{path} is no certificate with its key, or the key has a passphrase: name both, as PEM").format(
                path=certificate
            )
        ) from error


def address(door: socket.socket, secure: bool = False) -> str:
    """What to type into a browser."""
    host, port = door.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"{'https' if secure else 'http'}://{shown}:{port}"
