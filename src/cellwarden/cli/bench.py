"""`cellwarden bench`: curves of detectors, comparisons, trials in the field."""

import json
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cellwarden.cli import complain, options
from cellwarden.language import gettext as _

if TYPE_CHECKING:
    from cellwarden.bench.pool import Progress
    from cellwarden.bench.roc import Result
    from cellwarden.bench.view import View

ABSENT_TIMES = 5
"""Empty windows for each burst of a level, where nothing else is said."""


@click.group(help=_("Measure detectors: curves, comparisons, trials in the field."), invoke_without_command=True)
@click.pass_context
def bench(context: click.Context) -> None:
    """Without a command, show what there is."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@bench.command(
    help=_(
        "Draw how often INTERFACE (or one label, as gsm:access) is detected against SNR, and how often falsely. Broken"
        " off with Ctrl-C, the same command goes on where it stopped."
    ),
    epilog=_(
        "A DETECTOR is cellwarden, module:function (from the path of a .sigmf-meta to SigMF annotations), or a command"
        ' as "prog {input} {output}" that reads SigMF and writes it with annotations.'
    ),
)
@click.argument("interface")
@click.option("--snr", default="-15:15:1", show_default=True, help=_("Levels in decibels, as low:high:step."))
@click.option("--trials", default=100, show_default=True, type=click.IntRange(1, 1_000_000), help=_("Bursts a level."))
@click.option(
    "--absent-trials", type=click.IntRange(1, 10_000_000), help=_("Windows without the label; otherwise 5 × trials.")
)
@click.option(
    "--absent",
    default="noise",
    show_default=True,
    type=click.Choice(("noise", "others")),
    help=_("What these windows hold: noise, or bursts of other interfaces."),
)
@click.option("--channel", default="awgn", show_default=True, help=_("awgn, tdl-a, tdl-c (3GPP TR 38.901) or indoor."))
@click.option(
    "--delay-spread", default="30:300", show_default=True, help=_("Of tdl-a and tdl-c in nanoseconds, one or low:high.")
)
@click.option(
    "--doppler", default=6.0, show_default=True, type=click.FloatRange(0, 2000), help=_("Largest Doppler shift in Hz.")
)
@click.option(
    "--fading",
    default="mean",
    show_default=True,
    type=click.Choice(("mean", "received")),
    help=_("Whose SNR is told: the mean over fading, or each burst's as received."),
)
@click.option(
    "--impairments",
    default="",
    help=_(
        "none, or some of cfo (ppm), timing (samples), iq-gain (dB), iq-phase (degrees), dc (dB), phase-noise (Hz),"
        " bits, clip (dB), as cfo=2,bits=8. By itself cfo=2,timing=1."
    ),
)
@click.option("--detector", default="cellwarden", show_default=True, help=_("Whose curve: see below."))
@click.option(
    "--recordings",
    multiple=True,
    type=options.PATH,
    help=_("Recordings whose annotations are the truth, or folders of them, instead of simulation."),
)
@click.option("--threshold", type=float, help=_("Least score that counts; of cellwarden 0.5, of others any."))
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0, 2**31), help=_("Of everything random."))
@click.option(
    "-o", "--output", type=options.PATH, help=_("Where the result goes (JSON); otherwise roc-INTERFACE.json.")
)
@click.option("--report", type=options.PATH, help=_("Where the page goes; otherwise beside the result."))
@click.option("--jobs", type=click.IntRange(1), metavar="N", help=_("Processes; otherwise one a core."))
@options.force
@options.quiet
def roc(
    interface: str, recordings: tuple[Path, ...], output: Path | None, report: Path | None, force: bool, quiet: bool,
    **wanted: Any,
) -> None:  # fmt: skip
    """`wanted` is what is to be tried."""
    from cellwarden.bench import view_roc

    output = output or Path(f"roc-{interface.replace(':', '-')}.json")
    places = _places(output, report, force)
    with ExitStack() as stack:
        progress = None
        if sys.stderr.isatty() and not quiet:
            from cellwarden.cli.progress import Steps

            progress = stack.enter_context(Steps(_("trials"))).told
        try:
            if recordings:
                result = _recorded(interface, recordings, _part(output), force, wanted, progress)
            else:
                result = _simulated(interface, _part(output), force, wanted, progress)
        except KeyboardInterrupt:
            complain(_("broken off: what is done lies in {path}; the same command goes on").format(path=_part(output)))
            raise
    _finish(result, view_roc.view(result), places, quiet)
    _part(output).unlink(missing_ok=True)


def _places(output: Path, report: Path | None, force: bool) -> tuple[Path, Path, bool]:
    """Where result and page go; what exists, or cannot be written, is told before any work."""
    from cellwarden.radio.annotations import refuse_taken

    page = report or output.with_suffix(".html")
    if page == output:
        raise click.UsageError(_("the result and the page cannot both be {path}").format(path=output))
    for path in (output, page):
        refuse_taken(path, force=force)
    return output, page, force


def _part(output: Path) -> Path:
    return output.with_name(output.name + ".part")


def _simulated(
    interface: str, part: Path, force: bool, wanted: dict[str, Any], progress: "Progress | None"
) -> "Result":
    from cellwarden.bench import junction, plan, roc
    from cellwarden.runtime.parallel import cores
    from cellwarden.simulate.trials import Conditions

    absent_trials, processes = wanted["absent_trials"] or ABSENT_TIMES * wanted["trials"], wanted["jobs"] or cores()
    if interface == junction.NAME:
        lane, least = junction.plan(wanted, absent_trials), roc.threshold_of(wanted["detector"], wanted["threshold"])
        return junction.run(lane, least, part, processes=processes, force=force, progress=progress)
    channel = plan.channel(wanted["channel"], wanted["delay_spread"], wanted["doppler"], wanted["fading"])
    asked = plan.Plan(
        interface,
        plan.drawn_labels(interface),
        plan.axis(wanted["snr"]),
        wanted["trials"],
        absent_trials,
        wanted["absent"],
        plan.impaired(wanted["impairments"], Conditions(channel)),
        wanted["seed"],
    )
    threshold = roc.threshold_of(wanted["detector"], wanted["threshold"])
    return roc.run(asked, wanted["detector"], threshold, part, processes=processes, force=force, progress=progress)


def _recorded(
    interface: str,
    places: tuple[Path, ...],
    part: Path,
    force: bool,
    wanted: dict[str, Any],
    progress: "Progress | None",
) -> "Result":
    from cellwarden.bench import plan, recorded, roc
    from cellwarden.runtime.parallel import cores

    name, labels, levels = wanted["detector"], plan.known_labels(interface), plan.axis(wanted["snr"])
    return recorded.run(
        interface,
        labels,
        levels,
        places,
        name,
        roc.threshold_of(name, wanted["threshold"]),
        part,
        processes=wanted["jobs"] or cores(),
        force=force,
        progress=progress,
    )


@bench.command(help=_("Compare two results of bench roc on the same footing: is B better than A?"))
@click.argument("first", metavar="A.json", type=options.PATH)
@click.argument("second", metavar="B.json", type=options.PATH)
@click.option("--anyway", is_flag=True, help=_("Compare although the scenes differ, and say in what."))
@click.option(
    "--false-alarm",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help=_("Both at the threshold that brings this share of false alarms, instead of each at its own."),
)
@click.option("-o", "--output", type=options.PATH, help=_("Write the comparison (JSON)."))
@click.option("--report", type=options.PATH, help=_("Write a page (HTML)."))
@options.force
@options.quiet
def compare(
    first: Path, second: Path, anyway: bool, false_alarm: float | None, output: Path | None, report: Path | None,
    force: bool, quiet: bool,
) -> None:  # fmt: skip
    """The second result minus the first."""
    from cellwarden.bench import compare as comparing
    from cellwarden.bench import view_compare
    from cellwarden.errors import BenchError

    one, other = comparing.read(first), comparing.read(second)
    differ = comparing.differences(one, other)
    if differ and not anyway:
        raise BenchError(
            _(
                "{first} and {second} do not stand on the same footing ({differences}): measure both alike, or give"
                " --anyway"
            ).format(first=first, second=second, differences="; ".join(differ))
        )
    result = comparing.compared(one, other, false_alarm)
    names = (first.name, second.name) if first.name != second.name else (str(first), str(second))
    _finish(result, view_compare.view(result, names), (output, report, force), quiet)


@bench.command(
    help=_("Evaluate trials in the field: a line for each pass of a person with a phone or without one."),
    epilog=_(
        "Columns: device, present (true or false), alarm (true or false) or score, and where known distance_m, posture,"
        " phone (its model)."
    ),
)
@click.argument("trials", metavar="TRIALS.csv", type=options.PATH)
@click.option("--threshold", type=float, help=_("Least score that is an alarm where the table tells none."))
@click.option("-o", "--output", type=options.PATH, help=_("Write the result (JSON)."))
@click.option("--report", type=options.PATH, help=_("Write a page (HTML)."))
@options.force
@options.quiet
def field(
    trials: Path, threshold: float | None, output: Path | None, report: Path | None, force: bool, quiet: bool
) -> None:
    """Shares with intervals by device, distance, posture and model."""
    from cellwarden.bench import field as evaluating
    from cellwarden.bench import view_field

    result = evaluating.evaluated(trials, threshold)
    _finish(result, view_field.view(result), (output, report, force), quiet)


def _finish(result: "Result", view: "View", places: tuple[Path | None, Path | None, bool], quiet: bool) -> None:
    """Write what is asked for, and show it."""
    from cellwarden.bench.view import rendered
    from cellwarden.radio.annotations import write_text

    output, report, force = places
    if output is not None:
        write_text(output, json.dumps(result, ensure_ascii=False, allow_nan=False) + "\n", force=force)
    if report is not None:
        write_text(report, rendered(view), force=force)
    if not quiet:
        from cellwarden.cli.bench_show import show

        show(view, [path for path in (output, report) if path is not None])
