"""The compiled search for coincidences against plain numpy, and the set of trains that are one phone's."""

import numpy as np
import pytest
from numpy.typing import NDArray

from cellwarden.associate import phones as phones_room
from cellwarden.associate.clocks import RATES, Clock, aligned, common_s, line, peaks
from cellwarden.associate.match import CFO_ERROR, CFO_SIGMAS, FLIGHT_S, GATE_SIGMAS, grouped
from cellwarden.associate.phones import Phones
from cellwarden.associate.seen import Seen, row, table, tabled
from cellwarden.model import Emission, Segment


def plain(
    time: NDArray[np.float64], error: NDArray[np.float64], kind: NDArray[np.int64], frequency: NDArray[np.float64],
    width: NDArray[np.float64], cfo: NDArray[np.float64], node: NDArray[np.int64], nodes: int,
) -> NDArray[np.int64]:  # fmt: skip
    groups: list[list[int]] = []
    found = np.empty(len(time), np.int64)
    for i in range(len(time)):
        costs = []
        for g, members in enumerate(groups):
            j = members[0]
            if kind[i] != kind[j] or node[i] in node[members]:
                continue
            if abs(frequency[i] - frequency[j]) > 0.5 * min(width[i], width[j]):
                continue
            late = (time[i] - time[j]) / (FLIGHT_S + GATE_SIGMAS * np.hypot(error[i], error[j]))
            cost = late**2 + np.nan_to_num(((cfo[i] - cfo[j]) / (CFO_SIGMAS * CFO_ERROR)) ** 2)
            if cost <= 1:
                costs.append((cost, -g))
        if costs:
            found[i] = -min(costs)[1]
            groups[found[i]].append(i)
        else:
            found[i] = len(groups)
            groups.append([i])
    return found


@pytest.mark.parametrize("count", [0, 1, 2, 300])
def test_the_compiled_loop_is_what_plain_python_says(count: int) -> None:
    rng = np.random.default_rng(count)
    time = np.sort(rng.uniform(0, 200e-6, count))
    columns = (
        rng.uniform(1e-7, 1e-6, count), rng.integers(0, 3, count), 2e5 * rng.integers(0, 2, count).astype(float),
        np.full(count, 2e5), np.where(rng.random(count) < 0.5, np.nan, rng.normal(0, 1e-7, count)),
        rng.integers(0, 4, count),
    )  # fmt: skip
    assert np.array_equal(grouped(time, *columns, 4), plain(time, *columns, 4))


def test_the_peak_of_differences_is_where_most_are_alike() -> None:
    rng = np.random.default_rng(1)
    difference = np.concatenate([rng.uniform(-0.02, 0.02, 400), 3.21e-3 + rng.normal(0, 1e-6, 60)])
    shifts, counts = peaks(difference)
    assert shifts[0] == pytest.approx(3.21e-3, abs=2e-6) and counts[0] >= 60
    assert (np.diff(counts) <= 0).all()


def test_offset_and_rate_of_a_clock_are_read_off_its_matches() -> None:
    rng = np.random.default_rng(2)
    time = rng.uniform(-1, 1, 400)
    difference = 5e-3 + 7.5e-6 * time + rng.normal(0, 0.3e-6, 400)
    difference[:80] += rng.uniform(-50e-6, 50e-6, 80)
    found = line(time, difference, 0.0)
    assert found.offset_s == pytest.approx(5e-3, abs=1e-7) and found.rate == pytest.approx(7.5e-6, abs=2e-7)
    assert found.error_s < 1e-7 and abs(found.rate - 7.5e-6) < 4 * found.rate_error < 1e-6
    few = line(time[:3], 5e-3 + 1e-6 * time[:3], 1e-6)
    assert few.rate == 1e-6 and few.rate_error == np.inf  # three tell no rate
    assert np.diff(RATES).max() * 1.0 < 6e-6  # steps of the rate stay within a peak over a window of two seconds


def bursts(time_s: NDArray[np.float64]) -> Seen:
    count = len(time_s)
    return Seen(
        time_s, np.full(count, 2e-7), np.zeros(count, np.int64), np.full(count, 9e8), np.full(count, 2e5),
        np.full(count, np.nan), np.zeros(count, np.int64), np.ones(count, np.bool_),
    )  # fmt: skip


def unframed(time_s: NDArray[np.float64]) -> Seen:
    """Bursts that keep no frame, as those of LTE."""
    every = bursts(time_s)
    every.framed[:] = False
    return every


def test_a_call_without_a_beginning_is_not_believed_to_tell_the_clock() -> None:
    """In each frame of 60/13 ms a burst: any number of frames fits but for the ends, and misses hide these."""
    rng = np.random.default_rng(3)
    frames = 60e-3 / 13 * np.arange(100)
    one, other = frames[rng.random(100) < 0.7], frames[rng.random(100) < 0.7]
    wide = aligned(Clock(), bursts(other + 7e-3), bursts(one), 20e-3)
    assert wide.sure < 0.999 and len(wide.shifts_s) > 3
    # A clock that is known to a millisecond leaves one frame only.
    narrow = aligned(Clock(), bursts(other + 0.5e-3), bursts(one), 1e-3)
    assert narrow.known and common_s(narrow, np.array([0.5e-3]))[0] == pytest.approx(0.0, abs=1e-5)


def test_a_few_bursts_do_not_tell_where_a_clock_is_two_minutes_later() -> None:
    """Windows of two seconds and long silence: what clocks differ by comes from all of them."""
    rng, clock, offset, rate = np.random.default_rng(4), Clock(), 1.3e-3, -1.6e-6
    for begin in (0.0, 2.0, 120.0, 240.0, 360.0):
        common = np.sort(begin + rng.uniform(0, 2.0, 300 if begin < 2 else 9))
        own = common + offset + rate * common + rng.normal(0, 3e-6, len(common))
        clock = aligned(clock, unframed(own), unframed(common), 2e-3)
        assert clock.known
        ahead = begin + 122.0
        assert common_s(clock, np.array([ahead + offset + rate * ahead]))[0] == pytest.approx(ahead, abs=1e-4)
    assert clock.rate == pytest.approx(rate, abs=5e-8) and abs(clock.rate - rate) < 4 * clock.rate_error


def test_a_clock_that_was_set_keeps_its_rate() -> None:
    rng, clock = np.random.default_rng(5), Clock()
    for begin, offset in ((0.0, 1e-3), (2.0, 1e-3), (60.0, 1e-3), *((120.0 + 2 * n, -2e-3) for n in range(5))):
        common = np.sort(begin + rng.uniform(0, 2.0, 200))
        own = common + offset + 5e-6 * common + rng.normal(0, 3e-7, len(common))
        clock = aligned(clock, unframed(own), unframed(common), 2e-3)
    assert clock.rate == pytest.approx(5e-6, abs=1e-7)
    assert common_s(clock, np.array([180.0 * (1 + 5e-6) - 2e-3]))[0] == pytest.approx(180.0, abs=2e-5)


@pytest.mark.parametrize(
    ("label", "snr_db", "known"),
    [("lte:pucch", 3.0, False), ("lte:pucch", 15.0, True), ("gsm:normal", 3.0, True)],
)
def test_a_faint_carrier_offset_parts_no_bursts_unless_it_is_gsms(label: str, snr_db: float, known: bool) -> None:
    e = Emission(label, 100, 500, -90e3, 90e3, snr_db, 1.0, cfo_hz=2000.0)
    column = tabled(table([row(e, Segment(0, 10_000, 1e6, 900e6, 0), 0, {})]))
    assert np.isfinite(column.cfo[0]) == known


def test_of_all_trains_that_ever_were_those_met_last_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phones_room, "MOST", 100)
    phones = Phones()
    phones.learn([[(0, 0), (1, 0)]] * 5)
    first = phones.of((0, 0))
    for number in range(1, 500):
        assert phones.of((0, number)) == 1 + number  # no name is given twice
        assert phones.of((1, 0)) == first  # which goes on
        assert len(phones._of) <= 100
    assert phones.of((0, 0)) not in range(1, 501)  # forgotten: a new one
    phones.learn([[(0, 0), (1, 0)]] * 5)
    assert phones.of((0, 0)) == first


def test_trains_that_share_their_bursts_are_one_phones_and_others_are_not() -> None:
    phones = Phones()
    phones.learn([[(0, 1), (1, 5)]] * 10 + [[(0, 2), (1, 6)]] * 10 + [[(0, 1), (1, 6)]])
    assert phones.of((0, 1)) == phones.of((1, 5)) != phones.of((0, 2)) == phones.of((1, 6))
    phones.learn([[(0, 1), (2, 9)]] * 4 + [[(2, 9), (1, 5)]] * 4 + [[(1, 5), (0, 3)]] * 8)  # node 0 tore it apart
    assert phones.of((0, 3)) == phones.of((2, 9)) == phones.of((0, 1)) == 1
