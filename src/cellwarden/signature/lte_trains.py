"""Trains of LTE: what one phone of a cell sends, in whichever blocks it was told to send.

    subframe   0          1          2          3                                1 ms
    blocks  24 │▒         │          │    ▒     │          PUCCH, hops to the other edge each half
            12 │  ███████ │          │  ░░░░░░░ │  ███████   PUSCH of two phones:  █ and ░
             6 │  ░░░░░░░ │  ░░░░░░░ │          │  ░░░░░░░
             0 │     ▒    │          │▒        S│            S: sounding
               └─┬────────┴ each phone arrives a little early or late, and always alike

No burst says whose it is, but one oscillator makes all of a phone's carriers (TS 36.101 §6.5.1: within 0.1 ppm of its
base station's), one timing advance all of its arrivals (TS 36.213 §4.2.3: steps of 0.52 µs), and one place all of its
levels, which differ between channels by what the cell has set. A phone sends one of them at a time (TS 36.211 §5.2.1),
and has habits: comb, shift and width of its soundings, the cover of its PUCCH. Bursts wait for half a second, so that
all of that time's are looked at together (`clusters`), with the phones that were heard before.

The receiver's clock carries all arrivals along, so its rate is learned from all phones together.
"""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.lte import RASTER_HZ
from cellwarden.airinterface.lte_waveform import PREFIX_S, SLOT_S, SUBCARRIER_HZ, SYMBOL_S
from cellwarden.model import Emission
from cellwarden.signature.clusters import Bursts, Sums, clustered, offsets, powers, summed
from cellwarden.signature.train import Train, View

LABELS = ("lte:pusch", "lte:pucch", "lte:srs")
KINDS = 4
"""PUSCH, PUCCH below and above the carrier's middle, which fade apart, SRS."""
WINDOW_S, MOST = 0.5, 300
"""Bursts wait so long for each other, and no more of them."""
LEAST_HZ, LEAST_S = 12.0, 80e-9
"""What bounds do not tell of an estimate's error: echoes, which differ from block to block."""
CARRIER_DRIFT_HZ, LATE_DRIFT_S = 10.0, 60e-9
"""How far a phone's carrier and timing wander in a second."""
KNOWN_HZ, KNOWN_S = 4.0, 20e-9
"""No phone is known better than this."""
CLOCK, CLOCK_TOLD, CLOCK_STEP = 20e-6, 2e-6, 0.2e-6
"""How wrong the receiver's clock may be; how far its carrier offset, where that is known, may be from telling; and
steps in which that is tried."""
BIN_S, SPAN_S = 0.1e-6, 20e-6
HALVES_S, HALVES_HZ = 4e-6, 1.0
"""Halves of one PUCCH subframe follow each other so exactly, and were told one carrier (`lte_pairs`)."""
REMEMBERED = 16
"""Bursts of each kind that count of what a phone did before."""


@dataclass(slots=True, eq=False)
class Phone:
    """What is known of the phone that sends a train."""

    carrier_hz: float
    carrier_variance: float
    late_s: float
    late_variance: float
    at_s: float
    """When that was so."""
    levels: NDArray[np.float64]
    habits: dict[int, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Window:
    """Bursts that are looked at together, in the order of time.

    Carriers and arrivals count from those of a middling phone; arrivals are as at `at_s`.
    """

    views: list[View]
    bursts: Bursts
    at_s: float
    carrier_hz: float
    late_s: float
    period_hz: float
    tokens: int
    token_kind: NDArray[np.int64]


class Phones:
    """What all phones of a cell share: the receiver's clock, offsets of levels, the carrier's middle, habits."""

    def __init__(self) -> None:
        self._rate: float | None = None
        self._tokens: dict[tuple[object, ...], int] = {}
        self._middle_hz: float | None = None
        self._offsets = offsets(np.zeros(0), np.zeros(0, np.int64), np.zeros(0, np.int64), KINDS)

    def assigned(self, views: list[View], trains: list[Train]) -> list[Train | int]:
        """For each burst its train, or a number that it shares with those of the same new one.

        `trains` are open ones whose `memory` is a Phone; `learn` is to be told of the outcome.
        """
        if self._rate is None:
            self._rate = _first_rate(views)
        for last in (False, True):
            window = self._window(views)
            known = [self._known(t.memory, window) for t in trains]
            sums = summed(window.bursts, KINDS, window.tokens).with_known(known)
            number = clustered(sums, len(known), window.token_kind, self._offsets, _halves(window))
            mine = number[: len(views)]
            if not last:
                self._rate += _rate_error(window.bursts, mine)
                levels = window.bursts.level_db, window.bursts.kind, mine, KINDS
                self._offsets = _sharper(self._offsets, offsets(*levels))
        return [trains[n - len(views)] if n >= len(views) else int(n) for n in mine]

    def learn(self, train: Train, views: list[View]) -> None:
        """Take the bursts of a window into the phone that sends a train."""
        window = self._window(views)
        sums = summed(window.bursts, KINDS, window.tokens)
        if isinstance(train.memory, Phone):
            sums = sums.with_known([self._known(train.memory, window)])
        carrier, late = sums.carrier.sum(axis=0), sums.late.sum(axis=0)
        levels, habits = sums.levels.sum(axis=0), sums.habits.sum(axis=0)
        levels *= np.minimum(1.0, REMEMBERED / np.maximum(levels[:, :1], 1.0))
        habits *= min(1.0, REMEMBERED / max(float(habits.sum()), 1.0))
        train.memory = Phone(
            carrier_hz=window.carrier_hz + carrier[1] / carrier[0],
            carrier_variance=max(1 / carrier[0], KNOWN_HZ**2),
            late_s=window.late_s + late[1] / late[0],
            late_variance=max(1 / late[0], KNOWN_S**2),
            at_s=window.at_s,
            levels=levels,
            habits={n: float(habits[n]) for n in np.flatnonzero(habits).tolist()},
        )
        train.offset_hz, train.variance = train.memory.carrier_hz, train.memory.carrier_variance

    def _window(self, views: list[View]) -> _Window:
        emissions = [v.emission for v in views]
        middles = np.array([(e.low_offset_hz + e.high_offset_hz) / 2 for e in emissions])
        if self._middle_hz is None:
            self._middle_hz = float(np.median(middles))
        start_s = np.array([v.start_s for v in views])
        at_s = float(start_s[-1])
        shift_s = (self._rate or 0.0) * (start_s - at_s)
        late = np.array([_late_s(v) for v in views]) - shift_s
        kind = np.array(
            [_kind(e, middle > self._middle_hz) for e, middle in zip(emissions, middles, strict=True)], np.int64
        )
        token = [
            self._tokens.setdefault(_habit(e, int(k)), len(self._tokens)) for e, k in zip(emissions, kind, strict=True)
        ]
        errors = np.array([_errors(e) for e in emissions])
        period = SUBCARRIER_HZ if emissions[0].cfo_hz is None else RASTER_HZ
        carrier, carrier_hz = _centred(np.array([_carrier_hz(e) for e in emissions]), period)
        late, late_s = _centred(late, SLOT_S)
        bursts = Bursts(
            carrier_hz=carrier,
            carrier_variance=errors[:, 0] ** 2 + LEAST_HZ**2,
            late_s=late,
            late_variance=errors[:, 1] ** 2 + LEAST_S**2,
            level_db=np.array([e.snr_db + (e.floor_dbfs_hz or 0.0) for e in emissions]),
            kind=kind,
            token=np.array(token, np.int64),
            begin_s=start_s,
            end_s=start_s + np.array([v.duration_s for v in views]),
        )
        token_kind = np.array([int(str(key[0])) for key in self._tokens], np.int64)
        return _Window(views, bursts, at_s, carrier_hz, late_s, period, len(self._tokens), token_kind)

    def _known(self, phone: Phone, window: _Window) -> Sums:
        """A phone that was heard before, as it should be heard now."""
        gap = max(window.at_s - phone.at_s, 0.0)
        carrier = math.remainder(phone.carrier_hz - window.carrier_hz, window.period_hz)
        late = math.remainder(phone.late_s + (self._rate or 0.0) * gap - window.late_s, SLOT_S)
        habits = np.zeros((1, window.tokens))
        for token, count in phone.habits.items():
            habits[0, token] = count
        return Sums(
            powers(np.array([carrier]), np.array([phone.carrier_variance + CARRIER_DRIFT_HZ**2 * gap])),
            powers(np.array([late]), np.array([phone.late_variance + LATE_DRIFT_S**2 * gap])),
            phone.levels[None],
            habits,
            np.zeros((1, 0), np.bool_),
        )


def _centred(x: NDArray[np.float64], period: float) -> tuple[NDArray[np.float64], float]:
    """Values from their median, as near to it as their multiples allow; and the median."""
    middle = float(x[0])
    for _ in range(2):
        middle += float(np.median(_remainder(x - middle, period)))
    return _remainder(x - middle, period), middle


def _remainder(x: NDArray[np.float64], period: float) -> NDArray[np.float64]:
    return np.asarray(x - np.round(x / period) * period)


def _carrier_hz(e: Emission) -> float:
    return e.cfo_hz if e.cfo_hz is not None else math.remainder(e.low_offset_hz, SUBCARRIER_HZ)


def _late_s(view: View) -> float:
    """Where the slot begins that a burst lies in, but for whole slots."""
    after = PREFIX_S + SYMBOL_S if view.emission.label == "lte:srs" else 0.0  # the last symbol of a subframe
    return math.remainder(view.start_s + after, SLOT_S)


def _kind(e: Emission, above: bool) -> int:
    return 0 if e.label == "lte:pusch" else 3 if e.label == "lte:srs" else 2 if above else 1


def _habit(e: Emission, kind: int) -> tuple[object, ...]:
    """What of a burst a phone does alike each time; begins with its kind."""
    d = e.details
    if e.label == "lte:srs":
        return kind, round(e.low_offset_hz / SUBCARRIER_HZ) % 2, d.get("cyclic_shift"), d.get("blocks")
    return (kind, d.get("cover")) if e.label == "lte:pucch" else (kind,)


def _errors(e: Emission) -> tuple[float, float]:
    """Of carrier in hertz and arrival in seconds, a little more than their bounds."""
    return 1.2 * float(e.details.get("carrier_error_hz", 0.0)), 1.2e-6 * float(e.details.get("start_error_us", 0.0))


def _halves(window: _Window) -> list[tuple[int, int]]:
    """Both halves of each PUCCH subframe."""
    b = window.bursts
    found: list[tuple[int, int]] = []
    taken: set[int] = set()
    halves = np.flatnonzero((b.kind == 1) | (b.kind == 2)).tolist()
    for place, one in enumerate(halves):
        for two in halves[place + 1 :]:
            apart = b.begin_s[two] - b.begin_s[one] - SLOT_S
            if apart > HALVES_S:
                break
            alike = abs(math.remainder(b.carrier_hz[two] - b.carrier_hz[one], window.period_hz)) < HALVES_HZ
            if abs(apart) < HALVES_S and alike and not {one, two} & taken:
                found.append((one, two))
                taken |= {one, two}
                break
    return found


def _first_rate(views: list[View]) -> float:
    """The clock's rate at which arrivals, but for whole slots, gather in the fewest places."""
    start_s = np.array([v.start_s for v in views])
    late = np.array([_late_s(v) for v in views])
    late = _remainder(late - late[0], SLOT_S)
    late = _remainder(late - np.median(late), SLOT_S)
    told = [-(v.emission.cfo_hz or 0.0) / v.carrier_hz for v in views if v.carrier_hz]
    middle, reach = (float(np.median(told)), CLOCK_TOLD) if told else (0.0, CLOCK)
    bins = np.arange(-SPAN_S, SPAN_S, BIN_S)
    best, rate = -1.0, middle
    for tried in middle + np.arange(-reach, reach + CLOCK_STEP / 2, CLOCK_STEP):
        gathered = float(np.sum(np.histogram(late - tried * (start_s - start_s[0]), bins)[0].astype(np.float64) ** 2))
        if gathered > best or (gathered == best and abs(tried - middle) < abs(rate - middle)):
            best, rate = gathered, float(tried)
    return rate


def _rate_error(bursts: Bursts, number: NDArray[np.int64]) -> float:
    """How much faster arrivals move than was thought: the slope within clusters."""
    above = below = 0.0
    for cluster in np.unique(number):
        mine = number == cluster
        weights = 1 / bursts.late_variance[mine]
        t = bursts.begin_s[mine] - np.average(bursts.begin_s[mine], weights=weights)
        x = bursts.late_s[mine] - np.average(bursts.late_s[mine], weights=weights)
        above, below = above + float(np.sum(weights * t * x)), below + float(np.sum(weights * t**2))
    return above / (below + 1 / CLOCK_STEP**2)


def _sharper(
    one: tuple[NDArray[np.float64], NDArray[np.float64]], two: tuple[NDArray[np.float64], NDArray[np.float64]]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of two estimates of each offset the one that is surer."""
    better = two[1] <= one[1]
    return np.where(better, two[0], one[0]), np.where(better, two[1], one[1])
