"""`cellwarden emitter`: transmitters that were heard, and whether two of them are one."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cellwarden.cli import complain, options
from cellwarden.cli.emitter_calibration import calibration, calibration_option, made_of
from cellwarden.cli.emitter_heard import (
    compared,
    counted,
    either,
    entitled,
    gallery_option,
    heard,
    lead,
    log_ratio_of,
    power,
    receiver_option,
    refused,
    stations_option,
    why,
)
from cellwarden.errors import GalleryError
from cellwarden.language import gettext as _
from cellwarden.language import ngettext, number

if TYPE_CHECKING:
    from cellwarden.model import Emitter, Identified, Session
    from cellwarden.signature.gallery import Index


@click.group(help=_("Tell a transmitter from its twin by its errors."), invoke_without_command=True)
@click.pass_context
def emitter(context: click.Context) -> None:
    """Without a command, show what there is."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@emitter.command("list", help=_("List the known emitters."))
@gallery_option
def list_(place: Path) -> None:
    """A line each."""
    from cellwarden.signature.gallery_file import load

    for one in load(place):
        click.echo(f"{entitled(one)}  {counted(one.sessions)}  {_where(one.sessions)}")


@emitter.command(help=_("Show what was measured of an emitter, session by session."))
@click.argument("name", metavar="E-NNNN")
@gallery_option
def show(name: str, place: Path) -> None:
    """Each feature with its deviation."""
    from cellwarden.signature.emitters import named
    from cellwarden.signature.gallery_file import load

    shown = named(load(place), name)
    if shown.model:
        click.echo(_("model: {model}").format(model=shown.model))
    for k, one in enumerate(shown.sessions, 1):
        said = (f"{k}. {one.source}", one.family, counted([one]), f"{number(one.snr_db, 1)} dB", one.receiver)
        click.echo("  ".join(filter(None, said)))
        for feature, (value, deviation) in one.features.items():
            click.echo(f"   {feature:20s} {value:12.5g} ± {deviation:.2g}")


@emitter.command(help=_("Say that two emitters are one: the sessions of OTHER go to NAME."))
@click.argument("name", metavar="NAME")
@click.argument("other", metavar="OTHER")
@gallery_option
def merge(name: str, other: str, place: Path) -> None:
    """The second name is gone."""
    from cellwarden.signature import emitters, gallery_file

    held, one = emitters.merged(gallery_file.load(place), name, other)
    gallery_file.save(place, held)
    click.echo(f"{one.name}  {counted(one.sessions)}")


@emitter.command(help=_("Take a session, by its number in `show`, out of an emitter: it becomes a new one."))
@click.argument("name", metavar="NAME")
@click.argument("which", metavar="SESSION", type=int)
@gallery_option
def split(name: str, which: int, place: Path) -> None:
    """The new emitter is named."""
    from cellwarden.signature import emitters, gallery_file

    held, one = emitters.split(gallery_file.load(place), name, which)
    gallery_file.save(place, held)
    click.echo(f"{one.name}  {counted(one.sessions)}")


@emitter.command(
    help=_("Add the phone of RECORDING, made on the bench where it was alone, to the known emitters."),
)
@click.argument("recording", metavar="RECORDING", type=options.PATH)
@click.option("--as", "name", default="", metavar="E-NNNN", help=_("It is this emitter; otherwise a new one."))
@click.option("--model", default="", help=_("What the phone is, of those that were seen."))
@receiver_option
@stations_option
@gallery_option
def enrol(recording: Path, name: str, model: str, receiver: str, stations: tuple[Path, ...], place: Path) -> None:
    """The train of the most bursts that can be compared, and those that are rather its own than another's."""
    from cellwarden.signature import emitters, gallery_file
    from cellwarden.signature.comparators import comparator
    from cellwarden.signature.gallery import FEWEST_BURSTS, too_little

    held = gallery_file.load(place) if place.exists() else ()
    taken = heard(recording, stations, receiver)
    best = next((one for one in taken if comparator(one.family) is not None), taken[0])
    measure = compared(best.family)
    if reason := too_little(best):
        raise refused(recording, reason)
    own = [s for s in taken if s.family == best.family and s.bursts >= FEWEST_BURSTS]
    alike = [s for s in own if s is best or log_ratio_of(measure, [best], [s]) > 0]
    if len(alike) < len(own):
        complain(
            ngettext(
                "{path}: {count} train is rather another transmitter's and was left out",
                "{path}: {count} trains are rather another transmitter's and were left out",
                len(own) - len(alike),
            ).format(path=recording, count=number(len(own) - len(alike)))
        )
    held, one = emitters.enrolled(held, alike, name, model.strip())
    gallery_file.save(place, held)
    click.echo(f"{entitled(one)}  {counted(one.sessions)}")


@emitter.command(help=_("Say of each train in RECORDING whether it is a known emitter's, a new one's, or unclear."))
@click.argument("recording", metavar="RECORDING", type=options.PATH)
@stations_option
@gallery_option
def identify(recording: Path, stations: tuple[Path, ...], place: Path) -> None:
    """The open set: which of many is a question of an investigation, and its answer always a lead."""
    from cellwarden.signature.comparators import comparator
    from cellwarden.signature.gallery import index
    from cellwarden.signature.gallery_file import load

    known = load(place)
    sessions = heard(recording, stations)
    families = {one.family for one in sessions if comparator(one.family) is not None}
    among = {family: index(compared(family), known) for family in families}
    for one in sessions:
        if one.family in among:
            said = _identified(one, known, among[one.family])
        else:
            said = _("cannot say: no comparator was trained for {family}").format(family=one.family)
        click.echo(f"{one.source}  {counted([one])}  {number(one.snr_db, 1)} dB  {said}")
    click.echo(lead())


def _identified(one: "Session", known: "Sequence[Emitter]", among: "Index") -> str:
    """The verdict on a session, and of what model it is likely."""
    from cellwarden.signature.emitters import named
    from cellwarden.signature.gallery import identify as identified
    from cellwarden.signature.models import likely_model

    told = identified(among, one)
    if told.verdict == "known":
        name = entitled(named(known, told.name))
        return _("known emitter {name}, p = {p}").format(name=name, p=number(told.probability, 2))
    if told.verdict == "new":
        said = _("new, p = {p}").format(p=number(told.probability, 2))
    else:
        said = _("cannot say: {why}").format(why=why(told.reason))
    model = likely_model(known, one)
    return said if model is None else f"{said}; {_model(model)}"


@emitter.command(help=_("Say whether A and B are one transmitter: each an emitter's name or a recording."))
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@calibration_option
@receiver_option
@stations_option
@gallery_option
def same(a: str, b: str, lab: Path | None, receiver: str, stations: tuple[Path, ...], place: Path) -> None:
    """A likelihood ratio; in words of forensic science where a calibration on real phones allows, else as a lead."""
    from cellwarden.signature.calibration import applied, held, silent
    from cellwarden.signature.calibration_file import load
    from cellwarden.signature.gallery import too_little
    from cellwarden.signature.verbal import support

    own = None if lab is None else load(lab)
    one, other = either(a, place, stations, receiver), either(b, place, stations, receiver)
    family = _shared(a, b, one, other)
    one, other = ([s for s in several if s.family == family] for several in (one, other))
    for name, sessions in ((a, one), (b, other)):
        if reason := too_little(max(sessions, key=lambda s: s.bursts)):
            raise refused(name, reason)
    measure = compared(family)
    quiet = silent(own, (*one, *other))
    if own is not None and quiet not in ("interface", "receiver"):
        measure = applied(measure, own)
    ratio = log_ratio_of(measure, one, other)
    if own is not None and not quiet:
        ratio = held(ratio, own.of)
    if ratio > 0:
        said = _("what was heard is 10^{exponent} times as likely if {one} and {other} are one transmitter")
    else:
        said = _("what was heard is 10^{exponent} times as likely if {one} and {other} are two transmitters")
    click.echo(said.format(exponent=power(ratio), one=a, other=b))
    if own is None or quiet:
        click.echo(lead(quiet))
        return
    click.echo(_("{support} (ENFSI scale)").format(support=support(ratio)))
    click.echo(made_of(own.of))


def _shared(a: str, b: str, one: "Sequence[Session]", other: "Sequence[Session]") -> str:
    """The family in which two are compared: the first that both have and that can be; else one that both have."""
    from cellwarden.signature.comparators import comparator

    theirs = {s.family for s in other}
    both = [s.family for s in one if s.family in theirs]
    if not both:
        raise GalleryError(
            _("{one} and {other} sent different kinds of bursts: compare like with like").format(one=a, other=b)
        )
    return next((family for family in both if comparator(family) is not None), both[0])


emitter.add_command(calibration)


def _model(told: "Identified") -> str:
    """The likely model, of those that are known."""
    if told.verdict == "known":
        return _("likely model {model}, p = {p}").format(model=told.name, p=number(told.probability, 2))
    if told.verdict == "new":
        return _("its model is none of those known, p = {p}").format(p=number(told.probability, 2))
    if told.name:
        said = _("most like model {model} of those known, p = {p}")
        return said.format(model=told.name, p=number(told.probability, 2))
    return _("of its model nothing can be said: {why}").format(why=why(told.reason))


def _where(sessions: "Sequence[Session]") -> str:
    return ", ".join(dict.fromkeys(s.source for s in sessions))
