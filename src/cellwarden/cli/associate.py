"""`cellwarden associate`: which burst is the same one at several sensors."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cellwarden.cli import complain, options
from cellwarden.language import gettext as _
from cellwarden.language import ngettext, number

if TYPE_CHECKING:
    from cellwarden.model import Observation


@click.command(
    help=_("Tell which bursts of several sensors are the same. Writes the readings that locate takes."),
    epilog=_(
        "NODE is what `cellwarden scan -o` wrote at a sensor, which has the file's name, or the one before an equals"
        " sign: A0-S1=MONDAY.sigmf-meta. Its samples are not needed. The sensors' clocks are set by what they heard in"
        " common."
    ),
)
@click.argument("nodes", metavar="NODE.sigmf-meta…", nargs=-1, required=True)
@click.option("-o", "--output", required=True, type=options.PATH, help=_("Write the readings to this file (CSV)."))
@click.option(
    "--clock-error",
    metavar="MS",
    type=click.FloatRange(0.001, 1000.0),
    default=10.0,
    show_default=True,
    help=_("By how many milliseconds a sensor's clock errs, one standard deviation."),
)
@options.force
@options.quiet
def associate(nodes: tuple[str, ...], output: Path, clock_error: float, force: bool, quiet: bool) -> None:
    """Read, associate, write."""
    from cellwarden.airinterface import is_phone
    from cellwarden.associate.observe import observations
    from cellwarden.associate.table import lines
    from cellwarden.radio.annotated import emissions
    from cellwarden.radio.annotations import refuse_taken, write_pieces

    refuse_taken(output, force=force)
    heard = {}
    for name, path in map(_named, nodes):
        if name in heard:
            raise click.UsageError(
                _("two files are of the sensor {name}: name one apart as SENSOR={path}").format(name=name, path=path)
            )
        heard[name] = [(e, segment) for e, segment in emissions(path) if is_phone(e)]
        if not quiet and any(e.floor_dbfs_hz is None for e, _segment in heard[name]):
            complain(_("{path} tells no noise floor, so no levels: scan it again").format(path=path))
    starts = [segment.start_ns or 0 for bursts in heard.values() for _e, segment in bursts[:1]]
    counts: Counter[str] = Counter()
    phones: set[str] = set()

    def counted() -> "Iterator[Observation]":
        for one in observations(heard, min(starts, default=0), clock_error * 1e-3):
            counts.update(bursts=1, shared=len(one.heard) > 1)
            phones.add(one.phone)
            yield one

    write_pieces(output, lines(counted()), force=force)
    if quiet:
        return
    said = ngettext("{count} burst", "{count} bursts", counts["bursts"]).format(count=number(counts["bursts"]))
    click.echo(
        _("{bursts} in {path}, {shared} of them at several sensors; phones: {phones}").format(
            bursts=said, path=output, shared=number(counts["shared"]), phones=number(len(phones - {""}))
        )
    )


def _named(word: str) -> tuple[str, Path]:
    """Sensor and file of an argument."""
    name, equals, path = word.partition("=")
    if equals and name and not Path(word).exists():
        return name, Path(path)
    return Path(word).name.removesuffix(".sigmf-meta"), Path(word)
