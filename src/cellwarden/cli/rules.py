"""`cellwarden rules`: check a site's rules of alerts, and try them on the past."""

import time
from pathlib import Path

import click

from cellwarden.cli import options
from cellwarden.cli.quantity import Seconds
from cellwarden.language import about, mark, ngettext, number
from cellwarden.language import gettext as _
from cellwarden.language.clock import local, standing

KINDS = {"call": mark("calls"), "text": mark("texts"), "registration": mark("registrations")}


@click.group(help=_("Check the rules of alerts, and try them on the past."), invoke_without_command=True)
@click.pass_context
def rules(context: click.Context) -> None:
    """Without a command, show what there is."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


SITE = click.option("--site", "site_file", type=options.PATH, help=_("The site, whose rooms the rules must name."))


@rules.command(help=_("Say what is wrong with a file of rules: line, mistake and remedy."))
@click.argument("place", metavar="RULES", type=options.PATH)
@SITE
def check(place: Path, site_file: Path | None) -> None:
    """Exit code 2 where something is wrong."""
    from cellwarden.locate.site import load as load_site
    from cellwarden.locate.whereabouts import room_names
    from cellwarden.watch.rules_file import load

    found = load(place, room_names(load_site(site_file)) if site_file is not None else None)
    zones = ngettext("{count} zone", "{count} zones", len(found.zones)).format(count=number(len(found.zones)))
    staff = ngettext("{count} phone of staff", "{count} phones of staff", len(found.staff))
    click.echo(about(place, f"{zones}, {staff.format(count=number(len(found.staff)))}."))


@rules.command(help=_("Say how many alerts the rules would have made of what a store holds. Nothing is changed."))
@click.argument("place", metavar="RULES", type=options.PATH)
@click.argument("store", metavar="STORE")
@click.option(
    "--site", "site_file", type=options.PATH, required=True, help=_("The site, whose rooms the rules must name.")
)
@click.option("--since", type=Seconds(), default="7d", show_default=True, help=_("How far back."))
def replay(place: Path, store: str, site_file: Path, since: float) -> None:
    """A line of sums, then a line for each kind."""
    from cellwarden.locate.site import load as load_site
    from cellwarden.locate.whereabouts import room_names
    from cellwarden.runtime.guard import history_of
    from cellwarden.store.backup import looked_into
    from cellwarden.store.engine import address, named
    from cellwarden.store.history import kept
    from cellwarden.watch.notify import message
    from cellwarden.watch.replay import replayed
    from cellwarden.watch.rules_file import load

    now_ns = time.time_ns()
    if since * 1e9 >= now_ns:
        raise click.BadParameter(_("no store holds as much: write it as 7d or 90d"), param_hint="--since")
    site = load_site(site_file)
    wanted = load(place, room_names(site))
    url = address(store)
    with looked_into(store, named(url)) as c:
        found = replayed(kept(c, history_of(url), now_ns - round(since * 1e9), now_ns), site, wanted)
    made = ngettext("{count} alert", "{count} alerts", len(found.alerts)).format(count=number(len(found.alerts)))
    days = since / 86_400
    sightings = ngettext("{count} sighting", "{count} sightings", found.sightings)
    presences = ngettext("{count} presence", "{count} presences", found.presences)
    click.echo(
        _("{alerts} in {days} days, {each} a day; {sightings}, {presences}").format(
            alerts=made,
            days=number(days, 1),
            each=number(len(found.alerts) / days, 1),
            sightings=sightings.format(count=number(found.sightings)),
            presences=presences.format(count=number(found.presences)),
        )
    )
    for kind, words in KINDS.items():
        if found.kinds[kind]:
            click.echo("  " + about(_(words), number(found.kinds[kind])))
    for alert in found.alerts[-10:]:
        with standing(wanted.timezone):
            told = f"{local(alert.told_ns):%Y-%m-%d %H:%M}"
        rooms = ", ".join(f"{room} {number(100 * p)} %" for room, p in alert.odds[:3])
        kind, severity = _(message.KINDS[alert.activity.kind]), _(message.SEVERITIES[alert.severity])
        click.echo(about(f"  {told}  {kind}, {severity}", rooms))
