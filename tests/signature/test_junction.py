"""Answers whose truth is made by the radar equation: found, placed, told apart, ranged."""

from dataclasses import replace

import numpy as np
import pytest

from cellwarden.errors import LaneError
from cellwarden.signature import junction, junction_empty
from cellwarden.signature.junction_fit import ORDERS, Heard, growth, places, slope, strongest, track
from cellwarden.signature.junction_instrument import LANE
from cellwarden.signature.junction_log import Log
from cellwarden.simulate.junction import METAL, drawn
from cellwarden.simulate.lane import Item, passage
from cellwarden.simulate.parameters import Junctions

WORLD = replace(Junctions(), mismatch_spread_db=0.0, aspect_db=0.0, contact_flicker_db=0.0)
POWERS = np.array([30.0, 27.0, 24.0, 21.0])


def logged(items: list[Item], seed: int, *, somebody: bool = True, person: str = "", world: Junctions = WORLD) -> Log:
    one, _wave = passage(world, items, np.random.default_rng(seed), somebody=somebody)
    powers = 10 ** (np.array([one.second_dbm, one.third_dbm]) / 10)
    return Log(person, one.time_s, one.position_m, one.transmit_dbm, powers)


def empty(world: Junctions = WORLD) -> junction_empty.Empty:
    return junction_empty.learned([logged([], 100, somebody=False, world=world)])


def plain(kind: str = "phone", along_m: float = 0.0, gain_db: tuple[float, float] = (0.0, 0.0)) -> Item:
    return Item(kind, along_m=along_m, gain_db=gain_db, junction=drawn(kind, WORLD, np.random.default_rng(1)))


def answered(at_m: float, levels: tuple[float, float], seed: int | None = 5) -> Heard:
    """An answer of known levels in noise of deviation 1."""
    position, sent = np.linspace(-2, 2, 400), np.resize(POWERS, 400)
    excess = np.array(
        [
            level * track(position, np.array([at_m]), 1.0, order)[0] * 10 ** (order * (sent - 30) / 10)
            for level, order in zip(levels, ORDERS, strict=True)
        ]
    )
    noise = np.random.default_rng(seed).normal(size=excess.shape) if seed is not None else 0.0
    return Heard(position, sent, excess + noise, np.ones_like(excess))


def test_a_track_is_the_radar_equation_along_the_lane() -> None:
    # tan 35° aside: half a beam of 70° off, so 3 dB less gain; R² is 1 + tan².
    along = np.tan(np.radians(35))
    for order in ORDERS:
        expected = (10**-0.3 / (1 + along**2)) ** (order + 1)
        assert track(np.array([along]), np.zeros(1), 1.0, order)[0, 0] == pytest.approx(expected, rel=1e-9)


def steady(level_dbm: float, person: str, odd_dbm: float | None = None) -> Log:
    """A meter that shows one level, or another one once."""
    level = np.full((2, 400), level_dbm)
    if odd_dbm is not None:
        level[0, 200] = odd_dbm
    return Log(person, np.arange(400) / 100, np.linspace(-2, 2, 400), np.resize(POWERS, 400), 10 ** (level / 10))


def test_an_instrument_that_stands_still_with_a_person_and_not_in_the_empty_lane_is_stuck() -> None:
    for level_dbm in (-130.0, -60.0):
        with pytest.raises(LaneError, match="P-1: the instrument seems stuck: both levels are the same in all 400"):
            junction.examined(steady(level_dbm, "P-1"), empty())


def test_a_quiet_meter_that_shows_its_floor_is_not_stuck_and_finds_nothing() -> None:
    quiet = junction_empty.learned([steady(-130.0, "")])
    assert junction.examined(steady(-130.0, "P-1"), quiet).readings[0].kind == "nothing"
    # a tenth of a decibel above the floor, once, is noise that the floor hid; a phone's rise is not
    assert junction.examined(steady(-130.0, "P-1", -129.9), quiet).readings[0].kind == "nothing"
    rare = junction_empty.learned([steady(-130.0, "", -129.0)])  # one in 400 is another: 400 alike are chance
    assert junction.examined(steady(-130.0, "P-1"), rare).readings[0].kind == "nothing"
    phone = logged([plain(gain_db=(30.0, 40.0))], 12, person="P-2")
    shown = replace(phone, power_mw=np.maximum(phone.power_mw, 10**-13.0))
    assert junction.examined(shown, quiet).readings[0].kind == "semiconductor"


def test_without_noise_place_and_levels_are_exact() -> None:
    found = strongest(answered(0.35, (50.0, 20.0), None))
    assert found.position_m == pytest.approx(0.35, abs=1e-9)
    assert found.level_mw == pytest.approx((50.0, 20.0))


def test_the_error_of_a_level_is_what_levels_scatter_by() -> None:
    position, sent, rng = np.linspace(-2, 2, 400), np.resize(POWERS, 400), np.random.default_rng(6)
    levels = []
    for _ in range(400):
        noise = Heard(position, sent, rng.normal(size=(2, 400)), np.ones((2, 400)))
        per_power = growth(noise, strongest(answered(0.0, (50.0, 20.0), None)), 0)
        levels.append(per_power[-1, 1] / per_power[-1, 2])
    assert np.std(levels) == pytest.approx(1.0, abs=0.12)  # of 400 deviations; three standard errors are 0.11


def test_slopes_are_two_and_three_decibels_per_decibel() -> None:
    heard = answered(0.0, (3000.0, 3000.0))
    place = strongest(heard)
    for row, order in enumerate(ORDERS):
        found = slope(growth(heard, place, row))
        assert found is not None and abs(found[0] - order) < 3 * found[1]


def test_one_transmit_power_has_no_slope() -> None:
    assert slope(np.array([[30.0, 5.0, 0.1]])) is None


@pytest.mark.parametrize("apart_m", [1.0, 1.4])
def test_two_items_a_metre_apart_are_two(apart_m: float) -> None:
    items = [plain(along_m=-apart_m / 2), plain(along_m=apart_m / 2)]
    found = junction.examined(logged(items, 7), empty()).readings
    assert [r.kind for r in found] == [junction.SEMICONDUCTOR] * 2
    at = sorted(r.position_m or 0.0 for r in found)
    assert at == pytest.approx([-apart_m / 2, apart_m / 2], abs=0.15)


def test_one_item_is_one_also_where_the_body_turns() -> None:
    turning = replace(WORLD, aspect_db=1.5)
    counts = [len(junction.examined(logged([plain()], seed, world=turning), empty()).answers) for seed in range(20)]
    assert counts.count(1) >= 19


def test_a_phone_in_a_pocket_is_a_semiconductor_and_a_contact_is_metal() -> None:
    phone = junction.examined(logged([plain()], 8, person="P-1"), empty()).readings[0]
    assert (phone.kind, phone.person) == (junction.SEMICONDUCTOR, "P-1") and phone.probability > 0.95
    assert phone.position_m == pytest.approx(0.0, abs=0.1)
    metal = junction.examined(logged([plain(METAL, gain_db=(20.0, 20.0))], 9), empty()).readings[0]
    assert metal.kind == junction.METAL and metal.probability > 0.9


def test_nobody_and_a_person_with_nothing_are_nothing() -> None:
    for somebody in (False, True):
        found = junction.examined(logged([], 10, somebody=somebody), empty()).readings
        assert [r.kind for r in found] == [junction.NOTHING]
        assert found[0].probability > 0.5 and found[0].position_m is None


def test_more_loss_leaves_the_measure_of_a_junction_where_it_was() -> None:
    # L takes 3 L from A2 and 4 L from A3, so A2 - 3/4 A3 stays.
    near, far = (
        junction.examined(logged([plain(gain_db=(3 * more, 4 * more))], 11), empty()).answers[0].place
        for more in (8.0, 4.0)
    )
    assert junction.asymmetry_db(near) == pytest.approx(junction.asymmetry_db(far), abs=1.0)
    assert junction.levels_dbm(near)[0] - junction.levels_dbm(far)[0] == pytest.approx(12.0, abs=0.5)


def test_a_transmitter_that_follows_nothing_is_no_junction() -> None:
    log = logged([], 12)
    shape = track(log.position_m, np.zeros(1), 1.0, 2)[0]
    log.power_mw[0] += 1e-11 * shape  # -110 dBm at every transmit power
    found = junction.examined(log, empty()).readings[0]
    assert found.kind == junction.NOTHING and "another transmitter" in found.reason
    assert found.second_slope is not None and abs(found.second_slope[0]) < 0.8


def test_the_instruments_own_harmonics_are_taken_off() -> None:
    loud = replace(WORLD, own_leak_dbm=-80.0)
    learned = empty(loud)
    assert 10 * np.log10(learned.mean_mw[30.0][0]) == pytest.approx(-110, abs=0.2)  # -80 less 30 dB between antennas
    left = junction_empty.heard(logged([], 13, somebody=False, world=loud), learned)
    z = left.excess_mw[0] / np.sqrt(left.variance_mw2[0])
    assert abs(z.mean()) < 3 * np.sqrt(1 / 400 + 1 / 400) and z.std() == pytest.approx(1.0, abs=0.15)


def test_persons_who_carry_nothing_set_the_threshold() -> None:
    rng = np.random.default_rng(14)
    scores = rng.exponential(2.0, 200_000)
    # P(score > x) = exp(-x / 2)
    assert junction_empty.threshold_db(scores) == pytest.approx(-2 * np.log(junction_empty.FALSE_ALARM), rel=0.05)
    loud = replace(WORLD, own_leak_dbm=-95.0)
    lane, persons = (
        logged([], 100, somebody=False, world=loud),
        [logged([], seed, world=loud, person=f"S-{seed}") for seed in range(50)],
    )
    learned = junction_empty.learned([lane, *persons])
    assert learned.thresholds_db is not None
    assert learned.thresholds_db[0] > LANE.noise_db  # what bodies send back stands above noise
    assert junction_empty.learned([lane, *persons[:5]]).thresholds_db is None


def test_a_transmit_power_that_the_empty_lane_has_not_is_told() -> None:
    log = logged([], 15)
    other = Log("", log.time_s, log.position_m, log.transmit_dbm + 1.5, log.power_mw)
    with pytest.raises(LaneError, match=r"2\d\.5 dBm is not in the empty lane"):
        junction.examined(other, empty())


def test_an_empty_lane_of_persons_alone_is_none() -> None:
    with pytest.raises(LaneError, match="the empty lane is missing"):
        junction_empty.learned([logged([], 16, person="S-1")])


def test_no_answer_is_found_twice() -> None:
    found = places(answered(0.0, (3000.0, 900.0)), 5.0, 0.8, 0.1)
    assert len(found) == 1
