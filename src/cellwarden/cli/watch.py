"""`cellwarden watch --site SITE.toml`: a site that is guarded day and night, and its console."""

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from cellwarden.cli import options
from cellwarden.errors import StoreDamagedError
from cellwarden.language import gettext as _

if TYPE_CHECKING:
    from cellwarden.model import Alert

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
def watch(**options: Any) -> None:
    """Where the store is damaged, what can be read of it is shown, and nothing is heard."""
    from cellwarden.cli.guarding import Asked, given, guarded, read_only

    asked = Asked(**options)
    told = given(asked)
    try:
        guarded(asked, told)
    except StoreDamagedError as error:
        read_only(asked, told, error)


def warn(words: str) -> None:
    """What went wrong and is tried again, as a line beside the alerts."""
    with suppress(BrokenPipeError):
        click.echo(words, err=True)


def tell(alert: "Alert") -> None:
    """An alert, as a line."""
    from cellwarden.console.words import best, clock, percent, place, room_name, told
    from cellwarden.watch.junctions import at_gate

    moment = clock(alert.told_ns, seconds=True)
    rooms = ", ".join(f"{room_name(room)} {percent(probability)}" for room, probability in best(alert.odds))
    rooms = place(alert) if at_gate(alert) else rooms or place(alert)
    with suppress(BrokenPipeError):
        click.echo(f"{moment}  {alert.name}  {told(alert.activity)}  {rooms}")
