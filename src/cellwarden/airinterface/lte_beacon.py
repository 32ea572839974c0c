"""LTE's primary synchronisation signal P among the symbols of a base station's carrier, and what lies before it.

    │p│ symbol │p│ symbol │p│ … │p│  S  │p│  P  │ … 5 ms … │p│  P  │     p: prefixes, like their symbols' ends

Prefixes come again each slot: they tell where symbols begin and which part of a subcarrier the carrier lies beside the
grid. Then P is looked for in whole symbols only, of which 140 are ten milliseconds, and a frequency that is some
subcarriers off is but another part of their spectra. S right before P is frequency division duplex's.

Source: 3GPP TS 36.211 §6.11, §6.12.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.airinterface.lte_cell import LONG_PREFIX_S, secondaries
from cellwarden.airinterface.lte_kernels import folded_prefixes, slot_power
from cellwarden.airinterface.lte_match_kernels import best_parts
from cellwarden.airinterface.lte_symbols import rarity
from cellwarden.airinterface.lte_waveform import PREFIX_S, SLOT_S, SUBCARRIER_HZ, SYMBOL_S, synchronisation

SIZE = 128
"""Subcarriers looked at, and samples of a symbol: 1.92 MHz around the carrier."""
HALF_S = 5e-3
"""P comes again after so long."""
HELD = 62
"""Subcarriers of P and of S."""
SECTORS = 3
PREFIX_NATS = 9.0
"""Asked of the prefixes before P is looked for; chance gives 5 among all places in a slot."""
COMB = 0.25
"""Of the likeliest one's nats, asked of all of a slot: so much is left where few symbols are sent."""
SLOTTED_NATS, ALONE_NATS = 100.0, 30.0
"""With so many of the prefixes and so many of its own, P may be alone."""
LOUDEST = (4, 12)
"""Slots that are also looked at by themselves."""
LEAST_NATS = 14.0
AGAIN_NATS = 9.0
PROVEN_NATS = 60.0
"""With so much evidence no other carrier is looked for: by chance it comes once in 10²⁶."""
FORMATS = ((7, PREFIX_S), (6, LONG_PREFIX_S))
"""Symbols in a slot and their prefix, normal and extended."""
EARLY, DELAYS = 4, range(-4, 13)
"""Samples of a prefix that are looked at with its symbol, and by how many a symbol may then be late."""


Value = TypeVar("Value", np.complex128, np.float64)


@dataclass(frozen=True, slots=True)
class Beacon:
    """A primary synchronisation signal: evidence in nats, which of the three, its carrier, and where it begins.

    `at`: sample of the stretch at which the symbol begins behind its prefix.
    """

    evidence: float
    sector: int
    offset_hz: float
    at: int = 0


NONE = Beacon(-math.inf, 0, 0.0)


@dataclass(frozen=True, slots=True)
class Slots:
    """All slots of a stretch, or the loudest, laid upon each other: what their prefixes tell."""

    nats: float
    """That the likeliest comes again."""
    comb_nats: float
    """That all of a slot's do, at the distance of its symbols."""
    turn_hz: float
    """The carrier's offset from the grid of subcarriers, ±7.5 kHz."""
    alike: NDArray[np.complex128]
    """Products of what lies a symbol apart, from each sample of a slot on, less what all have in common: (slot,)."""

    @property
    def told(self) -> bool:
        """Whether they are there."""
        return self.nats > PREFIX_NATS and self.comb_nats > min(PREFIX_NATS, COMB * self.nats)


def slots_of(y: NDArray[np.complex64], active: Sequence[tuple[int, int]] | None, rate: float) -> Slots:
    """Folded over the slots, the loudest first: one of time division duplex is silent in most.

    A line is alike at every lag, and what all places have in common is taken out. active: runs on the air, in eighths
    of a symbol; None where that is all.
    """
    slot, length = round(SLOT_S * rate), round(PREFIX_S * rate)
    count = (len(y) - SIZE) // slot
    if count < 1:
        return Slots(0.0, 0.0, 0.0, np.zeros(slot, np.complex128))
    if active is not None:
        on = np.zeros(len(y), bool)
        for begin, end in active:
            on[int(begin * SYMBOL_S / 8 * rate) : int(end * SYMBOL_S / 8 * rate)] = True
        y = np.where(on, y, np.complex64(0))
    loud = np.empty(count)
    slot_power(y, SIZE, slot, loud)
    order = np.argsort(-loud)
    best = Slots(0.0, 0.0, 0.0, np.zeros(slot, np.complex128))
    alike, power, taken = np.zeros(slot, np.complex128), np.zeros(slot), 0
    for wanted in sorted({min(count, n) for n in LOUDEST} | {count}):
        folded_prefixes(y, SIZE, order[taken:wanted], alike, power)
        taken, chosen = wanted, loud[order[:wanted]]
        sums = _windows(alike, length)
        sums -= np.mean(sums)
        powers = _windows(power, length)
        part = np.abs(sums) / np.maximum(powers, np.mean(powers) + 1e-30)
        at = int(np.argmax(part))
        equal = float(np.sum(chosen)) ** 2 / max(float(np.sum(chosen**2)), 1e-60)  # slots of equal power
        nats = -(equal * length - 1) * math.log1p(-(min(float(part[at]), 0.999) ** 2))
        if nats > best.nats:
            turn_hz = float(-np.angle(sums[at])) / (2 * math.pi) * SUBCARRIER_HZ
            best = Slots(nats, _comb_nats(alike - np.mean(alike), power, equal, rate), turn_hz, alike - np.mean(alike))
    return best


def _comb_nats(alike: NDArray[np.complex128], power: NDArray[np.float64], slots: float, rate: float) -> float:
    """That prefixes lie at the distance of symbols, of the normal or the extended kind, in so many slots.

    Speech, keys and pulses that come again in half a millisecond show at one place.
    """
    most = 0.0
    for symbols, prefix_s in FORMATS:
        length, pitch = round(prefix_s * rate), SLOT_S * rate / symbols
        at = np.round(np.arange(round(pitch))[:, None] + np.arange(symbols) * pitch).astype(np.int64)
        powers = _windows(power, length)[at]
        total = powers.sum(axis=1)
        part = np.abs(_windows(alike, length)[at].sum(axis=1)) / np.maximum(total, np.mean(total) + 1e-30)
        place = int(np.argmax(part))
        freedom = slots * length * total[place] ** 2 / max(float(np.sum(powers[place] ** 2)), 1e-60)
        most = max(most, -max(0.0, freedom - 1) * math.log1p(-(min(float(part[place]), 0.999) ** 2)))
    return most


def _windows(values: NDArray[Value], length: int) -> NDArray[Value]:
    """Sums of `length` values from each place on, around the end."""
    sums = np.cumsum(np.concatenate([np.zeros(1, values.dtype), values, values[:length]]))
    return np.asarray(sums[length:-1] - sums[: -length - 1])


def search(y: NDArray[np.complex64], slots: Slots, rate: float, reach_hz: float) -> Beacon:
    """The best P within `reach_hz` of zero frequency; NONE where the prefixes do not come again."""
    best = NONE
    for beacon in candidates(y, slots, rate, reach_hz):
        if beacon.evidence > best.evidence:
            best = beacon
        elif best.evidence > PROVEN_NATS and abs(beacon.offset_hz - best.offset_hz) > 1.5 * SUBCARRIER_HZ:
            break  # only beside what proves itself may a shift be better still
    return best


def candidates(y: NDArray[np.complex64], slots: Slots, rate: float, reach_hz: float) -> Iterator[Beacon]:
    """The best P, if any, at each frequency of the grid within `reach_hz` of zero, the nearest first.

    A Zadoff-Chu sequence moved by some subcarriers is nearly itself at another time, so that one may show at several.
    y: complex64, shape (n,), of `rate`, SIZE times 15 kHz.
    """
    if not slots.told:
        return
    reach = reach_hz + SUBCARRIER_HZ / 2
    most = math.ceil(reach / SUBCARRIER_HZ) + 1
    offsets = [slots.turn_hz + n * SUBCARRIER_HZ for n in range(-most, most + 1)]
    offsets = sorted((hz for hz in offsets if abs(hz) <= reach), key=abs)
    for symbols, prefix_s in FORMATS:
        places = _places(slots, symbols, round(prefix_s * rate), len(y), rate)
        spectra = _spectra(y, places, slots.turn_hz / rate)
        chance = math.log(SECTORS * len(offsets) * max(1, len(places)) * len(DELAYS) / 2)  # of half a band: half differ
        found = False
        for offset in offsets if len(places) else ():
            held, best = _held(spectra, round((offset - slots.turn_hz) / SUBCARRIER_HZ)), Beacon(-math.inf, 0, offset)
            for sector, number, evidence, again in _matched(held, symbols, LEAST_NATS + chance):
                alone = slots.nats > SLOTTED_NATS and evidence - chance > ALONE_NATS
                if evidence - chance > best.evidence and (alone or again):
                    at = int(places[number]) + _late(held[number], sector)
                    best = Beacon(evidence - chance, sector, offset, at)
            found = found or best.evidence > LEAST_NATS
            yield best
        if found:
            return


def _places(slots: Slots, symbols: int, prefix: int, count: int, rate: float) -> NDArray[np.int64]:
    """Samples from which symbols are looked at, EARLY before their prefixes end."""
    sums = _windows(slots.alike, prefix)
    pitch = SLOT_S * rate / symbols
    first = (int(np.argmax(np.abs(sums))) + prefix - EARLY) % pitch
    return np.round(np.arange(first, count - SIZE, pitch)).astype(np.int64)


def _spectra(y: NDArray[np.complex64], places: NDArray[np.int64], cycles: float) -> NDArray[np.complex64]:
    """Subcarriers of the symbols at some places, the lowest first, `cycles` a sample taken off: shape (n, SIZE)."""
    n = np.arange(SIZE)
    ramp = (np.exp(-2j * np.pi * cycles * n) * (1 - 2 * (n % 2))).astype(np.complex64)
    return np.asarray(scipy.fft.fft(y[places[:, None] + n] * ramp, axis=-1, overwrite_x=True), np.complex64)


def _held(spectra: NDArray[np.complex64], shift: int) -> NDArray[np.complex64]:
    """The subcarriers around a carrier that may hold P, the carrier left out, and two zeros: shape (n, HELD + 2)."""
    middle, half = SIZE // 2 + shift, HELD // 2
    held = np.zeros((len(spectra), HELD + 2), np.complex64)
    held[:, :half] = spectra[:, middle - half : middle]
    held[:, half:HELD] = spectra[:, middle + 1 : middle + half + 1]
    return held


@lru_cache(maxsize=1)
def _bank() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Conjugates of the three at each delay, of energy 1: real and imaginary, shape (HELD + 2, delays * SECTORS)."""
    ramps = _ramps()
    sent = np.conj(np.array([_sent(sector) for sector in range(SECTORS)])).T / math.sqrt(HELD)
    bank = np.zeros((HELD + 2, len(DELAYS), SECTORS), np.complex128)
    bank[:HELD] = ramps[:, :, None] * sent[:, None, :]
    flat = bank.reshape(HELD + 2, -1)
    return np.ascontiguousarray(flat.real, np.float32), np.ascontiguousarray(flat.imag, np.float32)


@lru_cache(maxsize=1)
def _ramps() -> NDArray[np.complex128]:
    """What a delay takes off turns the subcarriers held by: shape (HELD, delays)."""
    numbers = np.concatenate([np.arange(-HELD // 2, 0), np.arange(1, HELD // 2 + 1)])  # from the carrier on
    return np.exp(2j * np.pi * np.outer(numbers, np.array(DELAYS)) / SIZE)


@lru_cache(maxsize=SECTORS)
def _sent(sector: int) -> NDArray[np.complex128]:
    return synchronisation(sector)


def parts(held: NDArray[np.complex64]) -> NDArray[np.float32]:
    """Part of each symbol's energy that lies in each of the three, at its best delay: shape (n, SECTORS)."""
    out = np.empty((len(held), SECTORS), np.float32)
    best_parts(held, *_bank(), SECTORS, out)
    return out


def _nats(part: float) -> float:
    return -(HELD - 1) * math.log1p(-min(part, 0.999))


def _matched(held: NDArray[np.complex64], symbols: int, least_nats: float) -> Iterator[tuple[int, int, float, bool]]:
    """Of each of the three the likeliest symbol: which, its number, nats, and whether it comes again in 5 ms.

    What has no more than `least_nats` is left out.
    """
    part = parts(held)
    half = round(HALF_S / SLOT_S) * symbols
    for sector, number in enumerate(part.argmax(axis=0).tolist()):
        if _nats(float(part[number, sector])) > least_nats:
            fit = min(float(part[number, sector]), _phase_fit(held[number, :HELD], sector))
            others = [_nats(value) for value in part[number % half :: half, sector].tolist()]
            others.pop(number // half)
            yield sector, number, _nats(fit), not others or max(others) > AGAIN_NATS


def _phase_fit(band: NDArray[np.complex64], sector: int) -> float:
    """How much of a symbol fits when all subcarriers count alike: a few strong ones of another's signal do not."""
    turned = band * np.conj(_sent(sector))
    turned /= np.maximum(np.abs(turned), 1e-30)
    half = HELD // 2
    spread = np.concatenate([turned[:half], [0.0], turned[half:]])
    return float(np.max(np.abs(scipy.fft.fft(spread, 256)) ** 2)) / HELD**2


def _late(held: NDArray[np.complex64], sector: int) -> int:
    """By how many samples a symbol begins after its place."""
    turned = held[:HELD] * np.conj(_sent(sector))
    return DELAYS[int(np.argmax(np.abs(turned @ _ramps())))]


def again(
    y: NDArray[np.complex64], rate: float, beacon: Beacon, numbers: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Nats of a known P so many half frames later, and where it begins then: float64 and int64, shape of numbers.

    All of those symbols lie in y, with a prefix before and after.
    """
    places = beacon.at - EARLY + np.round(numbers * HALF_S * rate).astype(np.int64)
    held = _carrier(y, places, beacon, rate)
    nats = np.array([_nats(part) for part in parts(held)[:, beacon.sector].tolist()])
    late = np.array([_late(one, beacon.sector) for one in held], np.int64)
    return nats, np.asarray(places + late)


def _carrier(y: NDArray[np.complex64], places: NDArray[np.int64], beacon: Beacon, rate: float) -> NDArray[np.complex64]:
    """The subcarriers around a known carrier of the symbols at some places."""
    return _held(_spectra(y, places, beacon.offset_hz / rate), 0)


def second_nats(y: NDArray[np.complex64], rate: float, beacon: Beacon) -> float:
    """That the symbols before P are one of the 168 pairs of secondary sequences, as in frequency division duplex alone.

    The channel is told by P beside them.
    """
    half, count = HALF_S * rate, HELD // 2
    best = 0.0
    for prefix_s in (PREFIX_S, LONG_PREFIX_S):
        back = SIZE + round(prefix_s * rate)
        numbers = np.arange(math.ceil((back + EARLY - beacon.at) / half), (len(y) - SIZE - beacon.at) // half + 1)
        firsts = beacon.at - EARLY + np.round(numbers * half).astype(np.int64)
        channels = _carrier(y, firsts, beacon, rate)[:, :HELD] * np.conj(_sent(beacon.sector))
        seconds = _carrier(y, firsts - back, beacon, rate)[:, :HELD]
        total = np.zeros((2, 168))
        for number, channel, second in zip(numbers.tolist(), channels, seconds, strict=True):
            halves = channel[:count], channel[count:]
            sent = second * np.conj(np.concatenate([np.convolve(c, np.ones(5) / 5, "same") for c in halves]))
            share = np.abs(secondaries(beacon.sector) @ sent) ** 2 / (
                HELD * max(float(np.vdot(sent, sent).real), 1e-30)
            )
            nats = -(HELD - 1) * np.log1p(-np.minimum(share, 0.999))
            total += nats[::-1] if number % 2 else nats
        if len(numbers):
            best = max(best, rarity(float(np.max(total)), len(numbers)) - math.log(len(FORMATS) * total.size))
    return best
