"""`cellwarden watch --site SITE.toml`: a site that is guarded day and night, and its console."""

import threading
import time
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from cellwarden.cli import options
from cellwarden.errors import StoreDamagedError
from cellwarden.language import gettext as _

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cellwarden.model import Alert
    from cellwarden.radio.live import Stream
    from cellwarden.runtime.site import Step

HOST, PORT = "127.0.0.1", 8642


@click.command(
    help=_("Guard a site day and night, and show it in a browser. Phones are heard, located, followed and told."),
    epilog=_(
        "The site's file names its legal basis in [legal] and for each sensor a [[receiver]] or a [[node]];"
        " [notify] says to whom alerts go, [evidence] where evidence is kept. The first start prints a link with which"
        " the first administrator chooses a password."
    ),
)
@click.option("--site", "site_path", required=True, type=options.PATH, help=_("The site: site.toml."))
@click.option("--survey", "survey_path", type=options.PATH, help=_("Levels heard of a phone at known places."))
@click.option("--rules", "rules_path", type=options.PATH, help=_("When there is an alert (TOML)."))
@click.option(
    "--store",
    default="cellwarden.sqlite",
    show_default=True,
    metavar=_("FILE|URL"),
    help=_("Keep everything here: a file, or the URL of a PostgreSQL database."),
)
@click.option("--host", default=HOST, show_default=True, help=_("Address of the console."))
@options.port(PORT)
@click.option("--certificate", type=options.PATH, help=_("Certificate of the console (PEM), for https."))
@click.option("--key", type=options.PATH, help=_("Its private key (PEM)."))
@options.seconds
def watch(site_path: Path, survey_path: Path | None, rules_path: Path | None, **asked: Any) -> None:
    """Where the store is damaged, what can be read of it is shown, and nothing is heard."""
    for_this = Asked(site_path, survey_path, rules_path, **asked)
    try:
        guarded(for_this)
    except StoreDamagedError as error:
        read_only(for_this, error)


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


def guarded(asked: Asked) -> None:
    """Nothing is heard before the mandate was read."""
    from cellwarden.console import serve as console
    from cellwarden.console.app import application, first_link
    from cellwarden.console.editing import Editing
    from cellwarden.console.spectra import Spectra
    from cellwarden.locate.readings import read_survey
    from cellwarden.locate.site import load
    from cellwarden.locate.whereabouts import believing, room_names
    from cellwarden.radio.live import open_stream
    from cellwarden.runtime import (
        addresses,
        deaf,
        evidence_settings,
        ldap_settings,
        notifier,
        openid_settings,
        post,
        signature_settings,
    )
    from cellwarden.runtime import site as receivers_of
    from cellwarden.runtime.carriers import carriers
    from cellwarden.runtime.guard import guard
    from cellwarden.runtime.keep import Keeper
    from cellwarden.runtime.known import Known
    from cellwarden.runtime.nodes_file import sources
    from cellwarden.runtime.ready import ready, rehearsed
    from cellwarden.runtime.serve import serve
    from cellwarden.runtime.site_settings import problems
    from cellwarden.runtime.tap import open_sensors
    from cellwarden.runtime.vault import Vault
    from cellwarden.runtime.whose import Whose
    from cellwarden.store.engine import opened
    from cellwarden.watch.lawful import mandate
    from cellwarden.watch.rules_held import held

    allowed = mandate(asked.site_path, date.today())
    site = load(asked.site_path)
    survey = read_survey(asked.survey_path, site) if asked.survey_path else None
    in_force = held(asked.rules_path, room_names(site))
    named, nodes = sources(asked.site_path, site)
    far = tuple(nodes.files) if nodes else ()
    ears = {*far, *(one.sensor for one in named)}  # a sensor with neither is not silent, it is not there
    site = replace(site, sensors=tuple(sensor for sensor in site.sensors if sensor.name in ears))
    to, kept = addresses.read(asked.site_path), evidence_settings.read(asked.site_path)
    gallery = signature_settings.read(asked.site_path)
    whose = Whose(Known(gallery, warn)) if gallery else None
    openid, ldap = openid_settings.read(asked.site_path), ldap_settings.read(asked.site_path)
    where = believing(site, survey=survey)
    with ExitStack() as stack:
        door = stack.enter_context(closing(console.listening(asked.host, asked.port)))
        engine = opened(asked.store)
        ready(warn)  # before anything is received: what waits meanwhile would be told late
        rehearsed(site, where)
        address = console.address(door, asked.certificate is not None)
        begin, end = post.opened(nodes, warn) if nodes else (None, None)
        streams: dict[str, Stream] = {one.sensor: open_stream(one.source, one.tuning) for one in named}
        click.echo(_("{site} is watched: {address}").format(site=site.name, address=address))
        if link := first_link(engine, address, time.time_ns()):
            click.echo(_("The first administrator chooses a password here: {link}").format(link=link))
        stopped = threading.Event()
        spectra = Spectra(open_sensors(site, streams))
        folder, editing = kept.folder if kept else None, Editing(asked.site_path, problems)
        app = application(
            engine, site, rules=in_force, evidence=folder, spectra=spectra, editing=editing, openid=openid, ldap=ldap
        )  # fmt: skip
        server = console.server(app, asked.certificate, asked.key)
        vault = Vault(stack.enter_context(Keeper(*kept, None, None, warn)), time.time_ns) if kept else None
        heard = receivers_of.steps(
            streams,
            site,
            where,
            nodes=far,
            post=begin,
            vault=vault,
            spectra=spectra,
            whose=whose,
            carriers=carriers(named),
        )
        steps = until(stopped, heard)
        if end is not None:
            stack.callback(end)
        stack.enter_context(notifier.running(engine, lambda: in_force.rules, to, time.time_ns, warn))
        told = stack.enter_context(deaf.telling(site.name, to, warn))
        alerts = guard(
            engine, site, in_force.rules, allowed, steps, time.time_ns, to, newest=lambda: in_force.rules, tell=told,
            vault=vault, whose=whose,
        )  # fmt: skip
        serve(alerts, server, door, stopped.set, seconds=asked.seconds, tell=tell)


def read_only(asked: Asked, why: StoreDamagedError) -> None:
    """Pages alone, over what can be read of the damaged store, which stays as it is."""
    from cellwarden.console import serve as console
    from cellwarden.console.app import application
    from cellwarden.console.editing import Editing
    from cellwarden.locate.site import load
    from cellwarden.locate.whereabouts import room_names
    from cellwarden.runtime import addresses, deaf, evidence_settings, ldap_settings, openid_settings
    from cellwarden.runtime.read_only import salvaged, words
    from cellwarden.runtime.serve import serve
    from cellwarden.store.photographs import folder_of
    from cellwarden.watch.lawful import mandate
    from cellwarden.watch.rules_held import held

    mandate(asked.site_path, date.today())
    site, store, kept = load(asked.site_path), Path(asked.store), evidence_settings.read(asked.site_path)
    with salvaged(store, time.time_ns) as shown:
        warn(str(why))
        openid, ldap = openid_settings.read(asked.site_path), ldap_settings.read(asked.site_path)
        app = application(
            shown.engine, site, photographs=folder_of(store), rules=held(asked.rules_path, room_names(site)),
            evidence=kept.folder if kept else None, editing=Editing(asked.site_path), read_only=shown.read_only,
            openid=openid if shown.people else None, ldap=ldap if shown.people else None,
        )  # fmt: skip
        door, stopped = console.listening(asked.host, asked.port), threading.Event()
        server = console.server(app, asked.certificate, asked.key)
        address = console.address(door, asked.certificate is not None)
        click.echo(_("{site} is NOT watched; what could be read: {address}").format(site=site.name, address=address))
        with deaf.sending(addresses.read(asked.site_path), warn) as send:
            send(words(site.name, store, time.time_ns()))
            serve(nothing(stopped), server, door, stopped.set, seconds=asked.seconds)


def nothing(stopped: threading.Event) -> "Iterator[Alert]":
    """No alert, until something is set."""
    stopped.wait()
    yield from ()


def until(stopped: threading.Event, steps: "Iterator[Step]") -> "Iterator[Step]":
    """The same steps, until something is set."""
    for step in steps:
        yield step
        if stopped.is_set():
            return


def warn(words: str) -> None:
    """What went wrong and is tried again, as a line beside the alerts."""
    with suppress(BrokenPipeError):
        click.echo(words, err=True)


def tell(alert: "Alert") -> None:
    """An alert, as a line."""
    from cellwarden.console.words import best, percent, place, room_name, told
    from cellwarden.watch.junctions import at_gate

    moment = datetime.fromtimestamp(alert.told_ns / 1e9, UTC).astimezone().strftime("%H:%M:%S")
    rooms = ", ".join(f"{room_name(room)} {percent(probability)}" for room, probability in best(alert.odds))
    rooms = place(alert) if at_gate(alert) else rooms or place(alert)
    with suppress(BrokenPipeError):
        click.echo(f"{moment}  {alert.name}  {told(alert.activity)}  {rooms}")
