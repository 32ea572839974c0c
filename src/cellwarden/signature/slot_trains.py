"""Trains of Bluetooth and Bluetooth Low Energy: links that hop from channel to channel by a clock of their own.

    slot    0    1    2    3    4    5    6    7                  625 µs, 1600 hops a second
    2480 ┬  ▇    ┬    ┬    ┬    ┬    ┬    ▇▇▇▇▇▇▇▇               ▇  central, in even slots
    2440 │       ░    │    │    │    │                           ░  peripheral, in odd ones
    2402 ┴       ┴    ▇    ░    ┴    ┴

    event   0                      1                  2           a multiple of 1.25 ms apart
    2470 ┬  ▇ ░                    │                  │           ▇ ░  150 µs between them, on one channel
    2410 ┴                         ▇ ░ ▇ ░            ▇ ░

All packets of a piconet begin at multiples of 625 µs of its central's clock (Bluetooth Core 5.4 Vol 2 Part B §2.2); all
events of a Low Energy connection at multiples of its interval, itself one of 1.25 ms (Vol 6 Part B §4.5.1), and what
follows in an event comes 150 µs after the packet before (§4.1). That clock's place, its rate, and carrier offset and
level of either side make a train. No address is looked at.
"""

import math
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field

from cellwarden.signature.train import Train, View

SLOT_S, EVENT_S = 625e-6, 1.25e-3
SPACE_S = 150e-6
"""Between packets of one event (T_IFS)."""
SPACE_SLACK_S = 15e-6
"""The end of a packet is told by its energy."""
SHORTEST_INTERVAL_S = 7.5e-3
CLOCKS = 40e-6
"""How wrong both clocks together may be: ±20 ppm of a piconet's (Vol 2 Part A §2), as much of the receiver's."""
START_S, NAMED_S = 1.0e-6, 4.0e-6
"""Error of a start: of a proven packet; of one known by its modulation only. A peripheral may be 10 µs off its slot
(Vol 2 Part B §2.2.5), and then always alike."""
OFF_SLOT_S = 4e-6
CARRIER_HZ, CARRIER_RANGE_HZ = 5e3, 150e3
"""How carrier offsets of one device differ (drift within a packet up to 25 kHz, Vol 2 Part A §3.1.3, of which a start
shows a part), and how those of all devices do."""
FADING_DB, LEVEL_RANGE_DB = 6.0, 30.0
"""Channels of one link fade each in its own way: Rayleigh."""
SIGMAS = 4.0
JOIN_NATS = 1.5
"""By how much an open train must be likelier than another link."""
EVENTS = "ble:data"
PREFIXES = ("bluetooth:", EVENTS)


@dataclass(slots=True, eq=False)
class _Side:
    """One of the two devices of a link."""

    carrier_hz: float
    level_db: float
    late_s: float = 0.0
    """Off the link's clock."""
    seen: int = 0


@dataclass(slots=True, eq=False)
class _Link:
    """The clock of a link: where a slot of its central began last, and how fast slots move in the receiver's time."""

    anchor_s: float
    variance: float
    rate: float = 0.0
    rate_variance: float = CLOCKS**2
    sides: dict[int, _Side] = field(default_factory=dict)
    interval: int = 0
    """Of events, in steps of 1.25 ms; 0 while it is not known."""
    end_s: float = 0.0
    side: int = 0


@dataclass(frozen=True, slots=True)
class _Fit:
    """How a packet would fit a link."""

    cost: float
    side: int
    steps: int
    """From the anchor; 0: within the same event."""
    late_s: float
    late_variance: float


def places(_train: Train, view: View) -> tuple[Hashable]:
    """Trains of an interface are filed together: links within earshot are few."""
    return (view.emission.label.partition(":")[0],)


def near(view: View) -> Iterator[Hashable]:
    """The same."""
    yield view.emission.label.partition(":")[0]


def cost(train: Train, view: View) -> float | None:
    """Nats by which the train is likelier than another link, with their sign turned; None where it is not."""
    fit = _fit(train, view)
    return None if fit is None or fit.cost > -JOIN_NATS else fit.cost


def grow(train: Train, view: View) -> None:
    """Set a link's clock by a packet, which may be its first, and learn the side that sent it."""
    e = view.emission
    if not train.bursts:
        train.memory = _Link(view.start_s, _start_variance(view))
        side, late = 0, 0.0
    else:
        link: _Link = train.memory
        fit = _fit(train, view)
        assert fit is not None  # the train was chosen by it
        side, late = fit.side, fit.late_s
        if fit.steps:
            _set(link, view, fit)
    link = train.memory
    known = link.sides.setdefault(side, _Side(_carrier(view), e.snr_db))
    known.seen += 1
    gain = 1 / min(known.seen, 8)
    known.carrier_hz += gain * (_carrier(view) - known.carrier_hz)
    known.level_db += gain * (e.snr_db - known.level_db)
    if side and e.label != EVENTS:
        known.late_s += gain * (late - known.late_s)
    link.end_s, link.side = view.start_s + view.duration_s, side


def _set(link: _Link, view: View, fit: _Fit) -> None:
    """Kalman filter of a link's clock; packets of the peripheral count where its lateness is known."""
    step_s = EVENT_S if view.emission.label == EVENTS else SLOT_S
    gap = fit.steps * step_s
    own = link.sides[fit.side].late_s if fit.side in link.sides else 0.0
    late = fit.late_s - own
    gain, rate_gain = (
        (link.variance + link.rate_variance * gap**2) / fit.late_variance,
        gap * link.rate_variance / fit.late_variance,
    )
    link.anchor_s += gap * (1 + link.rate) + gain * late
    link.rate += rate_gain * late
    link.variance = max((1 - gain) * (link.variance + link.rate_variance * gap**2), (0.2e-6) ** 2)
    link.rate_variance = max((1 - rate_gain * gap) * link.rate_variance, 1e-14)
    if view.emission.label == EVENTS:
        link.interval = math.gcd(link.interval, fit.steps) if link.interval else fit.steps


def _carrier(view: View) -> float:
    return view.emission.cfo_hz or 0.0


def _start_variance(view: View) -> float:
    return (NAMED_S if view.emission.details.get("proof") == "modulation" else START_S) ** 2


def _fit(train: Train, view: View) -> _Fit | None:
    link: _Link = train.memory
    if view.start_s < link.end_s - SPACE_SLACK_S:
        return None
    return _event_fit(train, link, view) if view.emission.label == EVENTS else _slot_fit(link, view)


def _slot_fit(link: _Link, view: View) -> _Fit | None:
    """A packet of a piconet: any whole number of slots later, an even one the same side's."""
    since = view.start_s - link.anchor_s
    steps = round(since / SLOT_S / (1 + link.rate))
    late = since - steps * SLOT_S * (1 + link.rate)
    side = steps % 2
    known = link.sides.get(side)
    own = known.late_s if known else 0.0
    slack = OFF_SLOT_S**2 if side and known is None else 0.0
    variance = link.variance + link.rate_variance * (steps * SLOT_S) ** 2 + _start_variance(view) + slack
    if steps < 1 or (late - own) ** 2 > SIGMAS**2 * variance:
        return None
    nats = _nats(late - own, variance, SLOT_S) + _side_nats(known, view)
    # the anchor stays at even slots
    return _Fit(-nats, side, steps - side, late, variance)


def _event_fit(train: Train, link: _Link, view: View) -> _Fit | None:
    """A packet of a connection: 150 µs after the one before on its channel, or the first of a later event."""
    space = view.start_s - link.end_s - SPACE_S
    if abs(space) < SPACE_SLACK_S:
        if view.emission.details.get("hop_channel") != train.last.details.get("hop_channel"):
            return None
        side = 1 - link.side
        nats = math.log(EVENT_S / SPACE_SLACK_S) + _side_nats(link.sides.get(side), view)
        return _Fit(-nats, side, 0, 0.0, 1.0)
    since = view.start_s - link.anchor_s
    steps = round(since / EVENT_S / (1 + link.rate))
    late = since - steps * EVENT_S * (1 + link.rate)
    variance = link.variance + link.rate_variance * (steps * EVENT_S) ** 2 + _start_variance(view)
    if steps * EVENT_S < SHORTEST_INTERVAL_S or late**2 > SIGMAS**2 * variance:
        return None
    regular = 0.0
    if link.interval:
        common = math.gcd(link.interval, steps)
        if common * EVENT_S < SHORTEST_INTERVAL_S:
            return None
        regular = math.log(link.interval) if common == link.interval else -1.0
    return _Fit(
        -(_nats(late, variance, EVENT_S) + regular + _side_nats(link.sides.get(0), view)), 0, steps, late, variance
    )


def _side_nats(known: _Side | None, view: View) -> float:
    """For a packet of a device known before, by carrier offset and level, against one of any device."""
    if known is None:
        return 0.0
    share = 1 + 1 / min(known.seen, 8)
    nats = _nats(view.emission.snr_db - known.level_db, share * FADING_DB**2, LEVEL_RANGE_DB)
    if view.emission.cfo_hz is not None:
        nats += _nats(_carrier(view) - known.carrier_hz, share * CARRIER_HZ**2, CARRIER_RANGE_HZ)
    return nats


def _nats(away: float, variance: float, width: float) -> float:
    """Log likelihood of a normal deviation against a uniform one."""
    return math.log(width) - 0.5 * (away**2 / variance + math.log(2 * math.pi * variance))
