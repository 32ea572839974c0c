"""Alerts reach a real server that is down and comes back, whoever is killed in between."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select
from tests.store.values import SECOND, T0, alert

from cellwarden.errors import NotifyError
from cellwarden.language import speaking
from cellwarden.language.clock import standing
from cellwarden.model import Decision
from cellwarden.runtime import notifier
from cellwarden.store import audit
from cellwarden.store.engine import opened
from cellwarden.store.tables import deliveries as table
from cellwarden.watch import queries
from cellwarden.watch.notify.queue import FIRST_NS, KEEP_NS
from cellwarden.watch.rules_file import Rules

MINUTE = 60 * SECOND
NAMES = [f"A-2026-{number:06d}" for number in range(1, 9)]
PATH = "/secret-token"

Hear = Callable[[dict[str, Any]], int]
"""What a server does with an alert: the status it answers with."""


@contextmanager
def server(hear: Hear, port: int = 0) -> Iterator[int]:
    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status = hear(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            pass

    hook = ThreadingHTTPServer(("127.0.0.1", port), Hook)
    thread = threading.Thread(target=hook.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield hook.server_port
    finally:
        hook.shutdown()
        hook.server_close()
        thread.join(10)


@pytest.fixture
def place(tmp_path: Path) -> str:
    return str(tmp_path / "s.sqlite")


@pytest.fixture
def engine(place: str) -> Iterator[Engine]:
    made = opened(place)
    yield made
    made.dispose()


def told(engine: Engine, addresses: list[str], names: list[str] = NAMES, now_ns: int = T0, **changed: Any) -> None:
    """The guard's transaction."""
    for name in names:
        one = replace(alert(name, T0), **changed)
        with engine.begin() as c:
            queries.keep_alert(c, one)
            notifier.keep(c, Rules(), [one], addresses, now_ns)


def states(engine: Engine) -> list[str]:
    with engine.connect() as c:
        return list(c.execute(select(table.c.state).order_by(table.c.id)).scalars())


def lines(engine: Engine) -> list[audit.AuditLine]:
    with engine.connect() as c:
        assert audit.verify(c) is None
        return [line for line in audit.lines(c) if line.who == notifier.WHO]


def until(true: Callable[[], bool]) -> None:
    end_s = time.monotonic() + 120
    while not true() and time.monotonic() < end_s:
        time.sleep(0.02)
    assert true()


def hurried() -> Callable[[], int]:
    """A clock that begins at T0 and makes ten seconds of a tenth."""
    start_s = time.monotonic()
    return lambda: T0 + round((time.monotonic() - start_s) * 100 * SECOND)


def test_a_server_that_was_down_gets_every_alert_once_it_is_back(engine: Engine) -> None:
    got: list[str] = []
    warned: list[str] = []

    def hear(values: dict[str, Any]) -> int:
        got.append(values["name"])
        return 503 if len(got) == 1 else 204  # it is back, and not yet quite

    with server(hear) as port:
        pass  # its port is known, and nobody is there
    address = f"http://127.0.0.1:{port}{PATH}"
    told(engine, [address])
    with notifier.running(engine, lambda: Rules(escalate_minutes=600), [address], hurried(), warned.append):
        until(lambda: len(warned) == len(NAMES))
        assert set(states(engine)) == {"waiting"}
        with server(hear, port):
            until(lambda: set(states(engine)) == {"taken"})
    assert sorted(got[1:]) == NAMES and got[0] in NAMES
    by = [(line.action, line.what) for line in lines(engine)]
    assert sorted(what for action, what in by if action == "alert sent") == NAMES
    assert sorted(what for action, what in by if action == "alert not sent") == NAMES
    said = " ".join([*warned, *(line.why for line in lines(engine))])
    assert "secret" not in said and f"http://127.0.0.1:{port}" in said


def test_an_address_that_is_silent_keeps_no_other_waiting(engine: Engine) -> None:
    got: list[str] = []
    silence = threading.Event()

    def hear(values: dict[str, Any]) -> int:
        got.append(values["name"])
        return 200

    def keep_waiting(_values: dict[str, Any]) -> int:
        silence.wait(10)
        return 200

    with server(keep_waiting) as deaf, server(hear) as port:
        addresses = [f"http://127.0.0.1:{deaf}", f"http://127.0.0.1:{port}"]
        told(engine, addresses, now_ns=time.time_ns())
        with notifier.running(engine, Rules, addresses, time.time_ns):
            until(lambda: len(got) == len(NAMES))
            silence.set()
    assert sorted(got) == NAMES


CHILD = """
import sys, time
from cellwarden.runtime import notifier
from cellwarden.store.engine import opened
from cellwarden.watch.rules_file import Rules
with notifier.running(opened(sys.argv[1]), Rules, [sys.argv[2]], time.time_ns):
    time.sleep(60)
"""


@pytest.mark.parametrize("last", [(1,), pytest.param((1, 4, 6), marks=pytest.mark.long)])
def test_who_is_killed_while_sending_sends_again_and_nothing_is_lost(
    engine: Engine, place: str, last: tuple[int, ...]
) -> None:
    got: list[str] = []
    children: list[subprocess.Popen[bytes]] = []

    def hear(values: dict[str, Any]) -> int:
        got.append(values["name"])
        if len(got) in last:  # it has the alert; the sender never learns so
            os.kill(children[-1].pid, signal.SIGKILL)
        return 200

    with server(hear) as port:
        address = f"http://127.0.0.1:{port}{PATH}"
        told(engine, [address], now_ns=time.time_ns())
        while set(states(engine)) != {"taken"}:
            assert len(children) < 10, got
            children.append(subprocess.Popen([sys.executable, "-c", CHILD, place, address]))
            until(lambda: children[-1].poll() is not None or set(states(engine)) == {"taken"})
        children[-1].kill()
        for child in children:
            child.wait(10)
    assert len(children) == len(last) + 1
    assert set(got) == set(NAMES) and len(got) == len(NAMES) + len(last)
    assert [line.what for line in lines(engine)] == NAMES


def test_a_delivery_is_kept_with_its_alert_or_not_at_all(engine: Engine) -> None:
    with pytest.raises(RuntimeError), engine.begin() as c:
        queries.keep_alert(c, alert(NAMES[0]))
        notifier.keep(c, Rules(), [alert(NAMES[0])], ["http://one"], T0)
        raise RuntimeError
    assert states(engine) == []


def test_an_alert_that_became_graver_goes_out_again_and_one_that_did_not_does_not(engine: Engine) -> None:
    heard: list[str] = []

    def send(_address: str, message: Any) -> None:
        heard.append(message.severity)

    for severity in ("low", "low", "high", "high"):
        told(engine, ["http://one"], NAMES[:1], severity=severity)
        notifier.sent(engine, "http://one", lambda: T0, send=send)
    assert heard == ["low", "high"]


def test_what_nobody_acknowledges_escalates_step_by_step_to_each_address_once(engine: Engine) -> None:
    rules = Rules(escalate_minutes=10, escalate_steps=2)
    addresses, titles = ["http://one", "http://two"], list[str]()

    def send(_address: str, message: Any) -> None:
        titles.append(message.title)

    told(engine, addresses, NAMES[:2])
    with engine.begin() as c:
        queries.decide(c, Decision(NAMES[0], "acknowledged", "zoe", T0 + MINUTE, ""), "new")
    begun = [notifier.escalated(engine, rules, addresses, T0 + minute * MINUTE) for minute in range(45)]
    assert [minute for minute, count in enumerate(begun) if count] == [10, 20] and sum(begun) == 2
    for address in addresses:
        notifier.sent(engine, address, lambda: T0 + 45 * MINUTE, send=send)
    assert sum(title.startswith(f"Not acknowledged: {NAMES[1]}") for title in titles) == 4
    assert len(titles) == 8
    assert [(line.what, line.why) for line in lines(engine) if line.action == "alert escalated"] == [
        (NAMES[1], "1"),
        (NAMES[1], "2"),
    ]


def test_the_camera_of_a_room_is_asked_for_alerts_of_that_room_and_no_other(engine: Engine) -> None:
    camera = "http://cameras/bookmark?camera=17#rooms=A-001,A-2%20office"
    elsewhere, here = (("A-101", 0.6), ("A-001", 0.4)), (("A-2 office", 0.6),)
    told(engine, [camera, "http://desk"], NAMES[:1], odds=here)
    told(engine, [camera, "http://desk"], NAMES[1:2], odds=elsewhere)
    told(engine, [camera], NAMES[2:3], odds=())
    assert states(engine) == ["waiting"] * 3
    got: list[str] = []
    for address in (camera, "http://desk"):
        notifier.sent(engine, address, lambda: T0, send=lambda to, words: got.append(f"{to} {words.name}"))
    assert got == [f"{camera} {NAMES[0]}", f"http://desk {NAMES[0]}", f"http://desk {NAMES[1]}"]
    assert notifier.escalated(engine, Rules(), [camera, "http://desk"], T0 + 3600 * SECOND) == 3
    assert len(states(engine)) == 3 + 3  # to the desk alone
    notifier.readdressed(engine, [camera], T0 + 3601 * SECOND)
    assert len(states(engine)) == 6  # a camera is nobody to go to instead


def test_an_escalation_that_somebody_forestalled_is_not_sent(engine: Engine) -> None:
    heard: list[str] = []
    told(engine, ["http://one"], NAMES[:1])
    notifier.escalated(engine, Rules(), ["http://one"], T0 + 15 * MINUTE)
    with engine.begin() as c:
        queries.decide(c, Decision(NAMES[0], "acknowledged", "zoe", T0 + 16 * MINUTE, ""), "new")
    notifier.sent(engine, "http://one", lambda: T0 + 16 * MINUTE, send=lambda _a, message: heard.append(message.title))
    assert states(engine) == ["taken", "decided"] and len(heard) == 1
    assert not heard[0].startswith("Not acknowledged")


def test_what_rings_waits_for_the_end_of_quiet_hours_and_a_ticket_does_not(engine: Engine) -> None:
    rules = Rules(timezone="UTC", quiet=((0, 24 * 60 - 1),), quiet_severity="high")
    quiet = alert(NAMES[0])
    quiet = replace(quiet, severity="low", details={**quiet.details, "silent": 1})
    addresses = ["https://tickets.example", "mailto://mail.example", "pover://user@token"]
    with engine.begin() as c:
        queries.keep_alert(c, quiet)
        notifier.keep(c, rules, [quiet], addresses, T0)
    minute = T0 // MINUTE % (24 * 60)
    heard: list[str] = []
    for at_ns in (T0, T0 + (24 * 60 - 2 - minute) * MINUTE, T0 + (24 * 60 - minute) * MINUTE):
        for address in addresses:
            notifier.sent(
                engine, address, lambda at=at_ns: at, send=lambda to, _m, at=at_ns: heard.append(f"{to} {at}")
            )
    assert heard[:2] == [f"https://tickets.example {T0}", f"mailto://mail.example {T0}"]
    assert len(heard) == 3 and heard[2].startswith("pover") and heard[2].endswith(str(at_ns))


def test_what_waits_for_an_address_that_was_mended_goes_to_the_new_one(engine: Engine) -> None:
    heard: list[str] = []
    told(engine, ["http://typo/secret", "http://kept"], NAMES[:2])
    notifier.sent(engine, "http://kept", lambda: T0, send=lambda _a, _m: None)
    notifier.readdressed(engine, ["http://kept", "http://mended"], T0 + MINUTE)
    notifier.sent(engine, "http://mended", lambda: T0 + MINUTE, send=lambda _a, message: heard.append(message.name))
    notifier.sent(engine, "http://kept", lambda: T0 + MINUTE, send=lambda _a, message: heard.append(message.name))
    assert heard == NAMES[:2]
    (removed,) = [line for line in lines(engine) if line.action == "address removed"]
    assert (removed.what, removed.why) == ("http://typo", "2")


def test_a_service_whose_own_code_fails_is_tried_again_and_given_up_after_three_days(engine: Engine) -> None:
    def broken(_address: str, _message: object) -> None:
        raise KeyError("password")

    told(engine, ["http://one"], NAMES[:1])
    assert notifier.sent(engine, "http://one", lambda: T0, send=broken) == 1
    assert notifier.sent(engine, "http://one", lambda: T0 + FIRST_NS - 1, send=broken) == 0
    assert notifier.sent(engine, "http://one", lambda: T0 + FIRST_NS, send=broken) == 1
    assert states(engine) == ["waiting"]
    assert notifier.sent(engine, "http://one", lambda: T0 + KEEP_NS + 1, send=broken) == 1
    assert states(engine) == ["given up"]
    assert notifier.sent(engine, "http://one", lambda: T0 + 2 * KEEP_NS, send=broken) == 0
    why = [(line.action, line.why) for line in lines(engine)]
    assert why == [
        ("alert not sent", "http://one cannot be reached: KeyError"),
        ("alert given up", "http://one, 3: http://one cannot be reached: KeyError"),
    ]


def test_a_clock_that_went_back_makes_nobody_wait(engine: Engine) -> None:
    def lost(_address: str, _message: object) -> None:
        raise NotifyError("lost")

    told(engine, ["http://one"], NAMES[:2])
    assert notifier.sent(engine, "http://one", lambda: T0 - 3000 * MINUTE, send=lost) == 2
    assert notifier.sent(engine, "http://one", lambda: T0 - 3000 * MINUTE, send=lost) == 0
    assert notifier.sent(engine, "http://one", lambda: T0 - 9000 * MINUTE, send=lost) == 2


def test_a_message_is_in_the_language_of_the_process(engine: Engine) -> None:
    heard: list[str] = []
    told(engine, ["http://one"], NAMES[:1])
    with speaking("fr"):
        notifier.sent(engine, "http://one", lambda: T0, send=lambda _a, message: heard.append(message.body))
    assert "une personne décide" in heard[0]


def test_a_message_tells_the_time_by_the_clock_that_the_rules_name(engine: Engine) -> None:
    heard: list[str] = []
    told(engine, ["http://one"], NAMES[:1])
    with standing("Asia/Tokyo"):
        notifier.sent(engine, "http://one", lambda: T0, send=lambda _a, message: heard.append(message.body))
    there = datetime.fromtimestamp(alert(NAMES[0], T0).since_ns / 1e9, UTC) + timedelta(hours=9)
    assert heard[0].startswith(f"{there:%Y-%m-%d %H:%M} ")


def test_the_store_holds_no_password_of_an_address(engine: Engine, place: str) -> None:
    told(engine, ["mqtt://guard:hunter2@127.0.0.1:1/alerts"], NAMES[:1], now_ns=T0)
    notifier.sent(engine, "mqtt://guard:hunter2@127.0.0.1:1/alerts", lambda: T0)
    assert [line.action for line in lines(engine)] == ["alert not sent"]
    held = b"".join(path.read_bytes() for path in Path(place).parent.glob("s.sqlite*"))
    assert b"mqtt://127.0.0.1:1" in held and b"hunter2" not in held
