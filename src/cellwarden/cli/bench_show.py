"""A result of the bench on a terminal."""

from collections.abc import Sequence
from pathlib import Path

from rich.markup import escape
from rich.table import Table as Drawn

from cellwarden.bench.view import Table, View
from cellwarden.cli.terminal import Terminal
from cellwarden.language import gettext as _

BAR = 20
"""Characters of a bar of share 1."""
EIGHTHS = " ▏▎▍▌▋▊▉"


def show(view: View, written: Sequence[Path]) -> None:
    """Title, warnings, tables with bars, sentences, and where the files are."""
    console = Terminal(highlight=False)
    console.print(f"[bold]{escape(view.title)}[/bold]")
    for warning in view.warnings:
        console.print(escape(warning), style="bold yellow")
    for table in view.tables:
        console.print(f"\n[bold]{escape(table.title)}[/bold]")
        console.print(_drawn(table))
    console.print()
    for sentence in view.sentences:
        console.print(escape(sentence))
    for path in written:
        console.print(_("Written: {path}").format(path=path), markup=False, soft_wrap=True)


def _drawn(table: Table) -> Drawn:
    drawn = Drawn(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    for number, word in enumerate(table.head):
        drawn.add_column(word, justify="right" if number else "left", overflow="fold")
    if table.bars:
        drawn.add_column("", width=BAR, no_wrap=True)
    for number, row in enumerate(table.rows):
        bar = [_bar(table.bars[number])] if table.bars else []
        drawn.add_row(*map(escape, row), *bar, style="bold" if number in table.marked else None)
    return drawn


def _bar(share: float) -> str:
    eighths = round(share * BAR * 8)
    return "█" * (eighths // 8) + (EIGHTHS[eighths % 8] if eighths % 8 else "")
