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
and has habits: which comb it sounds on, how many blocks it asks for. For each open train it is asked how likely it
would send the burst, against a phone not heard before; the likelier one has it.

The receiver's clock carries all arrivals along, so its rate is learned from all phones together.
"""

import math
from collections import Counter
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field

from cellwarden.airinterface.lte import RASTER_HZ
from cellwarden.airinterface.lte_waveform import BLOCK_HZ, PREFIX_S, SLOT_S, SUBCARRIER_HZ, SYMBOL_S
from cellwarden.signature.train import Train, View

PUSCH = "lte:pusch"
LABELS = (PUSCH, "lte:pucch", "lte:srs")
CARRIER_RANGE_HZ, LATE_RANGE_S, LEVEL_RANGE_DB = 400.0, 2e-6, 30.0
"""Over these widths phones not heard before are spread: ±0.1 ppm of 2 GHz; steps of timing advance and the error of a
phone's own timing (±12 Ts, TS 36.133 §7.1.2); places in a building."""
LEAST_HZ, LEAST_S = 12.0, 60e-9
"""What bounds do not tell of an estimate's error: echoes, which differ from block to block."""
CARRIER_DRIFT_HZ, LATE_DRIFT_S = 8.0, 50e-9
"""How far a phone's carrier and timing wander in a second."""
FADING_DB, FADING_BURSTS = 1.5, 4
"""How levels of one phone differ from block to block, which it shows itself: this is worth so many bursts."""
OTHER_DB, ALIKE_DB = 12.0, 2.0
"""How far levels of PUCCH and SRS may be from that of PUSCH before any phone has shown it; and how phones differ in
that."""
CLOCK, CLOCK_TOLD = 20e-6, 1.5e-6
"""How wrong the receiver's clock may be; and how far its carrier offset, where that is known, may be from telling."""
RATE_WANDER = 1e-7
SIGMAS = 4.5
"""What lies farther off in one respect is of another phone, whatever the others say."""
JOIN_NATS = 1.0
"""By how much an open train must be likelier than a phone not heard before."""
HABIT_NATS = 4.0
"""Most that habits count, for or against."""
OVERLAP_S = 30e-6
"""Boxes of one phone may overlap by this."""


@dataclass(slots=True, eq=False)
class _Phone:
    """What is known of the phone that sends a train."""

    late_s: float
    late_variance: float
    levels: dict[str, float] = field(default_factory=dict)
    scatter: float = FADING_BURSTS * FADING_DB**2
    """Sum of squares of levels about their mean."""
    seen: Counter[str] = field(default_factory=Counter)
    habits: Counter[Hashable] = field(default_factory=Counter)
    end_s: float = 0.0


@dataclass(frozen=True, slots=True)
class _Heard:
    """What of a burst its phone determines."""

    view: View
    kind: str
    carrier_hz: float
    period_hz: float
    """Multiples of this in the carrier offset mean nothing."""
    carrier_variance: float
    late_s: float
    """Its slot's beginning, but for whole slots."""
    late_variance: float
    level_db: float
    habits: tuple[Hashable, ...]


class Phones:
    """The rules, with what all phones of a cell share: the receiver's clock, offsets of levels, common habits."""

    def __init__(self) -> None:
        self._rate, self._rate_variance = 0.0, CLOCK**2
        self._told = False
        self._offsets: dict[str, dict[int, float]] = {}
        self._habits: Counter[Hashable] = Counter()
        self._kinds: Counter[str] = Counter()
        self._heard: _Heard | None = None

    def place(self, view: View) -> Hashable:
        """All trains of LTE are filed together: a cell's phones are few."""
        return "lte"

    def near(self, view: View) -> Iterator[Hashable]:
        """The same."""
        yield "lte"

    def cost(self, train: Train, view: View) -> float | None:
        """Less than -JOIN_NATS: nats by which the train is likelier than a new phone, with their sign turned."""
        heard, phone = self._of(view), train.memory
        gap = view.start_s - train.last_s
        if view.start_s < phone.end_s - OVERLAP_S:
            return None
        off = math.remainder(heard.carrier_hz - train.offset_hz, heard.period_hz)
        late = math.remainder(heard.late_s - phone.late_s - self._rate * gap, SLOT_S)
        carrier_variance, late_variance = self._variances(train, heard, gap)
        level, level_variance = self._level(phone, heard.kind)
        away = heard.level_db - level
        if max(off**2 / carrier_variance, late**2 / late_variance, away**2 / level_variance) > SIGMAS**2:
            return None
        nats = (
            _nats(off, carrier_variance, CARRIER_RANGE_HZ)
            + _nats(late, late_variance, LATE_RANGE_S)
            + _nats(away, level_variance, LEVEL_RANGE_DB)
            + self._habit_nats(phone, heard)
        )
        return -nats if nats > JOIN_NATS else None

    def grow(self, train: Train, view: View) -> None:
        """Learn from a burst of a train, which may be its first."""
        heard = self._of(view)
        if not train.bursts:
            train.memory = _Phone(heard.late_s, heard.late_variance)
            train.offset_hz, train.variance = heard.carrier_hz, heard.carrier_variance
            if not self._told and view.carrier_hz:
                self._rate, self._rate_variance = -heard.carrier_hz / view.carrier_hz, CLOCK_TOLD**2
            self._told = True
        else:
            self._follow(train, heard)
        phone = train.memory
        kind = heard.kind
        before, count = phone.levels.get(kind, heard.level_db), min(phone.seen[kind], 8)
        phone.levels[kind] = before + (heard.level_db - before) / (count + 1)
        phone.scatter += (heard.level_db - before) ** 2 * count / (count + 1)
        phone.seen[kind] += 1
        if kind != PUSCH and PUSCH in phone.levels:
            self._offsets.setdefault(kind, {})[train.number] = phone.levels[kind] - phone.levels[PUSCH]
        phone.habits.update(heard.habits)
        self._habits.update(heard.habits)
        self._kinds[kind] += 1
        phone.end_s = max(phone.end_s, view.start_s + view.duration_s)

    def _follow(self, train: Train, heard: _Heard) -> None:
        """Kalman filters of carrier and arrival; the rate of the receiver's clock is common to all trains."""
        phone: _Phone = train.memory
        gap = heard.view.start_s - train.last_s
        off = math.remainder(heard.carrier_hz - train.offset_hz, heard.period_hz)
        late = math.remainder(heard.late_s - phone.late_s - self._rate * gap, SLOT_S)
        carrier_variance, late_variance = self._variances(train, heard, gap)
        gain = 1 - heard.carrier_variance / carrier_variance
        train.offset_hz += gain * off
        train.variance = gain * heard.carrier_variance
        gain = 1 - heard.late_variance / late_variance
        phone.late_s += self._rate * gap + gain * late
        phone.late_variance = gain * heard.late_variance
        rate_gain = gap * self._rate_variance / late_variance
        self._rate += rate_gain * late
        self._rate_variance = max((1 - rate_gain * gap) * self._rate_variance, RATE_WANDER**2)

    def _variances(self, train: Train, heard: _Heard, gap: float) -> tuple[float, float]:
        """Of carrier and arrival of a train's next burst, as measured."""
        carrier = train.variance + heard.carrier_variance + CARRIER_DRIFT_HZ**2 * gap
        late = train.memory.late_variance + heard.late_variance + self._rate_variance * gap**2 + LATE_DRIFT_S**2 * gap
        return carrier, late

    def _level(self, phone: _Phone, kind: str) -> tuple[float, float]:
        """Level that a phone's next burst of a kind should have, and the variance of that."""
        count = phone.seen.total()
        fading = phone.scatter / (FADING_BURSTS + max(0, count - len(phone.seen)))
        if kind in phone.levels:
            return phone.levels[kind], fading * (1 + 1 / min(phone.seen[kind], 8))
        other = phone.seen.most_common(1)[0][0]
        (to, to_variance), (of, of_variance) = self._offset(kind), self._offset(other)
        level = phone.levels[other] - of + to
        return level, fading * (1 + 1 / min(phone.seen[other], 8)) + to_variance + of_variance

    def _offset(self, kind: str) -> tuple[float, float]:
        """By how much a channel is louder than PUSCH in this cell, and the variance of that."""
        if kind == PUSCH:
            return 0.0, 0.0
        shown = list(self._offsets.get(kind, {}).values())
        precision = 1 / OTHER_DB**2 + len(shown) / ALIKE_DB**2
        return sum(shown) / ALIKE_DB**2 / precision, 1 / precision + ALIKE_DB**2

    def _habit_nats(self, phone: _Phone, heard: _Heard) -> float:
        """How much likelier this phone does as the burst does than any phone, from what both did before."""
        nats = 0.0
        for habit in heard.habits:
            common = (self._habits[habit] + 1) / (self._kinds[heard.kind] + 12)
            own = (phone.habits[habit] + 2 * common) / (phone.seen[heard.kind] + 2)
            nats += math.log(own / common)
        return max(-HABIT_NATS, min(HABIT_NATS, nats))

    def _of(self, view: View) -> _Heard:
        if self._heard is None or self._heard.view is not view:
            self._heard = _heard(view)
        return self._heard


def _nats(away: float, variance: float, width: float) -> float:
    """Log likelihood of a normal deviation against a uniform one."""
    return math.log(width) - 0.5 * (away**2 / variance + math.log(2 * math.pi * variance))


def _heard(view: View) -> _Heard:
    e = view.emission
    told = e.cfo_hz is not None
    late = view.start_s
    if e.label == "lte:srs":  # the last symbol of a subframe
        late += PREFIX_S + SYMBOL_S
    carrier_error, late_error = (float(e.details.get(name, 0.0)) for name in ("carrier_error_hz", "start_error_us"))
    habits: tuple[Hashable, ...] = ((e.label, "group", e.details.get("sequence_group")),)
    if e.label == "lte:srs":
        comb = round(e.low_offset_hz / SUBCARRIER_HZ) % 2
        habits = (*habits, (e.label, comb, e.details.get("cyclic_shift"), e.details.get("blocks")))
    elif e.label == "lte:pucch":
        habits = (*habits, (e.label, round(e.low_offset_hz / BLOCK_HZ), e.details.get("cover")))
    else:
        habits = (*habits, (e.label, "blocks", e.details.get("blocks")))
    return _Heard(
        view=view,
        kind=e.label,
        carrier_hz=e.cfo_hz if e.cfo_hz is not None else math.remainder(e.low_offset_hz, SUBCARRIER_HZ),
        period_hz=RASTER_HZ if told else SUBCARRIER_HZ,
        carrier_variance=(1.2 * carrier_error) ** 2 + LEAST_HZ**2,
        late_s=math.remainder(late, SLOT_S),
        late_variance=(1.2 * late_error * 1e-6) ** 2 + LEAST_S**2,
        level_db=e.snr_db + (e.floor_dbfs_hz or 0.0),
        habits=habits,
    )
