"""The line over a server of NATS: a key that a token brings once, messages that nobody else reads or sends."""

import json
import socket
from pathlib import Path
from threading import Thread

import pytest

from cellwarden.errors import NodeError, SiteError
from cellwarden.locate.site import Sensor, Site
from cellwarden.runtime import enrolment, nodes_file
from cellwarden.runtime.enrolment import Credentials, signed
from cellwarden.runtime.inbox import Inbox
from cellwarden.runtime.nats import Nats
from cellwarden.runtime.sealed_line import ASKED, _parts, answered
from cellwarden.seal import age

HOUR_NS = 3600 * 10**9
SITE = Site("two", (), (), (), (Sensor("A", (0, 0, 2)), Sensor("B", (9, 0, 2))))


def asked(own: Credentials, node: str, *messages: dict[str, object]) -> bytes:
    plain = b"".join(json.dumps(one).encode() + b"\n" for one in ({"origin": "q", "version": 1}, *messages))
    sealed = age.sealed(plain, own.site)
    head = {"node": node, "mark": signed(own.key, ASKED, node.encode(), sealed)}
    return json.dumps(head).encode() + b"\n" + sealed


def enrolling(token: str, node: str, key: bytes) -> bytes:
    public, secret = enrolment.parted(token)
    sealed = age.sealed(json.dumps({"token": secret, "key": key.hex()}).encode(), public)
    return json.dumps({"node": node, "enrol": True}).encode() + b"\n" + sealed


def test_a_token_is_good_once_within_a_day_and_for_its_node_alone(tmp_path: Path) -> None:
    keys, inbox, key = enrolment.opened(tmp_path / "n"), Inbox(tmp_path / "n"), bytes(range(32))
    token = enrolment.token(keys, "A", 0)
    for request, when_ns, taken in (
        (enrolling(token, "B", key), 0, False),
        (enrolling(token, "A", key[:8]), 0, False),
        (enrolling(token, "A", key), 25 * HOUR_NS, False),
        (enrolling(token, "A", key), HOUR_NS, True),
        (enrolling(token, "A", key), HOUR_NS, False),
    ):
        assert ("enrolled" in json.loads(answered(request, keys, inbox, ("A", "B"), when_ns))) == taken
    assert enrolment.key_of(keys, "A") == key and enrolment.key_of(keys, "B") is None
    assert (tmp_path / "n").stat().st_mode & 0o077 == 0


def test_messages_are_kept_once_from_who_has_the_key_and_from_nobody_else(tmp_path: Path) -> None:
    keys, inbox, key = enrolment.opened(tmp_path / "n"), Inbox(tmp_path / "n"), bytes(range(32))
    token = enrolment.token(keys, "A", 0)
    answered(enrolling(token, "A", key), keys, inbox, ("A",), 0)
    own, other = Credentials(key, token.partition(":")[0]), Credentials(bytes(32), token.partition(":")[0])
    message = {"number": 1, "kind": "train", "body": {"secret": "of nobody"}}
    request = asked(own, "A", message)
    assert b"of nobody" not in request
    for _time in range(2):
        assert json.loads(answered(request, keys, inbox, ("A",), 0))["kept"] == 1
    for bad in (
        asked(other, "A", message | {"number": 2}),
        asked(own, "B", message | {"number": 2}),
        request[:-1] + bytes([request[-1] ^ 1]),
        b"",
        b"\xff\n",
        b"[]\n",
    ):
        assert "kept" not in json.loads(answered(bad, keys, inbox, ("A", "B"), 0))
    assert "refused" in json.loads(answered(request, keys, inbox, (), 0))  # the site's file names it no more
    assert [one.number for one in inbox.messages("A")] == [1]


def test_what_no_node_says_is_refused_and_ends_nobody(tmp_path: Path) -> None:
    """Whoever may speak to the server of NATS may send this: the site goes on answering."""
    keys, inbox, key = enrolment.opened(tmp_path / "n"), Inbox(tmp_path / "n"), bytes(range(32))
    token = enrolment.token(keys, "A", 0)
    answered(enrolling(token, "A", key), keys, inbox, ("A",), 0)
    own = Credentials(key, token.partition(":")[0])
    for bad in (
        b"[" * 200_000 + b"\n...",
        asked(own, "A", {"number": float("inf"), "kind": "train", "body": {}}),
        asked(own, "A", {"number": 1 << 80, "kind": "train", "body": {}}),
    ):
        assert "refused" in json.loads(answered(bad, keys, inbox, ("A",), 0))


@pytest.mark.parametrize(
    "said", [b"INFO []", b"INFO " + b"[" * 8000, b'INFO {"max_payload": 1e999}', b"INFO {}\r\nPONG\r\nMSG"]
)
def test_a_server_that_speaks_no_nats_is_told_from_one_that_does(said: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:

        def serve() -> None:
            line, _peer = door.accept()
            line.sendall(said + b"\r\n")
            line.recv(1 << 16)
            line.close()

        Thread(target=serve, daemon=True).start()
        with (
            pytest.raises(ValueError, match="no server of NATS"),
            Nats(f"nats://127.0.0.1:{door.getsockname()[1]}", 5.0) as nats,
        ):
            nats.said()


def test_lines_go_in_parts_that_the_server_takes_and_none_is_cut() -> None:
    text = b"".join(b"%d" % n * n + b"\n" for n in range(1, 9))
    parts = list(_parts(text, 12))
    assert b"".join(parts) == text
    assert all(part.endswith(b"\n") and (len(part) <= 12 or part.count(b"\n") == 1) for part in parts)


def test_what_is_no_token_or_no_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NodeError, match="token"):
        enrolment.parted("age1xyz:secret")
    with pytest.raises(NodeError, match="enrol"):
        enrolment.read(tmp_path / "none")
    (tmp_path / "bad").write_text("{}")
    with pytest.raises(NodeError, match="enrol"):
        enrolment.read(tmp_path / "bad")
    own = Credentials(bytes(range(32)), "age1x")
    enrolment.write(tmp_path / "good", own)
    assert enrolment.read(tmp_path / "good") == own and (tmp_path / "good").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "[[node]]"),
        ('[[node]]\nsensor = "A"\n', "address"),
        ('[nodes]\naddress = "nats://h:1"\n', "[[node]]"),
        ('[nodes]\naddress = "here"\n[[node]]\nsensor = "A"\n', "no place"),
        ('[nodes]\naddress = "nats://h:1"\ncolour = "red"\n[[node]]\nsensor = "A"\n', "colour"),
        ('[[node]]\nsensor = "Z"\nfile = "f"\n', "Z"),
        ('[[node]]\nsensor = "A"\nfile = "f"\n' * 2, "two nodes"),
        ('[[node]]\nsensor = "A"\nfile = "f"\n[[receiver]]\nsensor = "A"\nsource = "x"\n', "receiver and a node"),
    ],
)
def test_what_is_wrong_with_a_sites_nodes_is_told(tmp_path: Path, text: str, word: str) -> None:
    path = tmp_path / "site.toml"
    path.write_text(text)
    with pytest.raises(SiteError, match=r"site\.toml") as told:
        nodes_file.sources(path, SITE)
    assert word in str(told.value)
