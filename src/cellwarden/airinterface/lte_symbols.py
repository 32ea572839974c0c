"""Reference sequences in symbols whose time and frequency are known but roughly: how well each explains a band.

The measure is the part F of a band's energy that lies in one sequence at one delay. Of N subcarriers of noise (or of
anyone's data) F exceeds f with probability (1 - f)^(N - 1), so that -(N - 1) ln(1 - F) is exponential with mean 1,
whatever the level: what is asked of it is what chance does not give among all that was tried.
"""

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.special import gammaincc, gammaln

from cellwarden.airinterface.lte_kernels import best_pairs, best_parts, best_stretches
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


@lru_cache(maxsize=64)
def _ramps(size: int, turns: tuple[float, ...]) -> NDArray[np.complex64]:
    """What brings a band that lies beside the grid onto it, and the lowest subcarrier first: shape (turns, 1, size)."""
    n = np.arange(size)
    return np.exp(-2j * np.pi * (np.array(turns)[:, None, None] / size - 0.5) * n).astype(np.complex64)


def transforms(
    heard: Stretch, size: int, starts: NDArray[np.int64], turns: tuple[float, ...] = TURNS
) -> NDArray[np.complex64]:
    """Subcarriers of the symbols that begin at `starts`: shape (len(turns), len(starts), size), lowest first.

    `size` is even.
    """
    padded = np.concatenate([np.zeros(size, np.complex64), heard.y, np.zeros(size, np.complex64)])
    first = np.minimum(np.maximum(starts + size, 0), len(padded) - size)
    symbols = padded[first[:, None] + np.arange(size)]
    return np.asarray(fft.fft(symbols[None] * _ramps(size, turns), axis=-1, overwrite_x=True), np.complex64)


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
    return np.asarray(-(length - 1) * np.log1p(-np.minimum(part, 0.9999)), np.float64)


def short_matches(bands: NDArray[np.complex64]) -> NDArray[np.float64]:
    """Best delay's part of the energy for each sequence of one or two blocks: shape (..., 30)."""
    length = bands.shape[-1]
    real, imaginary = _bank(length)
    out = np.empty((bands.size // length, 30), np.float32)
    best_parts(np.ascontiguousarray(bands.reshape(-1, length), np.complex64), real, imaginary, 30, out)
    return np.asarray(out.reshape(*bands.shape[:-1], 30), np.float64)


def long_matches(bands: NDArray[np.complex64], chosen: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
    """The same for any length, of `chosen` sequences or of all 30 or 60: shape (..., 30 or 60), 0 where not chosen."""
    length = bands.shape[-1]
    sequences = conjugates(length)
    which = np.arange(len(sequences)) if chosen is None else chosen
    delays = squared(fft.fft(bands[..., None, :] * sequences[which], 2 * length, axis=-1))
    energy = np.sum(squared(bands), axis=-1)[..., None]
    out = np.zeros((*bands.shape[:-1], len(sequences)))
    out[..., which] = delays.max(axis=-1) / np.maximum(energy * length, 1e-30)
    return out


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
    tones = squared((bands[:, :-1] * np.conj(bands[:, 1:])) @ roots(length).T)
    tones /= np.maximum(tones.max(axis=-1, keepdims=True), 1e-30)
    ranked = np.argsort(-tones, axis=-1)[:, : most // 4]
    return np.unique(np.concatenate([np.argsort(-tones.sum(axis=0))[:most], ranked.ravel()]))


def tone_strength(bands: NDArray[np.complex64], apart: int = 1) -> NDArray[np.float64]:
    """How much the products of neighbours are one tone, as Zadoff-Chu sequences' are: mean 1 by chance, shape (...)."""
    products = bands[..., :-apart] * np.conj(bands[..., apart:])
    length = 1 << (2 * products.shape[-1] - 1).bit_length()
    tones = squared(fft.fft(products, length, axis=-1))
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
    chance = float(gammaincc(symbols, max(excess, 0.0)))
    if chance > 1e-200:
        return -math.log(chance)
    return excess - (symbols - 1) * math.log(excess) + float(gammaln(symbols))


def rarities(excess: NDArray[np.float64], symbols: int) -> NDArray[np.float64]:
    """`rarity` of many: shape of excess."""
    chance = gammaincc(symbols, np.maximum(excess, 0.0))
    beyond = np.maximum(excess, 1.0)
    tail = beyond - (symbols - 1) * np.log(beyond) + gammaln(symbols)
    return np.where(chance > 1e-200, -np.log(np.maximum(chance, 1e-200)), tail)


def best_band(
    power: NDArray[np.floating], freedom: int, blocks: tuple[int, ...] | None = None, per_block: int = 12
) -> list[tuple[float, int, int]]:
    """The likeliest bands of whole resource blocks: (nats, first subcarrier, blocks), best first.

    power: over the noise, mean of `freedom` symbols, shape (subcarriers,).
    """
    numbers = np.array(blocks or allowed_blocks())
    numbers = numbers[numbers * per_block <= len(power)]
    nats, first = np.empty(len(numbers)), np.empty(len(numbers), np.int64)
    best_stretches(np.asarray(power, np.float64), freedom, per_block, numbers, nats, first)
    best = sorted(zip(nats.tolist(), first.tolist(), numbers.tolist(), strict=True), reverse=True)
    return best[:3]


def middle_hz(heard: Stretch, size: int, turn: float, first: int, width: int) -> float:
    """Middle of a band of `width` subcarriers, `first` the lowest of `size`."""
    unit = heard.rate_hz / size
    assert abs(unit - SUBCARRIER_HZ) < 30.0
    return heard.centre_hz + (first + (width - 1) / 2 - size // 2 + turn) * unit
