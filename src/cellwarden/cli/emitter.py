"""`cellwarden emitter`: transmitters that were heard, and whether two of them are one."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cellwarden.cli import complain, options
from cellwarden.errors import GalleryError
from cellwarden.language import gettext as _
from cellwarden.language import ngettext, number

if TYPE_CHECKING:
    from cellwarden.model import Emitter, Identified, Session
    from cellwarden.signature.compare import Comparator

FAMILY = "gsm:normal"
"""Of the bursts that are compared so far."""
gallery_option = click.option(
    "--gallery",
    "place",
    type=options.PATH,
    default=Path("emitters.json"),
    show_default=True,
    envvar="CELLWARDEN_GALLERY",
    help=_("The file of known emitters."),
)

stations_option = click.option(
    "--learn",
    "stations",
    type=options.PATH,
    multiple=True,
    metavar="RECORDING",
    help=_("A recording of base stations by the same receiver: they tell how far its clock is off."),
)


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
        click.echo(f"{_entitled(one)}  {_counted(one.sessions)}  {_where(one.sessions)}")


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
        click.echo(f"{k}. {one.source}  {one.family}  {_counted([one])}  {number(one.snr_db, 1)} dB")
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
    click.echo(f"{one.name}  {_counted(one.sessions)}")


@emitter.command(help=_("Take a session, by its number in `show`, out of an emitter: it becomes a new one."))
@click.argument("name", metavar="NAME")
@click.argument("which", metavar="SESSION", type=int)
@gallery_option
def split(name: str, which: int, place: Path) -> None:
    """The new emitter is named."""
    from cellwarden.signature import emitters, gallery_file

    held, one = emitters.split(gallery_file.load(place), name, which)
    gallery_file.save(place, held)
    click.echo(f"{one.name}  {_counted(one.sessions)}")


@emitter.command(
    help=_("Add the phone of RECORDING, made on the bench where it was alone, to the known emitters."),
)
@click.argument("recording", metavar="RECORDING", type=options.PATH)
@click.option("--as", "name", default="", metavar="E-NNNN", help=_("It is this emitter; otherwise a new one."))
@click.option("--model", default="", help=_("What the phone is, of those that were seen."))
@stations_option
@gallery_option
def enrol(recording: Path, name: str, model: str, stations: tuple[Path, ...], place: Path) -> None:
    """The train of the most bursts, and those that are rather its own than another's."""
    from cellwarden.signature import emitters, gallery_file
    from cellwarden.signature.gallery import FEWEST_BURSTS, too_little

    held = gallery_file.load(place) if place.exists() else ()
    taken = _sessions(recording, stations)
    best = taken[0]
    comparator = _comparator(best.family)
    if reason := too_little(best):
        raise GalleryError(_("{name}: cannot say: {why}").format(name=recording, why=_reason(reason)))
    own = [s for s in taken if s.family == best.family and s.bursts >= FEWEST_BURSTS]
    alike = [s for s in own if s is best or _log10_ratio(comparator, [best], [s]) > 0]
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
    click.echo(f"{_entitled(one)}  {_counted(one.sessions)}")


@emitter.command(help=_("Say of each train in RECORDING whether it is a known emitter's, a new one's, or unclear."))
@click.argument("recording", metavar="RECORDING", type=options.PATH)
@stations_option
@gallery_option
def identify(recording: Path, stations: tuple[Path, ...], place: Path) -> None:
    """The open set."""
    from cellwarden.signature.comparators import comparator
    from cellwarden.signature.emitters import named
    from cellwarden.signature.gallery import identify as identified
    from cellwarden.signature.gallery import index
    from cellwarden.signature.gallery_file import load
    from cellwarden.signature.models import likely_model

    known = load(place)
    sessions = _sessions(recording, stations)
    comparable = [one for one in sessions if comparator(one.family) is not None]
    if not comparable:
        _comparator(sessions[0].family)
    among = {family: index(_comparator(family), known) for family in {one.family for one in comparable}}
    for one in comparable:
        told = identified(among[one.family], one)
        if told.verdict == "known":
            name = _entitled(named(known, told.name))
            said = _("known emitter {name}, p = {p}").format(name=name, p=number(told.probability, 2))
        elif told.verdict == "new":
            said = _("new, p = {p}").format(p=number(told.probability, 2))
        else:
            said = _("cannot say: {why}").format(why=_reason(told.reason))
        if told.verdict != "known" and (model := likely_model(known, one)) is not None:
            said += "; " + _model(model)
        click.echo(f"{one.source}  {_counted([one])}  {number(one.snr_db, 1)} dB  {said}")
    click.echo(_lead())


@emitter.command(help=_("Say whether A and B are one transmitter: each an emitter's name or a recording."))
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@stations_option
@gallery_option
def same(a: str, b: str, stations: tuple[Path, ...], place: Path) -> None:
    """A likelihood ratio, and what it may be used for."""
    from cellwarden.signature.gallery import too_little

    one, other = _either(a, place, stations), _either(b, place, stations)
    if one[0].family != other[0].family:
        raise GalleryError(
            _("{one} and {other} sent different kinds of bursts: compare like with like").format(one=a, other=b)
        )
    for name, sessions in ((a, one), (b, other)):
        if reason := too_little(max(sessions, key=lambda s: s.bursts)):
            raise GalleryError(_("{name}: cannot say: {why}").format(name=name, why=_reason(reason)))
    ratio = _log10_ratio(_comparator(one[0].family), one, other)
    exponent = number(abs(ratio), 1)
    if ratio > 0:
        said = _("what was heard is 10^{exponent} times as likely if {one} and {other} are one transmitter")
    else:
        said = _("what was heard is 10^{exponent} times as likely if {one} and {other} are two transmitters")
    click.echo(said.format(exponent=exponent, one=a, other=b))
    click.echo(_lead())


@emitter.command(help=_("Say how far likelihood ratios can be believed, by pairs that are known."))
@click.option("-o", "--output", type=options.PATH, help=_("Where to draw it (a Tippett plot, SVG)."))
@options.force
def calibration(output: Path | None, force: bool) -> None:
    """Of phones, and of models."""
    from cellwarden.measure.likelihood import cost, equal_error
    from cellwarden.signature.comparators import trial
    from cellwarden.signature.models import KIND
    from cellwarden.signature.tippett import pairs, picture

    trials = [(title, trial(FAMILY, kind)) for title, kind in ((_("phones"), "phones"), (_("models of phones"), KIND))]
    for title, one in trials:
        ratios, same = pairs(one)
        said = _("{what}: Cllr {cllr} bits (0 is perfect, 1 says nothing), equal errors {eer} %")
        eer = number(100 * equal_error(ratios, same), 1)
        click.echo(said.format(what=title, cllr=number(cost(ratios, same), 2), eer=eer))
    if output is not None:
        from cellwarden.document.sheet import svg
        from cellwarden.radio.annotations import write_text

        write_text(output, svg(picture(trials)), force=force)
    click.echo(_lead())


def _either(word: str, place: Path, stations: "Sequence[Path]") -> "Sequence[Session]":
    """Sessions of an emitter, or the best one of a recording."""
    from cellwarden.signature.emitters import NAME, named
    from cellwarden.signature.gallery_file import load

    if NAME.fullmatch(word):
        return named(load(place), word).sessions
    return _sessions(Path(word), stations)[:1]


def _sessions(path: Path, stations: "Sequence[Path]") -> "tuple[Session, ...]":
    from cellwarden.runtime.fingerprint import sessions

    taken = sessions(path, stations)
    if stations and taken.clock is None:
        complain(
            _("{path}: base stations were heard, but not at which frequency: its clock stays unknown").format(path=path)
        )
    elif not stations and any("carrier_ppm" in one.features for one in taken.sessions):
        complain(
            _(
                "{path}: the receiver is not calibrated: of carriers only 2 millionths and more count (see --learn)"
            ).format(path=path)
        )
    if taken.clipped:
        complain(
            ngettext(
                "{path}: {count} burst is clipped and was not measured: turn the gain down",
                "{path}: {count} bursts are clipped and were not measured: turn the gain down",
                taken.clipped,
            ).format(path=path, count=number(taken.clipped))
        )
    if not taken.sessions:
        raise GalleryError(
            _("{path} holds no burst whose transmitter can be measured: record bursts whole, at 1 MS/s or more").format(
                path=path
            )
        )
    return taken.sessions


def _comparator(family: str) -> "Comparator":
    from cellwarden.signature.comparators import comparator

    one = comparator(family)
    if one is None:
        raise GalleryError(
            _("{family} cannot be compared yet: use normal bursts of GSM or frames of Wi-Fi").format(family=family)
        )
    return one


def _log10_ratio(comparator: "Comparator", one: "Sequence[Session]", other: "Sequence[Session]") -> float:
    from cellwarden.signature.compare import log_ratio, point

    ours = [[s for s in several if s.family == comparator.family] for several in (one, other)]
    return log_ratio(comparator, *(point(comparator, several) for several in ours)) / math.log(10)


def _model(told: "Identified") -> str:
    """The likely model, of those that are known."""
    if told.verdict == "known":
        return _("likely model {model}, p = {p}").format(model=told.name, p=number(told.probability, 2))
    if told.verdict == "new":
        return _("its model is none of those known, p = {p}").format(p=number(told.probability, 2))
    if told.name:
        said = _("most like model {model} of those known, p = {p}")
        return said.format(model=told.name, p=number(told.probability, 2))
    return _("of its model nothing can be said: {why}").format(why=_reason(told.reason))


def _entitled(one: "Emitter") -> str:
    return f"{one.name} ({one.model})" if one.model else one.name


def _reason(reason: str) -> str:
    return {
        "few bursts": _("too few bursts"),
        "faint": _("too faint"),
        "undecided": _("neither is likely enough"),
    }[reason]


def _lead() -> str:
    """What the figures may be used for: they were calibrated on simulated phones, not on real ones."""
    return _("investigative lead only: learned from simulated phones, not calibrated on real ones")


def _counted(sessions: "Sequence[Session]") -> str:
    bursts = sum(s.bursts for s in sessions)
    said = ngettext("{count} burst", "{count} bursts", bursts).format(count=number(bursts))
    if len(sessions) == 1:
        return said
    return said + " " + _("in {count} sessions").format(count=number(len(sessions)))


def _where(sessions: "Sequence[Session]") -> str:
    return ", ".join(dict.fromkeys(s.source for s in sessions))
