"""Options that several commands have, each worded once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from cellwarden.cli.quantity import Hertz, Seconds
from cellwarden.language import gettext as _

PATH = click.Path(path_type=Path)

force = click.option("--force", is_flag=True, help=_("Overwrite what exists."))
quiet = click.option("--quiet", is_flag=True, help=_("Print nothing but errors."))
min_confidence = click.option(
    "--min-confidence",
    default=0.5,
    show_default=True,
    type=click.FloatRange(0, 1),
    help=_("Leave out what is less probable."),
)

centre = click.option(
    "--centre", "centre_hz", type=Hertz(), help=_("Frequency to tune to, or that a stream is tuned to.")
)
rate = click.option("--rate", "rate_hz", type=Hertz(), help=_("Samples a second to ask for, or that a stream has."))
gain = click.option(
    "--gain", "gain_db", type=float, metavar="DB", help=_("Gain of a receiver; otherwise it sets it itself.")
)
seconds = click.option(
    "--for", "seconds", type=Seconds(), help=_("End after so long (90s, 15m, 1h); otherwise at Ctrl-C.")
)


def port(usual: int) -> Callable[[Any], Any]:
    """Of a page, where none is told."""
    kind = click.IntRange(0, 65535)
    return click.option("--port", default=usual, show_default=True, type=kind, help=_("Port; 0: a free one."))
