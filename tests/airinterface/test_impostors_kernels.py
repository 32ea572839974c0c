"""The loops of Mode S against plain numpy twins."""

import numpy as np
import pytest

from cellwarden.airinterface.impostors_kernels import decided, fitted, gram, inverse, pulse_contrasts


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


@pytest.mark.parametrize(("rows", "taps"), [(1, 1), (5, 17), (240, 17)])
def test_products_of_columns_are_those_of_a_matrix_product(rows: int, taps: int) -> None:
    seen = np.random.default_rng(3).normal(size=(rows, taps, 2)).view(np.complex128)[..., 0].astype(np.complex64)
    out = np.empty((taps, taps), np.complex128)
    gram(seen, out)
    np.testing.assert_allclose(out, seen.conj().T @ seen, rtol=1e-4, atol=1e-4)


def twin_fit(
    seen: np.ndarray, inverse: np.ndarray, weights: np.ndarray, sent: np.ndarray, rounds: int, despair: float
) -> float:
    fit = 0.0
    for _ in range(rounds):
        level = (seen @ weights).real
        first = level[16::2] > level[17::2]
        sent[16::2], sent[17::2] = first, ~first
        weights = inverse @ (seen.conj().T @ sent)
        fit = 1 - float(np.sum(np.abs(seen @ weights - sent) ** 2)) / (len(sent) * float(np.var(sent)))
        if fit < despair:
            break
    return fit


@pytest.mark.parametrize("level", [0.0, 0.3, 3.0])
@pytest.mark.parametrize("rounds", [1, 4])
def test_bits_and_filter_are_fitted_as_by_the_twin(level: float, rounds: int) -> None:
    rng = np.random.default_rng(4)
    seen = rng.normal(size=(128, 17, 2)).view(np.complex128)[..., 0]
    bits = rng.random(56) < 0.5
    sent = np.zeros(128, np.float32)
    sent[[0, 2, 7, 9]] = 1
    seen[:, 8] += level * np.concatenate([sent[:16], np.stack([bits, ~bits], 1).reshape(-1)])
    seen = seen.astype(np.complex64)
    inverse = np.linalg.inv(seen.conj().T @ seen + 0.1 * np.eye(17)).astype(np.complex128)
    weights = np.eye(17)[8].astype(np.complex128)
    expected = twin_fit(seen, inverse, weights.copy(), sent.copy(), rounds, 0.3)
    assert decided(seen, inverse, weights, sent, rounds, 0.3) == pytest.approx(expected, rel=1e-5)


def test_an_inverse_undoes_its_matrix() -> None:
    rng = np.random.default_rng(31)
    for size in (1, 2, 17):
        seen = rng.normal(size=(4 * size, size)) + 1j * rng.normal(size=(4 * size, size))
        power = seen.conj().T @ seen
        out = np.empty((size, size), np.complex128)
        inverse(power.copy(), out)
        assert np.allclose(out @ power, np.eye(size), atol=1e-9)


def test_a_frame_is_fitted_as_by_plain_least_squares() -> None:
    rng = np.random.default_rng(32)
    halves, taps, weight, ridge = 128, 17, 0.7, 0.03
    seen = (rng.normal(size=(halves, taps)) + 1j * rng.normal(size=(halves, taps))).astype(np.complex64)
    sent = np.zeros(halves, np.float32)
    sent[[0, 2, 7, 9]] = 1.0
    both = np.concatenate([seen[:16], weight * (seen[16::2] + seen[17::2])]).astype(np.complex128)
    target = np.concatenate([sent[:16], np.full((halves - 16) // 2, weight)])

    def ridged(rows: np.ndarray) -> np.ndarray:
        power = rows.conj().T @ rows
        return np.linalg.inv(power + ridge * np.trace(power).real / taps * np.eye(taps))

    weights = ridged(both) @ (both.conj().T @ target)
    expected = decided(seen, ridged(seen.astype(np.complex128)), weights, sent.copy(), 5, 0.0)
    assert fitted(seen, sent, weight, ridge, 5, 0.0) == pytest.approx(expected, abs=1e-4)
