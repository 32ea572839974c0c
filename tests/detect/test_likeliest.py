"""Faint bursts on the coarse grid: the likeliest of all boxes, and what bursts come of it."""

import math
from collections import Counter
from itertools import combinations

import numpy as np
import pytest

from cellwarden.detect.bursts import bursts
from cellwarden.detect.evidence import about, evidence
from cellwarden.detect.finds import finds
from cellwarden.detect.likeliest import likeliest
from cellwarden.detect.suppress import overlap
from cellwarden.model import Block, Burst, Segment


@pytest.mark.parametrize("seed", range(20))
def test_of_all_boxes_the_one_that_tells_most_is_found(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ratio = rng.gamma(4.0, 0.25, (int(rng.integers(1, 12)), int(rng.integers(1, 14)))).astype(np.float32)
    ratio[ratio.shape[0] // 3 : ratio.shape[0] // 2 + 1, ratio.shape[1] // 4 : ratio.shape[1] // 2 + 1] += 0.8

    def told(first: int, end: int, low: int, high: int) -> float:
        part = ratio[first:end, low:high].astype(np.float64)
        excess = float(part.mean()) - 1.0
        return part.size * excess**2 / (2 + 4 / 3 * excess) if excess > 0 else 0.0

    rows, bands = (list(combinations(range(n + 1), 2)) for n in ratio.shape)
    most = max(told(*row, *band) for row in rows for band in bands)
    assert told(*likeliest(ratio).tolist()) == pytest.approx(most, rel=1e-4)


@pytest.mark.parametrize("rows", [30, 100, 400])
def test_on_a_large_part_a_box_is_found_to_a_cell_or_two(rows: int) -> None:
    ratio = np.random.default_rng(rows).gamma(4.0, 0.25, (rows, 90)).astype(np.float32)
    ratio[rows // 2 : rows // 2 + 13, 20:47] += 0.7
    assert likeliest(ratio) == pytest.approx([rows // 2, rows // 2 + 13, 20, 47], abs=2)


def sharp(samples: np.ndarray, rate: float) -> list[Burst]:
    iq = np.stack([samples.real, samples.imag], axis=1).astype(np.float32)
    found, refused = [], Counter[str]()
    for find in finds([Block(iq, 2**-15, 0, Segment(0, len(iq), rate))], refused):
        for number in range(len(find.regions)):
            found += bursts(find, number, refused)
    return found


def test_faint_and_wide_bursts_are_boxed_whole() -> None:
    """Half as strong as the noise, for 0.9 ms in 1.05 MHz: parts alone are hot, and rough boxes are far too large."""
    rng, rate, seconds, width = np.random.default_rng(5), 7.68e6, 0.9e-3, 1.05e6
    apart, count = round(4e-3 * rate), round(seconds * rate)
    samples = 100 * rng.normal(size=(60 * apart, 2)) @ [1, 1j]
    inside = np.abs(np.fft.fftfreq(count, 1 / rate) - 1e6) < width / 2
    for number in range(60):
        wave = np.fft.ifft(np.fft.fft(rng.normal(size=(count, 2)) @ [1, 1j]) * inside)
        samples[number * apart + 9000 :][:count] += wave * 100 * math.sqrt(0.5)
    found = sharp(samples, rate)
    boxes = [Burst(n * apart + 9000, count, 1e6 - width / 2, 1e6 + width / 2, -3.0, 0.0) for n in range(60)]
    whole = [any(alike(box, burst) > 0.6 for burst in found) for box in boxes]
    assert sum(whole) >= 48
    assert len(found) < 75


def alike(a: Burst, b: Burst) -> float:
    """Area that two boxes have in common, over that of both together."""
    common = overlap(a, b)
    areas = [one.sample_count * (one.high_offset_hz - one.low_offset_hz) for one in (a, b)]
    shared = common * min(areas)
    return shared / (sum(areas) - shared)


@pytest.mark.parametrize("excess", [0.01, 0.1, 0.5, 1.0, 2.0])
def test_evidence_is_told_without_a_logarithm(excess: float) -> None:
    assert about(excess, 30.0) == pytest.approx(evidence(1.0 + excess, 30.0), rel=0.05)
    assert about(-excess, 30.0) == 0.0
