"""The likelihood ratio of one phone against two is the one that its words promise."""

import math

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from cellwarden.watch.same import PHONES_PPM, WANDER_PPM, Trait, nats, with_one

HERTZ = 1747.5e6


def offsets(*hertz: float, error_hz: float = 8.0) -> Trait:
    known = Trait("lte", HERTZ, hertz[0], error_hz)
    for one in hertz[1:]:
        known = with_one(known, Trait("lte", HERTZ, one, error_hz))
    return known


@pytest.mark.parametrize("seed", range(5))
def test_offsets_weigh_as_the_joint_density_of_one_phones_against_two(seed: int) -> None:
    rng = np.random.default_rng(seed)
    told = rng.normal(0.0, 60.0, 1 + seed)
    new = float(rng.normal(0.0, 60.0))
    phones, own = (PHONES_PPM * HERTZ / 1e6) ** 2, (WANDER_PPM * HERTZ / 1e6) ** 2 + 8.0**2
    count = len(told) + 1
    both = multivariate_normal(np.zeros(count), phones * np.ones((count, count)) + own * np.eye(count))
    alone = multivariate_normal(np.zeros(count - 1), phones * np.ones((count - 1, count - 1)) + own * np.eye(count - 1))
    ratio = both.logpdf([*told, new]) - alone.logpdf(told) - norm(0.0, math.sqrt(phones + own)).logpdf(new)
    found = nats(1.0, offsets(*map(float, told)), offsets(new)) - nats(
        1.0, offsets(0.0)._replace(offset_hz=None), offsets(new)
    )
    assert found == pytest.approx(ratio, abs=1e-6)


def test_phones_of_two_interfaces_or_at_places_that_exclude_each_other_are_two() -> None:
    assert nats(60.0, Trait("lte", HERTZ), Trait("gsm", 897.6e6)) == -math.inf
    assert nats(0.0, Trait("lte", HERTZ), Trait("lte", HERTZ)) == -math.inf


def test_what_is_not_known_says_nothing() -> None:
    assert nats(7.0, Trait("lte", 0.0), Trait("lte", HERTZ)) == pytest.approx(math.log(7.0))
    assert nats(7.0, Trait("lte", 0.0, 50.0, 5.0), Trait("lte", 0.0, -50.0, 5.0)) == pytest.approx(math.log(7.0))


def test_a_channel_beyond_a_carriers_width_speaks_for_two_and_one_within_it_for_one() -> None:
    near, far = (nats(1.0, Trait("lte", HERTZ), Trait("lte", HERTZ + away)) for away in (15e6, 25e6))
    assert near > 0 > far
