"""The line from a node to its site: nothing is lost, nothing is doubled, whatever breaks in between."""

import json
import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep

import numpy as np
import pytest

from cellwarden.errors import NodeError
from cellwarden.runtime import line
from cellwarden.runtime.inbox import Inbox, Server
from cellwarden.runtime.line import Site, check, send
from cellwarden.runtime.outbox import Outbox


@contextmanager
def sending(outbox: Outbox, site: Site, said: list[str] | None = None) -> Iterator[Event]:
    closed = Event()
    tell = (said if said is not None else []).append
    thread = Thread(target=send, args=(outbox, "A0-S1", site, closed, tell), daemon=True)
    thread.start()
    try:
        yield closed
    finally:
        closed.set()
        thread.join(10)


def until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    end = monotonic() + seconds
    while not true():
        assert monotonic() < end, "it never happened"
        sleep(0.01)


@pytest.fixture
def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_messages_wait_through_a_restart_and_keep_their_numbers(tmp_path: Path) -> None:
    first = Outbox(tmp_path / "o")
    assert [first.put("train", {"n": n}) for n in range(3)] == [1, 2, 3]
    first.forget(3)
    first.close()
    again = Outbox(tmp_path / "o")
    assert again.put("train", {"n": 3}) == 4  # never a number twice, though the queue was empty
    assert again.origin == first.origin
    assert [m.body["n"] for m in again.waiting(0, 10, 0)] == [3]


def test_a_queue_that_is_full_lets_the_oldest_go_and_the_numbers_show_it(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "o", most=5)
    for n in range(8):
        outbox.put("train", {"n": n})
    assert [m.number for m in outbox.waiting(0, 10, 0)] == [4, 5, 6, 7, 8]


def test_all_arrive_once_and_in_order_though_the_site_comes_late_and_falls_over_again_and_again(
    tmp_path: Path, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "RETRY_S", 0.02)
    monkeypatch.setattr(line, "MOST_RETRY_S", 0.05)
    monkeypatch.setattr(line, "AT_ONCE", 7)
    outbox, inbox, said = Outbox(tmp_path / "o"), Inbox(tmp_path / "i"), list[str]()
    rng, sent = np.random.default_rng(7), 0
    with sending(outbox, Site(f"tcp://127.0.0.1:{free_port}"), said):
        for _fall in range(6):
            for _number in range(int(rng.integers(5, 40))):
                outbox.put("train", {"n": sent})
                sent += 1
            site = Falling(("127.0.0.1", free_port), inbox, after=int(rng.integers(1, 15)))
            site.begin()
            site.fallen.wait(5)
            site.shutdown()
            site.server_close()
        last = Server(("127.0.0.1", free_port), inbox)
        last.begin()
        until(lambda: outbox.count() == 0)
        last.shutdown()
        last.server_close()
    assert [m.body["n"] for m in inbox.messages("A0-S1")] == list(range(sent))
    assert "is down" in said[0]


class Falling(Server):
    """A site whose line breaks after some messages, before it has answered the last."""

    def __init__(self, place: tuple[str, int], inbox: Inbox, after: int) -> None:
        self.fallen, self.left = Event(), after
        super().__init__(place, inbox)
        plain, outer = self.inbox, self

        class Inner(Inbox):
            def __init__(self) -> None:
                pass

            def last(self, node: str, origin: str) -> int:
                return plain.last(node, origin)

            def keep(self, node: str, origin: str, message: object) -> None:
                plain.keep(node, origin, message)  # type: ignore[arg-type]
                outer.left -= 1
                if outer.left <= 0:
                    outer.fallen.set()
                    raise ConnectionResetError  # kept, and the node does not know

        self.inbox = Inner()


def test_a_node_that_starts_anew_goes_on_where_the_site_stands(tmp_path: Path, free_port: int) -> None:
    inbox = Inbox(tmp_path / "i")
    site = Server(("127.0.0.1", free_port), inbox)
    site.begin()
    for turn in range(3):
        outbox = Outbox(tmp_path / "o")
        for n in range(4):
            outbox.put("train", {"n": 4 * turn + n})
        with sending(outbox, Site(f"tcp://127.0.0.1:{free_port}")):
            until(lambda: outbox.count() == 0)  # noqa: B023 waited for here
        outbox.close()
    site.shutdown()
    site.server_close()
    assert [m.body["n"] for m in inbox.messages("A0-S1")] == list(range(12))


@pytest.mark.parametrize("text", ["[]\n", "{}\n", "nothing of ours\n", "nothing of ours"])
def test_a_file_that_holds_something_else_is_told_and_left_alone(tmp_path: Path, text: str) -> None:
    outbox, path, said = Outbox(tmp_path / "o"), tmp_path / "notes.txt", list[str]()
    outbox.put("train", {})
    path.write_text(text)
    with sending(outbox, Site(f"file:{path}"), said):
        until(lambda: bool(said))
    assert "notes.txt holds something else" in said[0]
    assert path.read_text() == text and outbox.count() == 1


def test_a_file_takes_each_message_once_also_where_it_ended_in_half_a_line(tmp_path: Path) -> None:
    outbox, path = Outbox(tmp_path / "o"), tmp_path / "lines"
    for n in range(5):
        outbox.put("train", {"n": n})
    kept = [
        json.dumps({"node": "A0-S1", "origin": outbox.origin, "number": n, "kind": "train", "body": {"n": n - 1}})
        for n in (1, 2, 3)
    ]
    path.write_text("\n".join(kept) + '\n{"node": "A0-S1", "ori')  # written, but the node was killed before it knew
    with sending(outbox, Site(f"file:{path}")):
        until(lambda: outbox.count() == 0)
    told = [json.loads(text) for text in path.read_text().splitlines()]
    assert [one["body"]["n"] for one in told] == list(range(5))


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("nats://x", "no place"),
        ("nats://x:1", "enrol"),
        ("tcp://192.168.1.1:7", "use nats"),
        ("tls://x:1", "certificate"),
    ],
)
def test_a_place_that_cannot_be_sent_to_safely_is_refused(address: str, said: str) -> None:
    with pytest.raises(NodeError, match=said):
        check(Site(address))


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificates")
def test_a_node_proves_who_it_is_and_no_other_is_believed(tmp_path: Path, free_port: int) -> None:
    def made(name: str, ca: bool = False) -> tuple[Path, Path]:
        key, certificate = tmp_path / f"{name}.key", tmp_path / f"{name}.pem"
        signer = [] if ca else ["-CA", tmp_path / "ca.pem", "-CAkey", tmp_path / "ca.key"]
        words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        words += ["-keyout", key, "-out", certificate, "-subj", f"/CN={name}", "-days", "2", *signer]
        words += [] if ca else ["-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=CA:FALSE"]
        subprocess.run(list(map(str, words)), check=True, capture_output=True)
        return certificate, key

    ca, _key = made("ca", ca=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(ca))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(*made("site"))
    inbox = Inbox(tmp_path / "i")
    site = Server(("127.0.0.1", free_port), inbox, context)
    site.begin()
    address = f"tls://127.0.0.1:{free_port}"
    for name, believed in (("A0-S1", True), ("B9-S9", False)):
        outbox, said = Outbox(tmp_path / name), list[str]()
        outbox.put("train", {"from": name})
        where = Site(address, ca, *made(name))
        check(where)
        with sending(outbox, where, said):
            until(lambda: outbox.count() == 0 or bool(said))  # noqa: B023 waited for here
        assert (outbox.count() == 0) == believed
    site.shutdown()
    site.server_close()
    assert [m.body["from"] for m in inbox.messages("A0-S1")] == ["A0-S1"]
