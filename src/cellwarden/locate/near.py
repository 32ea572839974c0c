"""The last metres: warmer or colder? What one receiver that is carried about hears of a phone, second by second.

```
 level    ▂ ▂ ▃ ▃ ▄ ▄ │ ▆ ▇        mean density of power of all that was heard in each second
          └─ 4 s ago ─┘└ 2 s ┘     warmer by CHANGE_DB or more, colder by it, or neither
```

A level is no distance: walls and bodies take some of it, and a phone sets its power as its base station asks (GSM by
2 dB at a time, 3GPP TS 45.008 §4.2; LTE likewise, TS 36.213 §5.1). In free space half the distance is 6 dB (Friis), so
that who walks towards it sees the level grow. It is a density, so that a phone of LTE is no louder for more resource
blocks.

Fading: steps of half a wavelength see other waves, at 1 m/s six a second at 900 MHz. The mean of n exponential powers
errs by 4.34 / √n dB: 1.3 dB over 2 s, 0.9 dB over 4 s, 1.5 dB of their difference. CHANGE_DB is two of these.
"""

import math
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

BIN_S = 0.25
"""Bursts are summed up in spans of so long; the others below are multiples."""
LEVEL_S, NOW_S, BEFORE_S = 1.0, 2.0, 4.0
CHANGE_DB = 3.0
STALE_S = 3.0
"""After so long without a burst nothing is said of a phone."""
OVER_S = 1.5
"""Silence after which what begins on a phone's channel is taken for it again."""
FORGET_S = 120.0
SHOWN_S = 30
"""Seconds of a phone's past that are told."""
CHANNEL_HZ = 100e3
"""A phone of GSM or UMTS that speaks again does so within this of where it was, one of LTE or NR within CELL_HZ."""
CELL_HZ = 10e6
CELLS = ("lte", "nr")
MOST = 64
"""Phones that are remembered."""

Trend = Literal["warmer", "colder", "steady", ""]
"""Nothing where too little was heard to say."""


class Reading(NamedTuple):
    """What is shown of a phone."""

    phone: int
    interface: str
    frequency_hz: float
    silent_s: float
    """Since its last burst."""
    level_db: float | None
    """Density of the last second, dBFS/Hz; None where it is stale."""
    hottest_db: float
    """The highest second so far."""
    trend: Trend
    past_db: tuple[float | None, ...]
    """Of each of the last SHOWN_S seconds, the newest last; None where it was silent."""


@dataclass(slots=True)
class _Phone:
    interface: str
    frequency_hz: float
    last_s: float
    bins: dict[int, tuple[float, int]] = field(default_factory=dict)
    """Sum of the densities, not in decibels, and number of bursts of each BIN_S, of the last SHOWN_S."""
    hottest_db: float = -math.inf

    def mean_db(self, until: int, span_s: float) -> float | None:
        """Mean density of what was heard in the span that ends with a bin."""
        found = [self.bins[k] for k in range(until - round(span_s / BIN_S) + 1, until + 1) if k in self.bins]
        count = sum(one[1] for one in found)
        return 10 * math.log10(sum(one[0] for one in found) / count) if count else None


@dataclass(slots=True)
class Near:
    """All phones that one receiver hears. Changed by the functions here and by nobody else."""

    phones: dict[int, _Phone] = field(default_factory=dict)
    names: dict[int, int] = field(default_factory=dict)
    """Which phone a train is of."""


def heard(near: Near, train: int, interface: str, frequency_hz: float, density_db: float, time_s: float) -> int:
    """Count a burst of a train, whose power has a density in dBFS/Hz; which phone it is of."""
    if train not in near.names:
        near.names[train] = _same(near, interface, frequency_hz, time_s, train)
    name = near.names[train]
    phone = near.phones.setdefault(name, _Phone(interface, frequency_hz, time_s))
    phone.frequency_hz, phone.last_s = frequency_hz, max(phone.last_s, time_s)
    newest, before = _bin(phone.last_s), phone.bins.get(_bin(time_s), (0.0, 0))
    phone.bins[_bin(time_s)] = before[0] + 10 ** (density_db / 10), before[1] + 1
    if len(phone.bins) > SHOWN_S / BIN_S:
        phone.bins = {k: one for k, one in phone.bins.items() if k > newest - SHOWN_S / BIN_S}
    level = phone.mean_db(newest, LEVEL_S)
    phone.hottest_db = phone.hottest_db if level is None else max(phone.hottest_db, level)
    _forget(near, time_s)
    return name


def readings(near: Near, now_s: float) -> list[Reading]:
    """All phones, what can be heard now first, the loudest first."""
    told = [_reading(name, phone, now_s) for name, phone in near.phones.items()]
    return sorted(told, key=lambda one: (one.silent_s, 0.0) if one.level_db is None else (0.0, -one.level_db))


def nearest(told: list[Reading], frequency_hz: float) -> int | None:
    """The loudest phone on the channel of an alert; None where none is heard there."""
    return next((one.phone for one in told if _fits(one.interface, one.frequency_hz - frequency_hz)), None)


def _reading(name: int, phone: _Phone, now_s: float) -> Reading:
    silent = max(0.0, now_s - phone.last_s)
    second = round(1 / BIN_S)
    newest = _bin(now_s) // second * second + second - 1  # whole seconds, which do not flicker
    past = tuple(phone.mean_db(newest - k * second, 1.0) for k in reversed(range(SHOWN_S)))
    stale = silent > STALE_S
    level = None if stale else phone.mean_db(_bin(phone.last_s), LEVEL_S)
    trend: Trend = "" if stale else _trend(phone)
    return Reading(name, phone.interface, phone.frequency_hz, silent, level, phone.hottest_db, trend, past)


def _trend(phone: _Phone) -> Trend:
    newest = _bin(phone.last_s)
    now, before = phone.mean_db(newest, NOW_S), phone.mean_db(newest - round(NOW_S / BIN_S), BEFORE_S)
    if now is None or before is None:
        return ""
    return "warmer" if now - before >= CHANGE_DB else "colder" if before - now >= CHANGE_DB else "steady"


def _bin(time_s: float) -> int:
    return math.floor(time_s / BIN_S)


def _same(near: Near, interface: str, frequency_hz: float, time_s: float, train: int) -> int:
    """The phone that a new train goes on with: the last that fell silent there; else it is one of its own."""
    silent = [
        (phone.last_s, name)
        for name, phone in near.phones.items()
        if phone.interface == interface
        and time_s - phone.last_s > OVER_S
        and _fits(interface, phone.frequency_hz - frequency_hz)
    ]
    return max(silent)[1] if silent else train


def _fits(interface: str, apart_hz: float) -> bool:
    return abs(apart_hz) <= (CELL_HZ if interface in CELLS else CHANNEL_HZ)


def _forget(near: Near, time_s: float) -> None:
    """Phones that were silent for long, and what is too much."""
    for name in [name for name, phone in near.phones.items() if time_s - phone.last_s > FORGET_S]:
        del near.phones[name]
    while len(near.phones) > MOST:
        del near.phones[min(near.phones, key=lambda name: near.phones[name].last_s)]
    if len(near.names) > 8 * MOST:
        near.names = {train: name for train, name in near.names.items() if name in near.phones}
