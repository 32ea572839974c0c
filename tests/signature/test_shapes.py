"""What looks alike comes together, what does not stays apart, and a name holds for what looks like it later."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from cellwarden.model import Stray, StrayName
from cellwarden.model.span import DAY_NS
from cellwarden.signature.shapes import LEAST, named, shapes
from cellwarden.simulate.strays import KINDS, strays

SENSORS = ("A", "B", "C", "D")


def stray(frequency_hz: float, width_hz: float, burst_s: float, at: int = 0) -> Stray:
    return Stray(at, at + 10**9, "A", frequency_hz - width_hz / 2, frequency_hz + width_hz / 2, 1, burst_s, None, 12.0)


def scattered(
    rng: np.random.Generator, count: int, frequency_hz: float, width_hz: float, burst_s: float
) -> list[Stray]:
    """As a sensor measures one transmitter: widths err by 8 %, lengths by 5 %."""
    errors = np.exp(rng.normal(0.0, (0.08, 0.05), (count, 2)))
    return [stray(frequency_hz, width_hz * a, burst_s * b) for a, b in errors]


@pytest.mark.parametrize("seed", range(6))
def test_a_week_falls_into_its_kinds(seed: int) -> None:
    told = list(strays(seed, 0, 7 * DAY_NS, SENSORS))
    found, alone = shapes([one for one, _kind in told])
    of = [Counter(told[k][1] for k in one.members.tolist()) for one in found]
    truth = Counter(kind for _one, kind in told)
    for kind in KINDS:
        best = max(of, key=lambda counts: counts[kind.name])
        assert best[kind.name] > 0.9 * truth[kind.name], kind
        assert best[kind.name] > 0.95 * best.total(), kind
    assert alone + sum(len(one.members) for one in found) == len(told)
    assert alone > 0.5 * truth[""]


def test_a_hopper_is_one_shape_and_its_habits_are_told() -> None:
    told = [one for one, kind in strays(3, 0, 7 * DAY_NS, SENSORS) if kind == "relay"]
    (one,), alone = shapes(told)
    assert alone == 0 and len(one.members) == len(told)
    assert one.channels > 60  # of 76, each drawn some four times
    assert one.period_s == pytest.approx(7.5e-3, rel=0.01) and one.width_hz == pytest.approx(1.9e6, rel=0.05)


def test_two_transmitters_of_which_one_sends_twice_as_wide_are_two() -> None:
    rng = np.random.default_rng(4)
    both = scattered(rng, 200, 434e6, 50e3, 5e-3) + scattered(rng, 100, 434e6, 100e3, 5e-3)
    found, _alone = shapes(both)
    assert [len(one.members) > 90 for one in found] == [True, True]
    widths = sorted(one.width_hz for one in found)
    assert widths == [pytest.approx(50e3, rel=0.05), pytest.approx(100e3, rel=0.05)]


def test_one_transmitter_at_the_edge_of_a_cell_is_one() -> None:
    rng = np.random.default_rng(5)
    for edge in (2.0**16, 2.0**15.5):
        found, _alone = shapes(scattered(rng, 300, 434e6, edge, 2.0**-7))
        assert len(found) == 1 and len(found[0].members) > 290


def test_few_are_no_shape_and_nothing_is_nothing() -> None:
    assert shapes([]) == ([], 0)
    few = [stray(434e6, 50e3, 5e-3)] * (LEAST - 1)
    assert shapes(few) == ([], LEAST - 1)
    assert shapes(few * 2)[1] == 0


def test_a_name_holds_next_week_and_not_for_something_else() -> None:
    rng = np.random.default_rng(6)
    (first,), _ = shapes(scattered(rng, 80, 868.3e6, 90e3, 12e-3))
    name = StrayName("gate", "zoe", 1, "", first.frequency_hz, first.width_hz, first.burst_s)
    newer = replace(name, name="gate, east", when_ns=2)
    (later,), _ = shapes(scattered(rng, 30, 868.3e6, 90e3, 12e-3))
    assert named(later, [name]) == name and named(later, [newer, name]) == newer
    for frequency_hz, width_hz, burst_s in ((915e6, 90e3, 12e-3), (868.3e6, 250e3, 12e-3), (868.3e6, 90e3, 40e-3)):
        (other,), _ = shapes(scattered(rng, 30, frequency_hz, width_hz, burst_s))
        assert named(other, [name, newer]) is None
