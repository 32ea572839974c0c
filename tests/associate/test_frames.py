"""A shift is told by the pauses of calls, not by how many bursts match."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.associate import plain_frames
from tests.associate.test_match import bursts

from cellwarden.associate import frame_kernels
from cellwarden.associate.frame_kernels import IDLE, SLOTS
from cellwarden.associate.frames import SLOT_S, frame_nats

FRAME_S = SLOTS * SLOT_S


def told(one: NDArray[np.float64], other: NDArray[np.float64], shifts: NDArray[np.float64]) -> NDArray[np.float64]:
    channels = np.zeros(len(one), np.int64), np.zeros(len(other), np.int64)
    return frame_nats(bursts(one), bursts(other), channels, shifts)


def call(slot: int, rng: np.random.Generator, idle: int = 25, heard: float = 0.6) -> NDArray[np.float64]:
    """What a side hears of a call that began and ends elsewhere."""
    frame = np.arange(130)
    kept = (frame % 26 != idle) & (rng.random(130) < heard)
    return np.asarray(frame[kept] * FRAME_S + slot * SLOT_S)


def test_calls_that_are_idle_together_tell_the_frame_that_matches_do_not() -> None:
    rng, right = np.random.default_rng(1), 0
    shifts = FRAME_S * np.arange(-3, 4)
    for _scene in range(20):
        one, other = (np.sort(np.concatenate([call(slot, rng) for slot in (0, 2, 4)])) for _side in range(2))
        nats = told(one + 7 * FRAME_S, other, 7 * FRAME_S + shifts)
        right += int(np.argmax(nats)) == 3 and nats[3] > np.sort(nats)[-2] + 4
    assert right >= 18


def test_a_call_without_pauses_says_hardly_which_frame_it_is() -> None:
    rng = np.random.default_rng(2)
    one, other = call(3, rng, idle=99), call(3, rng, idle=99)
    assert np.ptp(told(one, other, FRAME_S * np.arange(-2, 3))) < 6  # of 80 bursts each, some 50 of which match


def test_one_burst_each_is_worth_its_place() -> None:
    """Both in one frame rather than each in one of its own: one beginning and one end instead of two."""
    (nats,) = told(np.array([0.0]), np.array([0.0]), np.array([0.0]))
    assert 0 < nats < 4 * np.log(1 / IDLE)


def test_bursts_beside_the_slots_of_others_are_not_taken_for_theirs() -> None:
    rng = np.random.default_rng(3)
    one = call(0, rng)
    on, beside = told(one, call(0, rng), np.array([0.0, 0.4 * SLOT_S]))
    assert on > 5 and beside == pytest.approx(0.0, abs=1e-6)
    assert not told(one, np.zeros(0), np.array([0.0, 1.0])).any()


def test_of_what_was_heard_in_an_hour_some_stretches_tell() -> None:
    rng = np.random.default_rng(4)
    one, other = (
        np.concatenate([minute * 60.0 + np.sort(np.concatenate([call(0, rng), call(2, rng)])) for minute in range(60)])
        for _side in range(2)
    )
    nats = told(one + FRAME_S, other, FRAME_S * np.arange(4))
    assert int(np.argmax(nats)) == 1 and nats[1] > np.sort(nats)[-2] + 20


SIDE = st.lists(st.tuples(st.integers(-40, 400), st.integers(0, 2)), min_size=1, max_size=60)


@given(SIDE, SIDE)
def test_the_compiled_loop_says_what_plain_numpy_does(
    node: list[tuple[int, int]], common: list[tuple[int, int]]
) -> None:
    (slot, channel), (others, theirs) = (np.array(side, np.int64).T.copy() for side in (node, common))
    wanted = plain_frames.nats((slot, others), (channel, theirs), 3)
    assert frame_kernels.nats(slot, channel, others, theirs, 3) == pytest.approx(wanted, rel=1e-9, abs=1e-9)
