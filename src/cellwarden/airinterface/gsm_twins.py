"""Training sequences that are each other's but for where they lie: the edges of a burst tell which of two it is.

    5, at its place      │tail│ payload 58 │ 5: 26 symbols │ payload 58 │tail│
    6, 7 symbols later         │tail│ payload 58 │ 6: 26 symbols │ payload 58 │tail│
                                             ├─ 19 in common ─┤ 7: one payload in 128 completes it

    power           ____▂██████████████████████████████████████████████████▂____   guard period, burst, guard period

The same holds of 1 and 7, but for one symbol.

Source: 3GPP TS 45.002 §5.2.3 (training sequences), §5.2.8 (guard period of 8.25 symbols).
"""

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.gsm_fit import Fit, fit
from cellwarden.airinterface.gsm_kernels import mean
from cellwarden.airinterface.gsm_receiver import Layout
from cellwarden.airinterface.gsm_symbols import Parts
from cellwarden.compiled import exact, fast

TWINS = np.array([[-1, 0, 0], [7, 7, -9], [-1, 0, 0], [-1, 0, 0], [-1, 0, 0], [6, 7, -9], [5, 9, -7], [1, 9, -7]])
"""For each training sequence the one that it may be taken for, and by how many symbols that one begins later then."""


@exact
def later(power: NDArray[np.float32], start: float, sequence: int, layout: Layout) -> int:
    """By how many symbols a burst may begin later than it was found to, with its sequence's twin; 0 where it may not.

    It may where a burst that begins there has more power. power: float32, shape (n,), over the noise.
    """
    best, shift = 0.0, 0
    if not layout.normal or TWINS[sequence, 0] < 0:
        return 0
    per, end = layout.per_symbol, start + layout.symbols * layout.per_symbol
    for symbols in TWINS[sequence, 1:]:
        by = symbols * per
        if symbols > 0:
            more = mean(power, int(end), int(end + by)) - mean(power, int(start), int(start + by))
        else:
            more = mean(power, int(start + by), int(start)) - mean(power, int(end + by), int(end))
        if more > best:
            best, shift = more, symbols
    return shift


@fast
def settled(
    y: Parts, power: NDArray[np.float32], told: Fit, sequence: int, turn: float, layout: Layout
) -> tuple[Fit, int, float]:
    """A burst's fit and sequence; its twin's, where more power is there and its known symbols, tails too, fit better.

    power: float32, as long as y; turn: radians a symbol, that the fit refines. Returns fit, sequence and such a turn.
    """
    symbols = later(power, told.start, sequence, layout)
    if not symbols:
        return _widened(told), sequence, turn
    twin, start = TWINS[sequence, 0], told.start + symbols * layout.per_symbol
    other = fit(y, power, start, turn + told.turn, layout.known[twin], layout, layout.near)
    if other.told * told.energy > told.told * other.energy:
        return _widened(other), twin, turn + told.turn
    return _widened(told), sequence, turn


@exact
def _widened(told: Fit) -> Fit:
    """The same in numbers of one width each: whoever calls, what is returned has one type."""
    return Fit(
        np.float64(told.start),
        np.float64(told.strength),
        np.float64(told.coherence),
        int(told.payload),
        np.float64(told.told),
        np.float64(told.energy),
        int(told.values),
        np.float64(told.turn),
        np.float64(told.amplitude),
        np.float64(told.ratio),
    )
