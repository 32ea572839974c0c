"""`cellwarden demo`: the whole of it on a simulated wing, within a minute.

The recording that ships with the project is scanned, as `scan` does it; then the wing is watched, as `watch` does it.
"""

import secrets
import sys
import tempfile
import threading
import time
from datetime import date
from pathlib import Path

import click

from cellwarden.cli import options
from cellwarden.cli.demo_scan import scanning
from cellwarden.cli.quantity import Seconds
from cellwarden.cli.watch import HOST, PORT, tell, warn
from cellwarden.language import gettext as _

NAME = "demo"
ALONE_S = 60.0
"""Without a terminal nobody can press Ctrl-C: it ends after so long."""


@click.command(
    help=_("Show it all: scan a recording, then watch a simulated wing. Nothing is received."),
    epilog=_("What the watch keeps is deleted at its end."),
)
@click.option("--host", default=HOST, show_default=True, help=_("Address of the console."))
@options.port(PORT)
@click.option(
    "--for",
    "seconds",
    type=Seconds(),
    help=_("End after so long (90s, 15m, 1h); otherwise at Ctrl-C, or after 60 s where there is no terminal."),
)
@click.option("--seed", default=1, show_default=True, help=_("Another number is another wing's day."))
@click.option("-o", "--output", type=options.PATH, help=_("Write what the scan found, and its report, to this folder."))
@options.force
def demo(host: str, port: int, seconds: float | None, seed: int, output: Path | None, force: bool) -> None:
    """The door is opened first: that another program sits at the port is told before anything is heard."""
    from cellwarden.console import serve as console
    from cellwarden.console.app import application
    from cellwarden.runtime import demo as simulated
    from cellwarden.runtime.demo_shown import shown
    from cellwarden.runtime.guard import guard
    from cellwarden.runtime.serve import serve
    from cellwarden.simulate.week_rules import rules_of
    from cellwarden.store.engine import opened
    from cellwarden.watch.rules_held import held
    from cellwarden.watch.rules_write import written

    door = console.listening(host, port)
    if seconds is None and not (sys.stdin and sys.stdin.isatty()):
        seconds = ALONE_S
        click.echo(_("There is no terminal: it ends after 60 s. --for (make run FOR=1h) says how long."))
    with scanning(output, force) as scanned, tempfile.TemporaryDirectory(prefix="cellwarden-") as folder:
        wing, stopped, now_ns = simulated.calibrated(), threading.Event(), time.time_ns()
        password = secrets.token_hex(6)
        engine = opened(str(Path(folder) / "demo.sqlite"))
        simulated.people(engine, NAME, password, now_ns)
        simulated.past(engine, seed, now_ns)
        _told(console.address(door), password)
        rules_path = Path(folder) / "rules.toml"
        rules_path.write_text(written(rules_of(simulated.PACE)), encoding="utf-8")
        in_force = held(rules_path)
        steps = simulated.steps(seed, now_ns, stopped)
        allowed = simulated.mandate(date.today())
        with shown(Path(folder), steps, seed, stopped, warn) as more:
            alerts = guard(
                engine, wing, in_force.rules, allowed, more.steps, time.time_ns, newest=lambda: in_force.rules,
                vault=more.vault,
            )  # fmt: skip
            app = application(
                engine, wing, rules=in_force, evidence=more.evidence, spectra=more.spectra, editing=more.editing
            )
            if serve(alerts, console.server(app), door, stopped.set, seconds=seconds, tell=tell):
                scanned()
        engine.dispose()


def _told(address: str, password: str) -> None:
    """Where to look, and as whom."""
    from cellwarden.runtime.demo import OTHERS

    click.echo(
        _("Open {address} in a browser; name: {name}, password: {password}").format(
            address=address, name=NAME, password=password
        )
    )
    click.echo(_("That is an officer. With the same password: {names}.").format(names=", ".join(OTHERS)))
    click.echo(_("The wing is simulated, and so are its phones. Ctrl-C ends it."))
