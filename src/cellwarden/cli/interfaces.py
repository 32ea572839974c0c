"""`cellwarden interfaces`: what can be recognised, from the declarations."""

import click

from cellwarden.language import gettext as _


@click.command()
def interfaces() -> None:
    """List the air interfaces and kinds of burst that can be recognised."""
    from cellwarden.airinterface import INTERFACES

    for interface in INTERFACES:
        click.echo(f"{interface.name}  ({interface.standard})")
        for label, meaning in interface.kinds.items():
            click.echo(f"  {label:<16}{_(meaning)}")
