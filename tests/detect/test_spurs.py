"""Steady lines are taken out of samples; what is modulated, and what lies across them, stays as it was."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from cellwarden.detect import spectrum, spurs
from cellwarden.radio.recording import open_recording
from cellwarden.runtime.scan import scan
from cellwarden.simulate import wing

WING = wing.PLACE.with_suffix(".sigmf-meta")
RATE_HZ = 10e6
GRID = spectrum.grid(RATE_HZ)
COUNT = 1024 * GRID.size
SIGMA = 30.0
"""Of the noise, in each of I and Q."""


def heard(wave: NDArray[np.complex128], seed: int) -> tuple[NDArray[np.complex128], NDArray[np.int16]]:
    """Noise, and the samples of 16 bits of noise and a wave."""
    rng = np.random.default_rng(seed)
    calm = SIGMA * (rng.normal(size=COUNT) + 1j * rng.normal(size=COUNT))
    both = np.round((calm + wave).view(np.float64)).reshape(-1, 2).astype(np.int16)
    return calm, both


def floor_of(iq: NDArray[np.int16]) -> NDArray[np.float64]:
    """What the coarse pass knows of each bin."""
    starts = np.arange(0, COUNT // GRID.size, 8) * GRID.size
    return spectrum.chunk_quantile(spectrum.powers(iq, starts, GRID, np.ones(GRID.size, np.float32)))


def line(frequency_hz: float, over_noise_db: float) -> NDArray[np.complex128]:
    """A line of a power over that of the noise in 20 kHz."""
    power = 2 * SIGMA**2 * 20e3 / RATE_HZ * 10 ** (over_noise_db / 10)
    return np.sqrt(power) * np.exp(1j * (1.0 + 2 * np.pi * frequency_hz / RATE_HZ * np.arange(COUNT)))


def power(iq: NDArray[np.generic]) -> float:
    return float(np.mean(np.abs(iq) ** 2))


@pytest.mark.parametrize("offset", [0.0, 0.17, 0.5, -0.31])
def test_lines_are_taken_out_wherever_they_lie_between_bins(offset: float) -> None:
    places = (np.array([-3.2e6, 1.1e6, 4.0e6]) // GRID.bin_hz + offset) * GRID.bin_hz
    wave = sum(line(hz, db) for hz, db in zip(places, (30.0, 20.0, 10.0), strict=True))
    calm, iq = heard(wave, 3)
    quantile = floor_of(iq)
    gone = spurs.take_out(iq, spurs.bins_of(quantile), GRID).bins
    assert sorted(gone) == sorted(spurs.bins_of(quantile)) and len(gone) == 3
    left = iq.astype(np.float64) @ (1, 1j) - calm
    assert power(left) < 2 / 6 + 1e-4 * power(wave)  # samples were rounded twice
    level = np.median(spurs.without(quantile, gone))
    assert spurs.without(quantile, gone).max() < 2 * level < quantile.max()


@pytest.mark.parametrize("apart", [3, 4, 5])
def test_lines_beside_each_other_are_taken_out_and_leave_the_floor_of_noise(apart: int) -> None:
    bin_hz = RATE_HZ / GRID.size
    calm, iq = heard(line(1e6, 20.0) + line(1e6 + apart * bin_hz, 20.0), apart)
    floor = floor_of(iq)
    out = spurs.take_out(iq, spurs.bins_of(floor), GRID)
    assert len(out.bins) == 2
    assert power(iq @ (1, 1j) - calm) < 0.01 * power(line(1e6, 20.0))
    assert np.max(spurs.without(floor, out.bins)) < spurs.RISE * np.median(floor)


@pytest.mark.parametrize("moved_hz", [0.0, 3.0, 2000.0])
def test_a_line_that_held_before_is_followed_or_looked_for_anew(moved_hz: float) -> None:
    before = spurs.steady(
        heard(line(1.1e6, 20.0), 8)[1], np.array([round((1.1e6 / RATE_HZ + 0.5) * GRID.size)]), np.abs(GRID.window)
    )
    wave = line(1.1e6 + moved_hz, 20.0)
    calm, iq = heard(wave, 9)
    (turn,) = spurs.take_out(iq, before.bins, GRID, before).turns
    assert turn * RATE_HZ == pytest.approx(1.1e6 + moved_hz, abs=1.0)
    assert power(iq.astype(np.float64) @ (1, 1j) - calm) < 2 / 6 + 1e-3 * power(wave)


def test_a_line_under_bursts_is_taken_out_and_they_stay() -> None:
    rng = np.random.default_rng(4)
    bursts = np.zeros(COUNT, complex)
    for start in range(0, COUNT, 16 * GRID.size):  # a quarter of the time, 20 dB above the line
        bursts[start : start + 4 * GRID.size] = (
            10 * abs(line(0.0, 20.0)[0]) * np.exp(1j * np.cumsum(rng.normal(size=4 * GRID.size) / 3))
        )
    calm, iq = heard(bursts + line(70e3, 20.0), 5)
    assert len(spurs.take_out(iq, spurs.bins_of(floor_of(heard(line(70e3, 20.0), 5)[1])), GRID).bins) == 1
    left = iq.astype(np.float64) @ (1, 1j) - calm - bursts
    assert power(left) < 0.05 * power(line(70e3, 20.0))


@pytest.mark.parametrize("kind", ["keyed", "turned", "voice"])
def test_what_has_something_to_say_stays(kind: str) -> None:
    wave = line(1e6, 30.0)
    at = np.arange(COUNT) / RATE_HZ
    rng = np.random.default_rng(6)
    symbols = rng.integers(2, size=COUNT // 2500 + 1)[np.arange(COUNT) // 2500]
    wave = {
        "keyed": wave * symbols,
        "turned": wave * (2 * symbols - 1),
        "voice": wave * np.exp(2j * np.sin(2 * np.pi * 400 * at)),
    }[kind]
    _calm, iq = heard(wave, 7)
    before = iq.copy()
    spurs.take_out(iq, spurs.bins_of(floor_of(heard(line(1e6, 30.0), 7)[1])), GRID)
    assert np.array_equal(iq, before)


def test_noise_has_no_lines_and_lost_samples_stay_zeros() -> None:
    _calm, iq = heard(np.zeros(COUNT, complex), 8)
    assert not len(spurs.bins_of(floor_of(iq)))
    _calm, iq = heard(line(-2e6, 20.0), 9)
    iq[1000:3000] = 0
    assert len(spurs.take_out(iq, spurs.bins_of(floor_of(iq)), GRID).bins) == 1
    assert not iq[1000:3000].any()


def test_who_sends_across_lines_is_named_as_if_they_were_not_there(tmp_path: Path) -> None:
    plain = open_recording(WING)
    samples = np.fromfile(WING.with_suffix(".sigmf-data"), "<i2").reshape(-1, 2) @ (1, 1j)
    meta = json.loads(WING.read_text(encoding="utf-8"))
    rate_hz = meta["global"]["core:sample_rate"]
    named = [e for e in scan(plain) if e.label.startswith("gsm:")]
    level = np.sqrt(10 ** (named[0].floor_dbfs_hz / 10) * 200e3) * 32768  # as strong as the noise in a channel
    for n, hz in enumerate(sorted({round(e.carrier_offset_hz or 0.0, -5) + 31e3 for e in named})):
        samples = samples + level * np.exp(1j * (n + 2 * np.pi * hz / rate_hz * np.arange(len(samples))))
    path = tmp_path / "lines.sigmf-meta"
    np.round(samples.view(np.float64)).astype("<i2").tofile(path.with_suffix(".sigmf-data"))
    path.write_text(json.dumps(meta), encoding="utf-8")
    found = [e for e in scan(open_recording(path)) if e.label.startswith("gsm:")]
    assert Counter(e.label for e in found) == Counter(e.label for e in named)
    assert [e.sample_start for e in found] == pytest.approx([e.sample_start for e in named], abs=rate_hz * 5e-6)
    assert [e.snr_db for e in found] == pytest.approx([e.snr_db for e in named], abs=0.5)
