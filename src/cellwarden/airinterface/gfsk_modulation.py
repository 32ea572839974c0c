"""Whether a burst is Gaussian frequency shift keying of a given symbol rate and index, whatever its symbols say.

The symbols are decided, sent again as one wave, and compared with what was heard in pieces of PIECE symbols. What then
is left of a true burst is noise: the wave explains S/(S + N) of the power, which the noise floor tells. Another rate or
index, or another modulation, leaves more.
"""

from dataclasses import dataclass

import numpy as np

from cellwarden.airinterface import gfsk
from cellwarden.airinterface.gfsk import PER_SYMBOL, Heard

PIECE = 12
"""Symbols over which a wave must stay in phase: a carrier 10 kHz off turns by 40° in them, which costs 5 %."""
MOST_SYMBOLS = 300
FEWEST_SYMBOLS = 60
INDEX_STEP = 0.04
LEAST_SNR_DB = {0.32: 4.0, 0.5: 2.5}
"""Modulation index, and with it the least SNR in the channel filter. Below it, too much else explains itself as well:
a tone, slower keying."""
LEAST_EXPLAINED: dict[float, tuple[tuple[float, ...], tuple[float, ...]]] = {
    0.32: ((5.0, 8.0, 15.0), (0.75, 0.82, 0.92)),
    0.5: ((5.0, 8.0, 15.0), (0.62, 0.7, 0.88)),
}
"""Modulation index, and with it SNR in dB and the least part of a burst's signal that its wave explains. Of bursts of
200 random symbols one in a hundred explains less; Gaussian noise of the same band reaches 0.55."""
LEAST_OPENING: dict[float, tuple[tuple[float, ...], tuple[float, ...]]] = {
    0.32: ((5.0, 8.0, 15.0), (1.02, 1.05, 1.1)),
    0.5: ((5.0, 8.0), (1.07, 1.12)),
}
"""Modulation index, and with it SNR in dB and the least opening of the eye. Keying of another symbol rate has 1.02 to
1.04, since its eye moves."""
CERTAIN, CERTAIN_OPENING = 0.95, 1.04
"""Part explained of a strong burst that another symbol rate never has, whatever its eye, which echoes close."""
ECHOED = 0.9
"""Least part explained of a strong burst: echoes leave some."""
ALTERNATION = (0.3, 0.72)
"""Share of symbols that differ from the one before."""
PAIRED = 3.5
"""Most that the even and the odd symbols' shares differ, in standard deviations of random ones. A signal of half the
symbol rate changes at one sort only."""


@dataclass(frozen=True, slots=True)
class Modulation:
    """How a burst's wave explains it."""

    explained: float
    """Part of its signal power, 1 where only noise is left."""
    index: float
    """Modulation index as the discriminator tells it; the channel filter lowers it by some 0.04."""
    place: int
    """Index in y of a symbol's beginning."""
    changes: float
    """Share of symbols that differ from the one before."""
    paired: float
    """Difference of that share between even and odd symbols, in standard deviations."""
    opening: float
    """Sum of the soft decisions at the best of PER_SYMBOL timings over that at the worst."""
    snr_db: float
    """In the channel filter."""


def measure(heard: Heard, first: int, end: int, index: float, noise: float) -> Modulation | None:
    """Compare the samples `first`…`end` with a wave of modulation index `index`; None where they are too few.

    noise: power that white noise leaves in a sample of y.
    """
    soft = gfsk.decisions(heard, index)
    first, end = max(first, PER_SYMBOL * 2), min(end, len(soft) - PER_SYMBOL * 2)
    count = min(MOST_SYMBOLS, (end - first) // PER_SYMBOL - 1) // PIECE * PIECE
    if count < FEWEST_SYMBOLS:
        return None
    span = PER_SYMBOL * count
    middle = PER_SYMBOL // 2
    clear = [float(np.sum(np.abs(soft[first + p + middle :][:span:PER_SYMBOL]))) for p in range(PER_SYMBOL)]
    place = first + int(np.argmax(clear))
    levels = np.where(soft[place + middle :][:span:PER_SYMBOL] > 0, 1.0, -1.0)
    fit = gfsk.fit_at(heard.d, place, gfsk.smeared(levels.astype(np.float32)))
    t = np.arange(span) / PER_SYMBOL
    y = (heard.y[place : place + span] * np.exp(-1j * fit.turn * t)).astype(np.complex64)
    steps = gfsk.sampled_phase(levels)
    explained = 0.0
    for tried in (index - INDEX_STEP, index, index + INDEX_STEP):
        wave = np.exp(1j * tried * steps)
        pieces = (y * wave.conj()).reshape(-1, PER_SYMBOL * PIECE).mean(axis=1)
        phases = pieces / (np.abs(pieces) + 1e-15)
        explained = max(explained, gfsk.explained(y, wave * np.repeat(phases, PER_SYMBOL * PIECE)))
    signal = gfsk.signal_part(y, noise)
    changed = levels[1:] != levels[:-1]
    paired = abs(float(np.mean(changed[::2])) - float(np.mean(changed[1::2]))) * np.sqrt(count)
    snr_db = 10 * float(np.log10(signal / max(1 - signal, 1e-6)))
    return Modulation(
        explained / signal, fit.index, place, float(np.mean(changed)), paired, max(clear) / (min(clear) + 1e-30), snr_db
    )


def fits(modulation: Modulation, index: float, heard: tuple[float, float], most: float = ECHOED) -> bool:
    """Whether a burst is the modulation of this index, which is heard between two bounds.

    most: part explained that is enough of a burst, however strong.
    """
    least = float(np.interp(modulation.snr_db, *LEAST_EXPLAINED[index]))
    lowest, highest = heard
    opening = float(np.interp(modulation.snr_db, *LEAST_OPENING[index]))
    return bool(
        modulation.snr_db >= LEAST_SNR_DB[index]
        and modulation.explained >= min(least, most)
        and modulation.opening >= (opening if modulation.explained < CERTAIN else CERTAIN_OPENING)
        and lowest <= modulation.index <= highest
        and ALTERNATION[0] < modulation.changes < ALTERNATION[1]
        and modulation.paired < PAIRED
    )
