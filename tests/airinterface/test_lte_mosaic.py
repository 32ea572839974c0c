"""Phones side by side, one subframe after the other, soundings between them: each comes out by itself."""

import math

import numpy as np
import pytest

from cellwarden.airinterface import lte, lte_mosaic
from cellwarden.airinterface.lte_waveform import BLOCK, BLOCK_HZ, generate
from cellwarden.model import Block, Burst, Segment
from cellwarden.simulate.waves import gaussian

RATE = 7.68e6
SUBFRAME = round(1e-3 * RATE)
MARGIN = round(1.5e-3 * RATE)
NOISE_DBFS_HZ = 10 * math.log10(2 / RATE)

Piece = tuple[str, int, int, int, float]
"""Kind, subframe (soundings: at its end), first block, blocks, SNR in decibels."""


def heard(pieces: list[Piece], seed: int, cfo_hz: float = 700.0) -> tuple[Burst, Block]:
    """Pieces in white noise, and the box around all of them."""
    rng = np.random.default_rng(seed)
    count = SUBFRAME * (1 + max(p[1] for p in pieces)) + 2 * MARGIN
    mixed = rng.normal(size=(count, 2)).view(np.complex128)[:, 0].copy()
    begins, ends = [], []
    for kind, subframe, first, blocks, snr_db in pieces:
        middle = (first + blocks / 2) * BLOCK_HZ + cfo_hz
        wave = generate(kind, rng, rate_hz=RATE, blocks=blocks, carrier_offset_hz=middle)  # type: ignore[arg-type]
        at = MARGIN + subframe * SUBFRAME + (SUBFRAME - len(wave) if kind == "srs" else 0)
        mixed[at : at + len(wave)] += wave * math.sqrt(10 ** (snr_db / 10) * 2 / RATE * blocks * BLOCK_HZ)
        begins.append(at)
        ends.append(at + len(wave))
    iq = np.stack([mixed.real, mixed.imag], axis=1).astype(np.float32)
    low = min(p[2] for p in pieces) * BLOCK_HZ - 8e3
    high = max(p[2] + p[3] for p in pieces) * BLOCK_HZ + 8e3
    mean = 10 * math.log10(np.mean([10 ** (p[4] / 10) for p in pieces]))
    box = Burst(min(begins) + 20, max(ends) - min(begins) - 30, low, high, mean, NOISE_DBFS_HZ)
    return box, Block(iq, 1.0, 0, Segment(0, len(iq), RATE))


def told(box: Burst, block: Block) -> list[tuple[str, int, int, int]]:
    """What is named, as kind, subframe, first block and blocks."""
    named = []
    for e in lte.recognise(box, block):
        subframe = (e.sample_start - MARGIN + 200) // SUBFRAME
        first = round((e.low_offset_hz - 700.0) / BLOCK_HZ)
        named.append((e.label.partition(":")[2], subframe, first, int(e.details["blocks"])))
    return sorted(named)


@pytest.mark.parametrize("seed", range(3))
def test_two_phones_side_by_side_are_two_emissions(seed: int) -> None:
    pieces: list[Piece] = [("pusch", 0, -4, 5, 12.0), ("pusch", 0, 1, 8, 8.0)]
    assert told(*heard(pieces, seed)) == [p[:4] for p in pieces]


def test_three_phones_side_by_side_of_unequal_strength_are_three() -> None:
    pieces: list[Piece] = [("pusch", 0, -9, 6, 14.0), ("pusch", 0, -3, 4, 7.0), ("pusch", 0, 1, 9, 18.0)]
    assert told(*heard(pieces, 5)) == [p[:4] for p in pieces]


@pytest.mark.parametrize("seed", range(3))
def test_subframes_one_after_the_other_are_one_emission_each(seed: int) -> None:
    pieces: list[Piece] = [("pusch", n, -3, 6, 10.0) for n in range(4)]
    assert told(*heard(pieces, seed)) == [p[:4] for p in pieces]


def test_a_mosaic_of_subframes_and_phones_is_taken_apart() -> None:
    pieces: list[Piece] = [
        ("pusch", 0, -4, 5, 12.0),
        ("pusch", 0, 1, 6, 10.0),
        ("pusch", 1, -2, 8, 12.0),
        ("pusch", 2, -4, 3, 9.0),
        ("pusch", 2, -1, 4, 14.0),
    ]
    assert told(*heard(pieces, 2)) == [p[:4] for p in pieces]


def test_edges_of_neighbours_are_right_to_the_subcarrier() -> None:
    box, block = heard([("pusch", 0, -4, 5, 12.0), ("pusch", 0, 1, 8, 12.0)], 7)
    for e in lte.recognise(box, block):
        assert abs(math.remainder(e.low_offset_hz - 700.0, BLOCK_HZ)) < 100.0


def test_noise_as_long_and_wide_is_nothing() -> None:
    box, block = heard([("pusch", n, -3, 6, 10.0) for n in range(3)], 1)
    rng = np.random.default_rng(6)
    noise = rng.normal(size=(len(block.iq), 2)).astype(np.float32)
    wide = gaussian(3 * SUBFRAME, RATE, rng, 1.1e6) * math.sqrt(10 * 2 / RATE * 1.1e6)
    noise[MARGIN : MARGIN + len(wide)] += np.stack([wide.real, wide.imag], axis=1)
    assert lte_mosaic.find(box, Block(noise, 1.0, 0, block.segment)) == []


def test_samples_that_were_lost_hold_nothing_and_raise_no_warning() -> None:
    silent = np.zeros((2, 4 * BLOCK), np.complex64)
    with np.errstate(all="raise"):
        assert lte_mosaic._best_cut(silent, [0, 1], 0.0) == []
