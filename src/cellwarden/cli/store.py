"""`cellwarden store`: back up, restore and check what a site keeps."""

import getpass
from pathlib import Path

import click

from cellwarden.cli import complain, options
from cellwarden.language import about, ngettext, number
from cellwarden.language import gettext as _


@click.group(help=_("Back up, restore and check what a site keeps."), invoke_without_command=True)
@click.pass_context
def store(context: click.Context) -> None:
    """Without a command, show what there is."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@store.command(help=_("Copy a store to FILE, also while the watch goes on. The copy is checked."))
@click.argument("place", metavar="STORE")
@click.option("-o", "--output", required=True, type=options.PATH, help=_("Write the backup to this file."))
@options.force
@options.quiet
def backup(place: str, output: Path, force: bool, quiet: bool) -> None:
    """One file, of one moment."""
    from cellwarden.radio.annotations import refuse_taken
    from cellwarden.store import backup as kept

    refuse_taken(output, force=force)
    held = kept.backup(place, output)
    if not quiet:
        click.echo(about(output, _said(*held)))


@store.command(help=_("Put a backup in the place of a store. What was there is kept beside it."))
@click.argument("source", metavar="BACKUP")
@click.option("-o", "--output", "place", required=True, metavar="STORE", help=_("The store that is to be."))
@options.force
@options.quiet
def restore(source: str, place: str, force: bool, quiet: bool) -> None:
    """Logged in the audit log of what was restored."""
    from cellwarden.radio.annotations import refuse_taken
    from cellwarden.store import backup as kept

    refuse_taken(Path(place), force=force)
    held = kept.restore(source, place, who=f"command line: {getpass.getuser()}")
    if not quiet:
        click.echo(about(place, _said(*held)))


@store.command(help=_("Look through a store: whether its file is sound, and its audit log as it was written."))
@click.argument("place", metavar="STORE")
@options.quiet
def check(place: str, quiet: bool) -> None:
    """Exit code 2 where it is not."""
    from cellwarden.store import backup as kept

    held = kept.check(place)
    if not quiet:
        click.echo(about(place, _said(*held)))


def _said(alerts: int, sightings: int, audit_lines: int, photographs: int, lost: int) -> str:
    """What a sound store holds."""
    parts = [
        (ngettext("{count} alert", "{count} alerts", alerts), alerts),
        (ngettext("{count} sighting", "{count} sightings", sightings), sightings),
        (ngettext("{count} audit line", "{count} audit lines", audit_lines), audit_lines),
    ]
    if photographs:
        parts.append((ngettext("{count} photograph", "{count} photographs", photographs), photographs))
    if lost:
        complain(_("photographs of finds are missing or altered: {count}").format(count=number(lost)))
    return _("sound; {what}").format(what=", ".join(text.format(count=number(count)) for text, count in parts))
