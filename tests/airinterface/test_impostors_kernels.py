"""The loop of Mode S against a plain numpy twin."""

import numpy as np
import pytest

from cellwarden.airinterface.impostors_kernels import pulse_contrasts


def twin(total: np.ndarray, at: int, half: float, length_us: int) -> float:
    if at + 2 * length_us * half > len(total):
        return 0.0
    chips = np.diff(np.interp(at + np.arange(2 * length_us + 1) * half, np.arange(len(total)), total))
    bits = chips[16:].reshape(-1, 2)
    if np.mean(chips[[0, 2, 7, 9]]) < 0.6 * np.mean(bits.max(axis=1)):
        return 0.0
    contrasts = np.abs(bits[:, 0] - bits[:, 1]) / np.maximum(bits.sum(axis=1), 1e-9)
    return float(min(np.mean(contrasts[:56]), np.mean(contrasts[56:]) if len(bits) > 56 else 1.0))


@pytest.mark.parametrize(("half", "length_us"), [(1.0, 64), (4.0, 120), (1.2, 120), (4.0, 64)])
def test_contrasts_are_those_of_the_twin(half: float, length_us: int) -> None:
    rng = np.random.default_rng(8)
    total = np.concatenate([[0.0], np.cumsum(rng.exponential(1.0, round(700 * half)))])
    places = np.concatenate([np.arange(0, len(total), 7), [len(total) - round(2 * length_us * half)]])
    out = np.empty(len(places))
    pulse_contrasts(total, places, half, length_us, out)
    expected = [twin(total, int(at), half, length_us) for at in places]
    assert out == pytest.approx(expected, abs=1e-9)
    assert np.count_nonzero(out) > 3  # a random place passes where its four pulses happen to be on
