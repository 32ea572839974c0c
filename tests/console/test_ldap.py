"""People sign in by an LDAP directory: against OpenLDAP's own server, behind TLS."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyotp
import pytest
from fastapi.testclient import TestClient
from tests.console.conftest import PASSWORD, Wing, token_of
from tests.console.slapd import BASE, OPENSSL, READER, READS, SLAPD, Served, directory

from cellwarden.console import ldap
from cellwarden.console.app import application
from cellwarden.console.ldap import Directory, found, proven
from cellwarden.errors import LdapError, SiteError
from cellwarden.runtime.ldap_settings import read
from cellwarden.store import people
from cellwarden.store.engine import reading

pytest.importorskip("ldap3", reason="ldap3 is not installed")
NEEDS = pytest.mark.skipif(not (SLAPD and OPENSSL), reason="slapd or openssl is not installed")
SECRET = "the directory's own"
HELD = {
    "guards": ("nadia", "bruno"), "cellwarden-admins": ("nadia",), "kitchen": ("carla",),
}  # fmt: skip
ENTRIES = "\n".join(
    [
        f"dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\no: Prison\n",
        f"dn: {READER}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\nuserPassword: {READS}\n",
        *(f"dn: ou={ou},{BASE}\nobjectClass: organizationalUnit\n" for ou in ("people", "groups")),
        *(
            f"dn: uid={uid},ou=people,{BASE}\nobjectClass: inetOrgPerson\ncn: {uid}\nsn: A\nuserPassword: {SECRET}\n"
            for uid in ("nadia", "bruno", "carla", "officer")
        ),
        *(
            f"dn: cn={cn},ou=groups,{BASE}\nobjectClass: groupOfNames\n"
            + "".join(f"member: uid={uid},ou=people,{BASE}\n" for uid in members)
            for cn, members in HELD.items()
        ),
        f"dn: cn=radio,ou=groups,{BASE}\nobjectClass: posixGroup\ngidNumber: 1\nmemberUid: carla\nmemberUid: officer\n",
    ]
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with directory(tmp_path_factory.mktemp("ldap"), ENTRIES) as one:
        yield one


BOTH = pytest.mark.parametrize("asked", ["ldaps", "ldap"], indirect=True)
"""TLS from the first octet, and TLS that begins later."""


@pytest.fixture
def asked(request: pytest.FixtureRequest, served: Served) -> Directory:
    scheme = getattr(request, "param", "ldaps")
    port = served.secure if scheme == "ldaps" else served.plain
    return Directory(
        f"{scheme}://localhost:{port}",
        people=f"ou=people,{BASE}",
        groups=f"ou=groups,{BASE}",
        roles=(
            ("administrator", ("cellwarden-admins",)),
            ("officer", ("guards", "night")),
            ("rf engineer", ("radio",)),
        ),
        reader=READER,
        password=READS,
        certificates=served.certificate,
    )


@pytest.fixture
def client(wing: Wing, asked: Directory) -> TestClient:
    return TestClient(application(wing.engine, wing.site, ldap=asked), follow_redirects=False)


def sign_in(client: TestClient, name: str, password: str, code: str = "") -> Any:
    client.cookies.clear()
    sent = {"csrf": token_of(client.get("/sign-in").text), "name": name, "password": password, "code": code}
    return client.post("/sign-in", data=sent)


@NEEDS
@BOTH
@pytest.mark.parametrize(
    ("name", "role"),
    [("nadia", "administrator"), ("bruno", "officer"), ("carla", "rf engineer"), ("BRUNO", "officer")],
)
def test_groups_give_the_role_the_first_of_the_settings_holds_and_the_directory_spells_the_name(
    client: TestClient, wing: Wing, name: str, role: str
) -> None:
    assert sign_in(client, name, SECRET).status_code == 303
    assert client.get("/account").status_code == 200
    with reading(wing.engine) as c:
        assert [one.role for one in people.persons(c) if one.name == name.lower()] == [role]


@NEEDS
def test_who_does_not_prove_it_or_has_no_role_is_not_let_in(client: TestClient, asked: Directory) -> None:
    for name, password in (
        ("bruno", "wrong"), ("bruno", ""), ("nobody", SECRET), ("*", SECRET), ("bruno)(uid=*", SECRET), ("", SECRET),
    ):  # fmt: skip
        assert sign_in(client, name, password).status_code in (403, 422), name
        assert client.get("/account").status_code == 303
    assert found(replace(asked, roles=(("officer", ("none",)),)), "bruno") == (
        f"uid=bruno,ou=people,{BASE}",
        "bruno",
        None,
    )
    bruno = found(asked, "bruno")
    assert bruno is not None and not proven(asked, bruno, "")  # a server may let in who sends no password, as nobody


@NEEDS
def test_a_name_with_a_password_here_is_never_the_directorys(client: TestClient) -> None:
    assert sign_in(client, "officer", SECRET).status_code == 403  # the directory's officer, by its password
    assert sign_in(client, "OFFICER", SECRET).status_code == 403
    assert sign_in(client, "officer", PASSWORD).status_code == 303


@NEEDS
def test_who_guesses_is_locked_out_here_in_any_spelling_and_who_is_barred_stays_barred(
    client: TestClient, wing: Wing
) -> None:
    assert sign_in(client, "bruno", SECRET).status_code == 303
    for name in ("bruno", "Bruno", "BRUNO", "bruno", "bRuno"):
        assert sign_in(client, name, "a guess").status_code == 403
    assert sign_in(client, "bruno", SECRET).status_code == 403
    with wing.engine.begin() as c:
        people.unlock(c, "bruno")
    for _turn in range(6):  # a right one forgets the wrong ones
        assert sign_in(client, "bruno", "a guess").status_code == 403
        assert sign_in(client, "bruno", SECRET).status_code == 303
    with wing.engine.begin() as c:
        people.set_disabled(c, "bruno", True)
    assert sign_in(client, "bruno", SECRET).status_code == 403


@NEEDS
def test_a_second_factor_that_was_set_up_here_is_asked_for(client: TestClient, wing: Wing) -> None:
    assert sign_in(client, "bruno", SECRET).status_code == 303
    secret = people.new_totp_secret()
    with wing.engine.begin() as c:
        people.set_totp(c, "bruno", secret, 0)
    assert sign_in(client, "bruno", SECRET).status_code == 403
    code = pyotp.TOTP(secret).now()
    assert sign_in(client, "bruno", SECRET, code).status_code == 303
    assert sign_in(client, "bruno", SECRET, code).status_code == 403  # once


@NEEDS
def test_the_directorys_password_is_asked_for_before_a_second_factor_or_a_token_is_made(client: TestClient) -> None:
    assert sign_in(client, "bruno", SECRET).status_code == 303
    page = client.get("/account").text
    secret = page.split('name="secret" value="')[1].split('"')[0]
    sent = {"csrf": token_of(page), "secret": secret, "code": pyotp.TOTP(secret).now()}
    assert client.post("/account/code", data={**sent, "password": "a guess"}).status_code == 422
    assert client.post("/account/code", data={**sent, "password": SECRET}).status_code == 200
    for password, status in (("a guess", 422), (SECRET, 200)):
        answer = client.post("/account/token", data={"csrf": sent["csrf"], "password": password})
        assert answer.status_code == status


@NEEDS
@BOTH
@pytest.mark.parametrize(
    "change",
    [
        {"certificates": None}, {"address": "ldaps://localhost:9"}, {"password": "no"}, {"reader": "", "password": ""},
        {"people": "ou=none,dc=none"},
    ],
    ids=["another's certificate", "nobody there", "another password", "no reader", "no such place"],
)  # fmt: skip
def test_a_directory_that_is_lost_or_another_is_told_and_passwords_of_here_still_open(
    wing: Wing, asked: Directory, change: dict[str, Any]
) -> None:
    one = TestClient(application(wing.engine, wing.site, ldap=replace(asked, **change)), follow_redirects=False)
    told = sign_in(one, "bruno", SECRET)
    assert told.status_code == 403 and "does not answer as it should" in told.text
    assert sign_in(one, "officer", PASSWORD).status_code == 303


@NEEDS
@BOTH
def test_a_certificate_of_another_name_is_no_proof(asked: Directory) -> None:
    with pytest.raises(LdapError, match="does not answer"):
        found(replace(asked, address=asked.address.replace("localhost", "127.0.0.1")), "bruno")


def test_nothing_is_sent_where_tls_does_not_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket
    import threading

    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as door:

        def refusing() -> None:
            line, _where = door.accept()
            with line:
                heard.append(line.recv(4096))
                line.sendall(bytes.fromhex("300c02010178070a013404000400"))  # StartTLS: unavailable
                heard.append(line.recv(4096))

        thread = threading.Thread(target=refusing)
        thread.start()
        at = f"ldap://127.0.0.1:{door.getsockname()[1]}"
        with pytest.raises(LdapError, match="does not answer"):
            found(Directory(at, "dc=a", "dc=a", (), reader="cn=reader", password=READS), "bruno")
        thread.join(30)
    assert b"1.3.6.1.4.1.1466.20037" in heard[0]
    assert not any(READS.encode() in one or b"bruno" in one for one in heard)


TABLE = """
[console.ldap]
address = "ldaps://directory.prison.example"
people = "ou=people,dc=prison"
groups = "ou=groups,dc=prison"
reader = "cn=reader"
password = "hush"
certificates = "ca.pem"

[console.ldap.roles]
officer = ["guards"]
"""


def test_the_sites_file_names_the_directory_or_is_refused_in_one_line(tmp_path: Path) -> None:
    path, authority = tmp_path / "site.toml", tmp_path / "ca.pem"
    path.write_text("")
    authority.write_text("")
    assert read(path) is None
    path.write_text(TABLE)
    assert read(path) == Directory(
        "ldaps://directory.prison.example", "ou=people,dc=prison", "ou=groups,dc=prison", (("officer", ("guards",)),),
        reader="cn=reader", password="hush", certificates=authority,
    )  # fmt: skip
    for old, new, said in (
        ("ldaps:", "https:", "address"), ('people = "ou=people,dc=prison"', "", "people"),
        ("people =", "persons =", "persons"),
        ('password = "hush"', "", "password"), ("ca.pem", "none.pem", "certificates"), ("officer", "king", "king"),
        ('reader = "cn=reader"', 'name = "uid=*)("', "name"), ("[console.ldap]", "[console.ldaps]", "names and values"),
        ('officer = ["guards"]', "", "roles"),
    ):  # fmt: skip
        path.write_text(TABLE.replace(old, new, 1))
        with pytest.raises(SiteError, match=said) as told:
            read(path)
        assert "hush" not in str(told.value)
    assert ldap.WAIT_S < 30
