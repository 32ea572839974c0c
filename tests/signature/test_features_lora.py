"""Chirps made here, with what a board does wrong put in: it comes out again."""

import math

import numpy as np
import pytest

from cellwarden.model import Block, Emission, Segment, Signature
from cellwarden.signature.features_lora import measure

SIZE, BANDWIDTH = 128, 250e3


def chirps(
    values: list[int],
    rng: np.random.Generator,
    *,
    late: float = 0.0,
    carrier_hz: float = 0.0,
    ring: float = 0.0,
    dip: float = 0.0,
    snr_db: float = 20.0,
    per_chip: int = 1,
) -> tuple[Emission, Block]:
    """Symbols of one phase, with a loop that rings by `ring` radians after each fall and settles in six chips.

    Meanwhile the magnitude dips by `dip`.
    """
    rate = per_chip * BANDWIDTH
    t = np.arange(len(values) * SIZE * per_chip) / per_chip - late
    k = np.clip(np.floor(t / SIZE).astype(int), 0, len(values) - 1)
    u, v = t / SIZE - k, np.array(values)[k] / SIZE
    since = (u - (1 - v)) * SIZE
    phase = 2 * np.pi * SIZE * (u * u / 2 + u * (v - 0.5) - np.maximum(0, since) / SIZE)
    phase += np.where(since > 0, ring * np.exp(-np.maximum(since, 0) / 6), 0) + 2 * np.pi * carrier_hz / BANDWIDTH * t
    noise = math.sqrt(0.5 * per_chip * 10 ** (-snr_db / 10))
    size = 1 - np.where(since > 0, dip * np.exp(-np.maximum(since, 0) / 6), 0)
    x = size * np.exp(1j * (phase + rng.uniform(0, 6))) + noise * rng.normal(size=(len(t), 2)).view(np.complex128)[:, 0]
    iq = x.astype(np.complex64).view(np.float32).reshape(-1, 2)
    details = {"spreading_factor": 7, "bandwidth_hz": BANDWIDTH}
    emission = Emission("other:lora", 0, len(t), -BANDWIDTH / 2, BANDWIDTH / 2, snr_db, 1.0, details=details)
    return emission, Block(iq, 1.0, 0, Segment(0, len(t), rate))


def told(seed: int = 1, **errors: float | int) -> list[Signature]:
    rng = np.random.default_rng(seed)
    made = [measure(*chirps(rng.integers(0, SIZE, 8).tolist(), rng, **errors)) for _ in range(40)]  # type: ignore[arg-type]
    assert all(made)
    return [one for one in made if one]


@pytest.mark.parametrize("per_chip", [1, 2])
@pytest.mark.parametrize("late", [0.0, 0.3, -1.0])
def test_the_carrier_comes_out_wherever_symbols_begin(late: float, per_chip: int) -> None:
    values = np.array([s.features["carrier_hz"] for s in told(late=late, carrier_hz=-540.0, per_chip=per_chip)])
    assert np.median(values[:, 0]) == pytest.approx(-540.0, abs=4 * np.median(values[:, 1]))


def test_a_ringing_loop_is_told_and_a_clean_one_is_not() -> None:
    for ring in (0.0, 0.5):
        values = [s.features["settling_3"].value for s in told(ring=ring)]
        expected = ring * np.mean(np.exp(-np.array([3.5, 4.5]) / 6))  # of two chips, wherever samples lie in them
        # the fit of the carrier takes a little of what is left of the ring for its own
        assert np.median(values) == pytest.approx(expected, abs=0.03 + 0.15 * ring)


@pytest.mark.parametrize("dip", [0.0, 0.2])
def test_the_magnitude_behind_a_fall_is_told_until_the_loop_has_settled(dip: float) -> None:
    heard = told(dip=dip)
    # a short dip is a small part of the mean that magnitudes are told by
    assert np.median([s.features["swing_3"].value for s in heard]) == pytest.approx(1 - dip * np.exp(-4 / 6), abs=0.03)
    assert not [name for name in heard[0].features if name.startswith("swing") and int(name[6:]) >= 9]


def test_what_is_too_short_or_no_lora_is_not_measured() -> None:
    emission, block = chirps([1, 2, 3], np.random.default_rng(1))
    assert measure(emission, block) is None
    other = Emission("gsm:normal", 0, len(block.iq), 0.0, 0.0, 0.0, 1.0)
    assert measure(other, block) is None
