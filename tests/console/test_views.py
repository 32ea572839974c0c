"""Views in the audit log: kept before they are seen, several in one transaction."""

import threading
import time

import pytest
from sqlalchemy import event
from tests.console.conftest import Wing

from cellwarden.console.views import Views
from cellwarden.errors import StoreFullError
from cellwarden.store import audit
from cellwarden.store.engine import reading


def test_views_that_wait_for_a_writer_are_kept_in_one_transaction(wing: Wing) -> None:
    commits: list[int] = []
    views = Views(wing.engine, time.time_ns)
    names = [f"officer {n}" for n in range(12)]
    threads = [threading.Thread(target=views.keep, args=(name, "now")) for name in names]
    with wing.engine.begin():  # the watch writes
        for thread in threads:
            thread.start()
        while len(views._waiting) < len(names):
            time.sleep(0.01)
        event.listen(wing.engine, "commit", lambda _c: commits.append(1))
    for thread in threads:
        thread.join(30)
    with reading(wing.engine) as c:
        lines = list(audit.lines(c))
        assert audit.verify(c) is None
    assert sorted(line.who for line in lines) == sorted(names)  # none lost, none doubled
    assert len(commits) == 2  # the watch's, and one for all views


def test_who_cannot_be_noted_down_sees_nothing(wing: Wing, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_any: object, **_named: object) -> None:
        raise StoreFullError("site.db cannot be written: make room")

    name = wing.alert()
    client = wing.client("officer")
    monkeypatch.setattr("cellwarden.console.views.audited", full)
    for path in ("/", f"/alerts/{name}", "/timeline", "/finds"):
        answer = client.get(path)
        assert answer.status_code == 503
        assert "A-104" not in answer.text
    monkeypatch.undo()
    assert client.get("/").status_code == 200  # nobody is stuck behind the one who failed
