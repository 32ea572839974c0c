"""`cellwarden near SOURCE`: one receiver, one tablet, and a bar for the last metres."""

import secrets

import click

from cellwarden.cli import complain, options
from cellwarden.cli.quantity import Hertz
from cellwarden.language import gettext as _
from cellwarden.radio.sources import SOURCES

HOST, PORT = "127.0.0.1", 8643
LOUD = ("rtltcp", "soapy")
"""Receivers that set their gain themselves unless they are told one."""


@click.command(
    help=_(
        "Find a phone by hand: warmer or colder. A page shows it as a silent bar; SOURCE is a receiver that is carried."
    ),
    epilog="\b\n" + _("Sources:") + "\n" + "\n".join(f"  {how}" for _module, how in SOURCES.values()),
)
@click.argument("source")
@options.centre
@options.rate
@options.gain
@click.option(
    "--at", "wanted_hz", type=Hertz(), help=_("Follow what is heard on this channel: an alert's page names it.")
)
@click.option("--host", default=HOST, show_default=True, help=_("Address of the page."))
@options.port(PORT)
@options.seconds
def near(
    source: str, centre_hz: float | None, rate_hz: float | None, gain_db: float | None, wanted_hz: float | None,
    host: str, port: int, seconds: float | None,
) -> None:  # fmt: skip
    """The address is told before the first sample comes: who looks sees that nothing is heard yet."""
    from cellwarden.console import serve as console
    from cellwarden.console.near import application
    from cellwarden.radio.live import Tuning, open_stream
    from cellwarden.radio.live.stream import addressed
    from cellwarden.runtime.near import Ear
    from cellwarden.runtime.serve import serve

    address = addressed(source)
    if address.scheme in LOUD and gain_db is None and "gain" not in address.options:
        complain(_("the receiver sets its gain itself, so that its levels say nothing: give --gain"))
    door = console.listening(host, port)
    ear = Ear(open_stream(source, Tuning(rate_hz, centre_hz, gain_db)), wanted_hz)
    key = secrets.token_urlsafe(9)
    click.echo(_("Open {address} in a browser.").format(address=f"{console.address(door)}/near/{key}"))
    serve(ear.hear(), console.server(application(ear.told, key)), door, ear.stream.close, seconds=seconds)
