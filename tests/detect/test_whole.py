"""One transmission, one box: wide and faint frames are not cut into pieces, and neighbours stay apart."""

import math
from collections import Counter

import numpy as np
import pytest

from cellwarden.airinterface import lte_waveform, wifi_waveform
from cellwarden.detect.bursts import bursts, whole
from cellwarden.detect.filters import low_pass
from cellwarden.detect.finds import finds
from cellwarden.detect.suppress import fade
from cellwarden.model import Block, Burst, Segment
from cellwarden.simulate.channel import echoed

NOISE = 100.0
Placed = tuple[int, np.ndarray, float, float]
"""First sample, wave, bandwidth in hertz, SNR in decibels in that bandwidth."""


def air(rate: float, count: int, placed: list[Placed], seed: int) -> Block:
    wave = np.random.default_rng(seed).normal(size=(count, 2)) @ [1, 1j] * NOISE
    for first, samples, width, snr in placed:
        level = NOISE * math.sqrt(2 * 10 ** (snr / 10) * width / rate / np.mean(np.abs(samples) ** 2))
        wave[first : first + len(samples)] += samples * level
    iq = np.rint(np.stack([wave.real, wave.imag], axis=1)).astype(np.int16)
    return Block(iq, 2.0**-15, 0, Segment(0, count, rate))


def boxes(block: Block) -> list[Burst]:
    refused: Counter[str] = Counter()
    made: list[Burst] = []
    for find in finds([block], refused):
        made += whole(find, [b for n in range(len(find.regions)) for b in bursts(find, n, refused)], refused)
    return sorted(made, key=lambda b: (b.sample_start, b.low_offset_hz))


def frames(rng: np.random.Generator, rate: float, snr: float, paths: list[tuple[float, float]]) -> list[Placed]:
    placed: list[Placed] = []
    at = round(4e-3 * rate)
    for _ in range(6):
        wave, _ = wifi_waveform.generate_ofdm(rng, rate_hz=rate, symbols=int(rng.integers(40, 160)))
        heard = echoed(wave, paths, rate, rng) if paths else wave
        placed.append((at, heard, 16.6e6, snr))
        at += len(wave) + round(rng.uniform(0.8, 2.0) * 1e-3 * rate)
    return placed


@pytest.mark.parametrize("snr", [0.0, 4.0, 9.0])
def test_a_wifi_frame_is_one_box_down_to_the_noise(snr: float) -> None:
    rate = 20e6
    placed = frames(np.random.default_rng(31), rate, snr, [])
    made = boxes(air(rate, placed[-1][0] + round(8e-3 * rate), placed, 32))
    wide = [b for b in made if b.high_offset_hz - b.low_offset_hz > 0.5 * 16.6e6]
    assert len(made) - len(wide) <= len(wide) / 2  # shreds of ragged edges
    for box, (first, wave, width, _) in zip(wide, placed, strict=True):
        assert box.sample_start == pytest.approx(first, abs=100)  # 5 µs
        assert box.sample_count == pytest.approx(len(wave), rel=0.05)
        assert box.high_offset_hz - box.low_offset_hz == pytest.approx(width, rel=0.1)  # edges of 4 dB err


def test_notches_of_two_paths_do_not_cut_a_frame() -> None:
    rate = 20e6
    placed = frames(np.random.default_rng(33), rate, 8.0, [(0.0, 0.0), (300e-9, -3.0)])  # a notch each 3.3 MHz
    made = boxes(air(rate, placed[-1][0] + round(8e-3 * rate), placed, 34))
    wide = [b for b in made if b.high_offset_hz - b.low_offset_hz > 0.8 * 16.6e6]
    assert [b.sample_start for b in wide] == pytest.approx([first for first, *_ in placed], abs=100)
    assert len(made) - len(wide) <= 2


@pytest.mark.parametrize(("gap_blocks", "levels"), [(1, (18.0, 10.0)), (8, (12.0, 12.0)), (8, (3.0, 3.0))])
def test_two_phones_side_by_side_in_a_subframe_stay_two(gap_blocks: int, levels: tuple[float, float]) -> None:
    # With levels 8 dB apart whatever is between, with equal ones where a third of a user's width is empty.
    rate, block = 15.36e6, 180e3
    rng = np.random.default_rng(35)
    users = []
    for low, blocks, snr in ((0.0, 25, levels[0]), ((25 + gap_blocks) * block, 12, levels[1])):
        middle = low - 3e6 + blocks * block / 2
        wave = lte_waveform.generate("pusch", rng, rate_hz=rate, blocks=blocks, carrier_offset_hz=middle)
        users.append((round(5e-3 * rate), wave, blocks * block, snr))
    made = boxes(air(rate, round(15e-3 * rate), users, 36))
    widths = [b.high_offset_hz - b.low_offset_hz for b in sorted(made, key=lambda b: b.low_offset_hz)]
    assert widths == pytest.approx([25 * block, 12 * block], rel=0.1)


@pytest.mark.parametrize("rate_hz", [200e6, 500e6])
def test_a_narrow_band_of_a_very_fast_recording_has_a_filter(rate_hz: float) -> None:
    width = max(round(15e3 / rate_hz, 3), 0.001)
    assert float(np.sum(low_pass(8, width))) == pytest.approx(1.0)


def test_fades_are_the_wider_the_fainter_a_signal_is() -> None:
    widths = [fade(snr) for snr in (-3.0, 0.0, 3.0, 10.0, 20.0, 30.0)]
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] == pytest.approx(0.1)  # an edge is 18 dB down: (2/π) arcsin √(EDGE / 2) is 0.06
