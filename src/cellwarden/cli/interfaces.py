"""`cellwarden interfaces`: what can be recognised, from the declarations."""

import click

from cellwarden.language import gettext as _


@click.command(help=_("List the interfaces and bursts that can be recognised."))
def interfaces() -> None:
    """One table for each interface: the least sample rate that shows it, its labels and what they mean."""
    from rich.table import Table

    from cellwarden.airinterface import INTERFACES
    from cellwarden.cli.terminal import Terminal
    from cellwarden.runtime.faults import hertz

    console = Terminal(highlight=False)
    for interface in INTERFACES:
        whose = _("a phone's") if interface.is_phone else _("not a phone's")
        console.print(f"[bold]{interface.title}[/bold]  {whose}  ({interface.standard})")
        if interface.least_rate_hz:
            console.print("  " + _("at {rate} or more").format(rate=hertz(interface.least_rate_hz)))
        table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
        table.add_column(width=24, no_wrap=True)
        for label, meaning in interface.kinds.items():
            table.add_row(f"  {label}", _(meaning))
        console.print(table)
