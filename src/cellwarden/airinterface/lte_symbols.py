"""Reference sequences in symbols whose time and frequency are known but roughly: how well each explains a band.

The measure is the part F of a band's energy that lies in one sequence at one delay. Of N subcarriers of noise (or of
anyone's data) F exceeds f with probability (1 - f)^(N - 1), so that -(N - 1) ln(1 - F) is exponential with mean 1,
whatever the level: what is asked of it is what chance does not give among all that was tried.
"""

import math
from functools import lru_cache

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.airinterface.lte_kernels import best_stretches, symbols_at
from cellwarden.airinterface.lte_match_kernels import (
    best_pairs,
    best_parts,
    conjugate_products,
    largest_parts,
    tone_powers,
)
from cellwarden.airinterface.lte_receiver import Stretch
from cellwarden.airinterface.lte_waveform import SUBCARRIER_HZ, allowed_blocks, base_sequences
from cellwarden.measure.power import squared

TURNS = (0.0, 0.25, 0.5, -0.25)
"""Fractions of a subcarrier by which a band may lie beside the grid; halfway between two of them costs 0.2 dB."""
STEPS = 16
"""Places tried in the length of a symbol: steps of 4.2 µs, less than a cyclic prefix."""
LEAST_EACH = 3.0
"""Nats asked of each of PUSCH's two reference symbols beyond chance: one alone is no subframe."""
TELLING = 72
"""Subcarriers from which on tones tell which sequences to match; at -3 dB the right one's has 8 nats among 60."""
DELAYS = 1.5
"""Delays tried for each subcarrier of a sequence."""


def transforms(
    heard: Stretch, size: int, starts: NDArray[np.int64], turns: tuple[float, ...] = TURNS
) -> NDArray[np.complex64]:
    """Subcarriers of the symbols that begin at `starts`: shape (len(turns), len(starts), size), lowest first.

    `size` is even. A turn brings a band that lies beside the grid by such a part of a subcarrier onto it.
    """
    windows = np.empty((len(turns), len(starts), size), np.complex64)
    symbols_at(heard.y, starts, np.array(turns) / size - 0.5, windows)
    return np.asarray(scipy.fft.fft(windows, axis=-1, overwrite_x=True))


@lru_cache(maxsize=4)
def _bank(length: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Every sequence of a short length at every delay: shape (length, delays * sequences)."""
    sequences = base_sequences(length)
    delays = round(DELAYS * length)
    ramps = np.exp(-2j * np.pi * np.arange(delays)[:, None] * np.arange(length) / delays)
    rows = sequences[None] * ramps[:, None, :]
    bank = np.conj(rows).reshape(-1, length).T / math.sqrt(length)
    return np.ascontiguousarray(bank.real, np.float32), np.ascontiguousarray(bank.imag, np.float32)


@lru_cache(maxsize=64)
def conjugates(length: int) -> NDArray[np.complex64]:
    """Every base sequence of a length, conjugate: shape (30 or 60, length)."""
    return np.asarray(np.conj(base_sequences(length)), np.complex64)


def surprise(part: NDArray[np.floating], length: int) -> NDArray[np.float64]:
    """-(N - 1) ln(1 - F)."""
    return np.asarray(-(length - 1) * np.log1p(-np.minimum(part.astype(np.float64), 0.9999)))


def short_matches(bands: NDArray[np.complex64]) -> NDArray[np.float32]:
    """Best delay's part of the energy for each sequence of one or two blocks: shape (..., 30)."""
    length = bands.shape[-1]
    real, imaginary = _bank(length)
    out = np.empty((bands.size // length, 30), np.float32)
    best_parts(np.ascontiguousarray(bands.reshape(-1, length), np.complex64), real, imaginary, 30, out)
    return out.reshape(*bands.shape[:-1], 30)


def long_matches(bands: NDArray[np.complex64], chosen: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
    """The same for any length, of `chosen` sequences or of all 30 or 60: shape (..., 30 or 60), 0 where not chosen."""
    length = bands.shape[-1]
    sequences = conjugates(length)
    which = np.arange(len(sequences)) if chosen is None else chosen
    rows = np.ascontiguousarray(bands, np.complex64).reshape(-1, length)
    products, out = np.empty((len(rows) * len(which), 2 * length), np.complex64), np.zeros((len(rows), len(sequences)))
    conjugate_products(rows, sequences, which, products)
    largest_parts(rows, scipy.fft.fft(products, axis=-1, overwrite_x=True), which, out)
    return out.reshape(*bands.shape[:-1], len(sequences))


@lru_cache(maxsize=64)
def roots(length: int) -> NDArray[np.complex64]:
    """Tones that the products of neighbours of each base sequence are: shape (sequences, length - 1)."""
    sent = base_sequences(length)
    return np.asarray(np.conj(sent[:, :-1]) * sent[:, 1:], np.complex64)


def likely(bands: NDArray[np.complex64], most: int) -> NDArray[np.int64] | None:
    """The sequences whose tones the products of neighbours show most, in two symbols together or in one of them.

    bands: shape (2, length). None where so few subcarriers do not tell.
    """
    length = bands.shape[-1]
    if length < TELLING:
        return None
    real, imaginary = _tones(length)
    tones = np.empty((len(bands), real.shape[1]), np.float32)
    tone_powers(np.ascontiguousarray(bands), real, imaginary, tones)
    tones /= np.maximum(tones.max(axis=-1, keepdims=True), 1e-30)
    ranked = np.argsort(-tones, axis=-1)[:, : most // 4]
    return np.array(sorted({*np.argsort(-tones.sum(axis=0))[:most].tolist(), *ranked.ravel().tolist()}))


@lru_cache(maxsize=64)
def _tones(length: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """`roots`, real and imaginary parts: shape (length - 1, sequences) each."""
    return np.ascontiguousarray(roots(length).real.T), np.ascontiguousarray(roots(length).imag.T)


def tone_strength(bands: NDArray[np.complex64], apart: int = 1) -> NDArray[np.float64]:
    """How much the products of neighbours are one tone, as Zadoff-Chu sequences' are: mean 1 by chance, shape (...)."""
    products = bands[..., :-apart] * np.conj(bands[..., apart:])
    length = 1 << (2 * products.shape[-1] - 1).bit_length()
    tones = squared(scipy.fft.fft(products, length, axis=-1))
    edge = max(1, length // 64)
    energy = np.sum(squared(products), axis=-1)
    return np.asarray(tones[..., edge:-edge].max(axis=-1) / np.maximum(energy, 1e-30), np.float64)


def pair(beyond: NDArray[np.float64], tried: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Evidence of two reference symbols, with one group of sequences in both slots or, where it hops, with two.

    beyond: nats beyond what the delays give by chance, shape (2, ..., sequences); `tried`: times and frequencies.
    Returns the evidence and the first symbol's group, each of shape (...).
    """
    shape, count = beyond.shape[1:-1], beyond.shape[-1]
    rows = np.ascontiguousarray(beyond, np.float64).reshape(2, -1, count)
    best, group = np.empty(rows.shape[1]), np.empty(rows.shape[1], np.int64)
    best_pairs(rows, LEAST_EACH, best, group)
    return (_rarities(best) - math.log(tried * count)).reshape(shape), group.reshape(shape)


def _rarities(excess: NDArray[np.float64]) -> NDArray[np.float64]:
    """`rarity` of two symbols: a gamma tail of shape 2 is (1 + x) exp(-x)."""
    return np.asarray(excess - np.log1p(np.maximum(excess, 0.0)), np.float64)


def rarity(excess: float, symbols: int) -> float:
    """Nats of `symbols` surprises that sum to `excess` beyond what their own choices give: a gamma tail."""
    chance = float(scipy.special.gammaincc(symbols, max(excess, 0.0)))
    if chance > 1e-200:
        return -math.log(chance)
    return excess - (symbols - 1) * math.log(excess) + float(scipy.special.gammaln(symbols))


def rarities(excess: NDArray[np.float64], symbols: int) -> NDArray[np.float64]:
    """`rarity` of many: shape of excess."""
    chance = scipy.special.gammaincc(symbols, np.maximum(excess, 0.0))
    beyond = np.maximum(excess, 1.0)
    tail = beyond - (symbols - 1) * np.log(beyond) + scipy.special.gammaln(symbols)
    return np.where(chance > 1e-200, -np.log(np.maximum(chance, 1e-200)), tail)


def best_band(
    power: NDArray[np.floating],
    freedom: int,
    blocks: tuple[int, ...] | None = None,
    per_block: int = 12,
    most: int = 3,
) -> list[tuple[float, int, int]]:
    """The likeliest bands of whole resource blocks, `most` of them: (nats, first subcarrier, blocks), best first.

    power: over the noise, mean of `freedom` symbols, shape (subcarriers,).
    """
    numbers = _numbers(blocks or allowed_blocks(), len(power) // per_block)
    nats, first = np.empty(len(numbers)), np.empty(len(numbers), np.int64)
    best_stretches(np.asarray(power, np.float64), freedom, per_block, numbers, nats, first)
    best = sorted(zip(nats.tolist(), first.tolist(), numbers.tolist(), strict=True), reverse=True)
    return best[:most]


@lru_cache(maxsize=256)
def _numbers(blocks: tuple[int, ...], most: int) -> NDArray[np.int64]:
    """Numbers of blocks that fit."""
    return np.array([number for number in blocks if number <= most], np.int64)


def middle_hz(heard: Stretch, size: int, turn: float, first: int, width: int) -> float:
    """Middle of a band of `width` subcarriers, `first` the lowest of `size`."""
    unit = heard.rate_hz / size
    assert abs(unit - SUBCARRIER_HZ) < 30.0
    return heard.centre_hz + (first + (width - 1) / 2 - size // 2 + turn) * unit
