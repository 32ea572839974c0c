"""What was heard, on a terminal of eighty columns."""

from collections.abc import Iterable

from rich.markup import escape
from rich.table import Table

from cellwarden.airinterface import is_phone
from cellwarden.cli.terminal import Terminal
from cellwarden.language import about, number
from cellwarden.language import gettext as _
from cellwarden.model import Emission
from cellwarden.runtime.heard import Heard
from cellwarden.runtime.parallel import Outcome

MOST_ROWS = 40


def show(heard: Heard) -> None:
    """The verdict and a table, a phone's bursts before others but all in the order of time; a phone's rows are bold."""
    console = Terminal(highlight=False)
    console.print(about(f"[bold]{escape(heard.recording.path.name)}[/bold]", escape(heard.verdict())))
    if not heard.emissions:
        return
    chosen = sorted(heard.emissions, key=lambda e: not is_phone(e))[:MOST_ROWS]
    shown = sorted(chosen, key=lambda e: e.sample_start)
    clock = heard.clock(shown[0])
    if clock is not None:
        console.print(_("First burst below: {date}, times in UTC").format(date=clock.date().isoformat()))
    console.print(_table(heard, shown))
    left = (heard.trains if heard.merged else heard.total) - len(shown)
    if left > 0:
        console.print(_("… and {count} more").format(count=number(left)))


def _table(heard: Heard, emissions: Iterable[Emission]) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    for title in ("time", "MHz", "channel", "kind", "SNR", "CFO", "confidence"):
        table.add_column(_(title), justify="left" if title in ("channel", "kind") else "right")
    for emission in emissions:
        time, frequency, channel, interface, kind, snr, cfo, confidence = heard.row(emission)
        clock = heard.clock(emission)
        cells = (
            time if clock is None else clock.strftime("%H:%M:%S.%f"),
            frequency.removesuffix(" MHz"),
            channel,
            f"{interface}:{kind}",
            snr,
            cfo,
            confidence,
        )
        table.add_row(*map(escape, cells), style="bold yellow" if is_phone(emission) else None)
    return table


def show_all(outcomes: Iterable[Outcome]) -> None:
    """A line for each recording that was scanned."""
    console = Terminal(highlight=False, soft_wrap=True)
    for outcome in outcomes:
        if outcome.error is None:
            style = "bold yellow" if outcome.phones else None
            console.print(about(outcome.path, outcome.verdict), style=style, markup=False)
