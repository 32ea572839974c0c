"""Several bands with few receivers: where each of them listens, how long, and how likely a phone is heard so.

    window   1    2    3    1    2    3    1          a visit lasts D, to tune takes s: m windows, cycle m (D + s)
             ▔▔▔▔ ▔▔▔▔ ▔▔▔▔ ▔▔▔▔ ▔▔▔▔ ▔▔▔▔ ▔▔▔▔
    contact            ▂▂▂▂▂▂▂▂▂▂                     lasts d, begins at any time; is heard where a visit to its window
                                                      holds o of it or more

A visit holds o of the contact where it begins between d - o before and D - o after the contact does, so that

    P = min(1, (D + d - 2 o) / (m (D + s)))           for D ≥ o and d ≥ o

falls with D where d - 2 o > s, and the shortest visit, D = o, is the best one; for shorter contacts the longest is, but
those that can be told at all are longer. Receivers share the windows so that no cycle is longer than it must be.

How long contacts last, and how often an idle phone has one, is from 3GPP TS 24.008 §4.4.2 (T3212), TS 24.301 §5.3.5
(T3412: 54 minutes where the network tells no other) and the length of their exchanges.
"""

import math
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from cellwarden.errors import PlanError
from cellwarden.language import gettext as _
from cellwarden.language import reason_of
from cellwarden.radio.bands import uplink

USABLE = 0.8
"""Part of a receiver's rate that its filter leaves flat."""
NEEDED_S = 0.1
"""What is needed of a contact: some twenty GSM bursts of one slot, or a hundred subframes."""
SETTLE_S = 0.02
"""From one frequency to the next, with what waits in the receiver's buffers."""
CONTACTS_S = {"registration": 1.0, "text": 3.0, "call": 60.0}
"""How long a contact lasts at least."""
REGISTRATIONS_S = (1800.0, 3600.0)
"""Time between two registrations of an idle phone, as networks set it, from and to."""


@dataclass(frozen=True, slots=True)
class Window:
    """A place on the frequency axis that a receiver listens to at once."""

    band: str
    centre_hz: float


@dataclass(frozen=True, slots=True)
class Plan:
    """Who listens where. All visits of a receiver that has several windows last as long."""

    rate_hz: float
    visit_s: float
    settle_s: float
    receivers: tuple[tuple[Window, ...], ...]

    def cycle_s(self, receiver: int) -> float:
        """From one visit of a window to its next."""
        count = len(self.receivers[receiver])
        return count * (self.visit_s + self.settle_s) if count > 1 else self.visit_s


@dataclass(frozen=True, slots=True)
class Schedule:
    """What one receiver does: it listens to some frequencies in turn, to each as long."""

    rate_hz: float
    visit_s: float
    settle_s: float
    """For which samples are left out behind a change of frequency."""
    centres_hz: tuple[float, ...]


def windows(bands: Sequence[str], rate_hz: float) -> list[Window]:
    """As few as cover the uplinks of some bands, evenly spaced. Raises KeyError for a band without one (`uplink`)."""
    made = []
    for band in bands:
        low, high = uplink(band)
        count = math.ceil((high - low) / (USABLE * rate_hz))
        width = (high - low) / count
        made += [Window(band, low + (k + 0.5) * width) for k in range(count)]
    return made


def plan(bands: Sequence[str], receivers: int, rate_hz: float) -> Plan:
    """The shortest cycles: windows in the order of frequency, dealt out as evenly as they can be."""
    every = sorted(windows(bands, rate_hz), key=lambda w: w.centre_hz)
    used = min(receivers, len(every))
    cuts = [round(k * len(every) / used) for k in range(used + 1)]
    dealt = tuple(tuple(every[a:b]) for a, b in pairwise(cuts))
    return Plan(rate_hz, NEEDED_S, SETTLE_S, dealt)


def over(bands: Sequence[str], rate_hz: float | None) -> Schedule:
    """One receiver over some bands' uplinks; without a rate, at one that holds the widest of them at once.

    Raises KeyError for a band without an uplink.
    """
    rate = rate_hz or max(high - low for low, high in map(uplink, bands)) / USABLE
    made = plan(bands, 1, rate)
    return Schedule(rate, made.visit_s, made.settle_s, tuple(window.centre_hz for window in made.receivers[0]))


def written(made: Plan) -> str:
    """A plan as a file: TOML."""
    lines = [f"rate_hz = {made.rate_hz:.1f}", f"visit_s = {made.visit_s}", f"settle_s = {made.settle_s}"]
    for dealt in made.receivers:
        lines += ["", "[[receiver]]", f"centres_hz = [{', '.join(f'{window.centre_hz:.1f}' for window in dealt)}]"]
    return "\n".join(lines) + "\n"


def read(path: Path, receiver: int) -> Schedule:
    """What one receiver, counted from 1, does by a plan's file. Raises PlanError."""
    try:
        told = tomllib.loads(path.read_text("utf-8"))
        parts = told["receiver"]
        centres = [part["centres_hz"] for part in parts]
        rate, visit, settle = (_positive(told[name]) for name in ("rate_hz", "visit_s", "settle_s"))
        if visit * rate < 1:
            raise ValueError(f"a visit of {visit} s holds no sample")
        schedules = [Schedule(rate, visit, settle, tuple(map(_positive, some))) for some in centres if some]
    except OSError as error:
        raise PlanError(_("{path} cannot be read: {why}").format(path=path, why=reason_of(error))) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise PlanError(
            _("{path} is no plan: {why}: make one with `bands plan -o`").format(path=path, why=error)
        ) from error
    if not 1 <= receiver <= len(schedules):
        raise PlanError(
            _("{path} has no receiver {number}: there are {count}").format(
                path=path, number=receiver, count=len(schedules)
            )
        )
    return schedules[receiver - 1]


def _positive(value: object) -> float:
    """Raises ValueError for what is no positive number."""
    if type(value) not in (int, float) or not math.isfinite(value) or value <= 0:  # type: ignore[arg-type,operator]
        raise ValueError(f"{value} is no positive number")
    return float(value)  # type: ignore[arg-type]


def heard(made: Plan, receiver: int, contact_s: float) -> float:
    """Probability that one contact in a window of a receiver is heard: see above."""
    if contact_s < NEEDED_S:
        return 0.0
    if len(made.receivers[receiver]) == 1:
        return 1.0
    return min(1.0, (made.visit_s + contact_s - 2 * NEEDED_S) / made.cycle_s(receiver))


def heard_within(made: Plan, receiver: int, hours: float, period_s: float) -> float:
    """Probability that an idle phone, which registers each `period_s`, is heard at least once within some hours."""
    once = heard(made, receiver, CONTACTS_S["registration"])
    chances = hours * 3600 / period_s
    whole = math.floor(chances)
    return 1 - (1 - once) ** whole * (1 - once * (chances - whole))
