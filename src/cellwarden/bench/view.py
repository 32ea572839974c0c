"""What is shown of a result, on a terminal and on a page alike: sentences, charts, tables, facts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cellwarden.bench.plot import Chart
from cellwarden.bench.roc import ABOVE
from cellwarden.document import page
from cellwarden.language import gettext as _
from cellwarden.language import mark, number

FACTS: Mapping[str, str] = {
    "interface": mark("interface"),
    "labels": mark("labels"),
    "snrs_db": mark("SNR"),
    "trials": mark("bursts a level"),
    "absent_trials": mark("windows without"),
    "absent": mark("what they hold"),
    "channel": mark("channel of echoes"),
    "impairments": mark("impairments"),
    "seed": mark("seed"),
    "recordings": mark("recordings"),
}
"""Words for what a scene is made of."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its title; the first column is a name, the others are numbers."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    marked: frozenset[int] = frozenset()
    """Rows that stand out."""
    bars: tuple[float, ...] = ()
    """A share for each row, drawn where there is no page."""


@dataclass(frozen=True, slots=True)
class View:
    """One result."""

    title: str
    sentences: tuple[str, ...]
    warnings: tuple[str, ...]
    charts: tuple[Chart, ...]
    tables: tuple[Table, ...]
    facts: tuple[tuple[str, str], ...]


def rendered(view: View) -> str:
    """A page that needs nothing but itself, in the language in use."""
    return page.render("bench.html", view=view)


def share(value: float | None, low: float, high: float, places: int = 3) -> str:
    """A share with its interval: `0.985 (0.957–0.995)`."""
    middle = "–" if value is None or value != value else number(value, places)
    return f"{middle} ({number(low, places)}–{number(high, places)})"


def signed(value: float, low: float, high: float, places: int = 3) -> str:
    """A difference with its interval: `+0.120 (−0.010 to +0.240)`."""
    first, last = plus(low, places), plus(high, places)
    return f"{plus(value, places)} ({first} … {last})"


def plus(value: float, places: int) -> str:
    """A number with its sign."""
    if value in (float("inf"), float("-inf")):
        return "+∞" if value > 0 else "−∞"
    return ("+" if value > 0 else "−" if value < 0 else "±") + number(abs(value), places)


def chance(p: float) -> str:
    """A p-value."""
    return f"< {number(0.0001, 4)}" if p < 0.0001 else number(p, 4)


def level(snr_db: float | None) -> str:
    """A level in decibels."""
    if snr_db is None:
        return _("not told")
    return number(snr_db, 0 if float(snr_db).is_integer() else 2).replace("-", "−") + " dB"


def reached(ends: Sequence[float | str]) -> str:
    """A level with its ends, as `roc.reaches` keeps them."""
    value, low, high = ends
    if isinstance(value, str):
        return _("no level") if value == ABOVE else _("every level")
    first, last = (_("open") if isinstance(end, str) else level(end) for end in (low, high))
    return f"{level(value)} ({first} … {last})"


def made_by(provenance: Mapping[str, str]) -> str:
    """Versions in one line."""
    return ", ".join(f"{name} {value}" for name, value in provenance.items())


def scene_facts(scene: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A scene's settings as they stand in JSON, one fact each."""
    facts = []
    for name, value in scene.items():
        if isinstance(value, Mapping):
            told = {key: _short(one) for key, one in value.items() if one not in (None, 0, 0.0)}
            shown = ", ".join(word if key == "name" else f"{key} {word}" for key, word in told.items())
        elif name == "snrs_db" and value:
            shown = f"{value[0]:g} … {value[-1]:g} dB ({len(value)})"
        elif name == "recordings":
            shown = ", ".join(f"{one['name']} ({one['digest']})" for one in value)
        else:
            shown = _short(value)
        facts.append((_(FACTS.get(name, name)), shown or "–"))
    return facts


def _short(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(_short, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
