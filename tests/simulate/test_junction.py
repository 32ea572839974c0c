"""Junctions against closed forms: Bessel's functions, powers of the lighting, the radar equation."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import iv

from cellwarden.simulate.junction import (
    F0_HZ,
    IDEALITY,
    LIGHT_M_S,
    METAL,
    SEMICONDUCTORS,
    SILICON_A,
    THERMAL_V,
    answers_w,
    cross_sections_m2,
    drawn,
    losses_db,
    received_w,
    semiconductor,
)
from cellwarden.simulate.lane import Item, passage, pattern
from cellwarden.simulate.parameters import Junctions, varied

WORLD = replace(Junctions(), mismatch_spread_db=0.0)
FAINT_W_M2 = 1e-6
"""So little that no junction saturates."""


def drawn_plainly(kind: str):  # type: ignore[no-untyped-def]
    return drawn(kind, WORLD, np.random.default_rng(1))


def decibels(value: float) -> float:
    return 10 * float(np.log10(value))


def test_the_quadratic_and_cubic_terms_are_those_of_the_exponential() -> None:
    # A voltage V cos ωt across Is (exp(v / nVt) - 1) drives 2 Is I_k(V / nVt) at k ω (modified Bessel functions).
    _g1, g2, g3 = semiconductor(1e-12, (0, 0, 0)).conductance
    x = 0.05
    volts = x * IDEALITY * THERMAL_V
    assert g2 * volts**2 / 2 == pytest.approx(2 * SILICON_A * iv(2, x), rel=1e-3)
    assert g3 * volts**3 / 4 == pytest.approx(2 * SILICON_A * iv(3, x), rel=1e-3)


@pytest.mark.parametrize("kind", [*SEMICONDUCTORS, METAL])
def test_answers_grow_by_two_and_three_decibels_for_each_of_the_lighting(kind: str) -> None:
    one, ten = (answers_w(drawn_plainly(kind), density) for density in (FAINT_W_M2, 10 * FAINT_W_M2))
    assert decibels(ten[0] / one[0]) == pytest.approx(20, abs=0.05)
    assert decibels(ten[1] / one[1]) == pytest.approx(30, abs=0.1)


def test_a_semiconductor_is_even_and_a_contact_odd() -> None:
    density = 1 / (4 * np.pi)  # 1 W e.i.r.p. at 1 m
    for kind in SEMICONDUCTORS:
        second, third = cross_sections_m2(drawn_plainly(kind), density)
        assert second > 10 * third
    second, third = cross_sections_m2(drawn_plainly(METAL), density)
    assert third > second


def test_what_is_received_follows_the_radar_equation() -> None:
    density = 1 / (4 * np.pi)
    sections = cross_sections_m2(drawn_plainly("phone"), density)
    received = received_w(drawn_plainly("phone"), WORLD, (0, 0, 0))
    for order, section, power in zip((2, 3), sections, received, strict=True):
        gain, wavelength = 10 ** (WORLD.receive_gain_dbi / 10), LIGHT_M_S / (order * F0_HZ)
        assert power == pytest.approx(density * section / (4 * np.pi) * gain * wavelength**2 / (4 * np.pi))


def test_the_body_counts_twice_at_f0_and_once_at_2f0() -> None:
    faint = replace(WORLD, eirp_dbm=-20.0)  # below any saturation
    free = received_w(drawn_plainly("phone"), faint, (0, 0, 0))
    behind = received_w(drawn_plainly("phone"), faint, (5, 7, 9))
    assert decibels(free[0] / behind[0]) == pytest.approx(2 * 5 + 7, abs=0.05)
    assert decibels(free[1] / behind[1]) == pytest.approx(3 * 5 + 9, abs=0.1)


def test_deeper_in_the_body_more_is_lost_and_more_of_the_harmonics() -> None:
    shallow, deep = losses_db("body", WORLD, 1.0), losses_db("body", WORLD, 4.0)
    assert all(b > a for a, b in zip(shallow, deep, strict=True))
    assert deep[0] < deep[1] < deep[2]
    assert losses_db("air", WORLD) == (0, 0, 0)


def test_along_the_lane_an_answer_fades_with_the_sixth_power_of_distance_and_more() -> None:
    assert pattern(WORLD, np.array([0.0]), 2) == pytest.approx(1.0)
    beside = replace(WORLD, beam_deg=1e6)  # antennas that hear all round
    assert pattern(beside, np.array([1.0]), 2)[0] == pytest.approx(2.0**-3)  # R² is 2, (1 / R²)^3
    assert pattern(WORLD, np.array([1.0]), 2)[0] < 2.0**-3


def test_an_empty_lane_reads_noise_and_the_transmitters_own_harmonics() -> None:
    quiet = replace(WORLD, own_leak_dbm=-300.0)
    one, _wave = passage(quiet, [], np.random.default_rng(2), somebody=False)
    mean = np.mean(10 ** (one.second_dbm / 10))
    assert decibels(mean) == pytest.approx(quiet.noise_dbm, abs=0.15)
    loud, _wave = passage(replace(WORLD, own_leak_dbm=-70.0), [], np.random.default_rng(2), somebody=False)
    full = loud.second_dbm[loud.transmit_dbm == 30]
    assert np.mean(full) == pytest.approx(-70 - WORLD.isolation_db, abs=0.1)


def test_a_passage_with_a_phone_is_loudest_opposite_the_antennas() -> None:
    one, _wave = passage(WORLD, [Item("phone", along_m=0.5)], np.random.default_rng(3))
    loud = one.position_m[np.argsort(one.second_dbm)[-20:]]
    assert np.median(loud) == pytest.approx(-0.5, abs=0.3)  # it is ahead of the middle


def test_worlds_differ_by_half_at_most_and_levels_in_dbm_do_not() -> None:
    world = varied(Junctions(), np.random.default_rng(4))
    assert 0.5 <= world.pocket_db / Junctions().pocket_db <= 1.5
    assert world.pocket_db != Junctions().pocket_db
    assert world.noise_dbm == Junctions().noise_dbm
