"""A small guarded wing: its store, its people, and a client for each of them."""

import re
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from unittest.mock import patch

import pytest
from anyio.from_thread import start_blocking_portal
from argon2 import PasswordHasher
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from tests.postgres import empty_store

from cellwarden.console import app as console
from cellwarden.console.app import application
from cellwarden.console.editing import Editing
from cellwarden.console.floor import drawn
from cellwarden.console.rights import ROLES
from cellwarden.console.spectra import Spectra
from cellwarden.locate.site import Site
from cellwarden.locate.site_write import to_toml
from cellwarden.model import Activity, Alert, JunctionReading, Odds, Passage, Presence, Role, SensorState
from cellwarden.model.span import DAY_NS
from cellwarden.simulate import strays as simulated
from cellwarden.simulate.prison import remand_wing
from cellwarden.store import people
from cellwarden.store.engine import opened
from cellwarden.watch import passages, queries, strays

S_NS = 10**9
PASSWORD = "correct horse battery"
LEGAL = {"legal": {"basis": "law", "authority": "order 7", "expires": date(2126, 1, 1)}}
HOSTILE = "<script>alert(1)</script>\"'>"


@dataclass
class Wing:
    """What a test works with."""

    engine: Engine
    site: Site
    app: FastAPI
    folder: Path
    spectra: Spectra

    def client(self, role: Role | None = "officer", language: str = "en") -> TestClient:
        """Of somebody who has signed in; each role has a person of its name."""
        client = TestClient(self.app, headers={"Accept-Language": language}, follow_redirects=False)
        if role is not None:
            with self.engine.begin() as c:
                client.cookies.set("session", people.new_session(c, role, time.time_ns()))
        return client

    def alert(
        self,
        odds: Odds = (("A-104", 0.83), ("A-106", 0.09), ("A-102", 0.04)),
        ago_s: int = 60,
        emitter: str = "",
        evidence: tuple[str, ...] = ("ab" * 32,),
        **details: float,
    ) -> str:
        """A new alert of a call."""
        told = time.time_ns() - ago_s * S_NS
        doing = Activity("P-1", "call", told - 240 * S_NS, told, "gsm", "GSM 900", 800)
        with self.engine.begin() as c:
            name = queries.next_alert_name(c, 2026)
            one = Alert(
                name, told, told - 300 * S_NS, "P-1", emitter, doing, odds, 0.97, "high",
                ("A1-S2", "A1-S1"), evidence, {"bursts": 800, **details},
            )  # fmt: skip
            queries.keep_alert(c, one)
        return name

    def presence(self, cell: str = "A-104", emitter: str = "E-0042", ago_s: int = 3600) -> None:
        start = time.time_ns() - ago_s * S_NS
        doing = Activity("P-1", "call", start, start + 60 * S_NS, "gsm", "GSM 900", 800)
        with self.engine.begin() as c:
            queries.keep_presence(c, Presence("P-1", emitter, ((cell, 0.8),), start, start + 600 * S_NS, (doing,)))

    def strays(self, seed: int = 1) -> None:
        """A week of unknown bursts."""
        now, names = time.time_ns(), [sensor.name for sensor in self.site.sensors]
        with self.engine.begin() as c:
            strays.keep(c, (one for one, _kind in simulated.strays(seed, now - 7 * DAY_NS, now, names)))

    def passed(self, person: str = "P-0042", ago_s: int = 5, kind: str = "semiconductor") -> int:
        """Somebody passed the lane; the number of the passage."""
        place = (1.2, 0.1) if kind != "nothing" else (None, None)
        one = JunctionReading(kind, 0.94, person, 2.0, *place, second_dbm=-101.0, second_slope=(2.0, 0.1))
        with self.engine.begin() as c:
            when_ns = time.time_ns() - ago_s * S_NS
            return passages.keep(c, Passage(0, when_ns, person, (one,), True, True, "rf engineer"))

    def sensors(self, deaf: str = "") -> None:
        """All hear but the one that is named."""
        with self.engine.begin() as c:
            for sensor in self.site.sensors:
                reason = "no samples" if sensor.name == deaf else ""
                queries.keep_sensor_state(c, SensorState(sensor.name, time.time_ns(), -104.0, 0, 100.0, reason))


def token_of(html: str) -> str:
    """What a form of the page carries."""
    found = re.search('name="csrf" value="([0-9a-f]+)"', html)
    assert found is not None
    return found[1]


@pytest.fixture(scope="session", autouse=True)
def one_loop() -> Iterator[None]:
    """For all clients: each request starts a loop and its threads otherwise, which takes as long as many an answer."""
    with start_blocking_portal() as portal, patch.object(TestClient, "portal", portal):
        yield


@pytest.fixture(scope="session")
def hashed() -> str:
    """With parameters of its own, which a hash carries: those of `people.hashed` take long on purpose, at each sign-in.

    That they are the ones recommended, the store's tests tell.
    """
    return PasswordHasher(time_cost=1, memory_cost=1024).hash(PASSWORD)


def inhabit(store: str, hashed: str) -> None:
    """Make a store with a person of each role."""
    engine, now = opened(store), time.time_ns()
    with engine.begin() as c:
        for role in ROLES:
            people.accept(c, people.invite(c, role, role, now), hashed, "", now)
    engine.dispose()


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory, hashed: str) -> Path:
    """The store of a wing that heard nothing: a copy is made sooner than a new one."""
    place = tmp_path_factory.mktemp("wing") / "site.db"
    inhabit(str(place), hashed)
    assert [path.name for path in place.parent.iterdir()] == [place.name]  # all of it is in the one file
    return place


BOTH = pytest.mark.parametrize("store", ["sqlite", "postgresql"], indirect=True)
"""For a test that is to run on each engine."""


@pytest.fixture
def store(request: pytest.FixtureRequest, tmp_path: Path, empty: Path, hashed: str) -> Iterator[str]:
    """A wing's store: a file, but where a test asks for BOTH."""
    if getattr(request, "param", "sqlite") == "sqlite":
        yield str(shutil.copy(empty, tmp_path / "site.db"))
        return
    with empty_store(request.getfixturevalue("postgres")) as url:
        inhabit(url, hashed)
        yield url


@pytest.fixture(scope="session")
def remand() -> Site:
    return remand_wing()


@pytest.fixture(scope="session", autouse=True)
def drawn_once(remand: Site) -> Iterator[None]:
    """The wing's floors, for all consoles that show them."""
    floors = drawn(remand)
    with patch.object(console, "drawn", lambda site: floors if site is remand else drawn(site)):
        yield


@pytest.fixture(scope="session")
def remand_toml(remand: Site) -> str:
    return to_toml(remand, LEGAL)


@pytest.fixture
def wing(store: str, tmp_path: Path, remand: Site, remand_toml: str) -> Iterator[Wing]:
    engine, site = opened(store), remand
    spectra = Spectra(tuple(sensor.name for sensor in site.sensors[:-1]))
    place, evidence = tmp_path / "site.toml", tmp_path / "evidence"
    place.write_text(remand_toml)
    app = application(engine, site, spectra=spectra, evidence=evidence, editing=Editing(place))
    yield Wing(engine, site, app, tmp_path, spectra)
    engine.dispose()


@pytest.fixture
def send(wing: Wing) -> Callable[..., object]:
    """Send a form as a role does: get a page for its token first."""

    def sender(client: TestClient, path: str, **values: object) -> object:
        return client.post(path, data={"csrf": token_of(client.get("/account").text), **values})

    return sender
