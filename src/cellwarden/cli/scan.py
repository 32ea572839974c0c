"""`cellwarden scan`: what was heard in recordings."""

import shutil
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cellwarden.cli import complain, options
from cellwarden.cli.quantity import Hertz
from cellwarden.language import gettext as _

if TYPE_CHECKING:
    from cellwarden.cli.progress import Bars
    from cellwarden.runtime.files import Job
    from cellwarden.runtime.parallel import Outcome


@click.command(
    help=_("Find and name every phone burst in RECORDINGS. Several are scanned at once."),
    epilog=_("Exit code 0: done, whether a phone was heard or not. 2: something must be mended first."),
)
@click.argument("recordings", nargs=-1, required=True, type=options.PATH)
@click.option(
    "-o",
    "--output",
    type=options.PATH,
    help=_(
        "Write the metadata with all annotations to this .sigmf-meta, or to a folder for several recordings. The"
        " samples are not copied: SigMF expects them beside it under the same name."
    ),
)
@click.option("--report", type=options.PATH, help=_("Write an HTML report; for several a folder, with an index.html."))
@click.option("--json", "as_json", is_flag=True, help=_("Print one JSON object a line for each recording."))
@options.min_confidence
@click.option(
    "--trains/--no-trains",
    default=None,
    help=_("One annotation for all bursts of a call, or for each burst. By itself from 100,000 annotations on."),
)
@click.option(
    "--learn",
    multiple=True,
    type=options.PATH,
    metavar=_("DOWNLINK"),
    help=_(
        "A recording of base stations by the same receiver: their phones are then found where energy shows nothing."
        " Only cell number, frame timing and carrier are read."
    ),
)
@click.option("--rate", "rate_hz", type=Hertz(), help=_("Sample rate of a bare file."))
@click.option("--centre", "centre_hz", type=Hertz(), help=_("Tuned frequency of a bare file."))
@click.option(
    "--datatype", metavar=_("TYPE"), help=_("SigMF datatype of a bare file whose ending does not tell, as ci16_le.")
)
@click.option(
    "--swap-iq", is_flag=True, help=_("Exchange I and Q: the recording has its spectrum the wrong way round.")
)
@click.option(
    "--align-iq", is_flag=True, help=_("Bring I and Q into step: one of them comes a sample late in the recording.")
)
@click.option(
    "--real", "only_i", is_flag=True, help=_("Take I alone: the recording says complex, but Q tells nothing.")
)
@click.option(
    "--no-hash", "hashed", is_flag=True, flag_value=False, default=True, help=_("Leave the hash of the samples out.")
)
@click.option("--strict", is_flag=True, help=_("Refuse a recording whose samples do not have the hash it tells."))
@click.option(
    "--jobs", type=click.IntRange(1), metavar="N", help=_("Recordings to scan at once; otherwise one a core.")
)
@options.force
@options.quiet
def scan(
    recordings: tuple[Path, ...],
    output: Path | None,
    report: Path | None,
    as_json: bool,
    jobs: int | None,
    quiet: bool,
    **wanted: Any,
) -> None:
    """`wanted` are fields of Job."""
    if wanted["strict"] and not wanted["hashed"]:
        raise click.UsageError(_("--strict needs the hash: leave --no-hash out"))
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cellwarden-"))) if as_json else None
        todo = _jobs(recordings, output, report, scratch, wanted)
        bars = _bars(recordings) if sys.stderr.isatty() and not quiet else None
        if len(todo) == 1:
            _one(todo[0], bars, quiet)
        else:
            _several(todo, jobs, bars, report, quiet)


def _bars(recordings: tuple[Path, ...]) -> "Bars":
    """Progress, for who looks on. A bar that stands still for a minute, as it may in the first scan, is explained."""
    from cellwarden.cli.progress import Bars
    from cellwarden.runtime.ready import noted, unused

    if unused():
        click.echo(_("Cellwarden is compiled for this machine as it is used: the first scans take minutes."), err=True)
        noted("scan")
    return Bars(recordings)


def _jobs(
    recordings: tuple[Path, ...], output: Path | None, report: Path | None, scratch: Path | None, wanted: dict[str, Any]
) -> "list[Job]":
    from cellwarden.runtime.files import Job
    from cellwarden.runtime.places import place_one, places

    paths = list(recordings)
    lines = [scratch / f"{number}.json" if scratch else None for number in range(len(paths))]
    if len(paths) == 1:
        outputs, reports = [place_one(output, paths[0], ".sigmf-meta")], [place_one(report, paths[0], ".html")]
    else:
        outputs, reports = places(output, paths, ".sigmf-meta"), places(report, paths, ".html")
    return [
        Job(path, output=to, report=page, json=line, **wanted)
        for path, to, page, line in zip(paths, outputs, reports, lines, strict=True)
    ]


def _one(job: "Job", bars: "Bars | None", quiet: bool) -> None:
    from cellwarden.runtime.files import hear

    if bars is None:
        heard = hear(job)
    else:
        with bars:
            heard = hear(job, lambda done, total: bars.told(0, done, total))
    if not quiet:
        for warning in heard.warnings:
            complain(warning)
    if job.json is not None:
        _print_file(job.json)
    elif not quiet:
        from cellwarden.cli.show import show

        show(heard)


def _several(jobs: "list[Job]", processes: int | None, bars: "Bars | None", report: Path | None, quiet: bool) -> None:
    from cellwarden.radio.annotations import refuse_existing
    from cellwarden.runtime.index import index_place, write_index
    from cellwarden.runtime.parallel import cores

    force = jobs[0].force
    if report is not None and not force:
        refuse_existing(index_place(report))
    outcomes = _outcomes(jobs, min(processes or cores(), len(jobs)), bars)
    if not quiet and jobs[0].json is None:
        from cellwarden.cli.show import show_all

        show_all(outcomes)
    for outcome in outcomes:
        if outcome.error is not None:
            complain(outcome.error)
            continue
        if not quiet:
            for warning in outcome.warnings:
                complain(warning)
        if outcome.job.json is not None:
            _print_file(outcome.job.json)
    if report is not None:  # last, so that a full disk hides nothing that was heard
        write_index(outcomes, report, force=force)
    if any(outcome.error is not None for outcome in outcomes):
        raise click.exceptions.Exit(2)


def _outcomes(jobs: "list[Job]", processes: int, bars: "Bars | None") -> "list[Outcome]":
    """What became of the jobs, in their order."""
    from cellwarden.runtime.parallel import hear_all

    done: dict[int, Outcome] = {}
    with ExitStack() as stack:
        if bars is not None:
            stack.enter_context(bars)
        for number, outcome in hear_all(jobs, processes=processes, progress=bars.told if bars else None):
            done[number] = outcome
            if bars is not None:
                bars.ended(number)
    return [done[number] for number in range(len(jobs))]


def _print_file(path: Path) -> None:
    """Copy a file to standard output."""
    sys.stdout.flush()
    with path.open("rb") as file:
        shutil.copyfileobj(file, sys.stdout.buffer)
    sys.stdout.buffer.flush()
