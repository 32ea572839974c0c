"""Phones of a learned LTE cell: data and preambles below the energy floor, and what is neither."""

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cellwarden.airinterface import lte_prach_search, lte_search
from cellwarden.airinterface.lte_cell_waveform import pusch
from cellwarden.airinterface.lte_waveform import SYMBOL_STARTS_S, base_sequence, generate
from cellwarden.airinterface.nr_waveform import generate as generate_nr
from cellwarden.model import Block, Burst, Cell, Emission, Segment
from cellwarden.radio.recording import open_recording, read_samples
from cellwarden.simulate.waves import IMPOSTORS

RECORDINGS = Path(__file__).parents[3] / "shared" / "recordings"
RATE, CELL = 3.84e6, 123


def block_of(samples: np.ndarray, rate: float = RATE) -> Block:
    iq = np.stack([samples.real, samples.imag], axis=1).astype(np.float32)
    return Block(iq, 1.0, 0, Segment(0, len(iq), rate))


def noise(count: int, rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=(count, 2)).view(np.complex128)[:, 0]


def within(wave: np.ndarray, slot: int, blocks: int, snr_db: float, rng: np.random.Generator) -> list[Emission]:
    """What is named of a wave in the second of three subframes, some 10 µs early and up to 200 Hz off."""
    samples = noise(round(3e-3 * RATE), rng)
    offset = (int(rng.integers(15 - blocks + 1)) + blocks / 2 - 7.5) * 180e3
    turn = np.exp(2j * np.pi * (offset + rng.uniform(-200, 200)) / RATE * np.arange(len(wave)))
    first = round((1e-3 - rng.uniform(9e-6, 11e-6)) * RATE)
    samples[first : first + len(wave)] += wave * turn * math.sqrt(2 * 10 ** (snr_db / 10) * blocks * 180e3 / RATE)
    cell = Cell("lte", (0.0,), (1e-3 - slot * 0.5e-3) * RATE, 10e-3 * RATE, {"physical_cell": CELL, "advance_s": 10e-6})
    half = max(blocks * 90e3, 117e3)
    box = Burst(round(1e-3 * RATE), round(1e-3 * RATE), offset - half, offset + half, 0.0, 10 * math.log10(2 / RATE))
    return lte_search.within(box, block_of(samples), cell)


@pytest.mark.parametrize("hopping", [False, True])
@pytest.mark.parametrize(("blocks", "snr_db", "least"), [(1, 1.0, 22), (2, 0.0, 23), (6, -2.0, 23)])
def test_data_of_a_cells_phone_is_found(blocks: int, snr_db: float, least: int, hopping: bool) -> None:
    rng, found = np.random.default_rng(blocks), 0
    for _ in range(24):
        slot = 2 * int(rng.integers(10))
        wave = pusch(rng, CELL, slot, rate_hz=RATE, blocks=blocks, hopping=hopping)
        told = within(wave, slot, blocks, snr_db, rng)
        found += bool(told) and abs(told[0].sample_start - 1e-3 * RATE) < 30e-6 * RATE
    assert found >= least


@pytest.mark.parametrize("name", sorted(IMPOSTORS))
def test_what_lasts_another_time_than_a_subframe_is_no_data(name: str) -> None:
    rng = np.random.default_rng(5)
    for seconds in (0.577e-3, 1.5e-3) * 10:
        wave = IMPOSTORS[name].make(round(seconds * RATE), RATE, rng)
        assert within(wave, 4, 1, 6.0, rng) == []


def test_hopping_and_shifts_stay_within_their_ranges_and_use_all_of_them() -> None:
    assert {lte_search.hopped(n, s) for n in range(0, 504, 30) for s in range(20)} == set(range(30))
    assert {lte_search.slot_shift(n, n % 30, s) for n in range(0, 504, 30) for s in range(20)} == set(range(12))


@pytest.mark.parametrize("name", ["lte_ul25_s1", "lte_ul25_s2"])
def test_cyclic_shifts_of_another_stack_are_those_that_the_cell_number_gives(name: str) -> None:
    """The recordings tell each burst's subframe; the cell's number, 1, was learned from its downlink recording."""
    path = RECORDINGS / "lte" / f"{name}.sigmf-meta"
    if not path.exists():
        pytest.skip("shared recordings are not here")
    recording, compared = open_recording(path), 0
    rate, size = recording.rate_hz, round(recording.rate_hz / 15e3)
    for truth in json.loads(path.read_text())["annotations"]:
        if truth["core:label"] != "lte:pusch" or truth["truth:snr_db"] < 8:
            continue
        subframe, blocks = (int(re.search(f"{word}=(\\d+)", truth["core:comment"])[1]) for word in ("tti", "n_rb"))  # type: ignore[index]
        middle = (truth["core:freq_lower_edge"] + truth["core:freq_upper_edge"]) / 2
        places = []
        for slot in range(2):
            first = round(truth["core:sample_start"] + (slot * 0.5e-3 + SYMBOL_STARTS_S[3]) * rate)
            ramp = np.exp(-2j * np.pi * (middle - 7.5e3) / rate * np.arange(first, first + size))
            spectrum = np.fft.fftshift(np.fft.fft(read_samples(recording, first, size) * ramp))
            band = spectrum[size // 2 + 1 - 6 * blocks :][: 12 * blocks]
            places.append(int(np.argmax(np.abs(np.fft.fft(band * np.conj(base_sequence(1, 0, 12 * blocks)), 1440)))))
        slot = 2 * (subframe % 10)
        expected = lte_search.slot_shift(1, 1, slot + 1) - lte_search.slot_shift(1, 1, slot)
        apart = ((places[1] - places[0]) / 120 - expected + 6) % 12 - 6
        assert abs(apart) < 0.6
        compared += 1
    assert compared >= 6


def preambles(kind: int | str, snr_db: float | None, trials: int, rate: float = 2.4e6) -> int:
    """How many of as many windows are called a preamble."""
    layout, rng = lte_prach_search.LAYOUTS[str(kind)], np.random.default_rng(7)
    width = layout.length * layout.spacing_hz
    frame = round((layout.seconds + 50e-6) * rate)
    samples = noise(frame * trials, rng)
    for n in range(trials if snr_db is not None else 0):
        offset = 20e3 + rng.uniform(-200, 200)
        if isinstance(kind, int):
            wave = generate("prach", rng, rate_hz=rate, root=22, preamble_format=kind, carrier_offset_hz=offset)
        else:
            name, spacing = kind.split("/")
            wave = generate_nr("prach", rng, rate_hz=rate, multiple=int(spacing) // 15, root=22, preamble_format=name,
                               carrier_offset_hz=offset)  # fmt: skip
        samples[n * frame : n * frame + len(wave)] += wave * math.sqrt(2 * 10 ** ((snr_db or 0) / 10) * width / rate)
    details = {"preamble_root": 22, "preamble_format": kind, "preamble_subframe": 0}
    return len(lte_prach_search.search(block_of(samples, rate), Cell("lte", (20e3,), 0.0, float(frame), details)))


@pytest.mark.parametrize(
    ("kind", "snr_db"), [(0, -13.0), (1, -13.0), (2, -14.5), (3, -14.5), (4, -5.0), ("B4/15", -15.0), ("C0/15", -3.0)]
)
@pytest.mark.parametrize("rate", [2.4e6, 2.5e6])
def test_preambles_of_each_format_are_found_where_the_root_is_known(
    kind: int | str, snr_db: float, rate: float
) -> None:
    assert preambles(kind, snr_db, 60, rate) >= 58


@pytest.mark.parametrize("kind", [0, 2, 4, "A2/15"])
def test_noise_is_called_a_preamble_less_than_once_in_a_thousand_windows(kind: int | str) -> None:
    assert preambles(kind, None, 1000) <= 3  # of a mean of one at most: more than three come once in fifty


def emission(label: str, start: float, **details: int) -> Emission:
    return Emission(label, round(start), 7000, 1e5, 1.1e6, 12.0, 1.0, carrier_offset_hz=540.1e3, details=details)


def test_a_clear_preamble_tells_root_subframe_and_raster() -> None:
    base = Cell("lte", (0.0,), 1000.0, 10 * RATE * 1e-3, {"physical_cell": CELL})
    heard = emission("lte:prach", 1000 + 4 * RATE * 1e-3 + 20, root=129, format=0)
    base, known = lte_search.follow([base], [heard])
    assert known.details["preamble_root"] == 129
    assert known.carriers_hz == (540e3,)
    assert known.frame_start == pytest.approx(1000 + 4 * RATE * 1e-3)
    again = replace(heard, sample_start=heard.sample_start + round(RATE * 10e-3))
    assert len(lte_search.follow([base, known], [again])) == 2
    assert len(lte_search.follow([base, known], [replace(again, details={"root": 5, "format": 0})])) == 3


def test_data_tells_timing_where_stamps_do_not_and_the_group_where_it_comes_twice() -> None:
    base = Cell("lte", (0.0,), 0.0, 10 * RATE * 1e-3, {"physical_cell": CELL, "timing_error_s": 5e-3})
    assert not lte_search.is_timed(base)
    (once,) = lte_search.follow([base], [emission("lte:pusch", 5000, sequence_group=7)])
    assert lte_search.is_timed(once)
    assert once.frame_start == 5000
    assert "sequence_group" not in once.details
    (twice,) = lte_search.follow([once], [emission("lte:pusch", 5000 + 3 * RATE * 1e-3, sequence_group=7)])
    assert twice.details["sequence_group"] == 7
