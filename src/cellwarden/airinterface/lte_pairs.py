"""The two halves of a PUCCH subframe, at opposite edges of the carrier: together they tell its middle, and more.

    carrier   ┌──────────────────────┐ upper edge        │░░░░│          slot 1
    middle  ──┼──────────────────────┼── ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ─
              └──────────────────────┘ lower edge   │░░░░│               slot 0      (TS 36.211 §5.4.3)

One block alone tells its frequency to some hundred hertz. The phases of its symbols tell the carrier's middle far
better but for multiples of 3.5 kHz (`turn_hz`): the mean of both halves says which. Halves without a partner take the
middle that others of the same stretch have shown, as blocks lie at multiples of 90 kHz from it.
"""

import math
from dataclasses import replace

import numpy as np

from cellwarden.airinterface.lte_estimate import ALIAS_HZ, PITCH_S
from cellwarden.airinterface.lte_waveform import BLOCK, BLOCK_HZ, SLOT_S
from cellwarden.model import Emission

APART_S = 5e-6
"""The second half begins half a millisecond after the first to within this: what a weak one's arrival may be off by."""
SIGMAS = 4.0
LEAST_HZ = 30.0
"""Turns differ by this also where their bounds are less: echoes."""
HALF_BLOCK_HZ = BLOCK_HZ / 2


def paired(emissions: list[Emission], rate_hz: float) -> list[Emission]:
    """The same emissions where the middle of the carrier is known: PUCCH's carrier offsets refined, data told of it."""
    halves = sorted((e for e in emissions if "turn_hz" in e.details), key=lambda e: e.sample_start)
    refined: dict[int, Emission] = {}
    middles: list[float] = []
    for at, first in enumerate(halves):
        if id(first) in refined:
            continue
        for second in halves[at + 1 :]:
            apart_s = (_start(second) - _start(first)) / rate_hz - SLOT_S
            if apart_s > APART_S:
                break
            middle = _middle(first, second) if abs(apart_s) < APART_S and id(second) not in refined else None
            if middle is not None:
                refined[id(first)], refined[id(second)] = _moved(first, middle, 2), _moved(second, middle, 2)
                middles.append(middle)
                break
    for half in halves:
        if id(half) not in refined:
            refined[id(half)] = _alone(half, middles)
    middle = float(np.median(middles)) if middles else None
    return [_beside(refined.get(id(e), e), middle) for e in emissions]


def _beside(e: Emission, middle: float | None) -> Emission:
    """Data with where the carrier's middle is by the phone's own oscillator: its blocks lie at multiples of 90 kHz."""
    if middle is None or e.label not in ("lte:pusch", "lte:srs") or e.carrier_offset_hz is None:
        return e
    away = round((e.carrier_offset_hz - middle) / HALF_BLOCK_HZ) * HALF_BLOCK_HZ
    return replace(e, details={**e.details, "carrier_middle_hz": round(e.carrier_offset_hz - away, 1)})


def _start(e: Emission) -> float:
    return e.sample_start + (e.timing_samples or 0.0)


def _turn(e: Emission) -> float:
    return float(e.details["turn_hz"])


def _turn_error_hz(e: Emission) -> float:
    """Bound of `turn_hz`: seven symbols of one block (as in `lte_estimate`), var f = 1 / (2 γ (2π)² Σ (t - t̄)²)."""
    return 1 / (2 * math.pi * math.sqrt(2 * 10 ** (e.snr_db / 10) * BLOCK * 28 * PITCH_S**2))


def _middle(first: Emission, second: Emission) -> float | None:
    """The carrier's middle that both halves tell; None where they are not of one phone."""
    if first.carrier_offset_hz is None or second.carrier_offset_hz is None:
        return None
    apart = abs(first.carrier_offset_hz - second.carrier_offset_hz)
    error = math.hypot(_turn_error_hz(first), _turn_error_hz(second))
    between = math.remainder(_turn(second) - _turn(first), ALIAS_HZ)
    if apart < HALF_BLOCK_HZ or abs(between) > max(SIGMAS * error, LEAST_HZ):
        return None
    weight = _turn_error_hz(first) ** 2 / error**2
    near = (first.carrier_offset_hz + second.carrier_offset_hz) / 2
    return near + math.remainder(_turn(first) + weight * between - near, ALIAS_HZ)


def _moved(e: Emission, middle: float, halves: int) -> Emission:
    """An emission whose carrier lies a multiple of 90 kHz from the carrier's middle."""
    before = e.carrier_offset_hz or 0.0
    away = before - middle
    after = middle + round(away / HALF_BLOCK_HZ) * HALF_BLOCK_HZ
    error = _turn_error_hz(e) / math.sqrt(halves)
    return replace(
        e,
        carrier_offset_hz=after,
        cfo_hz=None if e.cfo_hz is None else e.cfo_hz + after - before,
        low_offset_hz=e.low_offset_hz + after - before,
        high_offset_hz=e.high_offset_hz + after - before,
        details={**e.details, "carrier_error_hz": round(error, 1)},
    )


def _alone(e: Emission, middles: list[float]) -> Emission:
    """A half whose partner was not heard: moved where one of the known middles agrees with its frequency."""
    before, error = e.carrier_offset_hz or 0.0, float(e.details["carrier_error_hz"])
    best: tuple[float, float] | None = None
    for known in middles:
        middle = known + math.remainder(_turn(e) - known, ALIAS_HZ)
        off = abs(math.remainder(before - middle, HALF_BLOCK_HZ))
        if off < SIGMAS * error and (best is None or abs(middle - known) < best[0]):
            best = abs(middle - known), middle
    return e if best is None else _moved(e, best[1], 1)
