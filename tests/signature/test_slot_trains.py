"""Links of Bluetooth and Low Energy hop by a clock of their own, by which they are told apart."""

import math
from collections.abc import Iterator

import numpy as np
import pytest

from benchmarks import one_phone
from cellwarden.measure.groups import completeness, purity
from cellwarden.model import Emission, Segment
from cellwarden.signature.group import Grouper
from cellwarden.simulate.hops import RANDOM, hop

RATE = 20e6
SEGMENT = Segment(0, 10**12, RATE, 2441e6)


def packet(label: str, at_s: float, channel: int, cfo_hz: float, snr_db: float, seconds: float) -> Emission:
    start, middle = at_s * RATE, (channel - 39) * 1e6
    return Emission(
        label,
        math.floor(start),
        round(seconds * RATE),
        middle - 5e5,
        middle + 5e5,
        snr_db,
        0.999,
        cfo_hz=cfo_hz,
        carrier_offset_hz=middle + cfo_hz,
        timing_samples=start - math.floor(start),
        details={"proof": "sync word", "hop_channel": channel},
    )


def piconet(number: int, phase_s: float, *, clock: float = 0.0, slots: int = 800) -> Iterator[tuple[Emission, int]]:
    """Central in even slots, peripheral 3 µs late in odd ones, each with its carrier; half of the packets are heard."""
    rng = np.random.default_rng(number)
    carriers, levels = rng.uniform(-7e4, 7e4, 2), rng.uniform(10, 25, 2)
    for slot in range(slots):
        side = slot % 2
        if rng.random() < 0.5:
            at = phase_s + slot * 625e-6 * (1 + clock) + 3e-6 * side + rng.normal() * 0.3e-6
            cfo, level = carriers[side] + rng.normal() * 3e3, levels[side] + rng.normal() * 3
            yield packet("bluetooth:br", at, int(rng.integers(79)), cfo, level, 366e-6), number


def connection(number: int, phase_s: float, interval: int, *, events: int = 20) -> Iterator[tuple[Emission, int]]:
    """Central, and 150 µs later peripheral, every `interval` of 1.25 ms on the next channel; some events are lost."""
    rng = np.random.default_rng(number)
    carriers, levels = rng.uniform(-7e4, 7e4, 2), rng.uniform(12, 25, 2)
    for event in range(events):
        at = phase_s + event * interval * 1.25e-3
        if rng.random() < 0.2:
            continue
        for side in range(2):
            cfo, seconds = carriers[side] + rng.normal() * 2e3, float(rng.choice([80e-6, 200e-6]))
            yield packet("ble:data", at, event * 7 % 37, cfo, levels[side] + rng.normal() * 2, seconds), number
            at += seconds + 150e-6


def pairs(sent: list[tuple[Emission, int]]) -> list[tuple[int, int]]:
    of = {id(e): number for e, number in sent}
    grouper, told = Grouper(), []
    for e, _ in sorted(sent, key=lambda item: item[0].sample_start):
        told += grouper.add(e, SEGMENT)[0]
    return [(number, of[id(e)]) for e, number in told]


@pytest.mark.parametrize("clock", [0.0, 30e-6])
def test_piconets_are_told_apart_by_their_slots_and_both_sides_are_one_train(clock: float) -> None:
    sent = [*piconet(0, 1e-4, clock=clock), *piconet(1, 2.6e-4, clock=-clock), *piconet(2, 5.1e-4, clock=clock)]
    numbered = pairs(sent)
    assert purity(numbered) > 0.99 and completeness(numbered) > 0.97


def test_a_packet_between_the_slots_is_of_another_link() -> None:
    mine = list(piconet(0, 1e-4))
    other = (packet("bluetooth:br", 0.25 + 3.1e-4, 11, 0.0, 15.0, 366e-6), 9)
    numbered = {phone: train for train, phone in pairs([*mine, other])}
    assert numbered[9] != numbered[0]


def test_connections_are_told_apart_by_their_events() -> None:
    sent = [*connection(0, 1e-3, 24), *connection(1, 5.3e-3, 16), *connection(2, 9.7e-3, 36)]
    numbered = pairs(sent)
    assert purity(numbered) > 0.99 and completeness(numbered) > 0.95


def test_the_hopping_sequence_is_the_standards() -> None:
    """TS 45.002 §6.2.3: HSN 0 is cyclic; every HSN is fair, and calls of different MAIO never meet."""
    assert len(RANDOM) == 114 and len(set(RANDOM)) == 114 and max(RANDOM) < 128
    assert [hop(n, 0, 2, 5) for n in range(6)] == [2, 3, 4, 0, 1, 2]
    counts = np.bincount([hop(n, 17, 0, 6) for n in range(6 * 1326)], minlength=6)
    assert counts.min() > 0.8 * counts.mean()
    assert all(hop(n, 17, 0, 6) != hop(n, 17, 3, 6) for n in range(500))


@pytest.mark.parametrize("kind", ["gsm", "bluetooth"])
def test_hopping_links_come_out_of_samples_as_one_train_each(kind: str) -> None:
    figures = one_phone.links(kind, 0)
    assert figures["purity"] > 0.97 and figures["completeness"] > 0.95 and figures["recognised"] > 0.9
