"""The likeliest symbols of a faint packet: the loop against a plain twin, decisions, and what tells other keying."""

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from cellwarden.airinterface import ble, gfsk
from cellwarden.airinterface.ble_waveform import generate
from cellwarden.airinterface.gfsk import PER_SYMBOL
from cellwarden.airinterface.gfsk_kernels import likeliest_symbols
from cellwarden.airinterface.gfsk_sequence import FORGET, _waves, beside, likeliest
from cellwarden.simulate.packet import RATE, boxed
from cellwarden.simulate.waves import frequency_shift


def twin(part: NDArray[np.complex64], index: float) -> tuple[float, list[int]]:
    """Survivors as plain Python: (phase, before, symbol) to (sum, reference, ones less noughts before, symbols)."""
    waves = _waves(index).astype(np.complex128)
    alive = {(0, a, b): (0.0, 0j, 0, [b]) for a in (0, 1) for b in (0, 1)}
    for y in part.astype(np.complex128):
        z, after = waves @ y, {}
        for (phase, before, symbol), (total, reference, ones, bits) in alive.items():
            for follows in (0, 1):
                w = z[4 * before + 2 * symbol + follows] * np.exp(-1j * math.pi * index * ones)
                gain = (w * np.conj(reference)).real / abs(reference) if reference else abs(w)
                key = ((phase + 2 * before - 1) % 4, symbol, follows)
                if key not in after or total + gain > after[key][0]:
                    kept = FORGET * reference + w
                    after[key] = (total + gain, kept, ones + 2 * before - 1, [*bits, follows])
        alive = after
    total, _, _, bits = max(alive.values(), key=lambda one: one[0])
    return total, bits[:-1]


def heard(
    es_db: float, count: int, rng: np.random.Generator, index: float = 0.5
) -> tuple[gfsk.Heard, NDArray[np.int64]]:
    """Random symbols in white noise at a level in decibels a symbol."""
    bits = rng.integers(0, 2, count)
    size = math.sqrt(PER_SYMBOL / 10 ** (es_db / 10) / 2)
    noise = size * rng.normal(size=(PER_SYMBOL * count, 2)).view(np.complex128)[:, 0]
    y = (np.exp(1j * index * gfsk.sampled_phase(2.0 * bits - 1)) + noise).astype(np.complex64)
    return gfsk.Heard(y, np.zeros(len(y), np.float32), 0, 1.0, 0.0, 1.0), bits


@pytest.mark.parametrize("index", [0.32, 0.5])
def test_the_loop_is_its_twin(index: float) -> None:
    part = heard(4.0, 40, np.random.default_rng(1), index)[0].y.reshape(-1, PER_SYMBOL)
    levels, turn = np.empty(40, np.uint8), np.complex64(np.exp(1j * math.pi * index))
    total = likeliest_symbols(part, _waves(index), turn, np.float32(FORGET), levels)
    expected, bits = twin(part, index)
    assert total == pytest.approx(expected, rel=1e-4)
    assert levels.tolist() == bits


def test_symbols_together_are_decided_better_than_by_threes() -> None:
    rng = np.random.default_rng(2)
    together = apart = 0
    for _ in range(20):
        y, bits = heard(3.0, 240, rng)
        found = likeliest(y, 0, len(y.y), 0.5)
        assert found is not None
        first = found.place // PER_SYMBOL
        sent = 2.0 * bits[first:][: len(found.levels)] - 1
        together += int(np.count_nonzero(found.levels[: len(sent)] != sent))
        threes = gfsk.decisions(y, 0.5)[found.place + PER_SYMBOL // 2 :: PER_SYMBOL][: len(sent)]
        apart += int(np.count_nonzero((threes > 0) != (sent > 0)))
    assert together < 0.75 * apart


def test_timing_and_another_index_explain_less() -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        found = likeliest((y := heard(3.0, 240, rng)[0]), 0, len(y.y), 0.5)
        assert found is not None
        assert min(beside(found, 0.5, 0.32)) > 1.03
        assert found.carrier == pytest.approx(0.0, abs=0.011)


def test_faint_packets_of_the_fast_layer_are_named_whatever_the_width_of_their_box() -> None:
    rng, named = np.random.default_rng(4), 0
    for width_hz in np.tile((0.3e6, 1.2e6, 2.4e6), 20):
        wave, _ = generate("data", rng, rate_hz=RATE, phy="2M", octets=int(rng.integers(12, 37)))
        box, block = boxed(wave, 5.0, rng, centre_hz=2440e6)
        told = ble.recognise(replace(box, low_offset_hz=-width_hz / 2, high_offset_hz=width_hz / 2), block)
        named += [e.label for e in told] == ["ble:data"]
    assert named >= 55  # 12 before symbols were weighed together


@pytest.mark.parametrize(
    ("bits_per_s", "deviation_hz", "bt"), [(1e6, 160e3, 0.5), (1e6, 250e3, 0.5), (2e6, 320e3, 0.5)]
)
def test_other_keying_as_faint_is_no_packet_of_the_fast_layer(
    bits_per_s: float, deviation_hz: float, bt: float
) -> None:
    rng = np.random.default_rng(5)
    for _ in range(30):
        wave = frequency_shift(1200, RATE, rng, bits_per_s=bits_per_s, deviation_hz=deviation_hz, bt=bt)
        told = ble.recognise(*boxed(wave, 5.0, rng, centre_hz=2440e6, width_hz=1.2e6))
        assert not any(e.details["phy"] == "2M" for e in told)
