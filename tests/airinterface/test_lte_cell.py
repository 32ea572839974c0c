"""LTE cells learned from their carriers: generated ones whose truth is known, the standard's table, recordings."""

from pathlib import Path

import numpy as np
import pytest

from cellwarden.airinterface import lte_cell
from cellwarden.airinterface.lte_cell_waveform import downlink
from cellwarden.model import Block, Cell, Segment
from cellwarden.radio.recording import blocks, open_recording

RECORDINGS = Path(__file__).parents[3] / "shared" / "recordings"
RATE = 1.92e6


def block_of(samples: np.ndarray, rate: float = RATE, centre_hz: float | None = None) -> Block:
    iq = np.stack([samples.real, samples.imag], axis=1).astype(np.float32)
    return Block(iq, 1.0, 0, Segment(0, len(iq), rate, centre_hz))


def noise(count: int, rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=(count, 2)).view(np.complex128)[:, 0]


def heard(physical_cell: int, duplex: str, snr_db: float, seed: int) -> tuple[list[Cell], float, float]:
    """What is learned of 40 ms of a cell, its frame's beginning in samples and its carrier's offset."""
    rng = np.random.default_rng(seed)
    lead, offset = int(rng.integers(100, 9000)), float(rng.uniform(-20e3, 20e3))
    wave = downlink(rng, physical_cell, rate_hz=RATE, frames=4, duplex=duplex)
    wave = wave * np.exp(2j * np.pi * offset / RATE * np.arange(len(wave)))
    samples = noise(lead + len(wave), rng)
    samples[lead:] += wave * np.sqrt(2 * 10 ** (snr_db / 10) * 1.08e6 / RATE)
    return lte_cell.learn(block_of(samples)), float(lead), offset


@pytest.mark.parametrize(
    ("physical_cell", "duplex"),
    [
        (503, "fdd"),
        (86, "tdd"),
        *(pytest.param(*cell, marks=pytest.mark.long) for cell in ((0, "fdd"), (123, "fdd"), (301, "tdd"))),
    ],
)
def test_a_cells_number_timing_and_carrier_are_learned(physical_cell: int, duplex: str) -> None:
    cells, start, offset = heard(physical_cell, duplex, 3.0, physical_cell)
    assert cells[0].details["physical_cell"] == physical_cell
    assert cells[0].details["duplex"] == duplex
    late = (cells[0].frame_start - start + 9600) % 19200 - 9600
    assert abs(late) < 2.0  # a microsecond, of a cyclic prefix of five
    assert cells[0].carriers_hz[0] == pytest.approx(offset, abs=250.0)


def test_noise_holds_no_cell() -> None:
    assert lte_cell.learn(block_of(noise(76800, np.random.default_rng(1)))) == []


def test_groups_have_the_shifts_printed_in_the_standard() -> None:
    """TS 36.211 table 6.11.2.1-1: first and last of its rows, and the ends of its runs."""
    printed = {0: (0, 1), 29: (29, 30), 30: (0, 2), 58: (28, 30), 59: (0, 3), 87: (0, 4), 114: (0, 5), 167: (2, 9)}
    assert {number: lte_cell.shifts(number) for number in printed} == printed


def test_secondary_sequences_differ() -> None:
    made = np.concatenate([lte_cell.secondaries(sector).reshape(336, 62) for sector in range(3)])
    assert len(np.unique(made, axis=0)) == 3 * 336
    assert set(np.unique(made)) == {-1.0, 1.0}


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "physical_cells", "duplex"),
    [
        ("lte/lte_dl25_s4", {1}, "fdd"),  # of another's stack, whose cell is number 1 where nothing else is said
        pytest.param("real/lte_dl_fdd_1815M_19M2", {301}, "fdd", marks=pytest.mark.long),
        ("real/lte_dl_fdd_1860M_1M92", {142, 86}, "fdd"),
        pytest.param("real/lte_dl_tdd_2645M_1M92", {21, 22}, "tdd", marks=pytest.mark.long),
    ],
)
def test_recorded_cells_are_the_same_in_each_half(name: str, physical_cells: set[int], duplex: str) -> None:
    path = RECORDINGS / f"{name}.sigmf-meta"
    if not path.exists():
        pytest.skip("shared recordings are not here")
    block = next(blocks(open_recording(path), 1 << 20))
    cells = lte_cell.learn(block)
    assert {c.details["physical_cell"] for c in cells} == physical_cells
    assert {c.details["duplex"] for c in cells} == {duplex}
    if len(block.iq) > 0.04 * block.segment.rate_hz:
        half = len(block.iq) // 2
        again = lte_cell.learn(Block(block.iq[half:], block.scale, block.sample_start + half, block.segment))
        same = [c for c in cells if c.details["physical_cell"] == again[0].details["physical_cell"]]
        assert len(same) == 1  # of two as strong, either may be the clearer one
        apart = (again[0].frame_start - same[0].frame_start) / same[0].frame_samples
        assert abs(apart - round(apart)) * same[0].frame_samples < 3e-6 * block.segment.rate_hz


@pytest.mark.long
@pytest.mark.parametrize("name", ["lte/lte_ul25_s1", "real/gsm_dl_941MHz_4M"])
def test_what_is_no_carrier_of_lte_holds_no_cell(name: str) -> None:
    path = RECORDINGS / f"{name}.sigmf-meta"
    if not path.exists():
        pytest.skip("shared recordings are not here")
    assert lte_cell.learn(next(blocks(open_recording(path), 1 << 18))) == []


@pytest.mark.parametrize("number", [8, *(pytest.param(n, marks=pytest.mark.long) for n in (0, 7, 11))])
def test_a_clear_cell_is_learned_alone(number: int) -> None:
    rng, rate = np.random.default_rng(number), 1.92e6
    wave = downlink(rng, number, rate_hz=rate, frames=4)
    samples = 0.1 * rng.normal(size=(len(wave), 2)) @ [1, 1j] + wave  # 17 dB
    iq = np.stack([samples.real, samples.imag], axis=1).astype(np.float32)
    cells = lte_cell.learn(Block(iq, 1.0, 0, Segment(0, len(iq), rate)))
    assert [cell.details["physical_cell"] for cell in cells] == [number]
