"""Many nodes' emissions become observations, whatever their clocks say."""

import math
from dataclasses import replace

import numpy as np
import pytest
from benchmarks.association import associated

from cellwarden.associate.observe import AHEAD_S, WINDOW_S, Association, observations
from cellwarden.associate.seen import time_s
from cellwarden.associate.table import lines
from cellwarden.measure.groups import completeness, purity
from cellwarden.model import Emission, Observation, Segment
from cellwarden.simulate.nodes import START_NS, Ears, Said, told


def heard(said: list[Said], clock_error_s: float = 2e-3) -> list[Observation]:
    return list(observations({f"S{n}": one.bursts for n, one in enumerate(said)}, START_NS, clock_error_s))


@pytest.mark.parametrize("clock_error_s", [*(pytest.param(s, marks=pytest.mark.long) for s in (1e-6, 2e-3)), 50e-3])
def test_ten_phones_at_once_are_told_apart_by_nodes_whose_clocks_err(clock_error_s: float) -> None:
    said = told(10, 3.0, Ears(clock_error_s=clock_error_s), np.random.default_rng(1))
    bursts, phones = associated(said, clock_error_s)
    assert len(bursts) == sum(len(one.bursts) for one in said)
    assert purity(bursts) >= 0.99 and completeness(bursts) >= 0.99
    assert purity(phones) >= 0.99 and completeness(phones) >= 0.95


@pytest.mark.parametrize("seed", [4, 6, 16, 24])
def test_ten_faint_phones_for_half_a_second_do_not_set_a_clock_a_frame_wrong(seed: int) -> None:
    """Of seven bursts in ten, of a phone near the edge; by counting matches alone 0.6 to 0.75 were pure here."""
    ears = Ears(clock_error_s=30e-3, levels_db=(-5.0, 12.0), missed=0.3)
    bursts, _phones = associated(told(10, 0.5, ears, np.random.default_rng([11, seed])), 30e-3)
    assert purity(bursts) >= 0.99 and completeness(bursts) >= 0.85  # of one node the clock may stay unknown


def test_each_burst_is_told_once_in_the_order_of_time_and_no_sensor_twice_in_it() -> None:
    said = told(4, 3 * WINDOW_S, Ears(), np.random.default_rng(2))
    found = heard(said)
    emissions = [id(one.emission) for each in found for one in each.heard]
    assert sorted(emissions) == sorted(id(e) for one in said for e, _s in one.bursts)
    assert all(len({one.sensor for one in each.heard}) == len(each.heard) for each in found)
    assert [each.time_ns for each in found] == sorted(each.time_ns for each in found)
    assert all(min(one.arrival_ns for one in each.heard) == 0.0 for each in found)


def test_arrivals_differ_by_no_more_than_flight_and_noise_once_clocks_are_set() -> None:
    said = told(5, 2.0, Ears(clock_error_s=5e-3, levels_db=(15.0, 20.0)), np.random.default_rng(3))
    late = [one.arrival_ns for each in heard(said, 5e-3) for one in each.heard if len(each.heard) > 1]
    # Flights differ by up to 0.3 µs, starts are measured to 0.25 µs at 10 dB.
    assert len(late) > 500 and np.percentile(late, 99) < 1500.0


def test_a_train_torn_by_one_node_just_before_a_window_ends_stays_with_its_phone() -> None:
    """The other node misses the first bursts of the new train, so only those of the next window tell whose it is."""
    said = told(
        1, 3 * WINDOW_S, Ears(nodes=2, missed=0.0, levels_db=(20.0, 20.0), fading_db=0.0), np.random.default_rng(12)
    )
    live = Association("AB", START_NS)
    last = sum(time_s(*burst, START_NS) < WINDOW_S for burst in said[0].bursts) - 1
    for name, one in zip("AB", said, strict=True):
        for (e, segment), (_phone, number) in zip(one.bursts, one.truth, strict=True):
            fresh = last - 3 < number <= last
            if name == "A" or not fresh:
                torn = {"train": 77} if name == "A" and number > last - 3 else {}
                live.add(name, (replace(e, details={**e.details, **torn}), segment))
    found = live.until(WINDOW_S)
    assert any(one.emission.details["train"] == 77 for each in found for one in each.heard)
    assert len({each.phone for each in found}) == 1


def test_two_nodes_that_share_no_phone_are_set_by_a_third() -> None:
    said = told(6, 2.0, Ears(nodes=3, missed=0.0, levels_db=(15.0, 20.0)), np.random.default_rng(4))

    def only(one: Said, phones: set[int]) -> Said:
        kept = [(b, t) for b, t in zip(one.bursts, one.truth, strict=True) if t[0] in phones]
        return Said(tuple(b for b, _t in kept), tuple(t for _b, t in kept))

    apart = [only(said[0], {0, 1, 2}), only(said[1], {3, 4, 5}), said[2]]
    bursts, _phones = associated(apart, 2e-3)
    assert purity(bursts) == 1.0 and completeness(bursts) >= 0.99


def test_a_node_that_heard_nothing_of_the_others_has_its_bursts_for_itself() -> None:
    one, _other = told(3, 1.0, Ears(nodes=2), np.random.default_rng(5))
    alone = told(3, 1.0, Ears(nodes=1), np.random.default_rng(6))[0]
    far = [(replace(e, details={**e.details, "training_sequence": 7}), s) for e, s in alone.bursts]
    found = list(observations({"A": one.bursts, "B": far}, START_NS))
    assert all(len(each.heard) == 1 for each in found)
    assert len(found) == len(one.bursts) + len(far)
    # Nothing says what time it is there.
    fuller, other = ("A", "B") if len(one.bursts) >= len(far) else ("B", "A")
    unsure = {each.heard[0].sensor: math.isinf(each.heard[0].arrival_error_ns) for each in found}
    assert unsure == {fuller: False, other: True}


def test_bursts_of_one_moment_on_neighbouring_channels_are_two() -> None:
    said = told(1, 1.0, Ears(nodes=2, missed=0.0, levels_db=(15.0, 20.0)), np.random.default_rng(7))
    moved = [
        (replace(e, low_offset_hz=e.low_offset_hz + 2e5, high_offset_hz=e.high_offset_hz + 2e5), s)
        for e, s in said[1].bursts
    ]
    assert all(len(each.heard) == 1 for each in observations({"A": said[0].bursts, "B": moved}, START_NS))


def test_nothing_heard_is_nothing_told() -> None:
    assert list(observations({}, 0)) == [] and list(observations({"A": [], "B": []}, 0)) == []


def test_levels_are_powers_of_the_burst_over_the_nodes_own_floor() -> None:
    said = told(1, 0.5, Ears(nodes=1), np.random.default_rng(8))
    first = heard(said)[0].heard[0]
    e = first.emission
    assert e.floor_dbfs_hz is not None
    # 200 kHz are 53.01 dB over a hertz.
    assert first.level_dbfs == pytest.approx(e.snr_db + e.floor_dbfs_hz + 53.01, abs=0.01)
    # 546 µs of 200 kHz are 109 independent samples; where noise is small, each errs by 4.34 dB · sqrt(2 / SNR).
    assert first.level_error_db == pytest.approx(4.34 * np.sqrt(2 / 109.2 / 10 ** (e.snr_db / 10)), rel=0.05)


def test_the_table_has_a_line_for_each_sensor_that_heard_a_burst() -> None:
    said = told(2, 0.5, Ears(nodes=2), np.random.default_rng(9))
    found = heard(said)
    table = "".join(lines(found)).splitlines()
    assert table[0].startswith("time_s,sensor,rssi_dbm,phone,")
    assert len(table) == 1 + sum(len(each.heard) for each in found)
    assert {line.split(",")[3] for line in table[1:]} == {each.phone for each in found}


def test_bursts_of_another_time_are_paired_by_clocks_that_are_known_where_a_frame_off_fits_better() -> None:
    ears = Ears(nodes=2, clock_error_s=5e-3, missed=0.0, levels_db=(20.0, 20.0), fading_db=0.0)
    said = dict(zip("AB", told(1, 3.0, ears, np.random.default_rng(8)), strict=True))
    live, truth = Association(said, START_NS), dict[int, int]()
    later: list[tuple[str, tuple[Emission, Segment]]] = []
    for name, first in (("A", 300), ("B", 304)):  # frames of which each node tells twenty later
        for burst, (_phone, number) in zip(said[name].bursts, said[name].truth, strict=True):
            truth[id(burst[0])] = number
            if first <= number < first + 20:
                later.append((name, burst))
            elif number < 300:
                live.add(name, burst)
    assert all(len(each.heard) == 2 for each in live.until(math.inf))
    other = live.beside()
    for name, burst in later:
        other.add(name, burst)
    found = other.until(math.inf)
    assert all(len({truth[id(one.emission)] for one in each.heard}) == 1 for each in found)
    assert sum(len(each.heard) == 2 for each in found) == 16


def test_a_minute_that_waits_is_told_second_by_second_as_if_it_had_just_come() -> None:
    """A machine that was busy has all of it at once: bursts far ahead are left for later."""
    said = dict(zip("AB", told(3, 12.0, Ears(nodes=2, clock_error_s=5e-3), np.random.default_rng(10)), strict=True))
    late, live = Association(said, START_NS), Association(said, START_NS)
    for name, one in said.items():
        for burst in one.bursts:
            late.add(name, burst)
    fresh = {name: iter(one.bursts) for name, one in said.items()}
    for second in range(1, 14):
        for name, bursts in fresh.items():
            for burst in bursts:
                if live.add(name, burst) >= second + AHEAD_S:
                    break
        assert [one.heard for one in late.until(second)] == [one.heard for one in live.until(second)]
