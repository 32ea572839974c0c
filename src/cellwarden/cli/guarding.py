"""What `cellwarden watch` runs: the site's file read, what hears and what shows put together.

site.toml ─► Given ─┬─► streams, nodes ─► steps ─► guard ─► alerts ─┐
                    └─► pages ─► server ────────────────────────────┴─► until it is stopped
"""

import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import click
from sqlalchemy import Engine
from uvicorn import Server

from cellwarden.cli.prepare import prepare
from cellwarden.cli.watch import tell, warn
from cellwarden.console import serve as console
from cellwarden.console.app import application, first_link
from cellwarden.console.editing import Editing
from cellwarden.console.ldap import Directory
from cellwarden.console.openid import Provider
from cellwarden.console.spectra import Spectra
from cellwarden.errors import StoreDamagedError
from cellwarden.language import gettext as _
from cellwarden.language.clock import standing
from cellwarden.locate.readings import Survey, read_survey
from cellwarden.locate.site import Site, load
from cellwarden.locate.whereabouts import believing, room_names
from cellwarden.model import Alert
from cellwarden.radio.live import open_stream
from cellwarden.runtime import (
    addresses,
    deaf,
    evidence_settings,
    ldap_settings,
    moved,
    notifier,
    openid_settings,
    post,
    retention_settings,
    signature_settings,
)
from cellwarden.runtime import site as receivers_of
from cellwarden.runtime.carriers import carriers
from cellwarden.runtime.guard import guard
from cellwarden.runtime.keep import Keeper
from cellwarden.runtime.known import Known
from cellwarden.runtime.nodes_file import Nodes, sources
from cellwarden.runtime.read_only import salvaged, words
from cellwarden.runtime.ready import rehearsed
from cellwarden.runtime.receivers import Receiver
from cellwarden.runtime.serve import serve
from cellwarden.runtime.site import Step
from cellwarden.runtime.site_settings import problems
from cellwarden.runtime.tap import open_sensors
from cellwarden.runtime.vault import Vault
from cellwarden.runtime.whose import Whose
from cellwarden.store.engine import address, file_of, opened
from cellwarden.store.moved import Followed
from cellwarden.store.photographs import folder_of
from cellwarden.watch.lawful import Mandate, mandate
from cellwarden.watch.rules_held import Held, held


class Asked(NamedTuple):
    """What was asked for."""

    site_path: Path
    survey_path: Path | None
    rules_path: Path | None
    store: str
    host: str
    port: int
    certificate: Path | None
    key: Path | None
    seconds: float | None


class Given(NamedTuple):
    """What the site's file and those beside it tell."""

    allowed: Mandate
    site: Site
    """Of its sensors, those that have something that hears."""
    survey: Survey | None
    rules: Held
    receivers: list[Receiver]
    nodes: Nodes | None
    addresses: tuple[str, ...]
    evidence: evidence_settings.Kept | None
    gallery: Path | None
    retention: dict[str, int]
    openid: Provider | None
    ldap: Directory | None


def given(asked: Asked) -> Given:
    """Nothing is read before the mandate was, and all before anything is heard."""
    path = asked.site_path
    allowed = mandate(path, date.today())
    console.refuse_unfit(asked.certificate, asked.key)
    site = load(path)
    named, nodes = sources(path, site)
    ears = {*(nodes.files if nodes else ()), *(one.sensor for one in named)}
    return Given(
        allowed,
        replace(site, sensors=tuple(one for one in site.sensors if one.name in ears)),  # others are absent, not silent
        read_survey(asked.survey_path, site) if asked.survey_path else None,
        held(asked.rules_path, room_names(site)),
        named,
        nodes,
        addresses.read(path),
        evidence_settings.read(path),
        signature_settings.read(path),
        retention_settings.read(path),
        openid_settings.read(path),
        ldap_settings.read(path),
    )


def guarded(asked: Asked, told: Given) -> None:
    """Guards the site until it is stopped."""
    site, rules, nodes, kept = told.site, told.rules, told.nodes, told.evidence
    whose = Whose(Known(told.gallery, warn)) if told.gallery else None
    where = believing(site, survey=told.survey)
    with ExitStack() as stack:
        door = stack.enter_context(closing(console.listening(asked.host, asked.port)))
        file = file_of(address(asked.store))
        if file is not None and (words_left := moved.left(file)):
            warn(words_left)
        engine = opened(asked.store)
        followed = stack.enter_context(closing(Followed(engine, time.time_ns)))
        prepare()  # before anything is received
        rehearsed(site, where)
        begin, end = post.opened(nodes, warn) if nodes else (None, None)
        streams = {one.sensor: open_stream(one.source, one.tuning) for one in told.receivers}
        at = console.address(door, asked.certificate is not None)
        click.echo(_("{site} is watched: {address}").format(site=site.name, address=at))
        if link := first_link(engine, at, time.time_ns()):
            click.echo(_("The first administrator chooses a password here: {link}").format(link=link))
        stopped = threading.Event()
        spectra = Spectra(open_sensors(site, streams))
        server = _server(
            asked, told, engine, spectra=spectra, editing=Editing(asked.site_path, problems), followed=followed
        )
        vault = Vault(stack.enter_context(Keeper(*kept, None, None, warn)), time.time_ns) if kept else None
        heard = receivers_of.steps(
            streams, site, where, nodes=tuple(nodes.files) if nodes else (), post=begin, vault=vault, spectra=spectra,
            whose=whose, carriers=carriers(told.receivers),
        )  # fmt: skip
        if end is not None:
            stack.callback(end)
        stack.enter_context(notifier.running(engine, lambda: rules.rules, told.addresses, time.time_ns, warn))
        send = stack.enter_context(deaf.sending(told.addresses, warn))
        steps = moved.looking(_until(stopped, heard), followed, moved.telling(site.name, engine, send, warn))
        alerts = guard(
            engine, site, rules.rules, told.allowed, steps, time.time_ns, told.addresses,
            newest=lambda: rules.rules, tell=lambda state: send(deaf.words(site.name, state)),
            vault=vault, whose=whose, retention_days=told.retention,
        )  # fmt: skip
        serve(_ending(alerts, heard), server, door, stopped.set, seconds=asked.seconds, tell=_by_clock(rules))


def read_only(asked: Asked, told: Given, why: StoreDamagedError) -> None:
    """Pages alone, over what can be read of the damaged store, which stays as it is."""
    store = Path(asked.store)
    with salvaged(store, time.time_ns) as shown:
        warn(str(why))
        if not shown.people:
            told = told._replace(openid=None, ldap=None)
        more = {"photographs": folder_of(store), "editing": Editing(asked.site_path), "read_only": shown.read_only}
        server = _server(asked, told, shown.engine, **more)
        door, stopped = console.listening(asked.host, asked.port), threading.Event()
        name, address = told.site.name, console.address(door, asked.certificate is not None)
        click.echo(_("{site} is NOT watched; what could be read: {address}").format(site=name, address=address))
        with deaf.sending(told.addresses, warn) as send:
            send(words(name, store, time.time_ns()))
            serve(_nothing(stopped), server, door, stopped.set, seconds=asked.seconds)


def _server(asked: Asked, told: Given, engine: Engine, **more: Any) -> Server:
    """The pages over a store, with what the site's file tells of them."""
    app = application(
        engine, told.site, rules=told.rules, evidence=told.evidence.folder if told.evidence else None,
        openid=told.openid, ldap=told.ldap, **more,
    )  # fmt: skip
    return console.server(app, asked.certificate, asked.key)


def _nothing(stopped: threading.Event) -> Iterator[Alert]:
    """No alert, until something is set."""
    stopped.wait()
    yield from ()


def _by_clock(rules: Held) -> Callable[[Alert], None]:
    """Alerts as lines, each with its time by the clock of the rules in force."""

    def told(alert: Alert) -> None:
        with standing(rules.rules.timezone):
            tell(alert)

    return told


def _ending(alerts: Iterator[Alert], heard: Generator[Step, None, None]) -> Iterator[Alert]:
    """The same alerts. With them, however they end, ends what is heard, which a kept traceback would hold open."""
    with closing(heard):
        yield from alerts


def _until(stopped: threading.Event, steps: Iterator[Step]) -> Iterator[Step]:
    """The same steps, until something is set."""
    for step in steps:
        yield step
        if stopped.is_set():
            return
