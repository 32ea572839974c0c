"""Sweeps of frequency, by radars, sensors and testers, are no preambles and no data of phones, whatever their slope."""

import json
import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from cellwarden.airinterface import is_phone, nr
from cellwarden.airinterface.lte_found import Found
from cellwarden.airinterface.lte_prach import spectrum_of
from cellwarden.airinterface.lte_receiver import stretch
from cellwarden.airinterface.lte_sweep import is_swept
from cellwarden.airinterface.preamble_fills import EVEN, evenness
from cellwarden.model import Block, Burst, Emission, Segment
from cellwarden.radio.recording import open_recording
from cellwarden.runtime.scan import scan

RATE_HZ = 10e6
LONG_HZ_S = 1.25e3 * 839 / 800e-6
"""Slope of LTE's preamble whose spectrum has the root 1: all of its band in 800 µs. That of root n is an nth of it."""
SHORT_HZ_S = 15e3 * 139 / (1 / 15e3)
"""The same of NR's short preambles."""


def sweep(width_hz: float, slope_hz_s: float, seconds: float, rng: np.random.Generator, keyed: bool) -> np.ndarray:
    """A frequency that rises and falls back, of power 1; when `keyed` each rise begins anywhere in the band."""
    count, period = round(seconds * RATE_HZ), width_hz / slope_hz_s
    at = np.arange(count) / RATE_HZ / period
    begun = rng.uniform(0, 1, math.ceil(at[-1]) + 1)[at.astype(int)] if keyed else 0.0
    frequency = ((at + begun) % 1.0 - 0.5) * width_hz
    return np.exp(2j * np.pi * np.cumsum(frequency) / RATE_HZ)


def phones_in(waves: list[np.ndarray], snr_db: float, width_hz: float, path: Path, seed: int) -> list[Emission]:
    """What a scan calls a phone where such waves follow each other in LTE's and NR's band 8."""
    rng = np.random.default_rng(seed)
    level = math.sqrt(10 ** (snr_db / 10) * width_hz / RATE_HZ)
    silent = np.zeros(round(2e-3 * RATE_HZ))
    shifts = rng.uniform(-3e6, 3e6, len(waves))
    moved = [
        w * level * np.exp(2j * np.pi * hz / RATE_HZ * np.arange(len(w))) for w, hz in zip(waves, shifts, strict=True)
    ]
    heard = np.concatenate([silent, *(part for wave in moved for part in (wave, silent))])
    heard = heard + rng.normal(size=(len(heard), 2)).view(np.complex128)[:, 0] / math.sqrt(2)
    np.round(heard.view(np.float64) * 120).astype("<i2").tofile(path.with_suffix(".sigmf-data"))
    head = {"core:datatype": "ci16_le", "core:sample_rate": RATE_HZ, "core:version": "1.0.0"}
    capture = {"core:sample_start": 0, "core:frequency": 895e6}
    path.write_text(json.dumps({"global": head, "captures": [capture], "annotations": []}), encoding="utf-8")
    return [e for e in scan(open_recording(path)) if is_phone(e)]


@pytest.mark.parametrize(
    ("width_hz", "slope_hz_s", "snr_db", "keyed"),
    [
        (340e3, LONG_HZ_S / 2, 10.0, True),
        (400e3, LONG_HZ_S / 2, 15.0, True),
        (600e3, LONG_HZ_S, 10.0, False),
        (700e3, LONG_HZ_S, 4.0, True),
        (2.9e6, SHORT_HZ_S / 2, 8.0, False),
        (2.9e6, SHORT_HZ_S, 8.0, False),
        (1.5e6, SHORT_HZ_S / 6, 2.0, True),
        (1.0e6, SHORT_HZ_S / 9, 2.0, True),
    ],
)
def test_a_sweep_with_the_slope_of_a_sequence_is_no_phone(
    width_hz: float, slope_hz_s: float, snr_db: float, keyed: bool, tmp_path: Path
) -> None:
    rng = np.random.default_rng(4)
    waves = [sweep(width_hz, slope_hz_s, 3e-3, rng, keyed) for _ in range(8)]
    found = phones_in(waves, snr_db, width_hz, tmp_path / "sweeps.sigmf-meta", 5)
    assert len(found) <= (width_hz == 1.5e6)  # a faint one of these eight is called a preamble


def test_sweeps_of_any_slope_are_hardly_ever_phones(tmp_path: Path) -> None:
    named: Counter[str] = Counter()
    for seed in range(3):
        rng = np.random.default_rng(seed)
        for _ in range(4):
            width = float(np.exp(rng.uniform(math.log(0.3e6), math.log(3e6))))
            slope = width / float(np.exp(rng.uniform(math.log(50e-6), math.log(2e-3))))
            waves = [sweep(width, slope, 3e-3, rng, bool(rng.integers(2))) for _ in range(6)]
            found = phones_in(waves, float(rng.uniform(0, 15)), width, tmp_path / "sweeps.sigmf-meta", seed)
            named.update(e.label for e in found)
    assert named.total() <= 1


def test_short_narrow_sweeps_are_no_control_channel(tmp_path: Path) -> None:
    rng, waves = np.random.default_rng(2), []
    for _ in range(60):
        seconds, width = float(rng.choice([430e-6, 500e-6])), float(rng.uniform(60e3, 180e3))
        waves.append(sweep(width, width / float(rng.uniform(60e-6, seconds)), seconds, rng, keyed=False))
    assert phones_in(waves, 14.0, 120e3, tmp_path / "sweeps.sigmf-meta", 2) == []


def test_a_preamble_behind_echoes_fills_its_band_and_a_sweep_through_a_third_of_it_does_not() -> None:
    rng = np.random.default_rng(6)
    sent, k = spectrum_of(129), np.arange(839)
    for _ in range(50):
        taps = rng.normal(size=(4, 2)).view(np.complex128)[:, 0] * 10 ** (-np.arange(4) / 3)
        echoed = sent * (taps @ np.exp(-2j * np.pi * np.outer(np.arange(4) * 0.3, k) / 839))
        for part, fills in ((echoed, True), (np.where(k < 300, echoed, 0.0), False)):
            noisy = part + 0.2 * rng.normal(size=(839, 2)).view(np.complex128)[:, 0]
            response = np.fft.ifft(noisy * np.conj(sent))
            assert (evenness(response, int(np.argmax(np.abs(response))), 3) > EVEN) == fills


def test_one_root_again_and_again_is_a_sweep_and_phones_of_one_cell_are_not() -> None:
    def preamble(sample_start: int, root: int, format_: str = "C0") -> Emission:
        return Emission(
            label="nr:prach",
            sample_start=sample_start,
            sample_count=1070,
            low_offset_hz=0.0,
            high_offset_hz=2e6,
            snr_db=10.0,
            confidence=1.0,
            details={"root": root, "evidence": 30.0, "spacing_khz": 15, "format": format_},
        )

    often = [preamble(n * 4000, 69) for n in range(5)]
    cut = [preamble(200_000 + n * 8000, 23, kind) for n, kind in enumerate(("A1", "B4", "C2", "B2"))]
    others = [preamble(9_000, 7), *(preamble(300_000 + n * 9000, 23, "A1") for n in range(4))]
    others += [preamble(500_000, 69), preamble(512_000, 69)]
    assert nr.settle([*often, *cut, *others], RATE_HZ) == others


def test_whether_data_are_a_sweep_is_not_asked_beyond_what_was_heard() -> None:
    block = Block(np.ones((20_000, 2), np.int16), 2.0**-15, 0, Segment(0, 20_000, RATE_HZ, 895e6))
    burst = Burst(2_000, 10_000, 3.0e6, 4.9e6, 0.0, -80.0)
    heard = stretch(burst, block, 2e-4, 3.95e6, 256)
    found = Found("pusch", 2_000.0, 1e-3, 2.0e6, 30, 14, 200.0, 1.0, fixed=False, comb=0.8, heard=heard)
    assert heard.centre_hz - heard.rate_hz / 2 > found.middle_hz - found.blocks * 90e3
    assert not is_swept(found, burst, block)
