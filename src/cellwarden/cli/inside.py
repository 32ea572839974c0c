"""`cellwarden site inside`: on which side of the wall a phone is."""

from pathlib import Path

import click

from cellwarden.cli import options
from cellwarden.cli.quantity import Hertz
from cellwarden.language import about, number
from cellwarden.language import gettext as _


@click.command(
    help=_("Say for each phone whether it is inside the wall. No survey is needed; levels must be in dBm."),
    epilog=_("READINGS is a table as locate takes it. It needs sensors on both sides of the wall to be sure."),
)
@click.argument("place", metavar="SITE", type=options.PATH)
@click.argument("readings", metavar="READINGS.csv", type=options.PATH)
@click.option("--frequency", type=Hertz(), default="900MHz", show_default=True, help=_("What the phones send on."))
@click.option(
    "--share",
    type=click.FloatRange(0.0, 1.0, min_open=True, max_open=True),
    default=0.5,
    show_default=True,
    help=_("Which part of all phones that are heard is inside."),
)
def inside(place: Path, readings: Path, frequency: float, share: float) -> None:
    """A line for each phone."""
    from cellwarden.locate.fixes import FEWEST_SENSORS
    from cellwarden.locate.geofence import fence, level_nats, presence_dbm, side
    from cellwarden.locate.readings import read_phones
    from cellwarden.locate.site import load

    site = load(place)
    heard = read_phones(readings, site)
    bounds = fence(site, frequency)
    for name, one in heard.items():
        found = side(level_nats(bounds, presence_dbm(one, len(site.sensors))), share)
        if not len(one.time_s):
            said = _("no sensor heard anything")
        elif found.inside:
            said = _("inside the wall, probability {probability}")
        elif len(set(one.sensor.tolist())) < FEWEST_SENSORS:  # the others may be deaf, or their tables missing
            said = _("unknown: fewer than {least} sensors heard it")
        elif found.nats > 0:
            said = _("perhaps inside, not sure enough for an alert; probability of inside {probability}")
        else:
            said = _("outside the wall, probability of inside {probability}")
        told = said.format(probability=number(found.probability, 4), least=FEWEST_SENSORS)
        click.echo(about(name or readings.name, told))
