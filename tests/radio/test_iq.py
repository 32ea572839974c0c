"""Faults of I and Q are told from samples, and nothing else is; what was out of step or swapped is read right."""

import json
from pathlib import Path

import numpy as np
import pytest

from cellwarden.errors import RecordingError
from cellwarden.radio import iq
from cellwarden.radio.recording import blocks, open_recording, read_samples
from cellwarden.simulate.waves import IMPOSTORS

RATE = 4e6
COUNT = iq.WINDOW


def noise(rng: np.random.Generator, count: int = COUNT) -> np.ndarray:
    return (rng.normal(size=(count, 2)) * 0.01).view(np.complex128)[:, 0]


def heard(rng: np.random.Generator, stretches: int = 8) -> list[np.ndarray]:
    """Stretches of noise with a signal or two each, 5 to 30 dB over it in their band, anywhere."""
    made = []
    for _ in range(stretches):
        x = noise(rng)
        for name in rng.choice(["ofdm", "fsk", "gaussian", "gfsk"], rng.integers(1, 3)):
            wave = IMPOSTORS[name].make(COUNT, RATE, rng)
            offset = rng.uniform(-0.4, 0.4)
            level = 0.014 * np.sqrt(10 ** rng.uniform(0.5, 3) * IMPOSTORS[name].width_hz / RATE)
            x = x + level * wave * np.exp(2j * np.pi * offset * np.arange(COUNT))
        made.append(x.astype(np.complex64))
    return made


def shifted(x: np.ndarray, late: int) -> np.ndarray:
    """As it is where Q comes `late` samples late."""
    return (x.real[1:-1] + 1j * np.roll(x.imag, late)[1:-1]).astype(np.complex64)


@pytest.mark.parametrize("late", [-1, 1])
def test_one_sample_out_of_step_is_told_with_its_side(late: int) -> None:
    rng = np.random.default_rng(1)
    told = [iq.out_of_step([shifted(x, late) for x in heard(rng)]) for _ in range(20)]
    assert told.count(late) >= 18  # where all signals are faint, or sit at zero, nothing can be told
    assert -late not in told


@pytest.mark.parametrize("recordings", [10, pytest.param(40, marks=pytest.mark.long)])
def test_what_is_in_step_is_never_called_out_of_step(recordings: int) -> None:
    rng = np.random.default_rng(2)
    for _ in range(recordings):
        x = heard(rng)
        assert iq.out_of_step(x) == 0
        gain, phase = 1 + rng.uniform(-0.1, 0.1), rng.uniform(-0.1, 0.1)  # an image some 20 dB down
        uneven = [(s.real + 1j * gain * (s.imag + phase * s.real)).astype(np.complex64) for s in x]
        assert iq.faults(uneven) == iq.Faults()


def test_an_analogue_delay_of_a_tenth_of_a_sample_is_not_one_sample() -> None:
    rng, turns = np.random.default_rng(3), np.exp(-2j * np.pi * 0.1 * np.fft.fftfreq(COUNT))
    x = [s.real + 1j * np.fft.ifft(np.fft.fft(s.imag) * turns).real for s in heard(rng)]
    assert iq.out_of_step([s.astype(np.complex64) for s in x]) == 0


def test_noise_tells_nothing() -> None:
    rng = np.random.default_rng(4)
    for _ in range(20):
        x = [noise(rng).astype(np.complex64) for _ in range(8)]
        assert iq.faults(x) == iq.faults([shifted(s, 1) for s in x]) == iq.Faults()


def test_real_samples_are_told_whatever_the_line_that_they_lie_on() -> None:
    x = heard(np.random.default_rng(5))
    for factor in (0.0, 1.0, -0.5):
        assert iq.faults([(s.real * (1 + 1j * factor)).astype(np.complex64) for s in x]).real
    assert not iq.faults(x).real


def test_pairs_of_real_samples_are_mirrored_and_not_out_of_step() -> None:
    rng = np.random.default_rng(6)
    for _ in range(4):
        x = [IMPOSTORS["gaussian"].make(2 * COUNT, RATE, rng) * np.exp(0.9j * np.arange(2 * COUNT)) for _ in range(8)]
        pairs = [(s.real[0::2] + 1j * s.real[1::2] + noise(rng)).astype(np.complex64) for s in x]
        assert iq.faults(pairs) == iq.Faults(mirrored=True)


@pytest.mark.parametrize("bits", [8, 12, 16])
def test_saturation_is_told_and_a_strong_carrier_is_not(bits: int) -> None:
    rng, top = np.random.default_rng(7), 2 ** (bits - 1) - 1
    turn = np.exp(2j * np.pi * 0.0713 * np.arange(COUNT))

    def stored(x: np.ndarray) -> list[np.ndarray]:
        steps = np.clip(np.rint(x.view(np.float64).reshape(-1, 2) * top), -top - 1, top)
        return [(steps / 2048 * 1.37).astype(np.float32).view(np.complex64)[:, 0]]  # scaled by who knows what

    for level in (0.4, 0.83, 0.97, 0.999):
        assert iq.saturated(stored(level * turn)) == 0
    for crest in (3.0, 4.5):
        assert iq.saturated(stored(noise(rng) * 100 / crest / 3)) == 0
    assert iq.saturated(stored(1.1 * turn)) == pytest.approx(2 / np.pi * np.arccos(1 / 1.1), rel=0.1)
    assert iq.saturated(stored(noise(rng) * 40)) > 0.01


@pytest.mark.parametrize(("offset", "coarse", "fine"), [(0.0, 0.35, 0.45), (0.5, 0.55, 0.7)])
def test_numbers_too_coarse_for_their_noise_are_told_wherever_its_middle_lies(
    offset: float, coarse: float, fine: float
) -> None:
    """Two levels hold 0.92 and 0.87 of noise of 0.35 and 0.45 steps around a level, 0.93 and 0.85 of the others."""
    rng = np.random.default_rng(9)
    lost = [np.zeros(COUNT, np.complex64)] * 5

    def stored(sigma: float) -> list[np.ndarray]:
        """One in four stretches holds noise alone, of those that were not lost."""
        values = rng.normal(offset, sigma, (4, COUNT, 2))
        values[1:] += 10 * np.sin(np.arange(COUNT))[:, None]
        return [*np.rint(values).astype(np.float32).view(np.complex64)[:, :, 0], *lost]

    assert iq.is_coarse(stored(coarse)) and not iq.is_coarse(stored(fine)) and not iq.is_coarse(lost)


def recording(folder: Path, pairs: np.ndarray, captures: tuple[int, ...] = (0,), datatype: str = "ci16_le") -> Path:
    path = folder / "r.sigmf-meta"
    head = {"core:datatype": datatype, "core:sample_rate": RATE, "core:version": "1.2.5"}
    path.write_text(
        json.dumps({"global": head, "captures": [{"core:sample_start": c} for c in captures], "annotations": []})
    )
    pairs.tofile(path.with_suffix(".sigmf-data"))
    return path


def steps(rng: np.random.Generator, stretches: int = 6) -> np.ndarray:
    x = np.concatenate(heard(rng, stretches))
    return np.rint(x.view(np.float32).reshape(-1, 2) * 20000).astype("<i2")


def test_a_lost_number_and_a_late_q_are_brought_into_step(tmp_path: Path) -> None:
    true = steps(np.random.default_rng(8))
    samples = (true.astype(np.float32) / 32768).view(np.complex64)[:, 0]
    late = true.copy()
    late[1:, 1] = true[:-1, 1]
    for spoiled in (true.reshape(-1)[1:-1].reshape(-1, 2), late):
        opened = iq.aligned(open_recording(recording(tmp_path, np.ascontiguousarray(spoiled), (0, 5000))))
        read = np.concatenate([b.iq.astype(np.float32) * b.scale for b in blocks(opened, 777)])
        first = len(true) - len(spoiled)
        kept = np.flatnonzero(np.arange(len(spoiled)) % 5000 != 4999)[:-2]  # a segment's last lacks its other half
        assert np.array_equal(read.view(np.complex64)[:, 0][kept], samples[first:][kept])
        assert np.array_equal(read_samples(opened, 100, 50), read.view(np.complex64)[100:150, 0])


def test_what_is_in_step_is_not_aligned(tmp_path: Path) -> None:
    opened = open_recording(recording(tmp_path, steps(np.random.default_rng(9))))
    with pytest.raises(RecordingError, match="leave --align-iq out"):
        iq.aligned(opened)


def test_swapped_back_twice_is_as_before(tmp_path: Path) -> None:
    true = steps(np.random.default_rng(10), 2)
    opened = open_recording(recording(tmp_path, true))
    (block,) = blocks(iq.swapped(opened))
    assert np.array_equal(block.iq, true[:, ::-1])
    assert iq.swapped(iq.swapped(opened)) == opened


def test_real_samples_have_no_q_to_swap(tmp_path: Path) -> None:
    opened = open_recording(recording(tmp_path, steps(np.random.default_rng(11), 2), datatype="ri16_le"))
    for change in (iq.swapped, iq.aligned):
        with pytest.raises(RecordingError, match="leave --swap-iq and --align-iq out"):
            change(opened)


def test_i_alone_is_read_as_a_real_recording_is(tmp_path: Path) -> None:
    true = steps(np.random.default_rng(12), 2)
    pairs = np.stack([true[:, 0], np.zeros_like(true[:, 0])], 1)
    alone = open_recording(recording(tmp_path, pairs), only_i=True)
    made = [b.iq.copy() for b in blocks(alone, 999)]
    real = open_recording(recording(tmp_path, np.ascontiguousarray(true[:, 0]), datatype="ri16_le"))
    assert np.array_equal(np.concatenate(made), np.concatenate([b.iq.copy() for b in blocks(real, 999)]))
    assert (alone.rate_hz, alone.sample_count) == (real.rate_hz, real.sample_count) == (RATE / 2, len(true) / 2)
