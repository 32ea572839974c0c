"""`cellwarden bands 902.4MHz`: which bands, which side, which channel; `cellwarden bands plan`: who listens where."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cellwarden.cli import options
from cellwarden.cli.quantity import Hertz
from cellwarden.errors import OutputError
from cellwarden.language import gettext as _
from cellwarden.language import number
from cellwarden.radio.bands_cellular import EUROPE

if TYPE_CHECKING:
    from cellwarden.radio.band_plan import Plan
    from cellwarden.radio.bands_raster import Allocation

MOST_RECEIVERS = 100
HOURS = 6
"""In which it is said whether an idle phone is heard."""


class _OrAFrequency(click.Group):
    """A group of commands of which `at` need not be said."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        known = args and (args[0] in self.commands or args[0].startswith("-"))
        return super().parse_args(ctx, args if known or not args else ["at", *args])


@click.group(
    cls=_OrAFrequency,
    help=_("Say which bands hold a frequency, or plan how to listen to many."),
)
def bands() -> None:
    """`bands FREQUENCY` is `bands at FREQUENCY`."""


@bands.command(
    help=_("Say which bands and channels hold a frequency. GSM, UMTS, LTE, NR and what needs no licence."),
)
@click.argument("frequency", type=Hertz())
def at(frequency: float) -> None:
    """One line for each allocation that holds the frequency."""
    from cellwarden.radio.bands import allocations_at

    found = allocations_at(frequency)
    if found:
        _show(found)
    else:
        mhz = f"{frequency / 1e6:.6f}".rstrip("0")
        click.echo(
            _("{mhz} MHz lies in no band of mobile phones, DECT, Bluetooth, Wi-Fi or short-range devices").format(
                mhz=number(float(mhz), len(mhz.partition(".")[2]))
            )
        )


@bands.command(
    help=_("Propose where some receivers listen, and say how likely they hear a phone's contact with its network."),
)
@click.option(
    "--receivers", default=1, show_default=True, type=click.IntRange(1, MOST_RECEIVERS), help=_("How many there are.")
)
@click.option("--rate", "rate_hz", required=True, type=Hertz(), help=_("Samples a second of each."))
@click.option(
    "--band",
    "wanted",
    multiple=True,
    metavar="N",
    help=_("Uplink to listen to, by LTE's number; several times for several. Otherwise those of Europe."),
)
@click.option("-o", "--output", type=options.PATH, help=_("Write the plan to this file, for `listen --plan`."))
@options.force
def plan(receivers: int, rate_hz: float, wanted: tuple[str, ...], output: Path | None, force: bool) -> None:
    """A line for each receiver."""
    from cellwarden.radio import annotations, band_plan

    try:
        made = band_plan.plan(wanted or EUROPE, receivers, rate_hz)
    except KeyError as error:
        raise click.UsageError(
            _("band {band} has no uplink: give a number of LTE's bands, as 20").format(band=error.args[0])
        ) from error
    _show_plan(made)
    if output is not None:
        if not output.parent.is_dir():
            raise OutputError(
                _("{path}: there is no folder {folder}: make it first").format(path=output, folder=output.parent)
            )
        annotations.write_text(output, band_plan.written(made), force=force)


def _show_plan(made: "Plan") -> None:
    from rich.table import Table

    from cellwarden.cli.terminal import Terminal
    from cellwarden.radio.band_plan import CONTACTS_S, REGISTRATIONS_S, heard, heard_within

    names = {"registration": _("registration"), "text": _("text message"), "call": _("call")}
    table = Table(show_edge=False)
    for title in (_("receiver"), _("bands"), _("windows"), _("cycle"), *(names[kind] for kind in CONTACTS_S)):
        table.add_column(title)
    for receiver, dealt in enumerate(made.receivers):
        listened = ", ".join(dict.fromkeys(window.band for window in dealt))
        chances = (f"{number(100 * heard(made, receiver, seconds))} %" for seconds in CONTACTS_S.values())
        cycle = f"{number(made.cycle_s(receiver), 2)} s" if len(dealt) > 1 else _("always")
        table.add_row(str(receiver + 1), listened, str(len(dealt)), cycle, *chances)
    Terminal().print(table)
    click.echo(
        _("Chance to hear a contact in a receiver's bands that lasts {registration} s, {text} s or {call} s.").format(
            **{kind: number(seconds) for kind, seconds in CONTACTS_S.items()}
        )
    )
    often_s, seldom_s = REGISTRATIONS_S
    idle = [
        min(heard_within(made, r, HOURS, period) for r in range(len(made.receivers))) for period in (seldom_s, often_s)
    ]
    click.echo(
        _(
            "An idle phone (a registration each {often} to {seldom} min) is heard in {hours} hours: {low} to {high} %."
        ).format(
            often=number(often_s / 60),
            seldom=number(seldom_s / 60),
            hours=HOURS,
            low=number(100 * idle[0], 1),
            high=number(100 * idle[1], 1),
        )
    )


def _show(found: tuple["Allocation", ...]) -> None:
    from rich.table import Table

    from cellwarden.cli.terminal import Terminal

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
        centre = "" if one.centre_hz is None else f"{number(one.centre_hz / 1e6, 3)} MHz"
        table.add_row(one.system, one.band, words[one.direction], channel, centre)
    Terminal().print(table)
