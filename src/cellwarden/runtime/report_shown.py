"""What of a burst a report may show.

The frequency of a GMSK burst, drawn finely, is its bits. Of what phones, their base stations and other radios send a
report therefore shows in time only what the standard fixes for every phone alike, and blanks the rest before anything
is computed:

    normal burst                                            access burst
    ramp│ T │░░░░░░░░░░░│ training │░░░░░░░░░░░│ T │ramp    ramp│ ext tail, synchronisation │░░░░░░░│ T │ramp
       -8   3           61         87          145   156       -8                           49      85    96   symbols

Bursts of no known interface are smoothed instead (report_evidence.UNKNOWN_PARTS), as nobody can say which part is data.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from cellwarden.airinterface import INTERFACES
from cellwarden.model import Emission


@dataclass(frozen=True, slots=True)
class Shown:
    """Parts of a burst that carry no data, from and to, in symbols after its first one."""

    symbols: float
    spans: tuple[tuple[float, float], ...]


SHOWN: Mapping[str, Shown] = {
    # TS 45.002 §5.2.3: tail, training sequence in the middle, tail. The ramps lie outside the 148 symbols.
    "gsm:normal": Shown(148, ((-8, 3), (61, 87), (145, 156))),
    # TS 45.002 §5.2.7: extended tail and synchronisation sequence come first; the 36 after them tell who asks.
    "gsm:access": Shown(88, ((-8, 49), (85, 96))),
}
"""Labels of guarded interfaces that are not listed here show nothing of their course in time."""

GUARD_SYMBOLS = 2.0
"""Cut off wherever a shown part touches payload: a GMSK symbol's phase pulse reaches two symbols to either side
(TS 45.004 §2.5), and so do the echoes of a building."""

GUARDED = {i.name: i for i in INTERFACES if all(label.startswith(f"{i.name}:") for label in i.kinds)}
"""Interfaces that carry somebody's communication, by name; what names its labels after none is no communication."""


def _interface(emission: Emission) -> str:
    """Name of an emission's interface; an image of the receiver carries all that its original does."""
    return emission.label.removeprefix("image:").partition(":")[0]


def is_guarded(emission: Emission) -> bool:
    """Whether an emission may carry somebody's communication, in either direction."""
    return _interface(emission) in GUARDED


def symbol_rate_hz(emission: Emission) -> float:
    """Symbols a second of a guarded emission's interface."""
    return GUARDED[_interface(emission)].symbol_rate_hz


def shown_samples(emission: Emission, rate_hz: float) -> list[tuple[float, float]]:
    """Parts of a guarded emission that may be drawn, in samples after `sample_start`, guards taken off."""
    shown = SHOWN.get(emission.label)
    if shown is None:
        return []
    per_symbol = rate_hz / symbol_rate_hz(emission)
    first = emission.timing_samples or 0.0
    spans = []
    for low, high in shown.spans:
        low = low + GUARD_SYMBOLS if low > 0 else low
        high = high - GUARD_SYMBOLS if high < shown.symbols else high
        if high > low:
            spans.append((first + low * per_symbol, first + high * per_symbol))
    return spans


def payload_samples(emission: Emission, rate_hz: float) -> list[tuple[float, float]]:
    """Parts of a guarded emission that must not be drawn, in samples after `sample_start`: all between the shown."""
    shown = shown_samples(emission, rate_hz)
    end = float(emission.sample_count)
    if not shown:
        return [(0.0, end)]
    edges = [0.0, *(edge for span in shown for edge in span), end]
    return [(low, high) for low, high in zip(edges[::2], edges[1::2], strict=True) if high > low]
