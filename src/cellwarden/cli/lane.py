"""`cellwarden lane`: did what passed a lane carry a semiconductor?"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cellwarden.cli import complain, options
from cellwarden.language import about, ngettext, number
from cellwarden.language import gettext as _

if TYPE_CHECKING:
    from cellwarden.model import JunctionReading
    from cellwarden.signature.junction import Examined
    from cellwarden.signature.junction_empty import Empty
    from cellwarden.signature.junction_instrument import Instrument
    from cellwarden.signature.junction_log import Log


@click.command(
    help=_("Say whether who passed carried electronics. It reads what a harmonic radar recorded."),
    epilog=_(
        "LOG.csv has the columns time_s, position_m, transmit_dbm, second_dbm, third_dbm, and person (a number, never a"
        " name) where several passed. Recordings are one SigMF file of three channels, or three files, at f0, 2f0, 3f0."
    ),
)
@click.argument("inputs", metavar="LOG.csv|RECORDING…", nargs=-1, required=True, type=options.PATH)
@click.option(
    "--empty",
    type=options.PATH,
    multiple=True,
    help=_("The same of the empty lane, and of persons known to carry nothing; three times for three files."),
)
@click.option(
    "--instrument",
    type=click.Choice(("lane", "wand", "mail")),
    default="lane",
    show_default=True,
    help=_("A lane that people walk, a wand led along a door or a body, or a mail scanner's belt."),
)
@click.option("--person", metavar="NUMBER", help=_("Number of the person or parcel that passed; never a name."))
@click.option(
    "-o", "--output", type=options.PATH, help=_("Write the results (CSV), with room for second check and outcome.")
)
@click.option("--picture", type=options.PATH, help=_("Draw 2f0 against 3f0, and both against transmit power (SVG)."))
@click.option("--warning-read", is_flag=True, help=_("The operator has read the warning about pacemakers."))
@options.force
@options.quiet
def lane(
    inputs: tuple[Path, ...], empty: tuple[Path, ...], instrument: str, person: str | None,
    output: Path | None, picture: Path | None, warning_read: bool, force: bool, quiet: bool,
) -> None:  # fmt: skip
    """Read, examine, show, write."""
    from cellwarden.document.sheet import svg
    from cellwarden.model import Passage
    from cellwarden.radio.annotations import refuse_taken, write_text
    from cellwarden.signature.junction import examined
    from cellwarden.signature.junction_instrument import INSTRUMENTS
    from cellwarden.signature.junction_picture import picture as pictured
    from cellwarden.signature.junction_table import table

    for place in filter(None, (output, picture)):
        refuse_taken(place, force=force)
    if picture is not None and picture == output:
        raise click.UsageError(_("the results and the picture cannot both be {path}").format(path=output))
    logs = _numbered(_logs(inputs), person)
    lit = INSTRUMENTS[instrument]
    own = _learned(empty, lit) if empty else None
    read = warning_read or _confirmed(quiet)
    passages = [examined(log, own, lit) for log in logs]
    if output is not None:
        kept = [Passage(0, 0, one.person, one.readings, own is not None, read, "") for one in passages]
        write_text(output, table(kept), force=force)
    if picture is not None:
        write_text(picture, svg(pictured(passages)), force=force)
    if quiet:
        return
    for one in passages:
        click.echo("\n".join(_said(one)))
    _doubts(logs, own)


def _doubts(logs: "Sequence[Log]", own: "Empty | None") -> None:
    """Tell what takes from the worth of the answers."""
    from cellwarden.signature.junction_log import stands_still

    for log in logs:
        if stands_still(log):
            complain(
                _(
                    "{who}: both levels are the same in all {count} readings: the instrument is stuck, or all lies"
                    " below its floor"
                ).format(who=log.person or _("passage"), count=number(len(log.time_s)))
            )
    if untold := sum(log.untold for log in logs):
        sentence = ngettext(
            "{count} level is missing and taken for the lowest one that is told",
            "{count} levels are missing and taken for the lowest one that is told",
            untold,
        )
        complain(sentence.format(count=number(untold)))
    if own is None:
        complain(_("without --empty the instrument's own harmonics are not taken off: record the empty lane"))
    elif own.thresholds_db is None:
        complain(_("no persons known to carry nothing are in --empty: thresholds are the simulator's, not this lane's"))


def _confirmed(quiet: bool) -> bool:
    """Whether the operator says that the warning was read; it is shown in any case."""
    from cellwarden.signature.junction import WARNING

    if sys.stdin.isatty() and not quiet:
        click.echo(_(WARNING), err=True)
        return click.confirm(_("I have read this"), default=False, err=True)
    complain(_(WARNING))
    return False


def _logs(paths: Sequence[Path]) -> "list[Log]":
    from cellwarden.errors import LaneError
    from cellwarden.signature.junction_iq import read_recordings
    from cellwarden.signature.junction_log import read_log

    tables = [path for path in paths if path.suffix.lower() == ".csv"]
    if tables and len(tables) < len(paths):
        raise LaneError(
            _("{path} is a table and others are recordings: give one kind at a time").format(path=tables[0])
        )
    return [log for path in tables for log in read_log(path)] or [read_recordings(paths)]


def _learned(paths: Sequence[Path], lit: "Instrument") -> "Empty":
    from cellwarden.errors import LaneError
    from cellwarden.signature.junction_empty import learned

    try:
        return learned(_logs(paths), lit)
    except LaneError as error:
        named = str(error).startswith(str(paths[0]))
        raise error if named else LaneError(about(paths[0], str(error))) from error


def _numbered(logs: "list[Log]", person: str | None) -> "list[Log]":
    """Passages with the number that was given, where there is one of them."""
    from dataclasses import replace

    from cellwarden.errors import LaneError
    from cellwarden.signature.junction_log import check_person

    if person is None:
        return logs
    if len(logs) > 1:
        raise LaneError(
            _("--person {number} is one person, and the table holds {count} passages: leave it out").format(
                number=person, count=len(logs)
            )
        )
    return [replace(logs[0], person=check_person(person))]


def _said(one: "Examined") -> list[str]:
    """The portal's answer, for officers."""
    from cellwarden.signature.junction import CONFUSERS, NOTHING, SEMICONDUCTOR

    who = one.person or _("passage")
    lines = []
    for reading in one.readings:
        if reading.kind == NOTHING:
            text = _("{who}: nothing found (probability {p}).") if not reading.reason else "{who}: {reason}."
            lines.append(text.format(who=who, p=number(reading.probability, 2), reason=reading.reason))
            continue
        text = (
            _("{who}: SEMICONDUCTOR (probability {p}), {place}. A second check decides.")
            if reading.kind == SEMICONDUCTOR
            else _("{who}: metal contact (probability {p}), {place}. It may hide weaker electronics.")
        )
        lines.append(text.format(who=who, p=number(reading.probability, 2), place=_place(reading)))
        if reading.kind == SEMICONDUCTOR:
            named = ", ".join(map(_, CONFUSERS))
            lines.append(
                "  "
                + _("A phone is possible, and so are: {names}. Ask, and let them pass again without.").format(
                    names=named
                )
            )
        lines.append("  " + _levels(reading))
    if len(one.readings) > 1:
        count = len(one.readings)
        lines.append("  " + ngettext("{count} object", "{count} objects", count).format(count=number(count)))
    return lines


def _place(reading: "JunctionReading") -> str:
    way = _("{position} m along the lane") if reading.instrument == "lane" else _("{position} m along the way")
    place = way.format(position=number(reading.position_m or 0.0, 2))
    if reading.range_m is None:
        return place
    return place + ", " + _("{range} m from the antennas").format(range=number(reading.range_m, 2))


def _levels(reading: "JunctionReading") -> str:
    told = _("2f0 {second} dBm, 3f0 {third} dBm").format(
        second=number(reading.second_dbm or 0.0, 1), third=number(reading.third_dbm or 0.0, 1)
    )
    slopes = [s for s in (reading.second_slope, reading.third_slope) if s is not None]
    if slopes:
        grown = " / ".join(number(value, 1) for value, _error in slopes)
        return _("{levels}; grows by {slopes} dB per dB sent").format(levels=told, slopes=grown)
    return told
