"""Every route, as every role and as nobody."""

import html
import re
import time
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from fastapi.routing import APIRoute
from tests.console.conftest import PASSWORD, Wing, token_of

from cellwarden.console.guard import form_token
from cellwarden.console.live import Live
from cellwarden.console.rights import PUBLIC, RIGHTS, ROLES, may
from cellwarden.console.spectra import Spectra
from cellwarden.model import Role
from cellwarden.store import people

VALUES = {"token": "none", "code": "fr", "digest": "00", "number": "1"}
REFUSED = 401, 403
MANY = ("rf engineer", "administrator")
"""Roles with so many pages that following all their links takes twenty seconds."""


def routes(wing: Wing) -> Iterator[tuple[str, str]]:
    for route in wing.app.routes:
        if isinstance(route, APIRoute):
            yield from ((method, route.path) for method in route.methods or ())


def test_each_route_has_its_rights_and_each_right_its_route(wing: Wing) -> None:
    assert sorted(set(routes(wing))) == sorted(RIGHTS)


def test_what_is_not_in_the_table_is_open_to_nobody() -> None:
    assert not any(may(role, "GET", "/forgotten") for role in (*ROLES, None))


def test_who_has_not_signed_in_sees_signing_in_and_nothing_else() -> None:
    open_to_all = {route for route, roles in RIGHTS.items() if roles == PUBLIC}
    assert {path for _method, path in open_to_all} == {
        "/sign-in",
        "/sign-in/openid",
        "/sign-in/openid/return",
        "/set-up/{token}",
        "/language/{code}",
        "/favicon.ico",
    }


@pytest.mark.parametrize("role", [*ROLES, None])
def test_every_route_lets_in_those_who_may_and_nobody_else(
    wing: Wing, role: Role | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def one_beat(*_any: object, **_more: object) -> Any:
        yield "event: beat\ndata: 0\n\n"

    monkeypatch.setattr(Live, "news", one_beat)  # the true ones never end
    monkeypatch.setattr(Spectra, "news", one_beat)
    client = wing.client(role)
    if role is None:
        client.get("/sign-in")
    name = wing.alert()
    token = program_of(wing, role) if role else ""
    for method, path in RIGHTS:
        if path == "/sign-out":
            continue  # last, below
        address = path.format(name=name, **VALUES)
        api = path.startswith("/api/")
        headers = {"Authorization": f"Bearer {token}"} if api and token else {}
        cookie = client.cookies.get("session") or client.cookies.get("visit") or ""
        body: dict[str, Any] = {"json": {}} if api else {"data": {"csrf": form_token(cookie)}}
        answer = client.request(method, address, headers=headers, **(body if method == "POST" else {}))
        led = answer.status_code == 303 and answer.headers["location"].startswith("/sign-in?after=")
        allowed = role in RIGHTS[method, path]
        assert (answer.status_code in REFUSED or led) == (not allowed), (role, method, path, answer.status_code)
        assert answer.status_code < 500, (role, method, path)
    left = client.post("/sign-out", data={"csrf": form_token(client.cookies.get("session") or "")})
    assert left.status_code == (303 if role else 401)
    assert client.get("/account").headers["location"] == "/sign-in?after=/account"


def test_who_signs_in_again_comes_to_the_page_as_it_was(wing: Wing) -> None:
    """A wall screen stays one, and an hour that was asked for is not forgotten."""
    client = wing.client(None)
    for path in ("/?wall=1", "/timeline?hours=72&by=phone"):
        page = client.get(client.get(path).headers["location"]).text
        sent = {"csrf": token_of(page), "name": "officer", "password": PASSWORD}
        after = html.unescape(page.split('name="after" value="')[1].split('"')[0])
        assert client.post("/sign-in", data={**sent, "after": after}).headers["location"] == path
        client.cookies.clear()


def test_a_form_of_whose_session_is_over_says_that_it_was_not_kept(wing: Wing) -> None:
    client = wing.client("officer")
    token = token_of(client.get("/handover").text)
    client.cookies.clear()
    answer = client.post("/handover/note", data={"csrf": token, "text": "the light flickers"})
    assert answer.status_code == 401
    assert "this was not kept" in answer.text


def program_of(wing: Wing, role: Role) -> str:
    with wing.engine.begin() as c:
        return people.program_token(c, role, time.time_ns())


@pytest.mark.parametrize(("method", "path"), [key for key in RIGHTS if key[0] == "POST" and "/api/" not in key[1]])
def test_no_form_is_taken_without_the_token_of_our_own_page(wing: Wing, method: str, path: str) -> None:
    name = wing.alert()
    for role, sent in product(ROLES, ({}, {"csrf": ""}, {"csrf": form_token("of another session")})):
        if may(role, method, path):
            assert wing.client(role).post(path.format(name=name, **VALUES), data=sent).status_code == 403, (role, sent)


def test_a_cookie_opens_no_api_and_a_programs_token_no_page(wing: Wing) -> None:
    client = wing.client("officer")
    assert client.get("/api/v1/alerts").status_code == 401
    token = program_of(wing, "officer")
    nobody = wing.client(None)
    assert nobody.get("/api/v1/alerts", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    assert nobody.get("/alerts", headers={"Authorization": f"Bearer {token}"}).status_code == 303
    for cookie in (token, people.PROGRAM + token):
        nobody.cookies.set("session", cookie)
        assert nobody.get("/alerts").status_code == 303


@pytest.mark.parametrize(
    "role", [pytest.param(role, marks=pytest.mark.long) if role in MANY else role for role in ROLES]
)
def test_no_page_leads_its_reader_to_what_they_may_not_see_or_what_is_not_there(wing: Wing, role: Role) -> None:
    name = wing.alert()
    wing.alert(odds=())
    wing.passed()
    wing.sensors(deaf=wing.site.sensors[0].name)
    client = wing.client(role)
    due, seen = ["/", f"/alerts/{name}"], set[str]()
    if not may(role, "GET", "/alerts/{name}"):
        due.pop()
    while due:
        path = due.pop()
        seen.add(path)
        answer = client.get(path, follow_redirects=True)
        assert answer.status_code == 200, path
        if answer.headers["content-type"].startswith("text/html"):
            linked = {html.unescape(one) for one in re.findall(r'<a [^>]*href="(/[^"#]*)"', answer.text)}
            due += linked - seen - set(due) - {one for one in linked if one.startswith("/language/")}
    assert "/help" in seen and "/account" in seen
