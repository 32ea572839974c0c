"""`cellwarden scan`: what was heard in a recording."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cellwarden.cli.quantity import Hertz
from cellwarden.language import gettext as _
from cellwarden.language import use

if TYPE_CHECKING:
    from cellwarden.runtime.files import Heard

MOST_ROWS = 40


@click.command()
@click.argument("recordings", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Annotated .sigmf-meta, or a folder for several.")
@click.option("--report", type=click.Path(path_type=Path), help="HTML report, or a folder for several.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for each recording.")
@click.option("--min-confidence", default=0.5, show_default=True, type=click.FloatRange(0, 1))
@click.option("--rate", type=Hertz(), help="Sample rate of a bare file.")
@click.option("--centre", type=Hertz(), help="Tuned frequency of a bare file.")
@click.option("--no-hash", is_flag=True, help="Leave the hash of the samples out.")
@click.option("--force", is_flag=True, help="Overwrite what exists.")
@click.option("--quiet", is_flag=True, help="No progress, no table.")
@click.option("--language", type=click.Choice(["en", "fr"]))
def scan(
    recordings: tuple[Path, ...],
    output: Path | None,
    report: Path | None,
    as_json: bool,
    min_confidence: float,
    rate: float | None,
    centre: float | None,
    no_hash: bool,
    force: bool,
    quiet: bool,
    language: str | None,
) -> None:
    """Find and name every phone burst in RECORDINGS."""
    from cellwarden.runtime.files import Job, hear

    if language:
        use(language)
    several = len(recordings) > 1
    for path in recordings:
        job = Job(
            path,
            _place(output, path, ".sigmf-meta", several),
            _place(report, path, ".html", several),
            rate_hz=rate,
            centre_hz=centre,
            min_confidence=min_confidence,
            hashed=not no_hash,
            force=force,
        )
        heard = hear(job, progress=not quiet and not as_json and sys.stderr.isatty())
        if as_json:
            click.echo(json.dumps(heard.as_json()))
        elif not quiet:
            _show(heard)


def _place(asked: Path | None, recording: Path, ending: str, several: bool) -> Path | None:
    """Where an output goes: the file asked for, or in the folder asked for when there are several."""
    if asked is None or not several:
        return asked
    asked.mkdir(parents=True, exist_ok=True)
    return asked / recording.with_suffix(ending).name


def _show(heard: "Heard") -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(f"[bold]{escape(heard.recording.path.name)}[/bold]: {heard.verdict()}")
    if not heard.emissions:
        return
    table = Table(show_edge=False)
    for title in ("time", "frequency", "channel", "interface", "kind", "SNR", "CFO", "confidence"):
        table.add_column(_(title), justify="left" if title in ("interface", "kind") else "right")
    for row in heard.rows(MOST_ROWS):
        table.add_row(*row)
    console.print(table)
    if len(heard.emissions) > MOST_ROWS:
        console.print(_("… and {count} more").format(count=len(heard.emissions) - MOST_ROWS))
