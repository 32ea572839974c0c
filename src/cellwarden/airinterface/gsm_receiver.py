"""From samples of one GSM channel to symbols: channel filter, matched filter, equaliser."""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.gsm_lines import Waves, waves
from cellwarden.airinterface.gsm_symbols import SUBSTEPS
from cellwarden.airinterface.gsm_trials import Trials, trials
from cellwarden.airinterface.gsm_waveform import CHANNEL_HZ, FORMATS, SYMBOL_RATE_HZ, Kind, antipodal, main_pulse
from cellwarden.detect.filters import low_pass_taps
from cellwarden.detect.kernels import padded
from cellwarden.detect.vectors import LANES

LEAST_RATE_HZ = 1.5 * CHANNEL_HZ
"""Samples a second below which a channel is not whole."""
FILTER_HZ = 230_000.0
FILTER_SYMBOLS = 4.0
EQUALISER_SNR = 3.0
NEAR = 300.0, 5
"""Hertz either way of a carrier that was found, in which it is looked for again, and in how many steps."""
PULSE_REACH = 2.0
"""Symbols that the matched filter reaches to either side."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """All that depends on the sample rate only."""

    rate_hz: float
    step: int
    per_symbol: float
    taps: NDArray[np.float32]
    table: NDArray[np.float32]
    noise_gain: float
    """Matched filter's noise variance for noise of unit density (a sample of unit variance at `rate / step`)."""
    channel_noise: float
    """Variance behind the channel filter, for white noise of unit variance at `rate / step`."""


class Layout(NamedTuple):
    """A kind of burst as a receiver's compiled loops take it."""

    normal: bool
    symbols: int
    known: NDArray[np.float32]
    """±1, shape (sequences, L), from symbol `known_at` on."""
    known_at: int
    tails: NDArray[np.int64]
    """Symbols that are always +1."""
    per_symbol: float
    table: NDArray[np.float32]
    """Matched filter, shape (SUBSTEPS + 1, taps): the pulse at each fraction of a sample."""
    weights: NDArray[np.complex64]
    """Equaliser, shape (2 reach + 1,)."""
    pulse: NDArray[np.float64]
    """The pulse's autocorrelation at whole symbols."""
    noise_gain: float
    channel_noise: float
    """As in `Receiver`."""
    waves: Waves
    """What squares of samples are correlated with."""
    near: Trials
    """Turns around a carrier that is nearly known."""


@lru_cache
def receiver(rate_hz: float) -> Receiver:
    """The receiver for a sample rate: some two samples a symbol, whatever the rate."""
    step = max(1, int(rate_hz / (2 * SYMBOL_RATE_HZ)))
    per_symbol = rate_hz / step / SYMBOL_RATE_HZ
    length = int(FILTER_SYMBOLS * rate_hz / SYMBOL_RATE_HZ) | 1
    wide = min(0.99, FILTER_HZ / rate_hz)
    passing = low_pass_taps(length, wide / 2) if rate_hz > 1.5 * FILTER_HZ else np.ones(1)
    taps = padded(passing.astype(np.float32))
    fine = 64
    pulse = main_pulse(fine)
    half = math.ceil(PULSE_REACH * per_symbol)
    length = -(-(2 * half + 1) // LANES) * LANES  # in whole vectors, the middle at half of it
    m = np.arange(length) - length // 2
    rows = [
        np.interp((m - row / SUBSTEPS) / per_symbol * fine + (len(pulse) - 1) / 2, np.arange(len(pulse)), pulse)
        for row in range(SUBSTEPS + 1)
    ]
    table = np.array(rows) * (np.abs(m) <= half)
    table /= np.sum(table**2, axis=1, keepdims=True)
    channel_noise = step * float(np.sum(taps.astype(np.float64) ** 2))
    return Receiver(
        rate_hz, step, per_symbol, taps, table.astype(np.float32), float(np.sum(table[0] ** 2)), channel_noise
    )


@lru_cache
def pulse_autocorrelation() -> NDArray[np.float64]:
    """Autocorrelation of the main pulse at 0, 1, 2, … symbols, 1 at zero."""
    fine = 64
    pulse = main_pulse(fine)
    full = np.convolve(pulse, pulse)
    middle = len(full) // 2
    taps = full[middle::fine] / full[middle]
    return np.concatenate([taps, np.zeros(16)])


@lru_cache
def equaliser(turn: float, snr: float = EQUALISER_SNR, reach: int = 4) -> NDArray[np.complex64]:
    """Linear minimum-mean-square-error weights on matched filter outputs turned back by `turn` radians a symbol.

    complex64, shape (2 reach + 1,). The wanted symbol is one of unit power among independent ones, the noise has the
    pulse's own autocorrelation.
    """
    lags = pulse_autocorrelation()

    def coupling(d: NDArray[np.int64]) -> NDArray[np.complex128]:
        return np.asarray(lags[np.minimum(np.abs(d), len(lags) - 1)] * np.exp(-1j * turn * d))

    window = np.arange(-reach, reach + 1)
    symbols = np.arange(-3 * reach, 3 * reach + 1)
    mixing = coupling(window[:, None] - symbols[None, :])
    covariance = mixing @ mixing.conj().T + coupling(window[:, None] - window[None, :]) / snr
    wanted = coupling(window)
    return np.linalg.solve(covariance, wanted).conj().astype(np.complex64)


@lru_cache
def known_symbols(kind: Kind) -> NDArray[np.float32]:
    """Training or synchronisation sequences: float32 ±1, shape (sequences, L)."""
    return np.array([antipodal(bits) for bits in FORMATS[kind].known], np.float32)


@lru_cache
def tail_symbols(kind: Kind) -> NDArray[np.int64]:
    """Places of the symbols that are always +1: int64, shape (n,)."""
    return np.array(FORMATS[kind].tails)


@lru_cache
def layout(kind: Kind, rate_hz: float) -> Layout:
    """A kind of burst for a sample rate."""
    heard, form = receiver(rate_hz), FORMATS[kind]
    return Layout(
        kind == "normal",
        form.symbols,
        known_symbols(kind),
        form.known_at,
        tail_symbols(kind),
        heard.per_symbol,
        heard.table,
        equaliser(np.pi / 2),
        pulse_autocorrelation(),
        heard.noise_gain,
        heard.channel_noise,
        waves(heard.per_symbol),
        trials(*NEAR, form.symbols, len(form.known[0])),
    )
