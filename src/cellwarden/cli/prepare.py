"""What hears without end is compiled before its first sample, once on a machine; a line shows how far that is."""

import click

from cellwarden.cli.progress import Steps
from cellwarden.language import gettext as _
from cellwarden.runtime.ready import make_ready, ready


def prepare() -> None:
    """All: what waited meanwhile would be told late."""
    if ready("all"):
        return
    click.echo(_("Cellwarden is compiled for this machine first: that takes some minutes, once."), err=True)
    with Steps(_("compiled")) as line:
        make_ready("all", line.told)
