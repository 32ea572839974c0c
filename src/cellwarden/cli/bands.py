"""`cellwarden bands 902.4MHz`: which bands, which side, which channel."""

import click

from cellwarden.cli.quantity import Hertz
from cellwarden.language import gettext as _


@click.command()
@click.argument("frequency", type=Hertz())
def bands(frequency: float) -> None:
    """Say which GSM bands and channels hold a frequency."""
    from cellwarden.radio.bands import channels_at

    found = channels_at(frequency)
    if not found:
        click.echo(_("{mhz:.4f} MHz lies in no GSM band").format(mhz=frequency / 1e6))
    words = {"uplink": _("uplink (phones send here)"), "downlink": _("downlink (base stations send here)")}
    for channel in found:
        click.echo(
            f"{channel.band}  ARFCN {channel.arfcn}  {channel.centre_hz / 1e6:.1f} MHz  {words[channel.direction]}"
        )
