"""`cellwarden node --config NODE.toml`: a sensor at one antenna; and how it becomes one of a site."""

from pathlib import Path

import click

from cellwarden.cli import complain, options
from cellwarden.cli.ending import closed_by_signals
from cellwarden.language import gettext as _


@click.group(
    help=_("Listen at one antenna and send what is heard, not samples, to the site."),
    epilog=_("Ctrl-C or SIGTERM ends it. What could not be sent waits in the queue for the next start."),
    invoke_without_command=True,
)
@click.option("--config", "place", metavar="NODE.toml", type=options.PATH, help=_("The node's file."))
@click.pass_context
def node(context: click.Context, place: Path | None) -> None:
    """Nothing is printed but what is wrong."""
    from contextlib import ExitStack

    if context.invoked_subcommand is not None:
        return
    if place is None:
        raise click.UsageError(_("Tell the node's file: --config NODE.toml"))
    from cellwarden.cli.prepare import prepare
    from cellwarden.runtime.node import run
    from cellwarden.runtime.node_file import read

    settings = read(place)
    prepare()
    with ExitStack() as stack:
        run(settings, complain, lambda stream: stack.enter_context(closed_by_signals(stream)))


@node.command(help=_("At the site: print a token with which a node enrols, once and within a day."))
@click.option("--site", "site_path", required=True, type=options.PATH, help=_("The site: site.toml."))
@click.argument("name", metavar="SENSOR")
def token(site_path: Path, name: str) -> None:
    """Only for a node that the site's file names."""
    import time

    from cellwarden.errors import SiteError
    from cellwarden.locate.site import load
    from cellwarden.runtime import enrolment
    from cellwarden.runtime.nodes_file import read

    nodes = read(site_path, load(site_path))
    if nodes is None or name not in nodes.files:
        raise SiteError(
            _('{path} names no node {name}: add [[node]] with sensor = "{name}"').format(path=site_path, name=name)
        )
    click.echo(enrolment.token(enrolment.opened(nodes.state), name, time.time_ns()))


@node.command(help=_("At the node: make a key of its own and bring it to the site, whose watch must be running."))
@click.option("--config", "place", metavar="NODE.toml", required=True, type=options.PATH, help=_("The node's file."))
@click.argument("token", metavar="TOKEN")
def enrol(place: Path, token: str) -> None:
    """The key is written only once the site has taken it."""
    from cellwarden.errors import NodeError
    from cellwarden.runtime import enrolment, sealed_line
    from cellwarden.runtime.line import check_place
    from cellwarden.runtime.node_file import parsed

    settings = parsed(place)
    if check_place(settings.site) != "nats" or settings.site.key is None:
        raise NodeError(
            _("{path}: only nodes with address = nats://… and key = FILE under [site] enrol").format(path=place)
        )
    enrolment.write(settings.site.key, sealed_line.enrol(settings.site.address, settings.name, token))
    click.echo(_("{name} is enrolled; its key is in {path}").format(name=settings.name, path=settings.site.key))
