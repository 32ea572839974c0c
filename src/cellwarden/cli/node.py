"""`cellwarden node --config NODE.toml`: a sensor at one antenna."""

from pathlib import Path

import click

from cellwarden.cli import complain, options
from cellwarden.cli.ending import closed_by_signals
from cellwarden.language import gettext as _


@click.command(
    help=_("Listen at one antenna and send what is heard, not samples, to the site."),
    epilog=_("Ctrl-C or SIGTERM ends it. What could not be sent waits in the queue for the next start."),
)
@click.option("--config", "place", metavar="NODE.toml", required=True, type=options.PATH, help=_("The node's file."))
def node(place: Path) -> None:
    """Nothing is printed but what is wrong."""
    from contextlib import ExitStack

    from cellwarden.runtime.node import run
    from cellwarden.runtime.node_file import read

    with ExitStack() as stack:
        run(read(place), complain, lambda stream: stack.enter_context(closed_by_signals(stream)))
