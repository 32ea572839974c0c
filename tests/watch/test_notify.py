"""Alerts reach real servers on this machine, and wait for one that was lost."""

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from tests.watch.sightings import S_NS, START_NS

from cellwarden.errors import NotifyError
from cellwarden.model import Activity, Alert
from cellwarden.watch.notify import hidden, send
from cellwarden.watch.notify.message import message, trial
from cellwarden.watch.notify.queue import FIRST_NS, KEEP_NS, LONGEST_NS, begun, given_up, tried
from cellwarden.watch.notify.syslog import event

ALERT = Alert(
    "A-2026-000042", START_NS, START_NS, "P-1", "", Activity("P-1", "call", START_NS, START_NS, "gsm", "GSM 900", 200),
    (("A-101", 0.81), ("A-103", 0.1), ("A-102", 0.05), ("outside", 1e-6)), 0.97, "high", ("S1", "S2"), ("hash",),
)  # fmt: skip
MESSAGE = message(ALERT)


@contextmanager
def server(talk: Callable[[socket.socket, list[bytes]], None], port: int = 0) -> Iterator[tuple[int, list[bytes]]]:
    """A server for one connection after the other: its port, and what it got."""
    got: list[bytes] = []
    listening = socket.create_server(("127.0.0.1", port))
    listening.settimeout(10)

    def serve() -> None:
        while True:
            try:
                line, _who = listening.accept()
            except OSError:
                return
            with line:
                talk(line, got)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1], got
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(10)


def broker(answer: int = 0) -> Callable[[socket.socket, list[bytes]], None]:
    def talk(line: socket.socket, got: list[bytes]) -> None:
        got.append(line.recv(4096))
        line.sendall(bytes([0x20, 2, 0, answer]))
        if not answer:
            got.append(line.recv(65536))
            line.sendall(bytes([0x40, 2, 0, 1]))
            got.append(line.recv(16))

    return talk


def post_office(line: socket.socket, got: list[bytes]) -> None:
    """Speaks as much SMTP as a letter needs."""
    line.sendall(b"220 here\r\n")
    with line.makefile("rb") as words:
        for word in words:
            got.append(word)
            if word[:4].upper() == b"DATA":
                line.sendall(b"354 go on\r\n")
                for part in words:
                    got.append(part)
                    if part == b".\r\n":
                        break
            line.sendall(b"221 bye\r\n" if word[:4].upper() == b"QUIT" else b"250 ok\r\n")


def test_a_message_tells_room_kind_and_that_a_person_decides() -> None:
    assert MESSAGE.title == "A-2026-000042: call in A-101"
    assert "A-101 81 %, A-103 10 %, A-102 5 %" in MESSAGE.body and "a person decides" in MESSAGE.body
    assert MESSAGE.values["told"] == "2026-01-05T00:00:00.000Z"
    assert message(ALERT, 2).title.startswith("Not acknowledged: ")
    json.dumps(MESSAGE.values)


def test_a_letter_that_comes_in_the_morning_says_since_when_and_nothing_twice() -> None:
    since = datetime.fromtimestamp(ALERT.since_ns / 1e9)
    told = message(replace(ALERT, odds=(("A-101", 0.9999),))).body
    assert told.startswith(f"{since:%Y-%m-%d %H:%M} call, {ALERT.activity.band}. Rooms: A-101 99 %.")  # never certain


def test_a_message_from_the_gate_tells_the_number_and_no_room() -> None:
    passed = Activity("L-000001", "junction", START_NS, START_NS, "lane", "", 0)
    told = message(replace(ALERT, activity=passed, odds=(), details={"passage": 1, "person": "P-0414"}))
    assert told.title == f"{ALERT.name}: electronics that may be off at the gate, number P-0414"
    assert "a second check decides" in told.body and "ooms" not in told.body


def test_a_webhook_gets_the_alert_as_json_and_a_refusal_is_an_error() -> None:
    got: list[dict[str, object]] = []
    answers = [500, 302, 204]

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(answers.pop(0))
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            pass

    hook = HTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=hook.serve_forever, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{hook.server_port}/secret-token"
    try:
        for _refused in range(2):
            with pytest.raises(NotifyError) as error:
                send(address, MESSAGE)
            assert "secret-token" not in str(error.value)
        send(address, MESSAGE)
    finally:
        hook.shutdown()
        hook.server_close()
        thread.join(10)
    assert len(got) == 3 and got[0]["room"] == "A-101" and got[0]["severity"] == "high"


def test_a_webhook_is_signed_in_to_with_the_name_and_password_of_its_address() -> None:
    def answer(line: socket.socket, got: list[bytes]) -> None:
        got.append(line.recv(65536))
        line.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    with server(answer) as (port, got):
        send(f"http://guard:pass%40word@127.0.0.1:{port}/x", MESSAGE)
    head = got[0].partition(b"\r\n\r\n")[0].decode()
    # RFC 7617 §2: base64 of guard:pass@word
    assert "Authorization: Basic Z3VhcmQ6cGFzc0B3b3Jk" in head and f"Host: 127.0.0.1:{port}" in head


def test_a_server_that_speaks_no_http_is_an_error_in_one_line() -> None:
    def babble(line: socket.socket, _got: list[bytes]) -> None:
        line.recv(65536)
        line.sendall(b"220 post office\r\n\r\n")

    with server(babble) as (port, _got), pytest.raises(NotifyError, match="BadStatusLine"):
        send(f"http://127.0.0.1:{port}/x", MESSAGE)


def test_a_trial_says_that_nobody_was_heard_and_is_taken_as_an_alert_is() -> None:
    words = trial("Remand wing", START_NS)
    assert words.title == "Remand wing: this is a test" and "No phone was heard" in words.body
    assert set(words.values) == set(MESSAGE.values)
    assert "|test|Remand wing: this is a test|3|" in event(words)


def test_a_broker_gets_the_alert_and_its_acknowledgement_is_awaited() -> None:
    with server(broker()) as (port, got):
        send(f"mqtt://guard:pass%40word@127.0.0.1:{port}/prison/alerts", MESSAGE)
    connect, publish, _bye = got
    # MQTT 3.1.1 §3.1: protocol name, level 4, flags for user, password and a clean session
    assert connect[0] == 0x10 and connect[2:10] == b"\0\4MQTT\4\xc2"
    assert connect.endswith(b"\0\5guard\0\tpass@word")
    assert publish[0] == 0x32 and b"\0\x0dprison/alerts\0\1" in publish
    assert json.loads(publish[publish.index(b"{") :])["name"] == ALERT.name


def test_a_broker_that_refuses_is_an_error() -> None:
    with server(broker(5)) as (port, _got), pytest.raises(NotifyError):
        send(f"mqtt://127.0.0.1:{port}", MESSAGE)


def test_syslog_goes_by_udp_and_by_tcp() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as inbox:
        inbox.bind(("127.0.0.1", 0))
        inbox.settimeout(10)
        send(f"syslog://127.0.0.1:{inbox.getsockname()[1]}", MESSAGE)
        line = inbox.recv(4096).decode()
    assert line == event(MESSAGE)
    with server(lambda line, got: got.append(line.recv(4096))) as (port, got):
        send(f"syslog+tcp://127.0.0.1:{port}", MESSAGE)
        end_s = time.monotonic() + 10
        while not got and time.monotonic() < end_s:  # nobody answers: what was sent may still be on its way
            time.sleep(0.01)
    assert got[0].decode() == f"{len(line.encode())} {line}"  # RFC 6587 §3.4.1: octet counting


def test_a_line_of_cef_escapes_what_would_break_it() -> None:
    odd = replace(ALERT, odds=(("A|1=\\2\nx", 0.9),))
    line = event(message(odd))
    # facility 4, critical: 8 · 4 + 2
    assert line.startswith("<34>1 2026-01-05T00:00:00.000Z - cellwarden - A-2026-000042 - CEF:0|Cellwarden|Cellwarden|")
    assert "\n" not in line and "A\\|1=\\\\2 x|8|" in line and "cs1=A|1\\=\\\\2\\nx " in line
    assert len(re.split(r"(?<!\\)\|", line[line.index("CEF:") : line.index("|8|")])) == 6


def test_an_e_mail_is_taken_by_a_post_office() -> None:
    with server(post_office) as (port, got):
        send(f"mailto://127.0.0.1:{port}/?from=watch@prison.example&to=guard@prison.example&mode=insecure", MESSAGE)
    letter = b"".join(got).decode(errors="replace")
    assert "guard@prison.example" in letter and "A-2026-000042" in letter


@pytest.mark.parametrize("address", ["nonsense", "tgram://", "http://127.0.0.1:1/x", "mqtt://127.0.0.1:1", "http://["])
def test_an_address_that_cannot_be_told_is_an_error_in_one_line(address: str) -> None:
    with pytest.raises(NotifyError) as error:
        send(address, MESSAGE)
    assert "\n" not in str(error.value)


def test_no_password_is_ever_shown() -> None:
    assert hidden("mqtts://guard:secret@broker.example:8883/topic") == "mqtts://broker.example:8883"
    assert hidden("https://hooks.example/T0KEN") == "https://hooks.example"
    # Apprise's services have tokens in the place of hosts and ports
    assert hidden("tgram://123456:T0KEN/chat") == "tgram://…" and hidden("slack://T0KEN/a/b") == "slack://…"
    assert hidden("T0KEN") == "?" and hidden("T0 KEN://x") == "?"


def test_a_server_that_was_lost_gets_the_alert_when_it_comes_back() -> None:
    with server(broker()) as (port, _got):
        pass  # it is gone again, and its port with it
    (waiting,) = begun(ALERT.name, [f"mqtt://127.0.0.1:{port}"], START_NS)
    now = START_NS
    for tries in range(1, 4):
        again = tried(waiting, MESSAGE, now, send)
        assert again is not None and again.tries == tries and "cannot be reached" in again.failure
        waiting, now = again, again.next_ns
    assert now - START_NS == (10 + 20 + 40) * S_NS
    with server(broker(), port) as (_port, got):
        assert tried(waiting, MESSAGE, now, send) is None
    assert len(got) == 3


def test_waits_double_up_to_an_hour_and_after_days_a_delivery_is_given_up() -> None:
    def lost(_address: str, _message: object) -> None:
        raise NotifyError("lost")

    (waiting,), waits, now = begun(ALERT.name, ["x"], START_NS), [], START_NS
    while not given_up(waiting, now):
        again = tried(waiting, MESSAGE, now, lost)
        assert again is not None
        waits.append(again.next_ns - now)
        waiting, now = again, again.next_ns
    assert waits[0] == FIRST_NS and waits[1] == 2 * FIRST_NS and max(waits) == LONGEST_NS
    assert KEEP_NS < now - START_NS <= KEEP_NS + LONGEST_NS
