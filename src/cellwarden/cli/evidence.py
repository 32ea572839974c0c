"""`cellwarden evidence verify FOLDER`: whether what was kept is still what was written."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cellwarden.cli import options
from cellwarden.language import gettext as _
from cellwarden.language import ngettext, number

if TYPE_CHECKING:
    from cellwarden.runtime.evidence_index import Verdict


@click.group(help=_("Verify what listen kept."), invoke_without_command=True)
@click.pass_context
def evidence(context: click.Context) -> None:
    """Without a command, show what there is."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@evidence.command(
    help=_("Compare each file of FOLDER with the indexes written beside it, and say what is altered or missing."),
    epilog=_("Exit code 0: all is as it was written. 2: something is not, a line for each."),
)
@click.argument("folder", type=options.PATH)
@click.option("--json", "as_json", is_flag=True, help=_("Print one JSON object."))
@click.pass_context
def verify(context: click.Context, folder: Path, as_json: bool) -> None:
    """Exit code 2 where something is wrong."""
    from cellwarden.runtime.evidence_index import verify as verified

    verdict = verified(folder)
    if as_json:
        click.echo(json.dumps(_plain(verdict)))
    else:
        for line in _said(verdict):
            click.echo(line)
    if not verdict.good:
        context.exit(2)


def _plain(verdict: "Verdict") -> dict[str, object]:
    heads = {name: {"lines": head.number, "digest": head.digest} for name, head in verdict.heads.items()}
    names = ("sound", "removed", "taken_in", "altered", "missing", "unlisted", "broken", "open")
    return {name: getattr(verdict, name) for name in names} | {"heads": heads}


def _said(verdict: "Verdict") -> list[str]:
    lines = [_("{name} was altered").format(name=name) for name in verdict.altered]
    lines += [_("{name} is missing").format(name=name) for name in verdict.missing]
    lines += [_("{name} stands in no index").format(name=name) for name in verdict.unlisted]
    lines += [
        _("{name} was altered from line {line} on").format(name=name, line=line)
        for name, line in verdict.broken.items()
    ]
    lines += [_("{name} has no last word: its run goes on, or was killed").format(name=name) for name in verdict.open]
    lines += [
        _("{name} ends at line {line} with {digest}").format(name=name, line=head.number, digest=head.digest)
        for name, head in verdict.heads.items()
    ]
    if verdict.taken_in:
        taken = ngettext(
            "{count} file was found behind a run that was killed, and taken in by the next",
            "{count} files were found behind a run that was killed, and taken in by the next",
            verdict.taken_in,
        )
        lines.append(taken.format(count=number(verdict.taken_in)))
    sound = ngettext("{count} file is as it was written", "{count} files are as they were written", verdict.sound)
    lines.append(
        _("{files}; {removed} were removed for room or age").format(
            files=sound.format(count=number(verdict.sound)), removed=number(verdict.removed)
        )
    )
    return lines
