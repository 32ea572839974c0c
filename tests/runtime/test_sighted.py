"""From a second's observations to sightings: how many bursts a phone sent, by sensors whose clocks may not be known."""

import math

import pytest

from cellwarden.locate.site import Sensor, Site
from cellwarden.model import Emission, Observation, Reception
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
