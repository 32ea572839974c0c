"""Options that several commands have, each worded once."""

from pathlib import Path

import click

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
