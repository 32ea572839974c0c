"""What is compiled before the first sample, once on a machine, with a line that shows how far it is."""

import click

from cellwarden.cli.progress import Steps
from cellwarden.language import gettext as _
from cellwarden.runtime.ready import make_ready, ready


def prepare(what: str) -> None:
    """See `runtime.ready`."""
    if ready(what):
        return
    if what == "gsm":
        words = _("Cellwarden is compiled for this machine first: that takes about a minute, once.")
    else:
        words = _("Cellwarden is compiled for this machine first: that takes some minutes, once.")
    click.echo(words, err=True)
    with Steps(_("compiled")) as line:
        make_ready(what, line.told)
