"""Faint boxes: the compiled loop against plain numpy, and how often noise and a faint burst are told."""

import math
from collections import Counter

import numpy as np

from cellwarden.detect.faint import LEAST_NATS, faint, windows
from cellwarden.detect.finds import finds
from cellwarden.model import Block, Segment

RATE = 7.68e6


def test_the_loop_tells_the_box_with_the_most_evidence() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        ratio = rng.exponential(size=(30, 17)).astype(np.float32)
        ratio[4:14, 5:8] += rng.uniform(0.5, 3)
        widths = np.array([3, 5, 9])
        out = np.empty((2, 5))
        found = windows(ratio, np.array([4]), np.array([14]), widths, 0.5, 0.0, 1, out)
        means = {(low, w): float(ratio[4:14, low : low + w].mean()) for w in (3, 5, 9) for low in range(18 - w)}
        nats = {k: 5 * k[1] * (m - 1 - math.log(m)) if m > 1 else 0.0 for k, m in means.items()}
        best = max(nats, key=lambda k: nats[k])
        assert found == 1
        assert (out[0, 1], out[0, 2]) == (best[0], best[0] + best[1])
        np.testing.assert_allclose(out[0, 3:], [means[best], nats[best]], rtol=1e-6)


def told(snr_db: float | None, seed: int) -> list[bool]:
    """For each of 90 milliseconds, whether its box is told where one block of LTE is sent, or noise only."""
    rng = np.random.default_rng(seed)
    count = round(0.1 * RATE)
    samples = rng.normal(size=(count, 2)).view(np.complex128)[:, 0]
    starts = (np.arange(90) + 3) * 1e-3 * RATE
    if snr_db is not None:
        spectrum = np.fft.fft(rng.normal(size=(count, 2)).view(np.complex128)[:, 0])
        spectrum[np.abs(np.fft.fftfreq(count, 1 / RATE) - 0.5e6) > 90e3] = 0
        wave = np.fft.ifft(spectrum) * math.sqrt(10 ** (snr_db / 10))
        every = (np.arange(count) / (1e-3 * RATE)).astype(int) % 9 == 3
        samples[every] += wave[every]
        starts = starts[::9]
    iq = np.stack([samples.real, samples.imag], axis=1).astype(np.float32)
    block = Block(iq, 1.0, 0, Segment(0, count, RATE))
    boxes = [b for find in finds(iter([block]), Counter()) for b in faint(find.chunk, starts, 1e-3, 180e3)]
    return [any(b.sample_start == round(s) and b.low_offset_hz < 0.5e6 < b.high_offset_hz for b in boxes)
            if snr_db is not None else any(b.sample_start == round(s) for b in boxes) for s in starts]  # fmt: skip


def test_one_block_of_a_subframe_at_zero_decibels_is_told() -> None:
    assert sum(sum(told(0.0, seed)) for seed in (2, 3, 4)) >= 27  # of 30; 0.99 is expected


def test_noise_is_told_once_in_some_thousand_places() -> None:
    share = np.mean(told(None, 3))
    assert share < 170 * math.exp(-LEAST_NATS) * 3  # places beside each other, three widths that matter
