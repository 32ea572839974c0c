"""Signing in by a directory: a true OpenID provider that runs beside the test."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import oidc_provider_mock
import pytest
import requests
from fastapi.testclient import TestClient
from oidc_provider_mock import User
from tests.console.conftest import PASSWORD, Wing, token_of

from cellwarden.console import openid
from cellwarden.console.app import application
from cellwarden.console.openid import Provider, role_of
from cellwarden.errors import OpenIdError, SiteError
from cellwarden.runtime.openid_settings import read
from cellwarden.store import audit, people
from cellwarden.store.engine import reading

USERS = (
    User(sub="nadia", claims={"preferred_username": "Nadia", "groups": ["guards", "choir"]}),
    User(sub="louis", claims={"preferred_username": "Louis", "groups": ["choir"]}),
    User(sub="thief", claims={"preferred_username": "officer", "groups": ["admins"]}),
    User(sub="nameless", claims={"groups": ["guards"]}),
)
ROLES: Any = (("administrator", ("admins",)), ("officer", ("guards",)))


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with oidc_provider_mock.run_server_in_thread(user_claims=USERS, require_nonce=True) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def provider(issuer: str) -> Provider:
    return Provider(issuer, "cellwarden", "secret", ROLES)


@pytest.fixture
def browser_of(wing: Wing, provider: Provider) -> TestClient:
    """Of somebody who has not signed in."""
    app = application(wing.engine, wing.site, openid=provider)
    return TestClient(app, base_url="https://testserver", follow_redirects=False)


def back(browser: TestClient, sub: str) -> str:
    """The way to the provider and back: where it leads a browser to."""
    left = browser.get("/sign-in/openid")
    assert left.status_code == 303
    kept = next(line for line in left.headers.get_list("set-cookie") if line.startswith("way="))
    assert {"httponly", "samesite=lax", "secure"} <= {part.strip().lower() for part in kept.split(";")}
    asked = parse_qs(urlsplit(left.headers["location"]).query)
    assert asked["code_challenge_method"] == ["S256"] and asked["response_type"] == ["code"]
    answer = requests.post(left.headers["location"], data={"sub": sub}, allow_redirects=False, timeout=30)
    return str(answer.headers["location"]).removeprefix("https://testserver")


def test_who_is_known_to_the_directory_is_let_in_with_the_role_that_it_gives(
    wing: Wing, browser_of: TestClient
) -> None:
    assert 'href="/sign-in/openid"' in browser_of.get("/sign-in").text
    page = browser_of.get(back(browser_of, "nadia"))
    assert page.status_code == 200 and 'content="0;url=/"' in page.text and "Nadia" in page.text
    assert browser_of.get("/alerts").status_code == 200 and browser_of.get("/people").status_code == 403
    with reading(wing.engine) as c:
        (nadia,) = (one for one in people.persons(c) if one.name == "Nadia")
        lines = [(line.who, line.action, line.why) for line in audit.lines(c)]
    assert nadia.role == "officer" and lines[0] == ("Nadia", "sign in", "OpenID, officer")


def test_who_comes_by_the_directory_has_no_password_here(browser_of: TestClient) -> None:
    browser_of.get(back(browser_of, "nadia"))
    other = TestClient(browser_of.app, base_url="https://testserver", follow_redirects=False)
    for password in ("", PASSWORD):
        sent = {"csrf": token_of(other.get("/sign-in").text), "name": "Nadia", "password": password}
        assert other.post("/sign-in", data=sent).status_code in (403, 422)


@pytest.mark.parametrize(
    ("sub", "said"),
    [("louis", "no role"), ("nameless", "does not tell your name"), ("thief", "signs in with a password here")],
)
def test_without_role_or_name_or_by_the_name_of_somebody_here_nobody_is_let_in(
    wing: Wing, browser_of: TestClient, sub: str, said: str
) -> None:
    page = browser_of.get(back(browser_of, sub))
    assert page.status_code == 403 and said in page.text and "session" not in browser_of.cookies
    with reading(wing.engine) as c:
        assert {one.name: one.role for one in people.persons(c)}["officer"] == "officer"  # and no administrator


def test_who_is_barred_here_stays_so_and_a_role_that_changes_there_changes_here(
    wing: Wing, browser_of: TestClient
) -> None:
    browser_of.get(back(browser_of, "nadia"))
    with wing.engine.begin() as c:
        people.set_role(c, "Nadia", "auditor")
    browser_of.get(back(browser_of, "nadia"))
    with wing.engine.begin() as c:
        assert {one.name: one.role for one in people.persons(c)}["Nadia"] == "officer"
        people.set_disabled(c, "Nadia", True)
    assert browser_of.get("/alerts").status_code == 303
    assert browser_of.get(back(browser_of, "nadia")).status_code == 403


def test_an_answer_is_good_once_and_for_the_browser_that_began_alone(browser_of: TestClient) -> None:
    answer = back(browser_of, "nadia")
    other = TestClient(browser_of.app, base_url="https://testserver", follow_redirects=False)
    assert other.get(answer).status_code == 403  # who is led to another's answer would act in their name
    other.get("/sign-in/openid")
    assert other.get(answer).status_code == 403
    assert browser_of.get(answer.replace("code=", "code=x")).status_code == 403
    assert browser_of.get(answer).status_code == 200
    assert browser_of.get(answer).status_code == 403


def test_a_token_for_another_or_of_another_or_too_old_proves_nothing(provider: Provider, issuer: str) -> None:
    from joserfc import jwt
    from joserfc.jwk import KeySet, RSAKey

    key = RSAKey.generate_key(2048, {"kid": "1", "use": "sig"})
    published = KeySet([key]).as_dict()
    good = {"iss": issuer, "aud": "cellwarden", "nonce": "n", "exp": int(time.time()) + 300, "sub": "x"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(openid, "_told", lambda *_any: "")
        patch.setattr(openid, "_asked", lambda *_any: published)
        signed = jwt.encode({"alg": "RS256", "kid": "1"}, good, key)
        assert openid._claims(provider, signed, "n")["sub"] == "x"
        for wrong in ({"aud": "another"}, {"iss": "https://another"}, {"nonce": "m"}, {"exp": 1}):
            token = jwt.encode({"alg": "RS256", "kid": "1"}, {**good, **wrong}, key)
            with pytest.raises(OpenIdError, match="does not hold"):
                openid._claims(provider, token, "n")
        other = RSAKey.generate_key(2048, {"kid": "1"})
        for token in (jwt.encode({"alg": "RS256", "kid": "1"}, good, other), _unsigned(good), "", "a.b.c"):
            with pytest.raises(OpenIdError, match="does not hold"):
                openid._claims(provider, token, "n")


def _unsigned(claims: dict[str, Any]) -> str:
    import base64
    import json

    head, body = (
        base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=").decode() for one in ({"alg": "none"}, claims)
    )
    return f"{head}.{body}."


def test_a_provider_that_is_lost_is_told_and_a_password_still_opens(wing: Wing, provider: Provider) -> None:
    lost = replace(provider, issuer="http://localhost:9")
    client = TestClient(application(wing.engine, wing.site, openid=lost), follow_redirects=False)
    page = client.get("/sign-in/openid")
    assert page.status_code == 503 and "http://localhost:9 does not answer as it should" in page.text
    sent = {"csrf": token_of(client.get("/sign-in").text), "name": "officer", "password": PASSWORD}
    assert client.post("/sign-in", data=sent).status_code == 303


def test_without_a_directory_there_is_no_way_to_it(wing: Wing) -> None:
    client = wing.client(None)
    assert "openid" not in client.get("/sign-in").text
    assert client.get("/sign-in/openid").status_code == client.get("/sign-in/openid/return").status_code == 404


@pytest.mark.parametrize(
    ("told", "role"),
    [(["guards"], "officer"), ("admins", "administrator"), (["guards", "admins"], "administrator"), ([1, {}], None),
     (None, None), ("", None), ([], None)],
)  # fmt: skip
def test_a_claim_is_a_text_or_a_list_and_the_first_role_of_the_settings_holds(
    provider: Provider, told: Any, role: str | None
) -> None:
    assert role_of(provider, {"groups": told}) == role


TABLE = """
[console.oidc]
issuer = "https://login.prison.example"
client_id = "cellwarden"
client_secret = "hush"

[console.oidc.roles]
officer = ["guards"]
"""


def test_the_sites_file_names_the_directory_or_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text("")
    assert read(path) is None
    path.write_text(TABLE)
    assert read(path) == Provider("https://login.prison.example", "cellwarden", "hush", (("officer", ("guards",)),))
    for old, new, said in (
        ("https", "http", "issuer"), ("client_id", "client", "client"), ('officer = ["guards"]', "", "roles"),
        ("officer", "king", "king"), ('["guards"]', "[]", "officer"),
        ("[console.oidc]", "[console]", "names and values"),
    ):  # fmt: skip
        path.write_text(TABLE.replace(old, new, 1))
        with pytest.raises(SiteError, match=said) as told:
            read(path)
        assert "hush" not in str(told.value)
