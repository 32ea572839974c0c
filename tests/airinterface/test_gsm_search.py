"""Search below the energy floor: a cell is known, its phones are faint."""

import math

import numpy as np
import pytest

from cellwarden.airinterface import gsm_search
from cellwarden.airinterface.gsm import INTERFACE
from cellwarden.airinterface.gsm_waveform import FRAME_SYMBOLS, SLOT_SYMBOLS, SYMBOL_RATE_HZ, Kind, generate
from cellwarden.model import Block, Cell, Emission, Segment
from cellwarden.simulate.waves import gaussian, single_carrier_block, tone

RATE, CARRIER, SECONDS, SLOT = 2e6, 400e3, 0.25, 3
PER = RATE / SYMBOL_RATE_HZ
FRAME = FRAME_SYMBOLS * PER


def noise(rng: np.random.Generator) -> np.ndarray:
    count = round(SECONDS * RATE)
    return rng.normal(size=count) + 1j * rng.normal(size=count)


def searched(samples: np.ndarray, frame_start: float, training: int) -> list[Emission]:
    block = Block(
        np.stack([samples.real, samples.imag], axis=1).astype(np.float32),
        1.0,
        0,
        Segment(0, len(samples), RATE, 897e6),
    )
    cell = Cell("gsm", (CARRIER, -200e3), frame_start, FRAME, {"training_sequence": training})
    assert INTERFACE.search is not None
    return INTERFACE.search(block, cell)


def amplitude(snr_db: float) -> float:
    return math.sqrt(10 ** (snr_db / 10) * 2 * 200e3 / RATE)


def phone(kind: Kind, snr_db: float, sequence: int, rng: np.random.Generator) -> tuple[np.ndarray, float, list[float]]:
    """A phone in every frame, its timing up to a symbol and its carrier up to 90 Hz off; and where its bursts begin."""
    samples, begin = noise(rng), rng.uniform(0, FRAME)
    offset, late = rng.uniform(-90, 90), rng.uniform(-1, 1)
    starts, at = [], begin + ((SLOT * SLOT_SYMBOLS if kind == "normal" else 0) + late) * PER
    while at + 160 * PER < len(samples):
        wave, start = generate(
            kind, rng, rate_hz=RATE, sequence=sequence, carrier_offset_hz=CARRIER + offset, delay_samples=at % 1
        )
        first = int(at) - int(start)
        if first >= 0:
            samples[first : first + len(wave)] += amplitude(snr_db) * wave
            starts.append(at)
        at += FRAME
    return samples, begin, starts


def test_a_call_of_minus_eight_decibels_is_found_in_a_quarter_of_a_second() -> None:
    rng = np.random.default_rng(1)
    for sequence in range(8):
        samples, begin, starts = phone("normal", -8.0, sequence, rng)
        found = searched(samples, begin, sequence)
        assert len(found) > 0.95 * len(starts)
        for emission in found:
            assert emission.label == "gsm:normal"
            assert emission.details["training_sequence"] == sequence
            # Half symbols are tried, and a faint burst may be taken for a neighbour's half.
            assert min(abs(emission.sample_start - start) for start in starts) < 1.2 * PER


@pytest.mark.parametrize("snr_db", [0.0, 8.0])
def test_level_of_a_call_is_told(snr_db: float) -> None:
    samples, begin, _starts = phone("normal", snr_db, 4, np.random.default_rng(2))
    assert searched(samples, begin, 4)[0].snr_db == pytest.approx(snr_db, abs=0.5)


def test_a_request_of_two_decibels_is_found_where_it_must_come() -> None:
    samples, begin, starts = phone("access", 2.0, 1, np.random.default_rng(3))
    found = [e for e in searched(samples, begin, 0) if e.label == "gsm:access"]
    assert len(found) > 0.9 * len(starts)
    assert all(min(abs(e.sample_start - start) for start in starts) < 1.2 * PER for e in found)


def test_another_cells_call_is_not_this_cells() -> None:
    samples, begin, _starts = phone("normal", 5.0, 2, np.random.default_rng(4))
    assert searched(samples, begin, 6) == []


@pytest.mark.parametrize("make", [None, tone, gaussian, single_carrier_block])
def test_nothing_is_found_where_no_phone_is(make) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(5)
    for _ in range(10):
        samples = noise(rng)
        if make is not None:
            n = np.arange(len(samples))
            samples += amplitude(3.0) * make(len(n), RATE, rng) * np.exp(2j * np.pi * CARRIER / RATE * n)
        assert searched(samples, rng.uniform(0, FRAME), int(rng.integers(8))) == []


def test_evidence_of_noise_is_exponential() -> None:
    """What is asked for rests on this: mean and variance of |Σ a z|² over its mean are both 1."""
    rng, told = np.random.default_rng(6), []
    for _ in range(4):
        samples = noise(rng)
        block = Block(
            np.stack([samples.real, samples.imag], axis=1).astype(np.float32), 1.0, 0, Segment(0, len(samples), RATE)
        )
        rx = gsm_search.receiver_at(RATE)
        y = np.empty(len(block.iq) // rx.step, np.complex64)
        gsm_search.decimate(block.iq, 1.0, 0, 0.1, rx.taps, rx.step, y)
        cell = Cell("gsm", (0.0,), 0.0, FRAME)
        told.append(gsm_search._grid(y, rx, block, cell, "normal", 8).strength[:, :, 4].ravel())
    values = np.concatenate(told)
    assert np.mean(values) == pytest.approx(1.0, abs=0.05)
    assert np.quantile(values, 0.99) == pytest.approx(-math.log(0.01), rel=0.08)
