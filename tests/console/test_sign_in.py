"""Who is let in, with what, and for how long."""

import time

import pyotp
import pytest
from fastapi.testclient import TestClient
from tests.console.conftest import HOSTILE, PASSWORD, Wing, token_of

from cellwarden.console.app import application, first_link
from cellwarden.store import audit, people
from cellwarden.store.engine import opened, reading


def tried(client: TestClient, name: str, password: str, code: str = "", **more: str) -> int:
    page = client.get("/sign-in")
    sent = {"csrf": token_of(page.text), "name": name, "password": password, "code": code, **more}
    return client.post("/sign-in", data=sent).status_code


def actions(wing: Wing) -> list[tuple[str, str, str]]:
    with reading(wing.engine) as c:
        return [(line.who, line.action, line.what) for line in audit.lines(c)]


def test_the_right_password_opens_a_session_and_signing_out_ends_it(wing: Wing) -> None:
    client = wing.client(None)
    assert tried(client, "officer", PASSWORD) == 303
    assert client.get("/alerts").status_code == 200
    session = client.cookies["session"]
    client.post("/sign-out", data={"csrf": token_of(client.get("/account").text)})
    client.cookies.set("session", session)
    assert client.get("/alerts").status_code == 303
    assert [action for _who, action, _what in actions(wing)] == ["sign in", "view", "sign out"]


@pytest.mark.parametrize(("base", "secure"), [("http://testserver", False), ("https://testserver", True)])
def test_the_sessions_cookie_is_out_of_reach_of_scripts_and_other_sites(wing: Wing, base: str, secure: bool) -> None:
    client = TestClient(wing.app, base_url=base, follow_redirects=False)
    page = client.get("/sign-in")
    sent = {"csrf": token_of(page.text), "name": "officer", "password": PASSWORD}
    answer = client.post("/sign-in", data=sent)
    (cookie,) = (line for line in answer.headers.get_list("set-cookie") if line.startswith("session="))
    said = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "samesite=strict", "path=/"} <= said
    assert ("secure" in said) == secure
    assert ("strict-transport-security" in answer.headers) == secure


def test_after_five_wrong_guesses_the_right_one_is_refused_too(wing: Wing) -> None:
    client = wing.client(None)
    assert [tried(client, "officer", "wrong") for _n in range(5)] == [403] * 5
    assert tried(client, "officer", PASSWORD) == 403
    with reading(wing.engine) as c:
        (locked,) = (one for one in people.persons(c) if one.name == "officer")
    assert locked.locked_until_ns > time.time_ns()
    assert actions(wing)[0] == ("", "sign-in refused", "officer")


def test_what_is_typed_for_nobodys_name_is_kept_nowhere(wing: Wing) -> None:
    """People type their password into the wrong field."""
    assert tried(wing.client(None), PASSWORD, "officer") == 403
    assert actions(wing) == []


def test_a_second_factor_once_set_up_is_asked_for_and_a_code_is_good_once(wing: Wing) -> None:
    client = wing.client(None)
    assert tried(client, "officer", PASSWORD) == 303
    page = client.get("/account").text
    secret = page.split('name="secret" value="')[1].split('"')[0]
    now = time.time()
    codes = pyotp.TOTP(secret)
    sent = {"csrf": token_of(page), "secret": secret, "password": PASSWORD}
    again = client.post("/account/code", data={**sent, "code": "12345"})
    assert again.status_code == 422
    assert (
        f'name="secret" value="{secret}"' in again.text
    )  # the authenticator has it by now: another one would never fit
    assert client.post("/account/code", data={**sent, "secret": "é" * 32, "code": "1"}).status_code == 422
    assert client.post("/account/code", data={**sent, "code": codes.at(now - 30)}).status_code == 200
    other = wing.client(None)
    assert tried(other, "officer", PASSWORD) == 403
    assert tried(other, "officer", PASSWORD, codes.at(now - 30)) == 403  # was used to set it up
    assert tried(other, "officer", PASSWORD, codes.at(now)) == 303
    assert tried(wing.client(None), "officer", PASSWORD, codes.at(now)) == 403


def test_a_session_that_stands_open_is_not_enough_to_replace_the_second_factor(wing: Wing) -> None:
    """Who finds a tablet that was left would shut its owner out, and have a factor of their own."""
    client, now = wing.client("officer"), time.time()
    page = client.get("/account").text
    secret = page.split('name="secret" value="')[1].split('"')[0]
    sent = {"csrf": token_of(page), "secret": secret, "code": pyotp.TOTP(secret).at(now)}
    for wrong in ({}, {"password": "wrong"}):
        answer = client.post("/account/code", data={**sent, **wrong})
        assert (answer.status_code, "The password is wrong" in answer.text) == (422, True)
    assert tried(wing.client(None), "officer", PASSWORD) == 303  # no code is asked for
    assert [client.post("/account/code", data=sent).status_code for _n in range(5)] == [422] * 5
    assert client.post("/account/code", data={**sent, "password": PASSWORD}).status_code == 422  # guesses are counted


def test_a_session_that_stands_open_is_not_enough_to_make_a_token(wing: Wing) -> None:
    """Who finds a tablet that was left would have what its owner may see for 90 days."""
    client = wing.client("officer")
    sent = {"csrf": token_of(client.get("/account").text)}
    for wrong in ({}, {"password": "wrong"}):
        answer = client.post("/account/token", data={**sent, **wrong})
        assert (answer.status_code, "The password is wrong" in answer.text) == (422, True)
    assert client.post("/account/token", data={**sent, "password": PASSWORD}).status_code == 200
    assert [client.post("/account/token", data=sent).status_code for _n in range(5)] == [422] * 5
    assert client.post("/account/token", data={**sent, "password": PASSWORD}).status_code == 422  # guesses are counted
    assert actions(wing).count(("officer", "change", "officer")) == 1


def test_the_account_page_tells_whether_a_code_is_asked_for(wing: Wing) -> None:
    client = wing.client("officer")
    assert "No code is asked for yet" in client.get("/account").text
    with wing.engine.begin() as c:
        people.set_totp(c, "officer", people.new_totp_secret(), 0)
    assert "Another secret takes the place of yours" in client.get("/account").text


def test_the_first_administrator_comes_by_a_link_that_works_once(wing: Wing) -> None:
    assert first_link(wing.engine, "http://testserver", time.time_ns()) is None  # there are people
    empty = opened(str(wing.folder / "empty.db"))
    wing.app = application(empty, wing.site)
    link = first_link(empty, "http://testserver", time.time_ns())
    assert link is not None
    client = wing.client(None)
    path = link.removeprefix("http://testserver")
    page = client.get(path)
    sent = {"csrf": token_of(page.text), "password": "short", "again": "short"}
    assert client.post(path, data=sent).status_code == 422
    assert client.post(path, data={**sent, "password": PASSWORD, "again": PASSWORD + "x"}).status_code == 422
    assert client.post(path, data={**sent, "password": PASSWORD, "again": PASSWORD}).status_code == 303
    assert client.get("/people").status_code == 200
    answer = wing.client(None).get(path)
    assert answer.status_code == 404
    assert "This link was used, or is too old" in answer.text
    empty.dispose()


def test_an_administrator_invites_bars_and_admits(wing: Wing) -> None:
    chief, officer = wing.client("administrator"), wing.client("officer")
    token = token_of(chief.get("/people").text)
    answer = chief.post("/people/invite", data={"csrf": token, "name": "Nadia", "role": "officer"})
    link = answer.text.split("http://testserver/set-up/")[1].split("<")[0]
    assert wing.client(None).get(f"/set-up/{link}").status_code == 200
    assert officer.get("/alerts").status_code == 200
    for what, seen in (("bar", 303), ("admit", 303)):
        chief.post("/people/change", data={"csrf": token, "name": "officer", "what": what})
        assert officer.get("/alerts").status_code == seen  # sessions of before stay ended
    assert wing.client("officer").get("/alerts").status_code == 200
    own = chief.post("/people/change", data={"csrf": token, "name": "administrator", "what": "bar"})
    assert own.status_code == 409
    for role, status in (("officer", 409), ("administrator", 200)):  # by a link nobody becomes less either
        sent = {"csrf": token, "name": " administrator", "role": role}
        assert chief.post("/people/invite", data=sent).status_code == status
    assert chief.get("/people").status_code == 200


def test_another_password_ends_all_other_sessions(wing: Wing) -> None:
    here, there = wing.client(None), wing.client(None)
    assert tried(here, "officer", PASSWORD) == tried(there, "officer", PASSWORD) == 303
    sent = {"csrf": token_of(here.get("/account").text), "old": PASSWORD, "password": "x" * 12, "again": "x" * 12}
    assert here.post("/account/password", data={**sent, "old": "wrong"}).status_code == 422
    assert here.post("/account/password", data=sent).status_code == 303
    assert here.get("/alerts").status_code == 200
    assert there.get("/alerts").status_code == 303
    assert tried(there, "officer", PASSWORD) == 403
    assert tried(there, "officer", "x" * 12) == 303


@pytest.mark.parametrize("after", ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", "x"])
def test_signing_in_and_switching_language_lead_nowhere_else(wing: Wing, after: str) -> None:
    client = wing.client(None)
    assert client.get("/language/fr", params={"back": after}).headers["location"] == "/"
    page = client.get("/sign-in", params={"after": after})
    sent = {"csrf": token_of(page.text), "name": "officer", "password": PASSWORD, "after": after}
    assert client.post("/sign-in", data=sent).headers["location"] == "/"


def test_the_browsers_language_comes_first_and_the_switch_stays(wing: Wing) -> None:
    def spoken(client: TestClient, wish: str) -> str:
        return client.get("/sign-in", headers={"Accept-Language": wish}).text.split('lang="')[1][:2]

    client = wing.client(None)
    wishes = {
        "fr-FR,fr;q=0.9,en;q=0.8": "fr",
        "de,fr;q=0.5,en;q=0.3": "fr",
        "en-GB": "en",
        "de": "en",
        "": "en",
        "*": "en",
    }
    assert {wish: spoken(client, wish) for wish in wishes} == wishes
    client.get("/language/fr")
    assert {spoken(client, wish) for wish in wishes} == {"fr"}


def test_no_answer_lets_a_browser_run_or_frame_what_is_not_ours(wing: Wing) -> None:
    client = wing.client("officer")
    for path in ("/", "/sign-in", "/nothing", "/static/console.js", "/finds.csv", "/api/v1/alerts"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"


def test_a_form_that_is_too_large_or_hides_its_size_is_not_read(wing: Wing) -> None:
    client = wing.client("officer")
    assert client.post("/sign-in", content=b"", headers={"Content-Length": str(1 << 30)}).status_code == 413
    assert client.post("/sign-in", content=iter([b"x"])).status_code == 411


def test_what_is_typed_is_shown_as_text(wing: Wing) -> None:
    client = wing.client(None)
    page = client.get("/sign-in")
    answer = client.post(
        "/sign-in", data={"csrf": token_of(page.text), "name": HOSTILE, "password": "x", "after": HOSTILE}
    )
    assert HOSTILE not in answer.text
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert" in answer.text


@pytest.mark.parametrize("again", [False, True], ids=["nobody has signed in", "signed in anew beside it"])
def test_what_was_written_while_a_session_ended_is_shown_once_more(wing: Wing, again: bool) -> None:
    client = wing.client("officer")
    sent = {"csrf": token_of(client.get("/handover").text), "text": "\nthe light <b> flickers", "password": "secret"}
    with wing.engine.begin() as c:
        people.sign_out_all(c, "officer")
        if again:
            client.cookies.set("session", people.new_session(c, "officer", time.time_ns()))
    answer = client.post("/handover/note", data=sent, headers={"Origin": "http://testserver"})
    assert answer.status_code == (403 if again else 401)
    assert "\nthe light &lt;b&gt; flickers</textarea>" in answer.text and "secret" not in answer.text
    for origin in ("http://elsewhere.example", "null", ""):  # another site puts no words into our pages
        other = client.post("/handover/note", data=sent, headers={"Origin": origin})
        assert other.status_code == answer.status_code and "flickers" not in other.text
