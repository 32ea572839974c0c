"""`cellwarden demo`: the whole of it on a simulated wing, a minute after it was installed."""

import secrets
import tempfile
import threading
import time
from datetime import date
from pathlib import Path

import click

from cellwarden.cli.quantity import Seconds
from cellwarden.cli.watch import HOST, PORT, tell
from cellwarden.language import gettext as _

NAME = "demo"


@click.command(
    help=_("Show the watch of a simulated wing. Its phones call, text and move; nothing is received."),
    epilog=_("What it keeps is deleted at its end."),
)
@click.option("--host", default=HOST, show_default=True, help=_("Address of the console."))
@click.option("--port", default=PORT, show_default=True, type=click.IntRange(0, 65535), help=_("Port; 0: a free one."))
@click.option("--for", "seconds", type=Seconds(), help=_("End after so long (90s, 15m, 1h); otherwise at Ctrl-C."))
@click.option("--seed", default=1, show_default=True, help=_("Another number is another wing's day."))
def demo(host: str, port: int, seconds: float | None, seed: int) -> None:
    """The door is opened first: that another program sits at the port is told before anything is simulated."""
    from cellwarden.console import serve as console
    from cellwarden.console.app import application
    from cellwarden.runtime import demo as simulated
    from cellwarden.runtime.guard import guard
    from cellwarden.runtime.serve import serve
    from cellwarden.simulate.week import site
    from cellwarden.simulate.week_rules import rules_of
    from cellwarden.store import people
    from cellwarden.store.engine import opened
    from cellwarden.watch.rules_held import held
    from cellwarden.watch.rules_write import written

    door = console.listening(host, port)
    stopped, now_ns = threading.Event(), time.time_ns()
    password = secrets.token_hex(6)
    with tempfile.TemporaryDirectory(prefix="cellwarden-") as folder:
        engine = opened(str(Path(folder) / "demo.sqlite"))
        with engine.begin() as c:
            link = people.invite(c, NAME, "officer", now_ns)
            people.accept(c, link, people.hashed(password), "", now_ns)
        click.echo(
            _("Open {address} in a browser; name: {name}, password: {password}").format(
                address=console.address(door), name=NAME, password=password
            )
        )
        click.echo(_("The wing is simulated, and so are its phones. Ctrl-C ends it."))
        rules_path = Path(folder) / "rules.toml"
        rules_path.write_text(written(rules_of(simulated.PACE)), encoding="utf-8")
        in_force = held(rules_path)
        steps = simulated.steps(seed, now_ns, stopped)
        allowed = simulated.mandate(date.today())
        alerts = guard(engine, site(), in_force.rules, allowed, steps, time.time_ns, newest=lambda: in_force.rules)
        server = console.server(application(engine, site(), rules=in_force))
        serve(alerts, server, door, stopped, seconds=seconds, tell=tell)
        engine.dispose()
