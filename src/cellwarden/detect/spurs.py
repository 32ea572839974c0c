"""Steady lines of the receiver: harmonics of its clocks, carriers that never end. They are taken out of each chunk.

         ▁▁▁█▁▁▁▁▂▁▁▁█▁▁▁     as narrow as the window allows, all along: who sends across one would drown in it
            a₁        a₂

A line is a wave a·e^(2πjfn) whose amplitude and phase hold for a whole chunk: what has something to say is none. Lines
that stand out but do not hold stay in the samples and in the floor, so that no box is made of them.

    frames · conj(waves) ─► z[row, line] ─► f, a of each line that holds ─► frames − (a · turns) · waves

A line that held in the chunk before is looked for where it was: its frequency is but followed.
"""

from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.detect import spur_kernels
from cellwarden.detect.spectrum import Grid
from cellwarden.model import Interleaved

RISE, LOBE = 3.0, 4
"""A line stands so many times above what lies so many bins to either side of it, where the window stops it by 36 dB."""
FURTHER = 4
"""So many bins more are looked at to either side, of which the lowest counts: the next line may stand in the first."""
MOST = 64
"""Lines at most, the strongest."""
PIECE, PIECES = 32, 8
"""Frames of a part of a chunk, and the parts at least, whose amplitudes have to agree."""
APART, AGREEING = 0.25, 0.8
"""Part of a line's amplitude by which pieces may differ from it, and the part of them that may not differ by more."""
LIMIT = 2.0
"""A frame that is stronger than so many times their median holds more than the line, and counts as so much."""
FINER, REFINEMENTS = 4, 3
NEAR = 0.02
"""Cycles a row by which a line may turn beside the frequency that it had, to be followed."""


class Lines(NamedTuple):
    """Those that hold: bins, frequencies in cycles a sample, complex amplitudes at the first sample."""

    bins: NDArray[np.int64]
    turns: NDArray[np.float64]
    amplitudes: NDArray[np.complex128]


NONE = Lines(np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.complex128))


def bins_of(quantile: NDArray[np.float64]) -> NDArray[np.int64]:
    """Bins in which a line may stand. quantile: each bin's power, see `spectrum.chunk_quantile`, shape (n,)."""
    if np.max(quantile) <= RISE * np.min(quantile):  # nothing stands out, which is soon said
        return np.zeros(0, np.int64)
    found = np.flatnonzero(quantile[LOBE:-LOBE] > RISE * _beside(quantile)[LOBE:-LOBE]) + LOBE
    if not len(found):
        return found
    found = found[quantile[found] >= np.maximum(quantile[found - 1], quantile[found + 1])]
    return found[np.argsort(-quantile[found])[:MOST]]


def steady(iq: Interleaved, bins: NDArray[np.int64], window: NDArray[np.float32], before: Lines = NONE) -> Lines:
    """The lines in some bins of a spectrum that hold all along some samples, shape (n, 2), whole frames without gaps.

    window: of a frame; before: lines that held in the samples before.
    """
    bins = np.sort(bins)
    turns, rows = bins / len(window) - 0.5, np.zeros((len(iq) // len(window), len(bins)), np.complex128)
    _both, here, there = np.intersect1d(bins, before.bins, return_indices=True)
    turns[here], rows[:, here], near = _followed(iq, before.turns[there], window)
    fresh = np.setdiff1d(np.arange(len(bins)), here[near])
    turns[fresh], rows[:, fresh] = _tuned(iq, bins[fresh] / len(window) - 0.5, window)
    pieces = _pieces(rows)
    middle = np.median(pieces.real, axis=0) + 1j * np.median(pieces.imag, axis=0)
    agree = np.abs(pieces - middle) <= APART * np.abs(middle)
    amplitudes = np.sum(np.where(agree, pieces, 0), axis=0) / np.maximum(agree.sum(axis=0), 1)
    held = agree.mean(axis=0) >= AGREEING
    return Lines(bins[held], turns[held], amplitudes[held])


def take_out(iq: Interleaved, bins: NDArray[np.int64], grid: Grid, before: Lines = NONE) -> Lines:
    """Subtract in place those of the lines in some bins that hold in whole frames, shape (n, 2). Returns them.

    Zeros stay zeros, for they fill what a receiver lost; 16 bits are not left.
    """
    if not len(bins) or len(iq) < PIECES * PIECE * grid.size:
        return NONE
    found = steady(iq, bins, np.abs(grid.window), before)
    if len(found.bins):
        rows = found.amplitudes * _waves(found.turns * grid.size, len(iq) // grid.size)
        whole = iq.dtype == np.int16
        limits = (-32768.0, 32767.0) if whole else (-1e30, 1e30)
        spur_kernels.take_out(iq, rows.astype(np.complex64), _packed(_waves(found.turns, grid.size)), *limits, whole)
    return found


def without(quantile: NDArray[np.float64], bins: NDArray[np.int64]) -> NDArray[np.float64]:
    """The floor where the lines in some bins are gone: what lies beside them. Returns the same shape."""
    if not len(bins):
        return quantile
    left, foot = quantile.copy(), bins[:, None] + np.arange(1 - LOBE, LOBE)
    left[foot] = np.minimum(quantile[foot], _beside(quantile)[bins, None])
    return left


def _beside(quantile: NDArray[np.float64]) -> NDArray[np.float64]:
    """The higher of the two sides of each bin, each the lowest of some bins from LOBE away: shape (n,)."""
    n, far = len(quantile), LOBE + FURTHER // 2
    lowest = scipy.ndimage.minimum_filter1d(np.pad(quantile, LOBE + FURTHER, "edge"), FURTHER + 1)
    below, above = (lowest[LOBE + FURTHER + off :][:n] for off in (-far, far))
    return np.asarray(np.maximum(below, above))


def _waves(turns: NDArray[np.float64], count: int) -> NDArray[np.complex128]:
    """e^(2πjfn): shape (count, lines)."""
    return np.asarray(np.exp(2j * np.pi * np.outer(np.arange(count), turns)))


def _packed(waves: NDArray[np.complex128]) -> NDArray[np.float32]:
    """Waves, shape (count, lines), as the compiled loops take them."""
    return np.stack([waves.real.T, waves.imag.T], axis=1).astype(np.float32, order="C")  # a line's wave lies in a row


def _followed(
    iq: Interleaved, turns: NDArray[np.float64], window: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.complex128], NDArray[np.bool_]]:
    """As `_tuned` from frequencies that lines had, and which of them are still NEAR those."""
    if not len(turns):
        return turns, np.zeros((len(iq) // len(window), 0), np.complex128), np.zeros(0, np.bool_)
    rows = _mixed(iq, turns, window)
    off = _frequencies(rows)
    middles = np.arange(len(rows)) + 0.5 * (1 - 1 / len(window))  # of frames, where rows tell a line's phase
    return turns + off / len(window), rows * np.exp(-2j * np.pi * np.outer(middles, off)), np.abs(off) < NEAR


def _tuned(
    iq: Interleaved, turns: NDArray[np.float64], window: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.complex128]]:
    """Frequencies of lines from those of their bins' middles, and each line's own rows: shape (rows, lines)."""
    if not len(turns):
        return turns, np.zeros((len(iq) // len(window), 0), np.complex128)
    off = _frequencies(_mixed(iq, turns, window))
    ways = turns + np.array([off, off - np.sign(off)]) / len(window)  # half a bin either way looks the same
    rows = np.array([_mixed(iq, way, window) for way in ways])
    right = np.median(np.abs(rows), axis=1).argmax(axis=0)
    line = np.arange(len(turns))
    return ways[right, line], rows[right, :, line].T


def _mixed(iq: Interleaved, turns: NDArray[np.float64], window: NDArray[np.float32]) -> NDArray[np.complex128]:
    """Mean of each frame at some frequencies, in the phase of the first sample of all, limited: shape (rows, lines)."""
    waves = _packed(_waves(turns, len(window)) * (window / window.sum())[:, None])
    rows = spur_kernels.mixed(iq, waves)
    rows = rows * np.conj(_waves(turns * len(window), len(rows)))
    size = np.abs(rows)
    most = LIMIT * np.median(size, axis=0)
    return np.asarray(rows * (most / np.maximum(np.maximum(size, most), 1e-30)))


def _pieces(rows: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """Medians of parts of PIECE rows, in which bursts may be: shape (pieces, lines)."""
    parts = rows[: len(rows) // PIECE * PIECE].reshape(-1, PIECE, rows.shape[1])
    return np.asarray(np.median(parts.real, axis=1) + 1j * np.median(parts.imag, axis=1))


def _frequencies(rows: NDArray[np.complex128]) -> NDArray[np.float64]:
    """What turns each line, in cycles a row: the strongest tone, refined by how its pieces turn against each other."""
    size = FINER * len(rows)
    strongest = np.abs(scipy.fft.fft(rows, size, axis=0)).argmax(axis=0)
    turns = (strongest / size + 0.5) % 1.0 - 0.5
    for _ in range(REFINEMENTS):
        pieces = _pieces(rows * np.conj(_waves(turns, len(rows))))
        between = np.angle(np.sum(pieces[1:] * np.conj(pieces[:-1]), axis=0))
        turns = turns + between / (2 * np.pi * PIECE)
    return np.asarray(turns)
