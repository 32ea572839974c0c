"""How surely the training of a burst is that of 8-PSK, whose payload lies on no axis and tells nothing.

    training   s ── turned 3/16 a symbol ──► pulse ──►  P s, neighbours' tails and all  ─┐
    heard      z, matched symbols at a few timings and carriers, their noise made white ─┴► share of z that is P s

A guess from GMSK's equalised symbols is coarse (half a symbol, 4 kHz) and takes what neighbours do to each other,
which is known, for noise. Here the whole training as it is sent is matched with all that was heard of it: a burst at
8 dB has 43 nats so, and 25 otherwise.

Source: 3GPP TS 45.004 §3 (modulation), TS 45.002 §5.2.3 (training sequences).
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.gsm_fit import coherence, correlated
from cellwarden.airinterface.gsm_receiver import Layout, known_symbols, pulse_autocorrelation
from cellwarden.airinterface.gsm_symbols import QUARTER, Parts, equalise, filtered, spin, turning
from cellwarden.airinterface.gsm_waveform import SYMBOL_RATE_HZ
from cellwarden.compiled import fast
from cellwarden.measure.vertex import vertex

STEP = 3 * np.pi / 8
"""Radians by which 8-PSK turns a symbol on."""
LATE = 0.125 * np.arange(-3.0, 4.0)
"""Symbols around a guess, at which the sequence is looked for."""
HZ = np.arange(-3000.0, 3001.0, 250.0)
"""Carriers around a guess."""
BESIDE = 0.15
"""Noise that the receiver adds where the pulse's spectrum has next to nothing, as a part of the mean."""


class Eight(NamedTuple):
    """How a normal burst looks to the training of 8-PSK."""

    share: float
    """Squared correlation coefficient of the training with what was heard, 0 to 1."""
    turn: float
    """The carrier at which that is, radians a symbol beyond GMSK's quarter turn."""
    coherence: float
    """Part of the payload's power on the training's axis, -1 to 1: of eight phases nearly 0."""


UNASKED = Eight(0.0, 0.0, 1.0)


class Bank(NamedTuple):
    """What training sequences are as they arrive."""

    white: NDArray[np.complex64]
    """Makes the noise of matched symbols, once turned back by STEP, white: shape (length, length)."""
    sent: NDArray[np.complex64]
    """Conjugate sequences behind that, energy 1: shape (sequences, length)."""


@lru_cache
def bank() -> Bank:
    """The eight training sequences of a normal burst."""
    known = known_symbols("normal")
    length = known.shape[1]
    apart = np.arange(length)[None, :] - np.arange(length)[:, None]
    pulse = np.concatenate([pulse_autocorrelation(), np.zeros(length)])
    mixed = pulse[np.abs(apart)] * np.exp(1j * STEP * apart)
    white = np.linalg.inv(np.linalg.cholesky(mixed + BESIDE * np.eye(length)))
    sent = known @ (white @ mixed).T
    sent /= np.linalg.norm(sent, axis=1, keepdims=True)
    return Bank(white.astype(np.complex64), np.conj(sent).astype(np.complex64))


def eight(y: Parts, start: float, turn: float, sequence: int, layout: Layout) -> Eight:
    """What the training of a normal burst near a guess tells of 8-PSK.

    y: one channel's samples; start: sample index of symbol 0; turn: radians a symbol beyond GMSK's quarter turn.
    """
    known, per = layout.known, layout.per_symbol
    held = bank()
    turns = turn + QUARTER + 2 * np.pi / SYMBOL_RATE_HZ * HZ
    starts = np.asarray(start + LATE * per, np.float64)
    shares = np.empty((len(starts), len(turns)))
    _shares(y, starts + layout.known_at * per, turns, per, layout.table, held.white, held.sent[sequence], shares)
    late, at = divmod(int(np.argmax(shares)), len(turns))
    told = float(turns[at] + vertex(shares[late], at) * (turns[1] - turns[0])) - QUARTER
    return Eight(float(shares[late, at]), told, _on_one_axis(y, starts[late], told, known[sequence], layout))


@fast
def _on_one_axis(y: Parts, start: float, turn: float, known: NDArray[np.float32], layout: Layout) -> float:
    """`gsm_fit.coherence` of the payload, on the axis and at the carrier that the training tells by itself."""
    z = np.empty((2, layout.symbols), np.float32)
    e = np.empty_like(z)
    filtered(y, start, layout.per_symbol, layout.table, z)
    spin(z, turning(QUARTER, layout.symbols), 1.0 + 0.0j)
    equalise(z, layout.weights, e)
    wave = turning(turn, layout.symbols)
    phase = correlated(e, layout.known_at, wave, layout.known_at, known)
    spin(e, wave, phase / (abs(phase) + 1e-30))
    along, _ = coherence(e, layout.known_at, len(known))
    return along


@fast
def _shares(
    y: Parts,
    starts: NDArray[np.float64],
    turns: NDArray[np.float64],
    per_symbol: float,
    table: NDArray[np.float32],
    white: NDArray[np.complex64],
    sent: NDArray[np.complex64],
    out: NDArray[np.float64],
) -> None:
    """out[s, t] = |Σ sent w|² / Σ |w|²; w: whitened symbols that begin at starts[s], turned back by turns[t]."""
    length = len(sent)
    z = np.empty((2, length), np.float32)
    turned = np.empty(length, np.complex64)
    for s in range(len(starts)):
        filtered(y, starts[s], per_symbol, table, z)
        for t in range(len(turns)):
            step, phasor = np.exp(-1j * turns[t]), 1.0 + 0j
            for k in range(length):
                turned[k] = complex(z[0, k], z[1, k]) * phasor
                phasor *= step
            told, energy = np.complex64(0), np.float32(1e-30)
            for k in range(length):
                value = np.complex64(0)
                for m in range(k + 1):  # a triangle
                    value += white[k, m] * turned[m]
                told += sent[k] * value
                energy += value.real * value.real + value.imag * value.imag
            out[s, t] = (told.real * told.real + told.imag * told.imag) / energy
