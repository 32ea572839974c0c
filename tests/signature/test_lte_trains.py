"""Phones of an LTE cell: kept apart by oscillator, arrival, level and habits; put together across channels."""

import math
from collections.abc import Iterator

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from benchmarks import one_phone
from cellwarden.airinterface import is_phone
from cellwarden.measure.groups import completeness, purity
from cellwarden.model import Emission, Segment
from cellwarden.signature import clusters
from cellwarden.signature.clusters_kernels import _normal
from cellwarden.signature.group import Grouper, trains

RATE = 7.68e6
SEGMENT = Segment(0, 10**12, RATE, 1.75e9)
LOST = Segment(0, 10**12, RATE, None)
PUCCH_DB, SRS_DB = 5.0, -2.0


def emission(
    label: str,
    at_s: float,
    cfo_hz: float,
    snr_db: float,
    rng: np.random.Generator,
    *,
    blocks: int = 4,
    known: bool = True,
) -> Emission:
    """A burst as the recogniser tells it, with the errors that it says it has."""
    carrier_error, start_error = {"lte:pusch": (15.0, 0.02), "lte:pucch": (15.0, 0.06), "lte:srs": (90.0, 0.005)}[label]
    start = (at_s + rng.normal() * start_error * 1e-6) * RATE
    first = int(rng.integers(-8, 8)) if label == "lte:pusch" else -8 if label == "lte:srs" else -12
    measured = cfo_hz + rng.normal() * carrier_error
    low = first * 180e3 + measured
    seconds = {"lte:pusch": 1e-3, "lte:pucch": 0.5e-3, "lte:srs": 71.35e-6}[label]
    return Emission(
        label,
        math.floor(start),
        round(seconds * RATE),
        low,
        low + blocks * 180e3,
        snr_db + rng.normal(),
        0.99,
        cfo_hz=measured if known else None,
        carrier_offset_hz=low + blocks * 90e3,
        timing_samples=start - math.floor(start),
        direction="uplink",
        floor_dbfs_hz=-120.0,
        details={"carrier_error_hz": carrier_error, "start_error_us": start_error, "blocks": blocks, "cyclic_shift": 3},
    )


def phone(
    number: int, seconds: float, cfo_hz: float, late_s: float, snr_db: float, *, clock: float = 0.0, known: bool = True
) -> Iterator[tuple[Emission, int]]:
    """What a phone sends: PUSCH every 17 ms, PUCCH every 40, soundings every 40; each with its number."""
    rng = np.random.default_rng(number)
    for n in range(int(seconds / 1e-3)):
        at = (n * 1e-3 + late_s) * (1 + clock)
        seen = cfo_hz - clock * 1.75e9
        if n % 17 == (3 * number) % 17:
            yield emission("lte:pusch", at, seen, snr_db, rng, known=known), number
        elif n % 40 == (7 * number) % 40:
            yield emission("lte:pucch", at, seen, snr_db + PUCCH_DB, rng, blocks=1, known=known), number
        elif n % 40 == (7 * number + 20) % 40:
            at = (n * 1e-3 + 1e-3 - 71.35e-6 + late_s) * (1 + clock)
            yield emission("lte:srs", at, seen, snr_db + SRS_DB, rng, blocks=8, known=known), number


def pairs(sent: list[tuple[Emission, int]], segment: Segment = SEGMENT) -> tuple[list[tuple[int, int]], list[Emission]]:
    """(train, phone) of each burst, and the trains."""
    of = {id(e): number for e, number in sent}
    grouper, told, over = Grouper(), [], []
    for e, _ in sorted(sent, key=lambda item: item[0].sample_start):
        fresh, ended = grouper.add(e, segment)
        told += fresh
        over += ended
    fresh, ended = grouper.close()
    return [(number, of[id(e)]) for e, number in [*told, *fresh]], [*over, *ended]


FIVE = [
    (0, 40.0, 0.1e-6, 12.0),
    (1, -90.0, 0.4e-6, 20.0),
    (2, 110.0, -0.3e-6, 8.0),
    (3, -20.0, 0.2e-6, 25.0),
    (4, 70.0, -0.2e-6, 16.0),
]


@pytest.mark.long
@pytest.mark.parametrize("clock", [*(pytest.param(clock, marks=pytest.mark.long) for clock in (0.0, 2e-6)), -15e-6])
def test_five_phones_are_five_trains_however_wrong_the_receivers_clock(clock: float) -> None:
    known = abs(clock) < 2e-6  # beyond, the carrier offset cannot be told on a raster of 5 kHz
    segment = SEGMENT if known else LOST
    sent = [item for n, cfo, late, snr in FIVE for item in phone(n, 1.6, cfo, late, snr, clock=clock, known=known)]
    numbered, ended = pairs(sent, segment)
    assert purity(numbered) > 0.97
    assert completeness(numbered) > 0.97
    assert sum(int(t.details["bursts"]) > 50 for t in ended) == 5


def test_a_train_tells_its_channels_its_carrier_and_that_it_is_a_phone() -> None:
    _, (train,) = pairs(list(phone(1, 0.5, 40.0, 0.1e-6, 15.0)))
    assert train.details["kinds"] == "pucch+pusch+srs"
    assert train.label == "lte:pusch" and is_phone(train)
    assert train.cfo_hz == pytest.approx(40.0, abs=12.0)
    assert "carriers" not in train.details


def test_phones_that_differ_in_one_respect_only_are_kept_apart_by_it() -> None:
    """Not wholly: one symbol of a sounding tells its carrier to 90 Hz, and by level alone it is not known by how much a
    cell's PUCCH is louder than its PUSCH, so that a fifth of all may go either way."""
    cases = (((1, 160.0, 0.1e-6, 15.0), 0.9), ((1, 40.0, 0.9e-6, 15.0), 0.97), ((1, 40.0, 0.1e-6, 28.0), 0.85))
    for other, least in cases:
        sent = [*phone(0, 0.5, 40.0, 0.1e-6, 15.0), *phone(*other[:1], 0.5, *other[1:])]
        numbered, _ = pairs(sent)
        assert purity(numbered) > least


def test_bursts_at_one_time_are_of_two_phones_though_alike_in_all_else() -> None:
    rng = np.random.default_rng(1)
    sent = [(emission("lte:pusch", n * 1e-3, 0.0, 15.0, rng), side) for n in range(0, 60, 3) for side in range(2)]
    numbered, _ = pairs(sent)
    by_time = [numbered[i][0] for i in range(len(numbered))]
    assert all(by_time[i] != by_time[i + 1] for i in range(0, len(by_time), 2))


def test_a_phone_keeps_its_train_over_windows_and_a_second_of_silence() -> None:
    early = list(phone(0, 0.6, 40.0, 0.1e-6, 15.0, clock=1e-6))
    late = [item for item in phone(0, 2.2, 40.0, 0.1e-6, 15.0, clock=1e-6) if item[0].sample_start > 1.6 * RATE]
    numbered, ended = pairs([*early, *late])
    assert completeness(numbered) > 0.98 and len(ended) <= 2


def test_trains_and_numbers_do_not_depend_on_who_asks() -> None:
    sent = [item for n, cfo, late, snr in FIVE for item in phone(n, 0.7, cfo, late, snr)]
    ordered = [(e, SEGMENT) for e, _ in sorted(sent, key=lambda item: item[0].sample_start)]
    assert sum(int(t.details["bursts"]) for t in trains(ordered)) == len(sent)


def test_a_clusters_likelihood_is_the_integral_over_its_unknown_mean() -> None:
    x, variance, spread = np.array([30.0, 42.0, 25.0]), np.array([100.0, 64.0, 225.0]), 120.0
    sums = clusters.powers(x, variance).sum(axis=0)
    single = clusters.powers(x, variance)

    def joint(mean: float) -> float:
        return float(np.prod(norm.pdf(x, mean, np.sqrt(variance))) * norm.pdf(mean, 0, spread))

    direct = math.log(quad(joint, -500, 500, points=[30.0], limit=200)[0])
    apart = sum(math.log(norm.pdf(v, 0, math.sqrt(s + spread**2))) for v, s in zip(x, variance, strict=True))
    gain = _normal(*sums, spread) - sum(_normal(*one, spread) for one in single)
    assert gain == pytest.approx(direct - apart, abs=1e-6)


@pytest.mark.long
def test_five_simulated_phones_come_out_of_samples_pure() -> None:
    """A small version of the lane: one world whose parameters all differ."""
    figures = one_phone.phones(0)
    assert figures["purity"] >= 0.9 and figures["completeness"] >= 0.7 and figures["bursts"] > 60
