"""The hourly self-test: what was put in is found and told to nobody, a receiver that lost its antenna is told."""

from collections.abc import Iterator

import numpy as np
import pytest

from cellwarden.model import Block, Segment
from cellwarden.radio.live.stream import Address, Piece, Stream
from cellwarden.runtime import hourly
from cellwarden.runtime.hourly import Heard, Hourly, Station, judged
from cellwarden.runtime.listen import listen

RATE_HZ = 2e6
USUAL = {"gsm:downlink 940.0 MHz": Station(-90.0, 0.5, 5), "lte:downlink 806.0 MHz": Station(-100.0, None, 5)}
NOW = {"gsm:downlink 940.0 MHz": Heard(-91.0, 0.6), "lte:downlink 806.0 MHz": Heard(-99.0, None)}


def noise(seconds: float, seed: int) -> Iterator[Piece]:
    rng = np.random.default_rng(seed)
    for _number in range(round(seconds / 0.02)):
        iq = np.rint(rng.normal(size=(round(0.02 * RATE_HZ), 2)) * 100).astype(np.int16)
        yield Piece(iq, 2.0**-15, centre_hz=900e6)


def heard_with(seconds: float, test: Hourly, *, deaf: bool = False) -> list[object]:
    stream = Stream(Address("x", "x", "x", {}), RATE_HZ, noise(seconds, 1), lambda: None, patient=True)

    def deafened(blocks: Iterator[Block]) -> Iterator[Block]:
        """What comes behind the test is noise alone."""
        rng = np.random.default_rng(2)
        for block in blocks:
            iq = np.rint(rng.normal(size=block.iq.shape) * 100).astype(np.int16)
            yield Block(iq, block.scale, block.sample_start, block.segment)

    def passing(blocks: Iterator[Block]) -> Iterator[Block]:
        return deafened(test.passing(blocks)) if deaf else test.passing(blocks)

    return list(test.events(listen(stream, health=test.health, passing=passing)))


def test_the_burst_put_in_is_found_and_neither_told_nor_counted() -> None:
    said: list[tuple[str, ...]] = []
    test = Hourly(RATE_HZ, said.append, hour_s=4.0, first_s=2.0)
    assert heard_with(12.0, test) == []
    assert said == [] and test.put_in >= 2


@pytest.mark.long
def test_a_receiver_in_which_nothing_is_found_is_told_after_three_tries() -> None:
    said: list[tuple[str, ...]] = []
    heard_with(32.0, Hourly(RATE_HZ, said.append, hour_s=600.0, first_s=2.0), deaf=True)
    assert said == [("injection",)]


@pytest.mark.parametrize(
    ("heard", "found"),
    [
        (NOW, ()),
        ({"gsm:downlink 940.0 MHz": Heard(-91.0, 0.6)}, ("base lost",)),
        (NOW | {"lte:downlink 806.0 MHz": Heard(-111.0, None)}, ("base lost",)),
        (NOW | {"gsm:downlink 940.0 MHz": Heard(-91.0, 3.0)}, ("frequency",)),
        ({}, ("base lost",)),
    ],
)
def test_a_station_that_is_gone_weak_or_off_is_told_and_not_learned(
    heard: dict[str, Heard], found: tuple[str, ...]
) -> None:
    faults, known = judged(USUAL, heard)
    assert faults == found
    again, _known = judged(known, heard)
    assert again == found  # it stays told


def test_a_station_is_waited_for_only_after_some_hours() -> None:
    known: dict[str, Station] = {}
    for hour in range(hourly.ALWAYS):
        faults, known = judged(known, NOW)
        assert faults == ()
        assert all(one.hours == hour + 1 for one in known.values())
    assert judged(known, {})[0] == ("base lost",)
    assert judged({"x": Station(-90.0, None, 1)}, {}) == ((), {})  # heard once: a car that passed


def test_ours_lies_on_a_channel_within_the_band() -> None:
    for part in hourly.TRIES:
        for centre in (None, 897.55e6):
            offset = hourly._offset_hz(Segment(0, 1, RATE_HZ, centre, None), part)
            assert ((centre or 0.0) + offset) % 200e3 == pytest.approx(0, abs=1e-3)
            assert abs(offset) < 0.4 * RATE_HZ
