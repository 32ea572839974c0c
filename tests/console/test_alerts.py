"""What people see of an alert, decide about it, and record."""

import csv
import io
import re
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from fastapi.testclient import TestClient
from PIL import Image
from tests.console.conftest import BOTH, HOSTILE, Wing, token_of

from cellwarden.errors import StoreFullError
from cellwarden.model import Decision
from cellwarden.register.queries import finds
from cellwarden.store import audit
from cellwarden.store.engine import reading
from cellwarden.watch import queries


def decided(client: TestClient, name: str, state: str, seen: str, why: str = "") -> tuple[int, str]:
    token = token_of(client.get("/account").text)
    sent = {"csrf": token, "state": state, "seen": seen, "why": why}
    answer = client.post(f"/alerts/{name}/decide", data=sent)
    return answer.status_code, answer.text


def known(wing: Wing, name: str) -> list[Decision]:
    with reading(wing.engine) as c:
        return queries.decisions(c, name)


def photograph() -> bytes:
    out = io.BytesIO()
    picture = Image.new("RGB", (60, 40), "#446688")
    details = Image.Exif()
    details[0x010F] = "a secret maker"
    picture.save(out, "JPEG", exif=details)
    return out.getvalue()


def test_an_alert_says_where_since_when_what_and_how_sure(wing: Wing) -> None:
    name = wing.alert(emitter="E-0042")
    page = wing.client("officer").get(f"/alerts/{name}").text
    for said in ("A-104", "83 %", "A-106", "9 %", "call, 4 min, GSM 900", "known: E-0042", "97 %", "A1-S2", "ab" * 32):
        assert said in page
    french = wing.client("officer", "fr").get(f"/alerts/{name}").text
    for said in ("appel, 4\u00a0min, GSM 900", "connu\u00a0: E-0042", "Prendre en charge", "nouvelle"):
        assert said in french


def test_who_comes_second_sees_the_firsts_decision_and_nothing_is_lost(wing: Wing) -> None:
    name = wing.alert()
    first, second = wing.client("officer"), wing.client("investigator")
    assert decided(first, name, "acknowledged", "new", "I go there")[0] == 303
    status, page = decided(second, name, "search ordered", "new", "let us search")
    assert status == 409
    assert "officer was first" in page
    assert "I go there" in page
    assert "let us search" in page  # what the second wrote is still there to send again
    assert [(one.who, one.state) for one in known(wing, name)] == [("officer", "acknowledged")]
    assert decided(second, name, "search ordered", "acknowledged", "let us search")[0] == 303


@BOTH
def test_of_eight_who_decide_at_one_moment_one_is_first(wing: Wing) -> None:
    name = wing.alert()
    clients = [wing.client("officer") for _n in range(8)]
    ready = Barrier(8)

    def go(client: TestClient) -> int:
        token = token_of(client.get("/account").text)
        ready.wait(30)
        sent = {"csrf": token, "state": "acknowledged", "seen": "new"}
        return client.post(f"/alerts/{name}/decide", data=sent).status_code

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(go, clients)) == [303] + [409] * 7
    assert len(known(wing, name)) == 1


@pytest.mark.parametrize(
    ("state", "seen"), [("found", "acknowledged"), ("new", "acknowledged"), ("acknowledged", "found"), (HOSTILE, "new")]
)
def test_what_cannot_follow_is_refused(wing: Wing, state: str, seen: str) -> None:
    name = wing.alert()
    status, _page = decided(wing.client("officer"), name, state, seen)
    assert status in (409, 422)
    assert known(wing, name) == []


@pytest.mark.parametrize("state", ["false", "not found"])
def test_an_alert_is_not_settled_without_a_reason(wing: Wing, state: str) -> None:
    name = wing.alert()
    client = wing.client("officer")
    decided(client, name, "acknowledged", "new")
    status, page = decided(client, name, state, "acknowledged", "  ")
    assert status == 422
    assert "Say why" in page
    assert [one.state for one in known(wing, name)] == ["acknowledged"]
    assert decided(client, name, state, "acknowledged", "looked everywhere")[0] == 303


def test_what_wants_a_reason_is_said_before_it_is_asked_for_and_a_find_is_one_click_away(wing: Wing) -> None:
    name = wing.alert()
    client = wing.client("officer")
    assert "needed for: False alarm)" in client.get(f"/alerts/{name}").text
    with wing.engine.begin() as c:
        queries.decide(c, Decision(name, "search ordered", "officer", time.time_ns(), ""), "new")
    page = client.get(f"/alerts/{name}").text
    assert "needed for: Nothing found, False alarm)" in page and 'class="button" href="/finds"' not in page
    with wing.engine.begin() as c:
        queries.decide(c, Decision(name, "found", "officer", time.time_ns(), ""), "search ordered")
    assert 'class="button" href="/finds"' in client.get(f"/alerts/{name}").text


def test_who_is_refused_is_led_on_and_who_has_not_signed_in_to_where_one_does(wing: Wing) -> None:
    assert 'href="/">To the first page' in wing.client("auditor").get("/alerts").text
    assert 'href="/sign-in?after=' in wing.client(None).get("/set-up/used").text


def test_a_full_disk_is_told_and_loses_nothing(wing: Wing, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_any: object) -> None:
        raise StoreFullError("site.db cannot be written: make room")

    name = wing.alert()
    monkeypatch.setattr(queries, "decide", full)
    status, page = decided(wing.client("officer"), name, "acknowledged", "new")
    assert status == 503
    assert "site.db cannot be written: make room" in page
    assert known(wing, name) == []


def test_a_find_is_kept_with_its_decision_and_its_photograph_without_the_cameras_notes(wing: Wing) -> None:
    name = wing.alert()
    client = wing.client("officer")
    decided(client, name, "acknowledged", "new")
    page = client.get(f"/alerts/{name}/found").text
    sent = {
        "csrf": token_of(page),
        "seen": "acknowledged",
        "cell": "A-104",
        "model": "tiny",
        "seal": "S-77",
        "why": "sock",
    }
    for cell in ("", "  "):  # the list only grows: what is not said is asked for at once
        unsaid = client.post(f"/alerts/{name}/found", data={**sent, "cell": cell})
        assert unsaid.status_code == 422
        assert "Say where it was found." in unsaid.text
        assert 'value="S-77"' in unsaid.text
    picture = photograph()
    answer = client.post(f"/alerts/{name}/found", data=sent, files={"photographs": ("x.jpg", picture, "image/jpeg")})
    assert answer.status_code == 303
    with reading(wing.engine) as c:
        (find,) = finds(c)
    assert (find.alert, find.cell, find.model, find.seal, find.who) == (name, "A-104", "tiny", "S-77", "officer")
    assert known(wing, name)[-1].state == "found"
    (digest,) = find.photographs
    kept = client.get(f"/photographs/{digest}")
    assert kept.headers["content-type"] == "image/jpeg"
    assert Image.open(io.BytesIO(kept.content)).size == (60, 40)
    assert b"a secret maker" in picture
    assert b"a secret maker" not in kept.content
    assert "S-77" in client.get("/finds").text
    assert "S-77" in client.get("/finds.csv").text
    again = client.post(f"/alerts/{name}/found", data=sent)
    assert again.status_code == 409
    with reading(wing.engine) as c:
        assert len(finds(c)) == 1


@pytest.mark.parametrize("given", [b"no picture", b"<svg xmlns='http://www.w3.org/2000/svg'/>", photograph()[:200]])
def test_what_is_no_photograph_is_told_and_what_was_typed_stays(wing: Wing, given: bytes) -> None:
    name = wing.alert()
    client = wing.client("officer")
    sent = {"csrf": token_of(client.get("/account").text), "seen": "new", "cell": "A-104", "model": "a model"}
    answer = client.post(f"/alerts/{name}/found", data=sent, files={"photographs": ("x.jpg", given, "image/jpeg")})
    assert answer.status_code == 422
    assert "a model" in answer.text
    assert known(wing, name) == []


@pytest.mark.parametrize("name", ["../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e/site.db", "a" * 64, HOSTILE])
def test_no_download_leaves_its_folder(wing: Wing, name: str) -> None:
    client = wing.client("officer")
    for path in (f"/photographs/{name}", f"/static/{name}", f"/alerts/{name}/sheet.pdf"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "root:" not in answer.text
        assert "<script>alert" not in answer.text


def test_what_people_write_is_shown_as_text_on_every_page(wing: Wing) -> None:
    name = wing.alert(odds=((HOSTILE, 0.9),), emitter=HOSTILE)
    wing.presence(HOSTILE, HOSTILE)
    client = wing.client("officer")
    decided(client, name, "acknowledged", "new", HOSTILE)
    sent = {"csrf": token_of(client.get("/account").text), "seen": "acknowledged"}
    other = wing.alert(odds=((HOSTILE, 0.9), ("A-104", 0.1)))
    token = {"csrf": sent["csrf"]}
    client.post(f"/unlock/{other}", data={**token, "room": HOSTILE, "seen": "new", "outcome": "on", "why": HOSTILE})
    client.post("/handover/note", data={**token, "text": HOSTILE})
    client.post("/handover/sign", data={**token, "text": HOSTILE, "seen": "0"})
    client.post(f"/alerts/{name}/found", data={**sent, "cell": HOSTILE, "model": HOSTILE, "seal": HOSTILE})
    officers = (
        "/",
        "/alerts?of=all",
        f"/alerts/{name}",
        "/timeline",
        "/finds",
        "/alerts?of=" + HOSTILE,
        "/unlock",
        "/handover",
    )
    pages = {path: client.get(path).text for path in officers}
    pages["/handover?number=1"] = client.get("/handover?number=1").text
    pages["searched"] = client.get(f"/alerts/{other}").text
    assert "&lt;script&gt;" in pages["searched"]
    pages["/emitters"] = wing.client("investigator").get("/emitters").text
    pages["/audit"] = wing.client("auditor").get("/audit").text
    assert [path for path, page in pages.items() if "<script>alert" in page] == []
    assert "&lt;script&gt;" in pages["/finds"]
    assert client.get(f"/alerts/{name}/sheet.pdf").status_code == 200


def test_each_view_and_each_action_is_a_line_of_a_chain_that_the_auditor_checks(wing: Wing) -> None:
    name = wing.alert()
    client = wing.client("officer")
    for path in ("/", "/alerts", f"/alerts/{name}", "/timeline", "/finds", "/finds.csv", f"/alerts/{name}/sheet.pdf"):
        assert client.get(path).status_code == 200
    decided(client, name, "false", "new", "a radio")
    with reading(wing.engine) as c:
        lines = [(line.who, line.action, line.what, line.why) for line in audit.lines(c)]
    assert lines == [
        ("officer", "view", "now", ""),
        ("officer", "view", "alerts", "open"),
        ("officer", "view", name, ""),
        ("officer", "view", "timeline", "24 h"),
        ("officer", "view", "finds", ""),
        ("officer", "take along", "finds", ""),
        ("officer", "print", name, ""),
        ("officer", "false", name, "a radio"),
    ]
    auditor = wing.client("auditor")
    assert "The chain is whole" in auditor.get("/audit").text
    with wing.engine.begin() as c:
        c.exec_driver_sql("DROP TRIGGER IF EXISTS audit_update")
        for (trigger,) in c.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            c.exec_driver_sql(f'DROP TRIGGER "{trigger}"')
        c.exec_driver_sql("UPDATE audit SET who = 'nobody' WHERE number = 3")
    assert "broken at line 3" in auditor.get("/audit").text


def test_the_search_sheet_is_one_page_in_both_languages(wing: Wing) -> None:
    name = wing.alert()
    made = wing.client("officer", "fr").get(f"/alerts/{name}/sheet.pdf").content
    assert len(re.findall(rb"/Type /Page\b", made)) == 1
    streams = re.findall(rb"stream\r?\n(.*?)endstream", made, re.DOTALL)
    text = b"".join(zlib.decompressobj().decompress(s) for s in streams if s[:1] == b"x")
    for said in (b"A-104", b"83", b"appel, 4", b"call, 4", b"Search A-104 first", b"Fouillez d", name.encode()):
        assert said in text


def test_a_phone_whose_place_is_unknown_or_outside_has_a_page_and_a_sheet_too(wing: Wing) -> None:
    client = wing.client("officer")
    for odds in ((), (("outside", 0.9),), (("no such room", 0.5),), (("Yard", 0.7), ("A-104", 0.1))):
        name = wing.alert(odds=odds)
        assert client.get(f"/alerts/{name}").status_code == 200
        assert client.get(f"/alerts/{name}/sheet.pdf").status_code == 200
        assert client.get(f"/alerts/{name}/found").status_code == 200
    assert client.get("/").status_code == 200


def test_alerts_are_taken_along_as_a_table_without_transmitters_and_without_formulas(wing: Wing) -> None:
    first, second = wing.alert(emitter="E-0042"), wing.alert(odds=(), ago_s=10)
    with wing.engine.begin() as c:
        queries.decide(c, Decision(first, "false", "Zoé", time.time_ns(), "=1+1, a radio"), "new")
    client = wing.client("officer")
    assert "/alerts.csv" in client.get("/alerts").text
    answer = client.get("/alerts.csv")
    assert answer.headers["content-type"].startswith("text/csv") and "E-0042" not in answer.text
    newest, oldest = csv.DictReader(io.StringIO(answer.text))
    assert (newest["alert"], newest["room"], newest["state"], newest["who"]) == (second, "", "new", "")
    told = [oldest[name] for name in ("alert", "kind", "seconds", "room", "room_probability", "state", "who", "why")]
    assert told == [first, "call", "240", "A-104", "0.8300", "false", "Zoé", "'=1+1, a radio"]
    with reading(wing.engine) as c:
        last = audit.newest(c, 1)[0]
    assert (last.action, last.what) == ("take along", "alerts")


def test_roles_without_decisions_see_no_buttons(wing: Wing) -> None:
    name = wing.alert()
    assert "Acknowledge</button>" in wing.client("officer").get(f"/alerts/{name}").text
    for role in ("rf engineer", "examiner", "administrator"):
        assert "/decide" not in wing.client(role).get(f"/alerts/{name}").text  # type: ignore[arg-type]
