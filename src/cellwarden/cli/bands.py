"""`cellwarden bands 902.4MHz`: which bands, which side, which channel."""

from typing import TYPE_CHECKING

import click

from cellwarden.cli.quantity import Hertz
from cellwarden.language import gettext as _

if TYPE_CHECKING:
    from cellwarden.radio.bands_raster import Allocation


@click.command(help=_("Say which bands and channels hold a frequency. GSM, UMTS, LTE, NR and what needs no licence."))
@click.argument("frequency", type=Hertz())
def bands(frequency: float) -> None:
    """One line for each allocation that holds the frequency."""
    from cellwarden.radio.bands import allocations_at

    found = allocations_at(frequency)
    if found:
        _show(found)
    else:
        click.echo(
            _("{mhz} MHz lies in no band of mobile phones, DECT, Bluetooth, Wi-Fi or short-range devices").format(
                mhz=f"{frequency / 1e6:.10g}"
            )
        )


def _show(found: tuple["Allocation", ...]) -> None:
    from rich.console import Console
    from rich.table import Table

    words = {
        "uplink": _("uplink (phones)"),
        "downlink": _("downlink (base stations)"),
        "both": _("both ways"),
    }
    names = {"channel": _("channel"), "carrier": _("carrier")}
    table = Table(show_edge=False)
    for title in (_("system"), _("band"), _("side"), _("channel")):
        table.add_column(title)
    table.add_column(_("centre of the channel"), justify="right")
    for one in found:
        channel = "" if one.channel is None else f"{names.get(one.channel_name, one.channel_name)} {one.channel}"
        centre = "" if one.centre_hz is None else f"{one.centre_hz / 1e6:.3f} MHz"
        table.add_row(one.system, one.band, words[one.direction], channel, centre)
    Console().print(table)
