"""The arrival of a GSM burst, against the bound for its whole waveform."""

import numpy as np
import pytest

from cellwarden.airinterface.gsm_arrival import arrival
from cellwarden.airinterface.gsm_waveform import CHANNEL_HZ, SYMBOL_RATE_HZ, generate
from cellwarden.measure.agreement import rmse
from cellwarden.measure.theory import delay_bound_s, rms_bandwidth_hz

RATE_HZ = 4 * SYMBOL_RATE_HZ


def noisy(snr_db: float, sequence: int, rng: np.random.Generator) -> tuple[np.ndarray, float]:
    wave, start = generate(
        "normal", rng, rate_hz=RATE_HZ, sequence=sequence, carrier_offset_hz=40e3, delay_samples=rng.random()
    )
    wave = np.concatenate([wave, np.zeros(10)])
    deviation = np.sqrt(10 ** (-snr_db / 10) * RATE_HZ / CHANNEL_HZ / 2)
    return wave + deviation * (rng.normal(size=len(wave)) + 1j * rng.normal(size=len(wave))), start


@pytest.mark.parametrize("snr_db", [20.0, 10.0])
def test_arrivals_reach_the_bound_and_say_how_good_they_are(snr_db: float) -> None:
    rng = np.random.default_rng(1)
    width = rms_bandwidth_hz(generate("normal", rng, rate_hz=RATE_HZ)[0], RATE_HZ)
    bound_s = float(delay_bound_s(snr_db, 148 / SYMBOL_RATE_HZ * CHANNEL_HZ, width))
    errors, said = [], []
    for sequence in list(range(8)) * 8:
        samples, start = noisy(snr_db, sequence, rng)
        found = arrival(samples, RATE_HZ, start + rng.uniform(-1, 1), 40e3 + rng.normal(0, 30), sequence)
        assert found is not None
        errors.append((found.start - start) / RATE_HZ)
        said.append(found.error / RATE_HZ)
    # Of 64 errors the root mean square is known to 9 %.
    assert 0.75 * bound_s <= rmse(errors) <= 1.3 * bound_s
    assert np.mean(said) == pytest.approx(bound_s, rel=0.15)


def test_a_burst_that_is_not_whole_has_no_arrival() -> None:
    samples, start = noisy(20.0, 3, np.random.default_rng(2))
    assert arrival(samples[: len(samples) // 2], RATE_HZ, start, 40e3, 3) is None
