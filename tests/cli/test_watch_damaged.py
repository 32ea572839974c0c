"""`cellwarden watch` with a damaged store, as a process: pages alone, and nothing is written but who looks at what."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import SimpleQueue

import httpx
import pytest
from argon2 import PasswordHasher
from tests import forked
from tests.cli.conftest import Typed, interruptible
from tests.cli.test_watch import LEGAL, command
from tests.processes import started
from tests.store.spoilt import PAGE, spoil
from tests.store.values import alert

from cellwarden.store import beside, people
from cellwarden.store.audit import lines
from cellwarden.store.engine import opened, reading
from cellwarden.watch import queries

PASSWORD = "correct horse battery"
TITLE = "Two cells: nobody listens: the store is damaged"
ENGLISH = os.environ | {"LANG": "en_GB.UTF-8"}


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with people and alerts, and `backup`, a copy of it."""
    place = tmp_path / "s.sqlite"
    engine = opened(str(place))
    with engine.begin() as c:
        for role in ("officer", "auditor"):
            hashed = PasswordHasher(time_cost=1, memory_cost=1024).hash(PASSWORD)
            people.accept(c, people.invite(c, role, role, 1), hashed, "", 1)  # type: ignore[arg-type]
        for number in range(100):
            queries.keep_alert(c, alert(f"A-2026-{number:06d}"))
    engine.dispose()
    shutil.copy(place, tmp_path / "backup")
    return place


@pytest.fixture
def webhook() -> Iterator[tuple[str, "SimpleQueue[dict[str, object]]"]]:
    """An address to which messages go, and what came."""
    came: SimpleQueue[dict[str, object]] = SimpleQueue()

    class Taker(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.put(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_any: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Taker) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/", came
        server.shutdown()
        thread.join()


def signed_in(address: str, name: str, language: str = "en") -> httpx.Client:
    client = httpx.Client(base_url=address, headers={"Accept-Language": language}, follow_redirects=True)
    door = client.get("/sign-in").text
    assert "s.sqlite" not in door  # where it lies nobody is told before they sign in
    client.post("/sign-in", data={"csrf": token(door), "name": name, "password": PASSWORD})
    return client


@contextmanager
def served(folder: Path, legal: str, store: Path, said: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """`cellwarden watch` as a process, which says so of the site, and the address of its pages."""
    words = [sys.executable, "-m", "cellwarden", *command(folder, legal, store)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": ENGLISH}
    with started(words, preexec_fn=interruptible, **pipes) as running:
        assert running.stdout is not None
        told = re.search(rf"^Two cells is {re.escape(said)}: (http://\S+)$", running.stdout.readline())
        assert told is not None
        yield running, told[1]


def token(page: str) -> str:
    found = re.search('name="csrf" value="([0-9a-f]+)"', page)
    assert found is not None
    return found[1]


@pytest.mark.long
def test_a_damaged_store_is_shown_and_not_touched_and_who_looks_is_kept_beside_it(
    store: Path, tmp_path: Path, webhook: tuple[str, "SimpleQueue[dict[str, object]]"], typed: Typed
) -> None:
    spoil(store, "leaf")
    whole = store.read_bytes()
    legal = LEGAL.format(day="2126-01-01") + f'[notify]\naddresses = ["{webhook[0]}"]\n'
    with served(tmp_path, legal, store, "NOT watched; what could be read") as (running, address):
        officer = signed_in(address, "officer")
        page = officer.get("/").text
        assert "Read-only since" in page and f"restore BACKUP -o {store} --force" in page
        assert "nobody listens" in officer.get("/alerts").text and "/live" not in page
        assert "Some of it is missing" in page
        form = {"csrf": token(page), "state": "acknowledged", "seen": "new", "why": "I go"}
        refused = officer.post("/alerts/A-2026-000001/decide", data=form)
        assert refused.status_code == 503 and "is not written to: this was not kept" in refused.text
        asked = officer.post("/api/v1/alerts/A-2026-000001/decisions", json={})
        assert asked.status_code == 401  # no token of before is known here; with one it is refused as pages are
        assert "Lecture seule depuis" in signed_in(address, "officer", "fr").get("/").text
        log = signed_in(address, "auditor").get("/audit").text
        assert "Lines beside the store" in log and "looked at" in log and log.count("The chain is whole") == 2
        message = webhook[1].get(timeout=20)
        running.send_signal(signal.SIGINT)
        _out, err = running.communicate(timeout=60)
    assert message["kind"] == "damaged" and message["severity"] == "high"
    remedy = f"{store} is damaged: restore a backup by `cellwarden store restore BACKUP -o {store} --force`"
    assert (running.returncode, err) == (0, f"{remedy}\n{TITLE}\n")
    assert store.read_bytes() == whole
    views = store.with_name("s.sqlite-views")
    done = [(line.who, line.action, line.what) for line in beside.read(views)]
    assert done[0] == ("cellwarden", "read-only begins", str(store)) and done[-1][1] == "read-only ends"
    assert {("officer", "sign in", "officer"), ("officer", "view", "now"), ("auditor", "view", "audit")} <= {*done}
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    end = beside.head_of(beside.read(views))
    assert typed("store", "restore", tmp_path / "backup", "-o", store, "--force")[0] == 0
    assert restored(store).why == f"s.sqlite-views: {end.number}, {end.digest}"
    assert beside.head_of(beside.read(tmp_path / "s.sqlite.old-views")) == end and not views.exists()


def restored(store: Path) -> beside.AuditLine:
    engine = opened(str(store))
    with reading(engine) as c:
        last = list(lines(c))[-1]
    engine.dispose()
    assert last.action == "store restored"
    return last


def test_where_nobody_can_be_read_the_remedy_is_one_line(store: Path, tmp_path: Path) -> None:
    store.write_bytes(b"\xa5" * PAGE + store.read_bytes()[PAGE:])
    whole = store.read_bytes()
    done = forked.run(command(tmp_path, LEGAL.format(day="2126-01-01"), store), ENGLISH)
    remedy = f"{store} is damaged: restore a backup by `cellwarden store restore BACKUP -o {store} --force`"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"cellwarden: {remedy}\n")
    assert store.read_bytes() == whole
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup", "s.sqlite", "site.toml"]
