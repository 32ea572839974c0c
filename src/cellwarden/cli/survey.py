"""`cellwarden survey`: levels at known places, from a walk with a test phone."""

from pathlib import Path

import click

from cellwarden.cli import complain, options
from cellwarden.errors import ReadingsError
from cellwarden.language import gettext as _
from cellwarden.language import ngettext, number

NAMED = 8
"""More names than these are not told one by one."""


@click.command(
    help=_("Make a survey from a walk with a test phone. It tells what sensors heard while it was at known places."),
    epilog=_(
        "STAYS has the columns start_s, end_s, x_m, y_m, z_m: from when to when the phone was where. READINGS has"
        " time_s, sensor, rssi_dbm, by the same clock. What was heard between stays is left out."
    ),
)
@click.argument("stays", metavar="STAYS.csv", type=options.PATH)
@click.argument("readings", metavar="READINGS.csv", type=options.PATH)
@click.option(
    "--site", "site_path", required=True, type=options.PATH, help=_("The site: site.toml, or a plain site.json.")
)
@click.option("-o", "--output", required=True, type=options.PATH, help=_("Write the survey to this file (CSV)."))
@options.force
@options.quiet
def survey(stays: Path, readings: Path, site_path: Path, output: Path, force: bool, quiet: bool) -> None:
    """Read both, write one, say what is missing."""
    from cellwarden.locate.readings import read_readings
    from cellwarden.locate.site import load
    from cellwarden.locate.survey import coverage, lines, read_stays
    from cellwarden.radio.annotations import refuse_taken, write_pieces

    refuse_taken(output, force=force)
    site = load(site_path)
    walk, heard = read_stays(stays, site), read_readings(readings, site)
    told = coverage(site, walk, heard)
    if not told.levels:
        raise ReadingsError(
            _("{path}: nothing was heard at any of the places: are both tables by one clock?").format(path=readings)
        )
    write_pieces(output, lines(site, walk, heard), force=force)
    if quiet:
        return
    sentence = ngettext(
        "{count} level at {places} places in {path}", "{count} levels at {places} places in {path}", told.levels
    )
    click.echo(sentence.format(count=number(told.levels), places=number(told.places), path=output))
    if told.cells:
        every = sum(room.kind == "cell" for room in site.rooms)
        said = _("{count} of {all} cells were not visited: {names}")
        complain(said.format(count=number(len(told.cells)), all=number(every), names=_names(told.cells)))
    if told.silent:
        complain(_("sensors that heard nothing of it: {names}").format(names=_names(told.silent)))


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(names[:NAMED]) + (", …" if len(names) > NAMED else "")
