"""`cellwarden site`: check, draw and import what is known of a site."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cellwarden.cli import complain, options
from cellwarden.cli.inside import inside
from cellwarden.cli.plan_sensors import plan_sensors, warn_of_bare_wall
from cellwarden.errors import SiteError
from cellwarden.language import about, ngettext, number
from cellwarden.language import gettext as _

if TYPE_CHECKING:
    from cellwarden.locate.site import Floor, Site

DRAWINGS = (".svg", ".png")
MOST_NAMED = 8
"""Layers: drawings have dozens."""


@click.group(help=_("Check, draw and import the plan of a site."), invoke_without_command=True)
@click.pass_context
def site(context: click.Context) -> None:
    """Without a command, show what there is."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


site.add_command(inside)
site.add_command(plan_sensors)


@site.command(help=_("Say what is wrong with a site's file, a line for each fault, and what to do."))
@click.argument("place", metavar="SITE", type=options.PATH)
@click.pass_context
def check(context: click.Context, place: Path) -> None:
    """Exit code 2 where something is wrong."""
    from cellwarden.locate.site_check import check as checked
    from cellwarden.locate.site_check import shown
    from cellwarden.runtime.site_settings import problems

    read, faults = checked(place)
    words = [*(shown(place, fault) for fault in faults), *problems(place, read)]
    for one in words:
        click.echo(one)
    if words:
        said = ngettext("{count} fault in {path}: mend it", "{count} faults in {path}: mend them", len(words))
        raise SiteError(said.format(count=number(len(words)), path=place))
    click.echo(_summary(read))
    warn_of_bare_wall(read)


@site.command(help=_("Draw the floor plans of a site: rooms, walls and sensors."))
@click.argument("place", metavar="SITE", type=options.PATH)
@click.option("-o", "--output", type=options.PATH, required=True, help=_("The drawing, PLAN.svg or PLAN.png."))
@click.option("--floor", "asked", type=int, multiple=True, help=_("Only this floor; may be given several times."))
@options.force
def draw(place: Path, output: Path, asked: tuple[int, ...], force: bool) -> None:
    """The kind of picture follows from the name's ending."""
    from cellwarden.document.sheet import png, svg
    from cellwarden.errors import OutputError
    from cellwarden.locate.plan import plan
    from cellwarden.locate.site import load
    from cellwarden.radio.annotations import write_bytes, write_text

    if output.suffix.lower() not in DRAWINGS:
        raise OutputError(_("{path} must end in .svg or .png: choose another name").format(path=output))
    known = load(place)
    sheet = plan(known, _floors(place, known, asked))
    if output.suffix.lower() == ".svg":
        write_text(output, svg(sheet), force=force)
    else:
        write_bytes(output, (png(sheet),), force=force)


def _floors(place: Path, known: "Site", asked: tuple[int, ...]) -> "tuple[Floor, ...]":
    """Those asked for, or all."""
    numbers = {floor.number for floor in known.floors}
    for wanted in asked:
        if wanted not in numbers:
            raise SiteError(
                _("{path} has no floor {floor}: choose among {known}").format(
                    path=place, floor=wanted, known=", ".join(map(str, sorted(numbers)))
                )
            )
    return tuple(floor for floor in known.floors if not asked or floor.number in asked)


def _summary(known: "Site") -> str:
    """`Remand wing: 3 floors, 60 cells, 352 walls, 12 sensors.`"""
    cells = sum(room.kind == "cell" for room in known.rooms)
    counts = (
        ngettext("{count} floor", "{count} floors", len(known.floors)).format(count=number(len(known.floors))),
        ngettext("{count} cell", "{count} cells", cells).format(count=number(cells)),
        ngettext("{count} wall", "{count} walls", len(known.walls)).format(count=number(len(known.walls))),
        ngettext("{count} sensor", "{count} sensors", len(known.sensors)).format(count=number(len(known.sensors))),
    )
    return about(known.name, ", ".join(counts) + ".")


@site.command("notify", help=_("Send a test to each address that alerts go to, and say which took it."))
@click.argument("place", metavar="SITE", type=options.PATH)
def try_addresses(place: Path) -> None:
    """Exit code 2 where one did not take it."""
    import time

    from cellwarden.errors import NotifyError
    from cellwarden.locate.site import load
    from cellwarden.runtime.addresses import read
    from cellwarden.watch.notify import answers, hidden, send
    from cellwarden.watch.notify.message import trial

    words = trial(load(place).name, time.time_ns())
    if not (addresses := read(place)):
        raise SiteError(
            _('{path} names nobody to be told: add [notify] with addresses = ["https://…", …]').format(path=place)
        )
    lost = 0
    for address in addresses:
        try:
            send(address, words)
            silent = _("{address} was sent it; syslog does not say whether it came")
            said = (_("{address} took it") if answers(address) else silent).format(address=hidden(address))
        except NotifyError as error:
            said, lost = str(error), lost + 1
        click.echo(said)
    if lost:
        all_ = ngettext(
            "{count} address did not take the test: mend it", "{count} addresses did not take the test: mend them", lost
        )
        raise NotifyError(all_.format(count=number(lost)))


@site.command("import", help=_("Make a site's file from a floor plan in GeoJSON, DXF or IFC."))
@click.argument("drawing", metavar="PLAN", type=options.PATH)
@click.option("-o", "--output", type=options.PATH, required=True, help=_("The site's file, site.toml."))
@click.option(
    "--floor-height",
    default=3.0,
    show_default=True,
    type=click.FloatRange(2, 30),
    help=_("From floor to floor, metres."),
)
@click.option("--walls", help=_("Make walls of the rooms' outlines, of this material."))
@click.option(
    "--unit", type=click.Choice(("m", "cm", "mm", "ft", "in")), help=_("Unit of a DXF that does not tell it.")
)
@options.force
def bring(drawing: Path, output: Path, floor_height: float, walls: str | None, unit: str | None, force: bool) -> None:
    """The kind of plan follows from the name's ending."""
    from cellwarden.locate.propagation import MATERIALS
    from cellwarden.locate.site_check import faults
    from cellwarden.locate.site_dxf import read_dxf
    from cellwarden.locate.site_ifc import read_ifc
    from cellwarden.locate.site_import import read_geojson, site_of
    from cellwarden.locate.site_write import to_toml
    from cellwarden.radio.annotations import write_text

    if walls is not None and walls not in MATERIALS:
        raise SiteError(
            _("--walls {material} is not known: choose {known}").format(material=walls, known=", ".join(MATERIALS))
        )
    ending = drawing.suffix.lower()
    if ending not in (".geojson", ".json", ".dxf", ".ifc"):
        raise SiteError(_("{path} must be a .geojson, .dxf or .ifc: export it as one of them").format(path=drawing))
    if ending == ".ifc":
        found = read_ifc(drawing)
    else:
        found = read_dxf(drawing, unit) if ending == ".dxf" else read_geojson(drawing)
    made = site_of(found, floor_height, walls)
    write_text(output, to_toml(made), force=force)
    click.echo(_summary(made))
    if found.aside:
        complain(
            _("{path}: nothing, or not all, was taken of the layers {names}: rooms are closed polylines").format(
                path=drawing, names=_some(found.aside)
            )
        )
    if found.unplaced:
        words = _("{path}: features without geometry are left out: {names}")
        complain(words.format(path=drawing, names=_some(found.unplaced)))
    if wrong := len(faults(made, {})):
        said = ngettext(
            "{count} fault is left: cellwarden site check {path} names it",
            "{count} faults are left: cellwarden site check {path} names them",
            wrong,
        )
        click.echo(said.format(count=number(wrong), path=output))


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(names if len(names) <= MOST_NAMED else (*names[:MOST_NAMED], "…"))


@site.command(help=_("Make a certificate for the console, where nobody signs one: give it to watch --certificate."))
@click.argument("hosts", metavar="HOST...", nargs=-1, required=True)
@click.option("-o", "--output", type=options.PATH, required=True, help=_("The certificate with its key, CONSOLE.pem."))
@options.force
def certificate(hosts: tuple[str, ...], output: Path, force: bool) -> None:
    """For the names and addresses by which the console is reached."""
    from cellwarden.seal.certificate import DAYS, make

    fingerprint = make(hosts, output, force=force)
    said = _("{path} is good for {days} days. Its fingerprint (SHA-256), as browsers show it:").format
    click.echo(f"{said(path=output, days=DAYS)}\n{fingerprint}")
