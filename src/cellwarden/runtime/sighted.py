"""From a second's observations to who was where: one sighting for each phone."""

import math
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import groupby

import numpy as np

from cellwarden.locate.cells import ABSENT_DBM
from cellwarden.locate.site import Sensor, Site
from cellwarden.locate.whereabouts import Belief
from cellwarden.model import Measured, Observation, Sighting

STEP_S = 1.0
"""A phone is sighted once in so long."""
BESIDE_NS = 500_000
"""Bursts in one band that begin so near to each other may be one: half a subframe of LTE, nearly a slot of GSM."""
BURST_HZ = 50.0
"""Deviation of a carrier that few bursts told: GSM's at 5 dB; 15 Hz at 15 dB."""


def by_step(observed: Iterable[Observation]) -> Iterator[list[Observation]]:
    """Observations in the order of time, by spans of a step."""
    length = round(STEP_S * 1e9)
    for _number, some in groupby(observed, lambda one: one.time_ns // length):
        yield list(some)


def nobody(_phone: str, _trains: Iterable[tuple[str, int]]) -> tuple[str, float]:
    """No signature is known."""
    return "", 0.0


def nothing(_sensor: str, _train: int, _phone: str) -> tuple[str, ...]:
    """No evidence is kept."""
    return ()


def no_carrier(_sensor: str, _interface: str, _frequency_hz: float) -> Measured | None:
    """No cell's carrier is known."""
    return None


def sightings(
    observed: Iterable[Observation],
    site: Site,
    belief: Belief,
    counted: Collection[int] = (),
    evidence: Callable[[str, int, str], tuple[str, ...]] = nothing,
    whose: Callable[[str, Iterable[tuple[str, int]]], tuple[str, float]] = nobody,
    carrier: Callable[[str, str, float], Measured | None] = no_carrier,
    absent: Collection[str] = (),
) -> Iterator[Sighting]:
    """One for each phone. Bursts of no train are left out: nobody knows which phone sent them.

    Those of which an emission is `counted`, by its identity, tell where, and are not counted again. `evidence` tells
    the hashes of what is kept of a sensor's train that a phone has not yet, `whose` the emitter that a phone with some
    sensors' trains is known as, and the logarithm of its ratio; `carrier` by how many millionths a sensor's clock is
    fast beside that of the cell in which phones send on a frequency. The silence of sensors that are `absent` says
    nothing. Observations come in the order of time.
    """
    sensors = {sensor.name: sensor for sensor in site.sensors}
    phones: dict[str, list[Observation]] = defaultdict(list)
    every = list(observed)
    for one in every:
        if one.phone:
            phones[one.phone].append(one)
    beside = _beside(every)
    for phone, bursts in phones.items():
        levels = mean_dbm(bursts, sensors)
        loudest = sorted((name for name in sensors if name in levels), key=lambda name: -levels[name])
        emissions = [heard.emission for burst in bursts for heard in burst.heard]
        trains = _trains(bursts)
        mute = beside[phone].union(absent)
        row = np.array([levels.get(name, ABSENT_DBM if name in mute else np.nan) for name in sensors])
        interface, frequency = bursts[0].label.partition(":")[0], bursts[0].frequency_hz
        emitter, log_ratio = whose(phone, trains)
        offset = offset_hz(bursts, interface, carrier)
        yield Sighting(
            start_ns=bursts[0].time_ns,
            end_ns=bursts[-1].time_ns,
            phone=phone,
            interface=interface,
            labels=_labels(burst for burst in bursts if not _counted(burst, counted)),
            frequency_hz=frequency,
            confidence=max(emission.confidence for emission in emissions),
            odds=belief(row, interface, frequency),
            sensors=tuple(loudest),
            evidence=tuple(dict.fromkeys(name for one in trains for name in evidence(*one, phone))),
            emitter=emitter,
            log_ratio=log_ratio,
            offset_hz=offset.value if offset else None,
            offset_error_hz=offset.deviation if offset else 0.0,
        )


def _trains(bursts: Iterable[Observation]) -> tuple[tuple[str, int], ...]:
    """Sensors and their numbers of the trains that bursts are of, each once, the first heard first."""
    heard = (one for burst in bursts for one in burst.heard if "train" in one.emission.details)
    return tuple(dict.fromkeys((one.sensor, int(one.emission.details["train"])) for one in heard))


def offset_hz(
    bursts: Iterable[Observation], interface: str, carrier: Callable[[str, str, float], Measured | None]
) -> Measured | None:
    """How far a phone's carrier lies beside its cell's, of those sensors that know the cell's; None where none does.

    Of each sensor the median over its bursts; what is known of the cell errs alike for all of them.
    """
    told: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for burst in bursts:
        for heard in burst.heard:
            fast = carrier(heard.sensor, interface, burst.frequency_hz)
            if fast is not None and heard.emission.cfo_hz is not None:
                ppm = burst.frequency_hz * 1e-6
                told[heard.sensor].append((heard.emission.cfo_hz + fast.value * ppm, fast.deviation * ppm))
    means = [(*np.median(each, axis=0), _spread([hertz for hertz, _error in each])) for each in told.values()]
    if not means:
        return None
    value, known, spread = (float(np.mean(column)) for column in zip(*means, strict=True))
    return Measured(value, float(np.hypot(known, spread / np.sqrt(len(means)))))


def _spread(hertz: list[float]) -> float:
    """Deviation of the median of some measurements: one alone is worth BURST_HZ."""
    if len(hertz) < 3:
        return BURST_HZ
    return float(1.25 * np.std(hertz) / np.sqrt(len(hertz)))


def _beside(observed: Iterable[Observation]) -> dict[str, set[str]]:
    """Of each phone the sensors that heard something else at the time and in the band of its bursts: it may have been
    the same, told too early or too late to be joined, so that they were not silent.
    """
    found: dict[str, set[str]] = defaultdict(set)
    recent: deque[tuple[Observation, float, float]] = deque()
    for one in observed:
        half_hz = 0.5 * max(heard.emission.high_offset_hz - heard.emission.low_offset_hz for heard in one.heard)
        low, high = one.frequency_hz - half_hz, one.frequency_hz + half_hz
        while recent and one.time_ns - recent[0][0].time_ns > BESIDE_NS:
            recent.popleft()
        for other, least, most in recent:
            if low < most and least < high and other.phone != one.phone:
                found[one.phone].update(heard.sensor for heard in other.heard)
                found[other.phone].update(heard.sensor for heard in one.heard)
        recent.append((one, low, high))
    return found


def _labels(bursts: Iterable[Observation]) -> Counter[str]:
    """How many bursts of each label were sent. What sensors heard whose clocks nobody knows yet may be what others
    heard: of these bursts as many count as the sensor told that told most, or all whose clocks are known together.
    """
    by_clock: dict[str, Counter[str]] = defaultdict(Counter)
    for burst in bursts:
        known = any(math.isfinite(heard.arrival_error_ns) for heard in burst.heard)
        by_clock["" if known else burst.heard[0].sensor][burst.label] += 1
    labels = Counter[str]()
    for each in by_clock.values():
        labels |= each
    return labels


def _counted(burst: Observation, counted: Collection[int]) -> bool:
    return bool(counted) and any(id(heard.emission) in counted for heard in burst.heard)


def mean_dbm(bursts: Iterable[Observation], sensors: Mapping[str, Sensor]) -> dict[str, float]:
    """Level of the mean power at each sensor that heard any, by its calibration."""
    powers: dict[str, list[float]] = defaultdict(list)
    for burst in bursts:
        for heard in burst.heard:
            if np.isfinite(heard.level_dbfs):
                powers[heard.sensor].append(10 ** ((heard.level_dbfs + sensors[heard.sensor].offset_db) / 10))
    return {name: 10 * float(np.log10(np.mean(each))) for name, each in powers.items()}
