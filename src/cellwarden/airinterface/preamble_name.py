"""Whose a long preamble is: LTE's and NR's are the same wave of 839 subcarriers of 1.25 kHz.

    prefix, sequence         LTE format      NR format
    103 µs, once                 0               0        either
    684 µs, once                 1                        LTE
    203 µs, twice                2                        LTE
    684 µs, twice                3               1        either
    153 µs, four times                           2        NR

Where the wave is either one's, the bands tell whose it can be; where both have the band, the more usual one's name is
told with the doubt in its confidence. In frequency the two lie alike modulo 15 kHz but for the half subcarrier that LTE
moves its uplink by, and NR only where it is told to (TS 36.211 §5.7.3, TS 38.211 §5.3.2, TS 38.104 §5.4.2.1); a
receiver's clock errs by more, unless LTE's data beside it tell by how much.

Sources: 3GPP TS 36.211 table 5.7.1-1, TS 38.211 table 6.3.3.1-1, and `radio.band_tables`.
"""

import cmath
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from cellwarden.airinterface.lte_waveform import PREAMBLE_FORMATS
from cellwarden.airinterface.nr_waveform import LONG_FORMATS
from cellwarden.model import Cell, Emission
from cellwarden.radio.bands import allocations_at

PREAMBLE_KHZ = 1.25
SYSTEMS = frozenset({"LTE", "NR"})
UNLICENSED = ("46", "n46")
"""Bands of Wi-Fi, where a cell of another band borrows time: no phone begins there."""


@dataclass(frozen=True, slots=True)
class Wave:
    """A long preamble: its prefix in seconds, how often the sequence is sent, and its format in LTE and in NR."""

    prefix_s: float
    repeats: int
    formats: dict[str, int]


WAVES = (
    Wave(*PREAMBLE_FORMATS[0], {"LTE": 0, "NR": 0}),
    Wave(*PREAMBLE_FORMATS[1], {"LTE": 1}),
    Wave(*PREAMBLE_FORMATS[2], {"LTE": 2}),
    Wave(*PREAMBLE_FORMATS[3], {"LTE": 3, "NR": 1}),
    Wave(*LONG_FORMATS["2"][:2], {"NR": 2}),
)

NR_USUAL, NR_MIDDLE = 0.1, 0.9
"""Probability that either one's preamble is NR's where both have the band. An assumption, for want of counts: LTE is on
the air nearly wherever both have a band and NR in some places, and every phone of NR begins in LTE where it can;
between 3.3 and 4.2 GHz it is the other way round: LTE's bands 42, 43, 48 and 52 were built for fixed receivers and in
few countries."""
MIDDLE_HZ = 3.3e9, 4.2e9
LEAST = 0.5
"""Probability below which the likelier of two names does not fall for the doubt between them alone: that it is a
phone's preamble is sure."""
DOUBT = "either_probability"
"""The detail that tells what part of a name's confidence is the doubt between the two; absent where there is none."""
HALF_HZ, RASTER_HZ = 2.5e3, 5e3
"""By which NR's place differs from LTE's, modulo the raster of both, where NR does not move its uplink."""
PLACED_HZ = 0.6e3
"""A phone is within 0.1 millionths of its cell, as are those beside it (TS 36.101 §6.5.1, TS 38.101-1 §6.4.1)."""
UNMOVED = 0.5
"""Probability that NR does not move its uplink; where it does, place tells nothing."""
CLEAR, ELSEWHERE = 0.999, 200.0
"""Data that tell a place, and how much likelier NR is where LTE's do not lie: some of LTE's are NR's in truth."""
LEARNED, NEAR_HZ = 300.0, 10e6
"""How much likelier a preamble is of a learned cell's system, within half of the widest carrier from it."""


@lru_cache(maxsize=4096)
def _systems(tenths_mhz: int) -> frozenset[str]:
    held = (a for a in allocations_at(tenths_mhz * 100e3) if a.band not in UNLICENSED and a.direction != "downlink")
    return SYSTEMS & {a.system for a in held}


def systems_at(frequency_hz: float | None) -> frozenset[str]:
    """Whose phones may send at a frequency, `LTE` or `NR` or both; both where the frequency is not known."""
    return SYSTEMS if frequency_hz is None else _systems(round(frequency_hz / 100e3))


def named(e: Emission, wave: Wave, middle_hz: float | None) -> Emission:
    """The preamble `e` with its name; `middle_hz` is the middle of its band, None where that is not known."""
    whose = systems_at(middle_hz) & wave.formats.keys() or frozenset(wave.formats)
    if len(whose) == 1:
        return _as(e, next(iter(whose)), wave, None)
    middle = middle_hz is not None and MIDDLE_HZ[0] <= middle_hz < MIDDLE_HZ[1]
    return _as(e, "NR", wave, NR_MIDDLE if middle else NR_USUAL)


def _as(e: Emission, system: str, wave: Wave, probability: float | None) -> Emission:
    """With one system's name, or the likelier one of the two where there is a probability that it is the first."""
    if probability is not None and probability < 0.5:
        system, probability = next(iter(wave.formats.keys() - {system})), 1 - probability
    details = {name: value for name, value in e.details.items() if name != DOUBT}
    details["format"] = wave.formats[system]
    if system == "NR":
        details["spacing_khz"] = PREAMBLE_KHZ
    confidence = e.confidence
    if probability is not None:
        details[DOUBT] = round(probability, 4)
        confidence = max(confidence * probability, min(confidence, LEAST))
    return replace(e, label=f"{system.lower()}:prach", confidence=confidence, details=details)


def wave_of(e: Emission) -> Wave | None:
    """The long preamble that an emission is, by its name and format; None where it is none of these."""
    if float(e.details.get("spacing_khz", PREAMBLE_KHZ)) != PREAMBLE_KHZ:
        return None
    system, _, kind = e.label.partition(":")
    return next((w for w in WAVES if kind == "prach" and w.formats.get(system.upper()) == e.details["format"]), None)


def _renamed(e: Emission, nr_odds: float) -> Emission:
    """A preamble in doubt, after evidence that makes NR's name so many times as likely against LTE's."""
    wave, before = wave_of(e), float(e.details[DOUBT])
    assert wave is not None  # it is in doubt
    nr = before if e.label == "nr:prach" else 1 - before
    nr = nr * nr_odds / (nr * nr_odds + 1 - nr)
    return _as(replace(e, confidence=min(1.0, e.confidence / before)), "NR", wave, nr)


def sureness(e: Emission) -> float:
    """Confidence that it was sent, whoever's preamble it is."""
    return min(1.0, e.confidence / float(e.details.get(DOUBT, 1.0)))


def by_place(emissions: Sequence[Emission]) -> list[Emission]:
    """Preambles in doubt told by their place in frequency against LTE's data of the same stretch."""
    clear = [e.cfo_hz for e in emissions if e.label == "lte:pusch" and e.cfo_hz is not None and e.confidence > CLEAR]
    if not clear:
        return list(emissions)
    error = cmath.phase(sum(cmath.exp(2j * math.pi * cfo / RASTER_HZ) for cfo in clear)) / (2 * math.pi) * RASTER_HZ
    return [_by_place(e, error) if DOUBT in e.details and e.cfo_hz is not None else e for e in emissions]


def _by_place(e: Emission, error_hz: float) -> Emission:
    off = abs(math.remainder((e.cfo_hz or 0.0) - error_hz, RASTER_HZ))
    if off < PLACED_HZ:
        return _renamed(e, 1 - UNMOVED)
    return _renamed(e, ELSEWHERE) if off > HALF_HZ - PLACED_HZ else e


def by_cell(e: Emission, cells: Sequence[Cell]) -> Emission:
    """A preamble in doubt told by the learned cells near it, where they are of one system."""
    if DOUBT not in e.details:
        return e
    middle = e.carrier_offset_hz or 0.0
    near = {cell.interface for cell in cells if any(abs(hz - middle) < NEAR_HZ for hz in cell.carriers_hz)}
    if near == {"lte"}:
        return _renamed(e, 1 / LEARNED)
    return _renamed(e, LEARNED) if near == {"nr"} else e
