"""The first act of `cellwarden demo`: the recording that ships with the project is scanned.

Where the program was never compiled on this machine, that takes a minute or two. The rest of the demo needs nothing
compiled: so it begins meanwhile, and the table comes when it is there.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import active_children, get_context
from pathlib import Path
from types import FrameType

import click

from cellwarden.cli import complain
from cellwarden.cli.interrupt import interrupted
from cellwarden.errors import CellwardenError
from cellwarden.language import gettext as _
from cellwarden.language import language, use

BEHIND = 10
"""How much a process that compiles lets others go first (nice)."""


@contextmanager
def scanning(output: Path | None, force: bool) -> Iterator[Callable[[], None]]:
    """Scan it first, or beside what is done within this. What is yielded waits for its end; else it is broken off."""
    from cellwarden.radio.annotations import refuse_existing
    from cellwarden.runtime.ready import ready

    click.echo(_("The recording that ships with the project is scanned."))
    if ready("gsm"):
        _scan(output, force)
        yield lambda: None
        return
    for place in _places(output):
        if place is not None and not force:
            refuse_existing(place)
    click.echo(_("Cellwarden is compiled for this machine meanwhile, once; the table comes in a minute or two."))
    process = get_context("spawn").Process(target=_compile_and_scan, args=(language(), BEHIND, output, force))
    process.start()

    def finished() -> None:
        if process.is_alive():
            click.echo(_("The recording is still being scanned: Ctrl-C breaks it off."))
        process.join()
        if process.exitcode:
            raise click.exceptions.Exit(process.exitcode)

    try:
        yield finished
    finally:
        process.terminate()
        process.join()


def _compile_and_scan(spoken: str, behind: int, output: Path | None, force: bool) -> None:
    """The life of a process. At a signal it ends without a word, and so it does with its parent."""
    from cellwarden.runtime.compiling import end_with_parent
    from cellwarden.runtime.ready import make_ready

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _left)
    end_with_parent()
    os.nice(behind)
    use(spoken)
    try:
        make_ready("gsm")
        _scan(output, force)
    except CellwardenError as error:
        complain(str(error))
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


def _left(number: int, frame: FrameType | None) -> None:
    """Its own processes first: a pool waits for them, and tells of what it holds where it is not left to end."""
    for one in active_children():
        one.terminate()
    interrupted(number, frame)


def _scan(output: Path | None, force: bool) -> None:
    """A table, and files where they are asked for."""
    from cellwarden.cli.show import show
    from cellwarden.runtime.files import Job, hear
    from cellwarden.simulate.wing import PLACE

    found, report = _places(output)
    show(hear(Job(PLACE.with_suffix(".sigmf-meta"), output=found, report=report, force=force)))
    if report is not None:
        click.echo(_("Open {report} in a browser.").format(report=report))


def _places(output: Path | None) -> tuple[Path | None, Path | None]:
    """Of what was found, and of its report. Raises OutputError."""
    from cellwarden.runtime.places import places
    from cellwarden.simulate.wing import PLACE

    (found,), (report,) = (places(output, [PLACE], ending) for ending in (".sigmf-meta", ".html"))
    return found, report
