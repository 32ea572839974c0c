"""`cellwarden locate`: where a phone was, from what sensors heard of it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cellwarden.cli import complain, options
from cellwarden.language import about, ngettext, number
from cellwarden.language import gettext as _

if TYPE_CHECKING:
    from cellwarden.locate.readings import Readings
    from cellwarden.model import Fix


@click.command(
    help=_("Say where a phone was, from the levels sensors heard. There is a fix a second."),
    epilog=_(
        "READINGS has the columns time_s, sensor, rssi_dbm, and phone where several were heard; SURVEY has x_m, y_m,"
        " z_m, sensor, rssi_dbm, of a phone at known places. Both are CSV, also packed with gzip; other columns are not"
        " read."
    ),
)
@click.argument("readings", metavar="READINGS.csv", type=options.PATH)
@click.option(
    "--site", "site_path", required=True, type=options.PATH, help=_("The site: site.toml, or a plain site.json.")
)
@click.option(
    "--survey", "survey_path", required=True, type=options.PATH, help=_("Levels heard of a phone at known places.")
)
@click.option("-o", "--output", required=True, type=options.PATH, help=_("Write the fixes to this file (CSV)."))
@click.option(
    "--smooth", is_flag=True, help=_("Use for each fix also what was heard later: surer, but only known afterwards.")
)
@click.option("--picture", type=options.PATH, help=_("Draw the fixes over the plan (SVG)."))
@options.force
@options.quiet
def locate(
    readings: Path,
    site_path: Path,
    survey_path: Path,
    output: Path,
    smooth: bool,
    picture: Path | None,
    force: bool,
    quiet: bool,
) -> None:
    """Read, fit, locate, write."""
    from cellwarden.document.sheet import svg
    from cellwarden.locate import fixes, phones, radio_map, solve
    from cellwarden.locate.picture import picture as pictured
    from cellwarden.locate.readings import read_phones, read_survey
    from cellwarden.locate.site import load
    from cellwarden.radio.annotations import refuse_taken, write_pieces, write_text

    for place in filter(None, (output, picture)):
        refuse_taken(place, force=force)
    if picture == output:
        raise click.UsageError(_("the fixes and the picture cannot both be {path}").format(path=output))
    site = load(site_path)
    heard = read_phones(readings, site)
    fitted = radio_map.fit(site, read_survey(survey_path, site))
    solved = solve.smoothed if smooth else solve.causal
    ways = {
        name: list(fixes.fixes(site, one, solved(fitted, one) if len(one.time_s) else ()))
        for name, one in heard.items()
    }
    write_pieces(output, phones.lines(ways) if any(ways) else fixes.lines(*ways.values()), force=force)
    if picture is not None:
        write_text(picture, svg(pictured(site, *ways.values())), force=force)
    if not quiet:
        _told(readings, heard, [fix for way in ways.values() for fix in way], output)


def _told(readings: Path, heard: "Mapping[str, Readings]", found: "Sequence[Fix]", output: Path) -> None:
    """Which fixes there are; before that, what was left out or stays unknown."""
    from cellwarden.locate import fixes

    unknown = Counter(fix.reason for fix in found if fix.reason)
    for reason, count in unknown.items():
        complain(
            _("{path}: {count} of {all} fixes are unknown: {reason}").format(
                path=readings, count=number(count), all=number(len(found)), reason=reason
            )
        )
    for name, one in heard.items():
        if cut := fixes.cut_gaps(one):
            sentence = ngettext(
                "{count} silence is longer than {minutes} min and told for so long only: no row until the next reading",
                "{count} silences are longer than {minutes} min and told for so long only: no row until the next"
                " reading",
                cut,
            )
            told = sentence.format(count=number(cut), minutes=number(fixes.longest_gap_s(one) / 60))
            complain(about(readings, about(name, told) if name else told))
    if without := sum(one.without_level for one in heard.values()):
        sentence = ngettext("{count} line holds no level", "{count} lines hold no level", without)
        complain(about(readings, sentence.format(count=number(without))))
    if repeated := sum(one.repeated for one in heard.values()):
        sentence = ngettext("{count} line repeats another one", "{count} lines repeat others", repeated)
        complain(about(readings, sentence.format(count=number(repeated))))
    if len(found) > unknown.total():
        sentence = ngettext("{count} fix in {path}", "{count} fixes in {path}", len(found) - unknown.total())
        click.echo(sentence.format(count=number(len(found) - unknown.total()), path=output))
