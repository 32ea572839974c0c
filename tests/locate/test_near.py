"""Warmer or colder: what is said of a level that grows, falls, or only fades."""

import math

import numpy as np
import pytest

from cellwarden.locate.near import CHANGE_DB, FORGET_S, MOST, STALE_S, Near, heard, nearest, readings

EACH_S = 0.025
"""Between bursts."""


def walked(near: Near, levels_db: list[float], *, train: int = 1, at_s: float = 0.0, hz: float = 897.4e6) -> float:
    """Bursts of one train, each of the next level; when the last one was."""
    for k, level in enumerate(levels_db):
        heard(near, train, "gsm", hz, level, at_s + k * EACH_S)
    return at_s + (len(levels_db) - 1) * EACH_S


def towards(start_m: float, end_m: float, seconds: float) -> list[float]:
    """Levels of who walks straight at it, in free space: 20 dB for a tenth of the distance."""
    metres = np.linspace(start_m, end_m, round(seconds / EACH_S))
    return [float(level) for level in -80 - 20 * np.log10(metres)]


def test_who_walks_towards_it_is_told_warmer_and_who_walks_away_colder() -> None:
    for start_m, end_m, told in ((8.0, 2.0, "warmer"), (2.0, 8.0, "colder"), (5.0, 5.0, "steady")):
        near = Near()
        end_s = walked(near, towards(start_m, end_m, 6.0))
        (one,) = readings(near, end_s)
        assert one.trend == told
        before_m = end_m - (end_m - start_m) / 6.0  # a second ago; the mean of 1/r² over that way is 1/(r₁ r₂)
        assert one.level_db == pytest.approx(-80 - 10 * math.log10(before_m * end_m), abs=0.2)


def test_fading_alone_is_rarely_taken_for_a_change() -> None:
    """Six independent exponential powers a second err by 1.5 dB between the two spans: 3 dB are two of these, 5 %."""
    rng, told = np.random.default_rng(3), []
    for _walk in range(400):
        near = Near()
        waves = np.repeat(10 * np.log10(rng.exponential(size=36)), 6)
        for k, level in enumerate(waves):
            heard(near, 1, "gsm", 897.4e6, float(level), k / 36)
        told.append(readings(near, 35.9 / 6)[0].trend)
    assert told.count("steady") > 0.88 * len(told)  # 0.95 expected; the mean of few has a longer tail than Gauss


def test_nothing_is_said_of_a_phone_that_is_silent_and_the_warmest_stays() -> None:
    near = Near()
    end_s = walked(near, towards(8.0, 2.0, 6.0))
    (fresh,) = readings(near, end_s + 0.9 * STALE_S)
    (stale,) = readings(near, end_s + 1.1 * STALE_S)
    assert fresh.level_db is not None and fresh.trend == "warmer"
    assert stale.level_db is None and stale.trend == ""
    assert stale.hottest_db == fresh.hottest_db
    assert stale.past_db[-1] is None and stale.past_db[-5] is not None


def test_a_phone_that_speaks_again_on_its_channel_is_the_same_and_two_that_speak_at_once_are_two() -> None:
    near = Near()
    end_s = walked(near, [-90.0] * 40, train=1)
    walked(near, [-70.0] * 40, train=2)
    assert len(readings(near, end_s)) == 2
    assert heard(near, 3, "gsm", 897.4e6 + 60.0, -70.0, end_s + 5.0) in (1, 2)
    assert heard(near, 4, "gsm", 897.6e6, -70.0, end_s + 5.0) == 4
    assert len(readings(near, end_s + 5.0)) == 3


def test_the_phone_of_an_alert_is_the_loudest_on_its_channel() -> None:
    near = Near()
    walked(near, [-90.0] * 40, train=1)
    walked(near, [-80.0] * 40, train=2)
    end_s = walked(near, [-60.0] * 40, train=3, hz=902.0e6)
    told = readings(near, end_s)
    assert [one.phone for one in told] == [3, 2, 1]
    assert nearest(told, 897.4e6) == 2
    assert nearest(told, 880.0e6) is None


def test_what_is_remembered_does_not_grow() -> None:
    near = Near()
    for k in range(40 * MOST):
        heard(near, k, "gsm", 880e6 + 200e3 * (k % 150), -90.0 + CHANGE_DB, 0.1 * k)
    assert len(near.phones) <= MOST and len(near.names) <= 9 * MOST
    heard(near, -1, "gsm", 990e6, -90.0, 4 * MOST + FORGET_S + 1)
    assert list(near.phones) == [-1]
    for k in range(4000):
        heard(near, -1, "gsm", 990e6, -90.0, 4 * MOST + FORGET_S + k)
    assert len(near.phones[-1].bins) <= 121
