"""`cellwarden site plan-sensors`: where sensors would tell most, and what so many of them are worth."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import count as counted
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cellwarden.cli import options
from cellwarden.errors import SiteError
from cellwarden.language import gettext as _
from cellwarden.language import number

if TYPE_CHECKING:
    from cellwarden.locate.site import Site


@click.command("plan-sensors", help=_("Propose places for sensors, and say how well so many tell cells apart."))
@click.argument("place", metavar="SITE", type=options.PATH)
@click.option("--count", required=True, type=click.IntRange(2, 200), help=_("How many sensors."))
@click.option(
    "--in",
    "where",
    default="corridor",
    show_default=True,
    type=click.Choice(("corridor", "cell", "both")),
    help=_("Where they may be: in corridors, in cells, or in both."),
)
@click.option(
    "--goal",
    default="cells",
    show_default=True,
    type=click.Choice(("cells", "fence")),
    help=_(
        "What they are for: to tell cells apart, in place of the site's sensors; or to tell phones inside from those"
        " outside, on the outer face of the wall, beside the site's sensors (--in does not matter then)."
    ),
)
@click.option("--cost", type=click.FloatRange(0), help=_("What a sensor costs; the table then tells it."))
@click.option(
    "--draws", default=300, show_default=True, type=click.IntRange(10, 100_000), help=_("Phones drawn a line.")
)
@click.option("-o", "--output", type=options.PATH, help=_("Write the site with the proposed sensors."))
@options.force
@options.quiet
def plan_sensors(
    place: Path, count: int, where: str, goal: str, cost: float | None, draws: int, output: Path | None, force: bool,
    quiet: bool,
) -> None:  # fmt: skip
    """The places, then what they are worth: the table is for people, and not made where nobody reads it."""
    from cellwarden.locate.site import load
    from cellwarden.locate.site_file import others
    from cellwarden.locate.site_write import to_toml
    from cellwarden.radio.annotations import refuse_taken, write_text

    if output is not None:
        refuse_taken(output, force=force)
    known = load(place)
    if not any(room.kind == "cell" for room in known.rooms):
        raise SiteError(_("{path} has no cells to tell apart: add rooms of the kind cell").format(path=place))
    made = (_on_wall if goal == "fence" else _in_rooms)(place, known, count, where, quiet)
    if output is not None:
        write_text(output, to_toml(made, others(place)), force=force)
    if quiet:
        return
    (_show_fence if goal == "fence" else _show_cells)(made, len(made.sensors) - count, count, draws, cost)
    click.echo(_("From the plan alone, in {draws} draws of phones, walls and shadows.").format(draws=draws))
    if goal == "cells":
        warn_of_bare_wall(made)


def _in_rooms(place: Path, known: "Site", count: int, where: str, quiet: bool) -> "Site":
    from cellwarden.locate.placement import propose

    with _bar(_("places"), count, quiet) as tell:
        made = propose(known, count, ("corridor", "cell") if where == "both" else (where,), tell=tell)
    if len(made.sensors) < count:
        raise SiteError(
            _("{path} has room for {found} sensors there, not {count}: give --in both or a smaller --count").format(
                path=place, found=len(made.sensors), count=count
            )
        )
    return made


def _on_wall(place: Path, known: "Site", count: int, _where: str, quiet: bool) -> "Site":
    from cellwarden.locate.placement_fence import propose_on_wall

    with _bar(_("places"), count, quiet) as tell:
        made = propose_on_wall(known, count, tell=tell)
    if (found := len(made.sensors) - len(known.sensors)) < count:
        raise SiteError(
            _("{path} has room for {found} sensors on its wall, not {count}: give a smaller --count").format(
                path=place, found=found, count=count
            )
        )
    return made


def _show_cells(made: "Site", _before: int, count: int, draws: int, cost: float | None) -> None:
    """A line for a quarter, half, three quarters and all of the sensors."""
    from cellwarden.locate.placement import worth

    numbers = sorted({max(2, round(count * share)) for share in (0.25, 0.5, 0.75, 1.0)})
    with _bar(_("phones drawn"), draws * len(numbers), False) as tell:
        values = [worth(replace(made, sensors=made.sensors[:most]), draws, tell=tell) for most in numbers]
    rows = [(one.sensors, number(one.first, 2), number(one.three, 2), f"{number(one.error_m, 1)} m") for one in values]
    _show((_("sensors"), _("right cell first"), _("among three"), _("mean error")), rows, cost)


def _show_fence(made: "Site", before: int, count: int, draws: int, cost: float | None) -> None:
    """A line for the site as it is, and with half and all of the sensors on its wall."""
    from cellwarden.locate.placement_fence import fence_worth

    numbers = sorted({0, round(count / 2), count})
    with _bar(_("phones drawn"), 2 * draws * len(numbers), False) as tell:
        values = [
            fence_worth(replace(made, sensors=made.sensors[: before + more]), draws, tell=tell) for more in numbers
        ]
    rows = [
        (more, f"{number(100 * one.missed, 1)} %", f"{number(100 * one.wrong, 1)} %")
        for more, one in zip(numbers, values, strict=True)
    ]
    _show((_("on the wall"), _("inside, missed"), _("outside, called inside")), rows, cost)


def _show(titles: Sequence[str], rows: Sequence[tuple[int, *tuple[str, ...]]], cost: float | None) -> None:
    """Rows that begin with a number of sensors, and end with what so many cost."""
    from rich.table import Table

    from cellwarden.cli.terminal import Terminal

    table = Table(show_edge=False)
    for title in titles if cost is None else (*titles, _("cost")):
        table.add_column(title, justify="right")
    for sensors, *values in rows:
        table.add_row(number(sensors), *values, *(() if cost is None else (number(cost * sensors),)))
    Terminal().print(table)


@contextmanager
def _bar(name: str, all_: int, quiet: bool) -> Iterator[Callable[[], None]]:
    """Progress where somebody looks on; what is given is called after each step."""
    if quiet or not sys.stderr.isatty():
        yield lambda: None
        return
    from cellwarden.cli.progress import Steps

    steps = counted(1)
    with Steps(name) as bar:
        bar.told(0, all_)
        yield lambda: bar.told(next(steps), all_)


def warn_of_bare_wall(known: "Site") -> None:
    """What sensors in a building cannot tell, however many there are."""
    from cellwarden.locate.site_check import bare_wall

    if bare_wall(known):
        words = _(
            "No sensor stands on the outer face of the wall: of phones inside one in four is then not told for sure"
            " from those outside. Put some there, at its corners and between them."
        )
        click.echo(words)
