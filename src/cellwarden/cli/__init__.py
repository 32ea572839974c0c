"""The commands that people type; thin, in French and English."""

import sys

import click

from cellwarden import __version__
from cellwarden.errors import CellwardenError
from cellwarden.language import use


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="cellwarden")
@click.pass_context
def cellwarden(context: click.Context) -> None:
    """Find contraband phones by the radio waves they send."""
    use(None)
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


def main() -> None:
    """Entry point: an error that a person can act on is one line and exit code 2."""
    from cellwarden.cli import bands, interfaces, scan

    for command in (scan.scan, interfaces.interfaces, bands.bands):
        cellwarden.add_command(command)
    try:
        cellwarden(standalone_mode=False)
    except CellwardenError as error:
        click.echo(f"cellwarden: {' '.join(str(error).split())}", err=True)
        sys.exit(2)
    except click.ClickException as error:
        click.echo(f"cellwarden: {error.format_message()}", err=True)
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
