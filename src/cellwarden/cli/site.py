"""`cellwarden site`: check, draw and import what is known of a site."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cellwarden.errors import SiteError
from cellwarden.language import gettext as _
from cellwarden.language import ngettext, number

if TYPE_CHECKING:
    from cellwarden.locate.site import Floor, Site

PATH = click.Path(path_type=Path)
DRAWINGS = (".svg", ".png")


@click.group(help=_("Check, draw and import the plan of a site."), invoke_without_command=True)
@click.pass_context
def site(context: click.Context) -> None:
    """Without a command, show what there is."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@site.command(help=_("Say what is wrong with a site's file, a line for each fault, and what to do."))
@click.argument("place", metavar="SITE", type=PATH)
@click.pass_context
def check(context: click.Context, place: Path) -> None:
    """Exit code 2 where something is wrong."""
    from cellwarden.locate.site_check import check as checked
    from cellwarden.locate.site_check import shown

    read, faults = checked(place)
    for fault in faults:
        click.echo(shown(place, fault))
    if faults:
        said = ngettext("{count} fault in {path}: mend it", "{count} faults in {path}: mend them", len(faults))
        raise SiteError(said.format(count=number(len(faults)), path=place))
    click.echo(_summary(read))


@site.command(help=_("Draw the floor plans of a site: rooms, walls and sensors."))
@click.argument("place", metavar="SITE", type=PATH)
@click.option("-o", "--output", type=PATH, required=True, help=_("The drawing, PLAN.svg or PLAN.png."))
@click.option("--floor", "asked", type=int, multiple=True, help=_("Only this floor; may be given several times."))
@click.option("--force", is_flag=True, help=_("Overwrite what exists."))
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
    return f"{known.name}: {', '.join(counts)}."
