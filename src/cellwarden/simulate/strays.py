"""Unknown bursts of a week, as sensors would tell them: some that hide, some that are machines, and some like no other.

What they look like is assumed, but for the satellite phone: 8.28 ms in frames of 90 ms, 31.5 kHz wide, every 41.667 kHz
from 1616 MHz (Iridium; ICAO Doc 9925, part 2).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from cellwarden.model import Stray
from cellwarden.model.span import DAY_NS, HOUR_NS, S_NS

WIDTH_ERROR, LENGTH_ERROR = 0.08, 0.05
"""Standard deviations of what is measured, as parts of it."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A transmitter, or several of a kind."""

    name: str
    first_hz: float
    step_hz: float
    channels: int
    width_hz: float
    burst_s: float
    period_s: float | None
    trains_a_day: float
    hours: tuple[int, int]
    """From when to when of a day, UTC."""
    sensors: int
    """How many of the site hear it."""


KINDS = (
    Kind("satellite", 1616.02e6, 41_667.0, 200, 31.5e3, 8.28e-3, 0.09, 9, (19, 23), 2),
    Kind("relay", 2403e6, 1e6, 76, 1.9e6, 1.1e-3, 7.5e-3, 40, (16, 24), 3),
    Kind("machine", 884.3e6, 0.0, 1, 420e3, 3.2e-3, 0.02, 60, (7, 16), 5),
    Kind("remote", 433.9e6, 0.0, 1, 70e3, 45e-3, None, 25, (6, 22), 4),
)
ODD_A_DAY = 6.0
"""Trains like no other."""


def strays(
    seed: int, since_ns: int, until_ns: int, sensors: Sequence[str], kinds: Sequence[Kind] = KINDS
) -> Iterator[tuple[Stray, str]]:
    """Trains in no order, each with the name of its kind; empty for one like no other."""
    rng = np.random.default_rng([11, seed])
    days = (until_ns - since_ns) / DAY_NS
    for number, kind in enumerate(kinds):
        heard = [sensors[(3 * number + k) % len(sensors)] for k in range(min(kind.sensors, len(sensors)))]
        for _one in range(rng.poisson(kind.trains_a_day * days)):
            day = since_ns - since_ns % DAY_NS + int(rng.integers(0, max(1, round(days)) + 1)) * DAY_NS
            start = day + int(rng.uniform(kind.hours[0], kind.hours[1]) * HOUR_NS)
            made = _train(kind, start, heard[int(rng.integers(len(heard)))], rng)
            if since_ns <= start < until_ns:
                yield made, kind.name
    for _odd in range(rng.poisson(ODD_A_DAY * days)):
        low = float(np.exp(rng.uniform(np.log(150e6), np.log(5.8e9))))
        odd = Kind(
            "", low, 0.0, 1, float(2 ** rng.uniform(14, 22)), float(2 ** rng.uniform(-12, -4)), None, 0, (0, 24), 1
        )  # fmt: skip
        yield _train(odd, int(rng.integers(since_ns, until_ns)), sensors[int(rng.integers(len(sensors)))], rng), ""


def _train(kind: Kind, start_ns: int, sensor: str, rng: np.random.Generator) -> Stray:
    width = kind.width_hz * float(np.exp(rng.normal(0, WIDTH_ERROR)))
    length = kind.burst_s * float(np.exp(rng.normal(0, LENGTH_ERROR)))
    middle = kind.first_hz + kind.step_hz * int(rng.integers(kind.channels))
    bursts = 1 + int(rng.geometric(0.04)) if kind.period_s else 1
    period = kind.period_s * (1 + 1e-4 * float(rng.normal())) if kind.period_s and bursts >= 3 else None
    lasts = length + (bursts - 1) * (kind.period_s or 0.0)
    snr_db, end_ns = float(rng.uniform(8, 30)), start_ns + round(lasts * S_NS)
    return Stray(
        start_ns, end_ns, sensor, middle - width / 2, middle + width / 2, bursts, length, period, snr_db
    )  # fmt: skip
