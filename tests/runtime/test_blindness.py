"""In which bands a jammer blinds a receiver, since when, and that it hears there again."""

from collections.abc import Iterator

import numpy as np
import pytest
from tests.airinterface.test_noise_and_jammers import sweep

from cellwarden.model import ENDLESS, Blind, Emission, Segment, SensorState
from cellwarden.radio.live.stream import Address, Piece, Stream
from cellwarden.runtime import deaf
from cellwarden.runtime.blindness import Blindness, bands_of
from cellwarden.runtime.listen import Health, listen

RATE_HZ, START_NS = 2e6, 1_796_000_000_000_000_000
UPLINK = Segment(0, ENDLESS, RATE_HZ, 897.5e6, START_NS)


def jam(at_s: float, seconds: float = 0.1) -> Emission:
    """A piece of a jammer, as one chunk shows it."""
    start, count = round(at_s * RATE_HZ), round(seconds * RATE_HZ)
    return Emission("noise:jammer", start, count, -0.9e6, 0.9e6, 20.0, 0.95)


def passed(blindness: Blindness, seconds: float, segment: Segment = UPLINK) -> None:
    blindness.listened(segment, round(seconds * RATE_HZ))


def test_a_jammer_that_lasts_blinds_since_it_began_and_until_it_was_not_heard_for_a_while() -> None:
    one = Blindness()
    for eighth in range(12):
        passed(one, 0.125)
        one.heard(jam(eighth / 8 + 5, seconds=0.125), UPLINK)
        assert bool(one.now()) == (eighth >= 7)  # a second of it
    assert one.now() == (Blind("8", START_NS + 5_000_000_000),)
    passed(one, 1.9)
    assert one.now()
    passed(one, 0.2)
    assert one.now() == ()


def test_a_moment_of_it_and_what_is_no_jammer_blind_nobody() -> None:
    one = Blindness()
    for second in range(0, 60, 3):  # a radar that looks this way now and then
        one.heard(jam(second), UPLINK)
        passed(one, 3.0)
    phone = Emission("gsm:normal", 0, round(5 * RATE_HZ), -0.1e6, 0.1e6, 20.0, 0.95)
    one.heard(phone, UPLINK)
    assert one.now() == ()


def test_a_receiver_that_visits_several_bands_hears_again_only_where_it_listened() -> None:
    one, other = Blindness(), Segment(0, ENDLESS, RATE_HZ, 850e6, START_NS)
    for visit in range(12):
        one.heard(jam(visit * 4.0), UPLINK)
        passed(one, 0.1)
        passed(one, 4.0, other)
    assert [blind.band for blind in one.now()] == ["8"]


@pytest.mark.parametrize(
    ("centre_hz", "bands"), [(897.5e6, ("8",)), (847e6, ("20",)), (433.92e6, ("433.92 MHz",)), (None, ("",))]
)
def test_bands_are_those_of_phones_else_what_the_receiver_is_tuned_to(
    centre_hz: float | None, bands: tuple[str, ...]
) -> None:
    assert bands_of(jam(0), Segment(0, ENDLESS, RATE_HZ, centre_hz)) == bands


def test_a_listener_tells_it_with_its_health_while_the_jammer_lasts() -> None:
    rng, off = np.random.default_rng(3), round(2 * RATE_HZ)
    on = round(3 * RATE_HZ)
    wave = np.zeros(on + round(4 * RATE_HZ), np.complex64)
    wave[off : off + on] = sweep(RATE_HZ, -0.9e6, 0.9e6, 20e-6, 3.0)[:on]
    noise = rng.normal(0, 100, (len(wave), 2))
    iq = (noise + 1000 * np.stack([wave.real, wave.imag], 1)).astype(np.int16)

    def pieces() -> Iterator[Piece]:
        for part in np.array_split(iq, 350):
            yield Piece(part, 2.0**-15, start_ns=None, centre_hz=897.5e6)

    told: list[Health] = []
    stream = Stream(Address("x:", "x", "", {}), RATE_HZ, pieces(), lambda: None, patient=True)
    for _event in listen(stream, health=told.append):
        pass
    assert [[one.band for one in health.blind] for health in told[:2]] == [[], []]
    assert [one.band for one in told[3].blind] == [one.band for one in told[4].blind] == ["8"]
    (first,), (last,) = told[3].blind, told[4].blind
    assert first == last
    assert told[-1].blind == ()


def test_who_is_alerted_reads_where_a_sensor_is_blind_and_that_it_hears_again() -> None:
    state = SensorState("A0-S1", START_NS, -90.0, 0, None, "jammed", None, (Blind("20", START_NS),))
    message = deaf.words("Prison", state)
    assert "A0-S1: blind in band 20 since" in message.title and message.severity == "high"
    assert "hears again" in deaf.words("Prison", SensorState("A0-S1", START_NS, -120.0, 0, None)).title
