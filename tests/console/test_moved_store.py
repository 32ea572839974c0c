"""A store whose file went: each page says so, with the remedy; what is written meanwhile is kept."""

import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from tests.console.conftest import Wing, token_of

from cellwarden.console.app import application
from cellwarden.store.engine import file_of, reading
from cellwarden.store.moved import Followed
from cellwarden.watch import queries


@pytest.fixture
def followed(wing: Wing) -> Iterator[Followed]:
    with closing(Followed(wing.engine, time.time_ns)) as one:
        wing.app = application(wing.engine, wing.site, followed=one)
        yield one


def test_each_page_says_that_the_file_is_gone_and_what_to_do(wing: Wing, followed: Followed) -> None:
    path = file_of(wing.engine.url)
    assert path is not None
    name = wing.alert()
    client = wing.client("officer")
    words = "file is gone, or another one is in its place"
    assert words not in client.get("/alerts").text
    path.unlink()
    found = followed.look()
    assert found is not None
    remedy = f"cellwarden store restore {found.saved} -o {path} --force"
    for page in ("/", "/alerts", f"/alerts/{name}", "/sensors"):
        text = client.get(page).text
        assert (text.count(words), text.count(remedy)) == (1, 1), page
    assert "le fichier de la base a disparu" in wing.client("officer", "fr").get("/").text
    assert words not in wing.client(None).get("/sign-in").text  # where it lies nobody is told before they sign in
    form = {"csrf": token_of(client.get("/account").text), "state": "acknowledged", "seen": "new"}
    assert client.post(f"/alerts/{name}/decide", data=form).status_code == 303
    with reading(wing.engine) as c:
        assert [one.state for one in queries.decisions(c, name)] == ["acknowledged"]


def test_that_it_could_not_be_copied_is_said_too(wing: Wing, followed: Followed) -> None:
    path = file_of(wing.engine.url)
    assert path is not None
    path.unlink()
    found = followed.look()
    assert found is not None
    followed.moved = found._replace(saved=None, why="no room")
    assert "do not stop the watch" in wing.client("officer").get("/alerts").text
