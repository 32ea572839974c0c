"""The rules on their page: seen, tried on the past, put in force."""

import re
import time
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from tests.console.conftest import HOSTILE, S_NS, Wing, token_of

from cellwarden.console.app import application
from cellwarden.model import Sighting
from cellwarden.store import audit
from cellwarden.store.engine import reading
from cellwarden.watch import queries, rules_held
from cellwarden.watch.rules_held import Held, held

ALL, NONE = 'format = 1\n[alert]\nkinds = ["call"]\n', 'format = 1\n[alert]\nkinds = ["text"]\n'


@pytest.fixture
def force(wing: Wing) -> Held:
    """The console with rules in a file, and a call of two minutes an hour ago."""
    path = wing.folder / "rules.toml"
    path.write_text(ALL, encoding="utf-8")
    found = held(path)
    wing.app = application(wing.engine, wing.site, rules=found)
    start = time.time_ns() - 3600 * S_NS
    with wing.engine.begin() as c:
        queries.keep_sightings(
            c,
            (
                Sighting(
                    start + k * S_NS, start + k * S_NS + 9 * S_NS // 10, "P-1", "gsm", {"gsm:normal": 100}, 897.4e6,
                    0.999, (("A-104", 1.0),), ("A1-S2",),
                )
                for k in range(120)
            ),
        )  # fmt: skip
    return found


def post(client: TestClient, path: str, **values: str) -> Any:
    return client.post(path, data={"csrf": token_of(client.get("/account").text), **values})


def hidden(html: str, name: str) -> str:
    found = re.search(f'name="{name}" value="([^"]*)"', html)
    assert found is not None
    return found[1]


def test_a_changed_text_is_tried_on_the_past_and_changes_nothing(wing: Wing, force: Held) -> None:
    page = post(wing.client("administrator"), "/rules/try", text=NONE, days="1").text
    assert "Alerts by this text: 0; by the rules in force: 1. Sightings: 120." in page
    assert force.text == ALL
    with reading(wing.engine) as c:
        assert queries.alerts(c) == []
        assert [(line.action, line.what) for line in audit.lines(c)] == [("try", "rules"), ("view", "rules")]


def test_what_was_tried_is_put_in_force_and_the_old_text_stays(wing: Wing, force: Held) -> None:
    client = wing.client("administrator")
    page = post(client, "/rules/try", text=NONE.replace("\n", "\r\n"), days="1").text
    sent = {"text": NONE, "seen": hidden(page, "seen"), "tried": hidden(page, "tried")}
    assert post(client, "/rules/save", **sent, why="").status_code == 422
    assert post(client, "/rules/save", **sent, why="calls are too many").status_code == 303
    assert force.path is not None
    assert force.path.read_text() == NONE
    assert force.rules.kinds == ("text",)  # the watch takes it with its next step
    with reading(wing.engine) as c:
        kept = [(one.number, one.who, one.why, one.text) for one in rules_held.texts(c, 9)]
        (line,) = (line for line in audit.lines(c) if line.action == "change")
    assert kept == [(2, "administrator", "calls are too many", NONE), (1, "", "", ALL)]
    assert "calls are too many" in line.why
    old = client.get("/rules?version=1").text
    assert "kinds = [&#34;call&#34;]" in old
    assert "(not in force)" in old
    assert client.get("/rules?version=3").status_code == 404
    again = post(client, "/rules/save", **sent, why="once more")
    assert again.status_code == 409
    assert "changed meanwhile" in again.text


def test_what_was_not_tried_as_it_is_cannot_be_put_in_force(wing: Wing, force: Held) -> None:
    client = wing.client("administrator")
    page = post(client, "/rules/try", text=NONE, days="1").text
    sent = {"seen": hidden(page, "seen"), "tried": hidden(page, "tried"), "why": "so"}
    assert post(client, "/rules/save", text=NONE + "# and more\n", **sent).status_code == 409
    assert post(wing.client("administrator"), "/rules/save", text=NONE, **sent).status_code == 409  # another session
    assert force.text == ALL


@pytest.mark.parametrize(
    ("text", "said"), [("format = 1\nforma = 2\n", "forma is unknown"), ("[[", "is no TOML"), (HOSTILE, "is no TOML")]
)
def test_a_mistake_is_told_with_its_remedy_and_the_text_stays(wing: Wing, force: Held, text: str, said: str) -> None:
    answer = post(wing.client("administrator"), "/rules/try", text=text, days="1")
    assert answer.status_code == 422
    assert said in answer.text
    assert str(wing.folder) not in answer.text
    assert "<script>alert" not in answer.text


def test_a_disk_that_refuses_leaves_the_old_rules_in_force(
    wing: Wing, force: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = wing.client("administrator")
    page = post(client, "/rules/try", text=NONE, days="1").text

    def refuse(_draft: Path, _path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", refuse)
    sent = {"text": NONE, "seen": hidden(page, "seen"), "tried": hidden(page, "tried"), "why": "so"}
    answer = post(client, "/rules/save", **sent)
    assert answer.status_code == 422
    assert "No space left" in answer.text
    assert force.text == ALL
    assert sorted(path.name for path in wing.folder.glob("*rules*")) == ["rules.toml"]
    with reading(wing.engine) as c:
        assert rules_held.texts(c, 9) == []


def test_without_a_file_there_is_nothing_to_change(wing: Wing) -> None:
    page = wing.client("administrator").get("/rules").text
    assert "Started without a file of rules" in page
    assert post(wing.client("administrator"), "/rules/save", text=ALL, seen="", why="so").status_code == 409


def test_officers_read_the_rules_and_try_none(wing: Wing, force: Held) -> None:
    page = wing.client("officer").get("/rules").text
    assert "kinds = [&#34;call&#34;]" in page
    assert "/rules/try" not in page
