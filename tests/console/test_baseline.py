"""Every route of the console, from its own table, as somebody asks who means no good.

A route or a field that is new is asked too: what is sent follows from what the routes declare.
"""

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import product
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import pytest
from argon2.exceptions import VerificationError
from fastapi import UploadFile
from fastapi._compat import ModelField
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from httpx import Response
from pydantic import BaseModel
from starlette.routing import Mount
from tests.console.conftest import PASSWORD, Wing
from tests.console.test_rights import program_of

from cellwarden.console.guard import HEADERS, form_token
from cellwarden.console.live import Live
from cellwarden.console.page import HERE
from cellwarden.console.rights import RIGHTS, ROLES
from cellwarden.console.spectra import Spectra
from cellwarden.model import Role
from cellwarden.store import audit
from cellwarden.store.engine import reading
from cellwarden.watch import queries

PRODUCT = 7919 * 7907
"""What a template would make of `{{7919*7907}}`; it stands on no page by chance."""
PAYLOADS = {
    "markup": "\"'><hostile onmouseover=alert(7)>€{{7919*7907}}</script>' OR '1'='1'; DROP TABLE alerts; --",
    "lines": "../../../../etc/passwd\r\nSet-Cookie: hostile=1\r\n\r\n<hostile>",
    "nul": "a\0b",
    "half a letter": "a\ud800b",
    "long": "A" * 50_000,
    "number": str(1 << 63),
    "not a number": "nan",
}
NUMBERS = ("number", "not a number")
"""For fields that are numbers."""
LONGEST_ADDRESS = 8_000
"""What is tried in an address is no longer: the client here takes seconds over more."""
OTHER_ENGINE = ("nul", "number", "half a letter")
"""What databases differ in."""
SOME = ("markup", "nul", "number")
"""What is tried where not all is."""
FILE = "hostile.csv", b"a,b\n1,2\n", "text/csv"
FITTING: dict[str, object] = {
    "state": "acknowledged", "seen": "new", "why": "looked", "cell": "A-104", "outcome": "on", "room": "A-104",
    "text": "quiet", "name": "officer", "frequency_hz": "434e6", "width_hz": "1e5", "burst_s": "0.01", "plan": "{}",
    "what": "", "at": "0", "since_ns": "0", "days": "1", "role": "officer", "password": "x" * 12, "again": "x" * 12,
    "old": PASSWORD, "secret": "JBSWY3DPEHPK3PXP", "code": "123456", "until_ns": "1", "table": "a,b",
    "sensor": "A1-S1",
}  # fmt: skip
"""By the name of a field, what is sent where another field of the same form is tried."""
FITTING_PATHS = {"/handover/sign": {"seen": "0"}, "/unlock/{name}": {"outcome": "end"}, "/sign-in": {"password": "x"}}
PATHS = {"digest": "00" * 32, "number": "1", "token": "none", "code": "fr"}


class Field(NamedTuple):
    """What a route takes: where (`path`, `query`, `form`, `file` or `json`), under which name, and whether a number."""

    where: str
    name: str
    number: bool = False


def routes(wing: Wing) -> Iterator[tuple[str, APIRoute]]:
    """All but what ends the session."""
    for route in wing.app.routes:
        assert isinstance(route, APIRoute | Mount)
        if isinstance(route, APIRoute) and route.path != "/sign-out":
            yield from ((method, route) for method in route.methods)


def fields(route: APIRoute) -> list[Field]:
    told = route.dependant
    found = [Field("path", one.name, _number(one)) for one in told.path_params]
    found += [Field("query", one.alias, _number(one)) for one in told.query_params]
    for one in told.body_params:
        kind = one.field_info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found += [Field("json", name) for name in kind.model_fields]
        else:
            found.append(Field("file" if UploadFile.__name__ in str(kind) else "form", one.alias, _number(one)))
    return found


def _number(one: ModelField) -> bool:
    return bool({"int", "float"} & set(re.findall(r"\w+", str(one.field_info.annotation))))


class Asker:
    """Somebody who may use a route."""

    def __init__(self, wing: Wing, method: str, route: APIRoute, base: str = "http://testserver") -> None:
        role: Role | None = next((one for one in (None, *ROLES) if one in RIGHTS[method, route.path]), None)
        self.wing, self.method, self.route, self.fields = wing, method, route, fields(route)
        signed_in = wing.client(role)
        self.client = TestClient(wing.app, base, raise_server_exceptions=False, follow_redirects=False)
        self.client.cookies = signed_in.cookies
        if role is None:
            self.client.get("/sign-in")
        token = self.client.cookies.get("session") or self.client.cookies.get("visit") or ""
        self.csrf = {"csrf": form_token(token)}
        self.api = route.path.startswith("/api/")
        self.headers = {"Authorization": f"Bearer {program_of(wing, role)}"} if self.api and role else {}

    def ask(self, tried: Field | None = None, payload: str = "", csrf: bool = True) -> Response:
        """Ask with what fits, but for one field."""
        fitting = FITTING | FITTING_PATHS.get(self.route.path, {})
        told: dict[str, dict[str, Any]] = {where: {} for where in ("path", "query", "form", "json", "file")}
        for one in self.fields:
            told[one.where][one.name] = fitting.get(one.name, "")
        told["path"] |= {name: PATHS.get(name, "") for name in told["path"]}
        self.alert = told["path"]["name"] = self.wing.alert() if "name" in told["path"] else ""
        if tried is not None:
            told[tried.where][tried.name] = payload
        path = self.route.path.format(**{name: _quoted(value) for name, value in told["path"].items()})
        told["query"] = {name: value for name, value in told["query"].items() if value != ""}
        query = "&".join(f"{name}={_quoted(value)}" for name, value in told["query"].items())
        return self._send(f"{path}?{query}" if query else path, told, csrf)

    def _send(self, address: str, told: dict[str, dict[str, Any]], csrf: bool) -> Response:
        if self.method == "GET":
            return self.client.get(address, headers=self.headers)
        if told["json"]:
            headers = self.headers | {"Content-Type": "application/json"}
            return self.client.request(self.method, address, content=json.dumps(told["json"]), headers=headers)
        form = told["form"] | (self.csrf if csrf else {})
        if told["file"]:
            files = {name: (name_of(value), *FILE[1:]) for name, value in told["file"].items()}
            form = {name: str(value).encode(errors="surrogatepass") for name, value in form.items()}
            return self.client.request(self.method, address, data=form, files=files, headers=self.headers)
        pairs = {name: str(value).encode(errors="surrogatepass") for name, value in form.items()}
        headers = self.headers | {"Content-Type": "application/x-www-form-urlencoded"}
        return self.client.request(self.method, address, content=urlencode(pairs), headers=headers)


def name_of(value: str) -> str:
    """The name under which a file is sent."""
    return value.encode(errors="replace").decode() or FILE[0]


def _quoted(value: object) -> str:
    return quote(str(value).encode(errors="surrogatepass"), safe="")


class _Page(HTMLParser):
    """What a page has that our own policy would not let run, or that was no text when it should have been."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.wrong: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        self.wrong += [tag] if tag == "hostile" else []
        self.wrong += [f"{tag} {name}" for name in names if name.startswith("on") or name == "style"]
        self.wrong += [tag] if tag == "script" and "src" not in names else []
        address = names.get("href") or names.get("src") or names.get("action") or "/"
        address = "/" if address.startswith("otpauth://totp/") else address
        self.wrong += [address] if not address.startswith(("/", "#", "?")) or address.startswith("//") else []


def wrong(answer: Response, secure: bool = False) -> list[str]:
    """What is wrong with an answer, whatever was asked."""
    found = [name for name, value in HEADERS.items() if answer.headers.get(name) != value]
    found += ["no-store"] if not answer.headers.get("cache-control", "").startswith(("no-store", "private")) else []
    found += ["strict-transport-security"] if ("strict-transport-security" in answer.headers) != secure else []
    found += [f"status {answer.status_code}"] if answer.status_code >= 500 else []
    for line in answer.headers.get_list("set-cookie"):
        said = {part.strip().lower() for part in line.split(";")[1:]}
        kept = {"httponly", "samesite=strict", *(("secure",) if secure else ())} <= said
        found += [] if kept and not line.startswith("hostile") else [f"cookie {line}"]
    kind = answer.headers.get("content-type", "")
    if answer.text and not kind:
        found.append("no type")
    if kind.startswith("text/html"):
        found += _Page(answer.text).wrong
    found += [what for what in (str(PRODUCT), "root:x", "Traceback", "sqlalchemy") if what in answer.text]
    return found


class Hasty:
    """In place of argon2, which takes long on purpose."""

    def hash(self, password: str) -> str:
        return password

    def verify(self, _kept: str, password: str) -> None:
        if password != PASSWORD:
            raise VerificationError


@pytest.fixture
def open_wing(wing: Wing, monkeypatch: pytest.MonkeyPatch) -> Wing:
    """A wing in which something of all kinds is kept, and whose live pages end."""

    async def one_beat(*_any: object, **_more: object) -> Any:
        yield "event: beat\ndata: 0\n\n"

    monkeypatch.setattr(Live, "news", one_beat)
    monkeypatch.setattr(Spectra, "news", one_beat)
    monkeypatch.setattr("argon2.PasswordHasher", Hasty)
    wing.presence()
    wing.passed()
    wing.sensors("A1-S1")
    return wing


@pytest.mark.parametrize(
    ("store", "tried"),
    [
        pytest.param("sqlite", SOME, id="some"),
        *(pytest.param(s, tuple(PAYLOADS), id=f"all-{s}", marks=pytest.mark.long) for s in ("sqlite", "postgresql")),
    ],
    indirect=["store"],
)
def test_what_is_written_into_any_field_stays_text_and_stops_nothing(
    open_wing: Wing, store: str, tried: tuple[str, ...]
) -> None:
    found, asked, names = [], 0, list[str]()
    for method, route in routes(open_wing):
        asker = Asker(open_wing, method, route)
        found += [(route.path, what) for what in wrong(asker.ask())]
        for field in asker.fields:
            for name, payload in payloads(field, store, tried):
                answer = asker.ask(field, payload)
                found += [(route.path, field.name, name, what) for what in wrong(answer)]
                asked += 1
                names += [asker.alert] if name == "markup" and asker.alert else []
    found += _seen(open_wing, names)
    assert found == []
    assert asked > 100
    with reading(open_wing.engine) as c:
        assert audit.verify(c) is None and queries.alerts(c)
    assert not list(open_wing.folder.parent.rglob("*hostile*"))


def payloads(field: Field, store: str, tried: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Of what is tried, what is for such a field: all of it in a file, of it what databases differ in elsewhere."""
    for name in tried:
        payload = PAYLOADS[name]
        if (name not in NUMBERS or field.number) and (store.endswith(".db") or name in OTHER_ENGINE):
            yield name, payload[:LONGEST_ADDRESS] if field.where in ("path", "query") else payload


def _seen(wing: Wing, names: list[str]) -> Iterator[tuple[str, str]]:
    """What is wrong with the pages, for each role, now that all of that is kept."""
    for role in ROLES:
        client = wing.client(role)
        for method, route in routes(wing):
            if method == "GET" and not route.dependant.path_params and role in RIGHTS[method, route.path]:
                yield from ((route.path, what) for what in wrong(client.get(route.path)))
    officer = wing.client("officer")
    for name in names:
        yield from ((name, what) for what in wrong(officer.get(f"/alerts/{name}")))


def test_every_answer_has_our_headers_and_cookies_also_over_tls_and_where_something_is_wrong(
    open_wing: Wing, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for method, route in routes(open_wing):
        asker = Asker(open_wing, method, route, "https://testserver")
        found += [(route.path, what) for what in wrong(asker.ask(), secure=True)]
    client = TestClient(open_wing.app, raise_server_exceptions=False, follow_redirects=False)
    static = [f"/static/{path.name}" for path in (HERE / "static").iterdir()]
    for path in ("/nothing", "/alerts/none", "/static/", "/static/none.js", "/api/v1/none", "/sign-in/", *static):
        found += [(path, what) for what in wrong(client.get(path))]
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "HEAD", "MADE-UP"):
        for path in ("/", "/sign-in", "/alerts", "/static/console.js", "/api/v1/alerts"):
            answer = client.request(method, path)
            found += [(method, path, what) for what in wrong(answer)]
            found += [(method, path)] if method not in ("POST", "HEAD") and answer.status_code < 400 else []
    assert found == []
    monkeypatch.setattr("cellwarden.console.routes.account.page", lambda *_any, **_more: 1 / 0)  # a fault of ours
    failed = client.get("/sign-in")
    assert failed.status_code == 500 and "division" not in failed.text
    assert wrong(failed) == ["status 500"]


def test_no_route_that_changes_anything_is_used_without_our_own_pages_token(open_wing: Wing) -> None:
    asked = 0
    for method, route in routes(open_wing):
        if method not in ("GET", "HEAD"):
            asker = Asker(open_wing, method, route)
            headers, asker.headers = asker.headers, {}
            answer = asker.ask(csrf=False)
            assert answer.status_code == (401 if headers else 403), route.path  # the API takes no cookie at all
            asked += 1
    assert asked > 15


DOTS = ("..%2f{}", "%2e%2e%2f..%2f{}", "..%5c{}", "....%2f%2f{}", "%2f{}", "%c0%ae%c0%ae%2f{}")


def test_no_download_leads_out_of_its_folder(open_wing: Wing) -> None:
    """A file that nobody may have lies beside all folders from which something is served."""
    secret = "root:x:0:0"
    for name in ("secret", "secret.jpg", "secret.png", "secret.sigmf-meta", "secret.sigmf-data"):
        for folder in (
            open_wing.folder,
            open_wing.folder / "site.photographs",
            open_wing.folder / "evidence" / "deeper",
        ):
            folder.mkdir(exist_ok=True, parents=True)
            (folder.parent / name).write_text(secret)
    asked, alert = 0, open_wing.alert()
    places = open_wing.folder / "secret", "secret.jpg", "secret.sigmf-meta"
    for method, route in routes(open_wing):
        for param in route.dependant.path_params if method == "GET" else ():
            asker = Asker(open_wing, method, route)
            for dots, place in product(DOTS, places):
                told = PATHS | {"name": alert, param.name: dots.format(_quoted(str(place).lstrip("/")))}
                answer = asker.client.get(route.path.format(**told), headers=asker.headers)
                assert answer.status_code in (303, 404, 422) and secret not in answer.text, (route.path, dots)
                asked += 1
    client = open_wing.client("officer")
    for dots in DOTS:
        for place in ("app.py", "secret", "templates%2fbase.html"):
            answer = client.get(f"/static/{dots.format(place)}")
            assert answer.status_code == 404 and "import" not in answer.text, dots
    assert asked > 100
