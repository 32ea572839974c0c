"""A certificate of the console's own: a client that is given it trusts the console, and nobody else does."""

import hashlib
import socket
import ssl
import stat
import threading
from pathlib import Path

import pytest

from cellwarden.errors import OutputError
from cellwarden.seal.certificate import make

pytest.importorskip("cryptography", reason="cryptography is not installed")


@pytest.fixture
def made(tmp_path: Path) -> tuple[Path, str]:
    place = tmp_path / "console.pem"
    return place, make(("localhost", "127.0.0.1", "prison.example"), place)


def asked(place: Path, name: str, trusted: ssl.SSLContext) -> str:
    """The fingerprint of what a server with that file shows to who asks for a name."""
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(place)

    def serve() -> None:
        line, _where = door.accept()
        try:
            serving.wrap_socket(line, server_side=True).close()
        except OSError:
            line.close()

    with socket.create_server(("127.0.0.1", 0)) as door:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            with (
                socket.create_connection(door.getsockname()) as line,
                trusted.wrap_socket(line, server_hostname=name) as secure,
            ):
                shown = secure.getpeercert(binary_form=True)
        finally:
            thread.join(30)
    assert shown is not None
    return hashlib.sha256(shown).hexdigest()


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "prison.example"])
def test_who_trusts_it_reaches_the_console_by_each_of_its_names(made: tuple[Path, str], name: str) -> None:
    place, fingerprint = made
    trusted = ssl.create_default_context(cafile=place)
    assert asked(place, name, trusted) == fingerprint.replace(":", "").lower()


@pytest.mark.parametrize(("name", "given"), [("another.example", True), ("localhost", False)])
def test_another_name_and_who_does_not_trust_it_are_refused(made: tuple[Path, str], name: str, given: bool) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        asked(made[0], name, ssl.create_default_context(cafile=made[0] if given else None))


def test_the_key_is_its_owners_and_is_not_overwritten_unasked(made: tuple[Path, str]) -> None:
    place, fingerprint = made
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    before = place.read_bytes()
    with pytest.raises(OutputError, match="--force"):
        make(("localhost",), place)
    assert place.read_bytes() == before
    assert make(("localhost",), place, force=True) != fingerprint


@pytest.mark.parametrize("host", ["a" * 64 + ".example", "a..b", "", "two words", "https://a.example"])
def test_what_is_no_name_is_refused(tmp_path: Path, host: str) -> None:
    with pytest.raises(OutputError, match="is no name"):
        make((host,), tmp_path / "a.pem")
    assert not list(tmp_path.iterdir())
