"""`cellwarden emitter calibration`: how far likelihood ratios can be believed, and a laboratory's own calibration."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from cellwarden.cli import options
from cellwarden.cli.emitter_heard import compared, gallery_option, lead
from cellwarden.language import about, ngettext, number
from cellwarden.language import gettext as _

if TYPE_CHECKING:
    from cellwarden.model import Provenance
    from cellwarden.signature.comparators import Trial

calibration_option = click.option(
    "--calibration",
    "lab",
    type=options.PATH,
    envvar="CELLWARDEN_CALIBRATION",
    help=_("A calibration that `emitter calibration make` wrote."),
)


@click.group(
    help=_("Say how far likelihood ratios can be believed, by pairs that are known."), invoke_without_command=True
)
@calibration_option
@click.option("-o", "--output", type=options.PATH, help=_("Where to draw it (a Tippett plot, SVG)."))
@options.force
@click.pass_context
def calibration(context: click.Context, lab: Path | None, output: Path | None, force: bool) -> None:
    """Of each family that can be compared, of models, and of a laboratory's calibration where one is given."""
    if context.invoked_subcommand is not None:
        return
    from cellwarden.signature.calibration import silent
    from cellwarden.signature.calibration_file import load
    from cellwarden.signature.comparators import taught, trial

    trials = [(_title(family, kind), trial(family, kind)) for family, kind in taught()]
    own = None if lab is None else load(lab)
    if own is not None:
        trials.append((f"{own.of.family}, {own.of.receiver}", own.trial))
    for title, one in trials:
        click.echo(_worth(title, one))
    if own is not None:
        click.echo(made_of(own.of))
    if output is not None:
        _draw(output, trials, force)
    # of sessions by its own receiver it may speak, if it may at all
    quiet = silent(own, ())
    click.echo(lead(quiet) if quiet else _("words of the ENFSI scale: with this type of receiver and interface only"))


@calibration.command(
    help=_(
        "Make a calibration of known phones, enrolled from two recordings or more each, heard by one type of receiver."
    ),
)
@click.option("--family", default="gsm:normal", show_default=True, help=_("Interface and kind of burst."))
@click.option("--receiver", required=True, metavar="TYPE", help=_("Type of the receiver that heard them."))
@click.option(
    "--phones",
    required=True,
    type=click.Choice(["real", "simulated"]),
    help=_("What was enrolled; who says `real` attests it."),
)
@click.option("--note", default="", help=_("Laboratory, days, models: what one should know of it. No person's name."))
@click.option("-o", "--output", type=options.PATH, required=True, help=_("Where to write it (JSON)."))
@options.force
@gallery_option
def make(
    family: str, receiver: str, phones: Literal["real", "simulated"], note: str, output: Path, force: bool, place: Path
) -> None:
    """Its worth is told of pairs whose phones it was not fitted to."""
    from cellwarden.signature.calibration import made, silent, usable
    from cellwarden.signature.calibration_file import save
    from cellwarden.signature.gallery_file import load

    own = made(compared(family), usable(load(place), family, receiver), " ".join(receiver.split()), phones, note)
    save(output, own, force=force)
    click.echo(_worth(f"{family}, {own.of.receiver}", own.trial))
    click.echo(made_of(own.of))
    if quiet := silent(own, ()):
        click.echo(lead(quiet))


def _title(family: str, kind: str) -> str:
    return _("{family}, models of phones").format(family=family) if kind == "models" else family


def _worth(title: str, trial: "Trial") -> str:
    from cellwarden.measure.likelihood import cost, equal_error
    from cellwarden.signature.comparators import pairs

    ratios, same = pairs(trial)
    said = _("{what}: Cllr {cllr} bits (0 is perfect, 1 says nothing), equal errors {eer} %")
    eer = number(100 * equal_error(ratios, same), 1)
    return said.format(what=title, cllr=number(cost(ratios, same), 2), eer=eer)


def made_of(of: "Provenance") -> str:
    """What a calibration was made of."""
    whose = {
        "real": ngettext("{count} real phone", "{count} real phones", of.count),
        "simulated": ngettext("{count} simulated phone", "{count} simulated phones", of.count),
    }[of.phones]
    said = _("calibrated on {phones} and {others} more heard once, {family}, receiver {receiver}").format(
        phones=whose.format(count=number(of.count)),
        others=number(of.others),
        family=of.family,
        receiver=of.receiver,
    )
    return about(said, of.note) if of.note else said


def _draw(output: Path, trials: "list[tuple[str, Trial]]", force: bool) -> None:
    from cellwarden.document.sheet import svg
    from cellwarden.radio.annotations import write_text
    from cellwarden.signature.tippett import picture

    write_text(output, svg(picture(trials)), force=force)
