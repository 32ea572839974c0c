"""GSM cells learned from their beacons: a generated one, whose code is made the other way round, and recorded ones."""

from pathlib import Path

import numpy as np
import pytest

from cellwarden.airinterface import gsm_cell
from cellwarden.airinterface.gsm_waveform import FRAME_SYMBOLS, SYMBOL_RATE_HZ, gmsk_phase
from cellwarden.model import Block, Segment
from cellwarden.radio.recording import blocks, open_recording

RECORDINGS = Path(__file__).parents[3] / "shared" / "recordings"
RATE = 1e6


def synchronisation_bits(bsic: int, rng: np.random.Generator) -> np.ndarray:
    """A synchronisation burst's 148 bits: parity by long division, code by convolution (TS 45.003 §4.7)."""
    told = rng.integers(0, 2, 25)
    told[2:8] = [bsic >> n & 1 for n in range(6)]
    polynomial = np.array([1, 0, 1, 0, 1, 1, 1, 0, 1, 0, 1])
    rest = np.concatenate([told, np.zeros(10, int)])
    for n in range(25):
        if rest[n]:
            rest[n : n + 11] ^= polynomial
    sent = np.concatenate([told, 1 - rest[25:], np.zeros(4, int)])
    one = np.convolve(sent, [1, 0, 0, 1, 1])[:39] % 2
    two = np.convolve(sent, [1, 1, 0, 1, 1])[:39] % 2
    coded = np.stack([one, two], axis=1).ravel()
    training = np.array([int(b) for b in gsm_cell.TRAINING])
    return np.concatenate([np.zeros(3, int), coded[:39], training, coded[39:], np.zeros(3, int)])


def beacon(bsic: int, snr_db: float, offset_hz: float, seed: int) -> tuple[Block, float]:
    """Twelve frames of a carrier that is never silent, and the sample at which the first begins."""
    rng, slots = np.random.default_rng(seed), 12 * 8
    bits = rng.integers(0, 2, slots * 157)
    starts = np.round(np.arange(slots) * 156.25).astype(int)
    bits[starts[16] : starts[16] + 148] = 0  # all zeros make a tone
    bits[starts[24] : starts[24] + 148] = synchronisation_bits(bsic, rng)
    first = rng.uniform(0, 4000)
    n = np.arange(int(first + slots * 156.25 / SYMBOL_RATE_HZ * RATE))
    wave = np.exp(1j * gmsk_phase(bits, (n - first) / RATE * SYMBOL_RATE_HZ))
    wave = wave * np.exp(2j * np.pi * offset_hz / RATE * n)
    noise = rng.normal(size=(len(n), 2)).view(np.complex128)[:, 0]
    samples = noise + wave * np.sqrt(2 * 10 ** (snr_db / 10) * 200e3 / RATE)
    iq = np.stack([samples.real, samples.imag], axis=1).astype(np.float32)
    return Block(iq, 1.0, 0, Segment(0, len(iq), RATE, 945.2e6)), first


@pytest.mark.parametrize("bsic", [0, 0o75, 0o37])
def test_a_cells_colour_timing_and_carrier_are_learned(bsic: int) -> None:
    block, first = beacon(bsic, 12.0, 207e3, bsic)
    (cell,) = gsm_cell.learn(block)
    assert cell.details["bsic"] == bsic
    assert cell.details["training_sequence"] == bsic % 8
    assert cell.carriers_hz[0] == pytest.approx(207e3, abs=150.0)
    frame = FRAME_SYMBOLS / SYMBOL_RATE_HZ * RATE
    late = (cell.frame_start - first - 3 / 8 * frame + frame / 2) % frame - frame / 2
    assert abs(late) < 3e-6 * RATE  # a symbol lasts 3.7 µs


def test_a_carrier_between_the_steps_of_its_spectrum_is_told_to_a_twentieth_of_one() -> None:
    errors_hz = []
    for seed, offset_hz in enumerate(207e3 + np.arange(0, 500, 60)):
        (cell,) = gsm_cell.learn(beacon(9, 20.0, float(offset_hz), seed)[0])
        errors_hz.append(cell.carriers_hz[0] - offset_hz)
    assert np.sqrt(np.mean(np.square(errors_hz))) < 484 / 20


def test_a_code_with_a_wrong_bit_in_its_parity_is_refused() -> None:
    rng = np.random.default_rng(4)
    bits = synchronisation_bits(5, rng)
    assert gsm_cell._colour((1.0 - 2.0 * bits).astype(np.complex64)) == 5
    noise = [gsm_cell._colour(rng.normal(size=148).astype(np.complex64)) for _ in range(200)]
    assert sum(told is not None for told in noise) <= 3  # one in 1024 by chance


def test_a_carrier_without_synchronisation_is_no_cell() -> None:
    rng = np.random.default_rng(2)
    iq = rng.normal(size=(60000, 2)).astype(np.float32)
    assert gsm_cell.learn(Block(iq, 1.0, 0, Segment(0, len(iq), RATE, 945.2e6))) == []


def test_two_recordings_of_one_carrier_agree() -> None:
    told = []
    for name in ("gsm_dl_941MHz_4M", "gsm_dl_941MHz_500k"):
        path = RECORDINGS / "real" / f"{name}.sigmf-meta"
        if not path.exists():
            pytest.skip("shared recordings are not here")
        cells = gsm_cell.learn(next(blocks(open_recording(path), 1 << 18)))
        near = min(cells, key=lambda c: abs(c.carriers_hz[0]))
        told.append((near.details["bsic"], round(float(near.details["clock_ppm"]), 1)))
    assert told[0][0] == told[1][0]
    assert told[0][1] == pytest.approx(told[1][1], abs=0.2)
