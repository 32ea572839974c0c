"""From a second's observations to sightings: how many bursts a phone sent, and which sensors were silent."""

import math
from dataclasses import replace

import numpy as np
import pytest

from cellwarden.locate.cells import ABSENT_DBM
from cellwarden.locate.site import Sensor, Site
from cellwarden.model import Emission, Observation, Odds, Reception
from cellwarden.runtime.sighted import sightings

SITE = Site("two", (), (), (), tuple(Sensor(name, (n, 0, 2)) for n, name in enumerate("ABC")))


def observed(number: int, known: bool, *sensors: str) -> Observation:
    """One burst of a phone, heard by some sensors whose clocks are known, or are not."""
    error_ns = 300.0 if known else math.inf
    emission = Emission("gsm:normal", 0, 1000, -1e5, 1e5, 15.0, 1.0, details={"train": 1})
    heard = tuple(Reception(name, -50.0, 0.3, 0.0, error_ns, emission) for name in sensors)
    return Observation(number * 4_615_385, "gsm:normal", 902.4e6, "P1", heard)


@pytest.mark.parametrize(
    ("alone", "bursts"),
    [
        ([], 30),  # of two whose clocks are known together each burst is another one
        ([("C", 25)], 30),  # what a third heard may all be among them
        ([("C", 40)], 40),
    ],
)
def test_what_sensors_without_a_clock_heard_is_not_counted_again(alone: list[tuple[str, int]], bursts: int) -> None:
    both = [observed(n, True, "A", "B") for n in range(10)] + [observed(n, True, "AB"[n % 2]) for n in range(10, 30)]
    lone = [observed(n, False, name) for name, count in alone for n in range(count)]
    (one,) = sightings(both + lone, SITE, lambda *_: (("01", 1.0),))
    assert one.labels == {"gsm:normal": bursts}
    assert set(one.sensors) == {"A", "B", *(name for name, _count in alone)}


@pytest.mark.parametrize(
    ("late_ns", "away_hz", "silent"),
    [(71_000, 0.0, False), (-71_000, 1e5, False), (600_000, 0.0, True), (71_000, 3e5, True)],
)
def test_a_sensor_that_heard_much_the_same_was_not_silent(late_ns: int, away_hz: float, silent: bool) -> None:
    """The faint one told a burst of LTE a symbol late, and was not joined: it does not lie where none else hears."""
    asked: list[np.ndarray] = []

    def belief(levels_dbm: np.ndarray, interface: str, frequency_hz: float) -> Odds:
        asked.append(levels_dbm)
        return (("01", 1.0),)

    clear, faint = observed(100, True, "A"), observed(100, True, "B")
    faint = replace(faint, time_ns=clear.time_ns + late_ns, frequency_hz=clear.frequency_hz + away_hz, phone="P2")
    list(sightings(sorted((clear, faint), key=lambda one: one.time_ns), SITE, belief))
    mute = np.nan if silent else ABSENT_DBM
    (of_clear,) = (levels for levels in asked if np.isfinite(levels[0]))
    (of_faint,) = (levels for levels in asked if np.isfinite(levels[1]))
    assert of_clear[1:] == pytest.approx([mute, np.nan], nan_ok=True)
    assert of_faint[::2] == pytest.approx([mute, np.nan], nan_ok=True)
