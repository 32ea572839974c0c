"""What is to be tried: labels, levels, channel, impairments, seed; from words to a value, and to what JSON holds."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from cellwarden.airinterface import INTERFACES
from cellwarden.errors import BenchError
from cellwarden.language import gettext as _
from cellwarden.simulate.channel import CHANNELS, Channel
from cellwarden.simulate.drawings import DRAWINGS
from cellwarden.simulate.receiver import Faults
from cellwarden.simulate.trials import Conditions

MOST_LEVELS = 1000
NOTHING = "spur:", "noise:", "image:", "unknown:"
"""Labels that say that nothing is there, or nothing known: what they are given to is not detected."""
IMPAIRMENTS: Mapping[str, str] = {
    "cfo": "cfo_ppm",
    "timing": "timing_samples",
    "iq-gain": "iq_gain_db",
    "iq-phase": "iq_phase_deg",
    "dc": "dc_db",
    "phase-noise": "phase_noise_hz",
    "bits": "bits",
    "clip": "clip_db",
}
"""Words of --impairments, and the fields of Conditions and Faults that they set."""
LARGEST: Mapping[str, tuple[float, float]] = {
    "cfo": (0, 100),
    "timing": (0, 1),
    "iq-gain": (-20, 20),
    "iq-phase": (-80, 80),
    "dc": (-60, 60),
    "phase-noise": (0, 1e6),
    "bits": (1, 16),
    "clip": (-20, 90),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """Trials of one interface."""

    interface: str
    """As asked: an interface's name or one label."""
    labels: tuple[str, ...]
    snrs_db: tuple[float, ...]
    trials: int
    """Windows with a burst, for each label and level."""
    absent_trials: int
    """Windows without, for each label."""
    absent: str = "noise"
    """What these windows hold: `noise` alone, or a burst of `others`, other interfaces."""
    conditions: Conditions = Conditions()  # noqa: RUF009 (frozen)
    seed: int = 1


def scene(plan: Plan) -> dict[str, Any]:
    """What two runs must share to stand on the same footing, as JSON holds it."""
    conditions = asdict(plan.conditions)
    channel, faults = conditions.pop("channel"), conditions.pop("faults")
    channel["delay_spread_s"] = list(channel["delay_spread_s"])
    if plan.conditions.channel.name in ("awgn", "indoor"):
        channel = {"name": channel["name"]}
    return {
        "interface": plan.interface,
        "labels": list(plan.labels),
        "snrs_db": list(plan.snrs_db),
        "trials": plan.trials,
        "absent_trials": plan.absent_trials,
        "absent": plan.absent,
        "channel": channel,
        "impairments": {**conditions, **faults},
        "seed": plan.seed,
    }


def drawn_labels(asked: str) -> tuple[str, ...]:
    """The labels of an interface (or the one label asked for) that can be drawn. Raises BenchError."""
    able = {label: name for name, label in _kinds() if label in DRAWINGS and not label.startswith(NOTHING)}
    found = tuple(label for label, name in able.items() if asked in (label, name))
    if not found:
        raise BenchError(
            _("{name} is no interface that can be drawn: choose one of {names}, or a label of one, as {label}").format(
                name=repr(asked), names=", ".join(dict.fromkeys(able.values())), label=next(iter(able))
            )
        )
    return found


def _kinds() -> list[tuple[str, str]]:
    """(interface, label) of the vocabulary."""
    return [(interface.name, label) for interface in INTERFACES for label in interface.kinds]


def known_labels(asked: str) -> tuple[str, ...]:
    """The labels of an interface (or the one label asked for) that recordings may hold. Raises BenchError."""
    kinds = _kinds()
    found = tuple(label for name, label in kinds if asked in (label, name))
    if not found:
        raise BenchError(
            _("{name} is no known interface: choose one of {names}, or a label of one").format(
                name=repr(asked), names=", ".join(dict.fromkeys(name for name, _label in kinds))
            )
        )
    return found


def axis(text: str) -> tuple[float, ...]:
    """Levels as `low:high:step`, `low:high` (steps of 1) or one number, in decibels. Raises BenchError."""
    parts = _numbers(text)
    if len(parts) == 1:
        return (parts[0],)
    low, high, step = (*parts, 1.0) if len(parts) == 2 else parts if len(parts) == 3 else (0.0, -1.0, 1.0)
    if not (low <= high and step > 0 and (high - low) / step < MOST_LEVELS and abs(low) <= 100 and abs(high) <= 100):
        raise _no_range(text)
    return tuple(round(low + n * step, 6) for n in range(math.floor((high - low) / step + 1e-9) + 1))


def delay_spread(text: str) -> tuple[float, float]:
    """Nanoseconds as `30:300` or `100`, in seconds. Raises BenchError."""
    parts = _numbers(text)
    if len(parts) not in (1, 2) or not 0 < parts[0] <= parts[-1] <= 10_000:
        raise BenchError(
            _("{text} is no delay spread: write it in nanoseconds, as 100 or 30:300").format(text=repr(text))
        )
    return parts[0] * 1e-9, parts[-1] * 1e-9


def _numbers(text: str) -> tuple[float, ...]:
    try:
        parts = tuple(float(word) for word in text.split(":"))
    except ValueError as error:
        raise _no_range(text) from error
    if not all(map(math.isfinite, parts)):
        raise _no_range(text)
    return parts


def _no_range(text: str) -> BenchError:
    return BenchError(_("{text} is no range: write low:high:step, as -15:15:1").format(text=repr(text)))


def channel(name: str, spread: str, doppler_hz: float, fading: str) -> Channel:
    """A channel from words. Raises BenchError."""
    if name not in CHANNELS:
        raise BenchError(
            _("{name} is no known channel: choose one of {names}").format(name=repr(name), names=", ".join(CHANNELS))
        )
    return Channel(name, delay_spread(spread), doppler_hz, "received" if fading == "received" else "mean")


def impaired(text: str, conditions: Conditions) -> Conditions:
    """Conditions with what `cfo=2,bits=8` says; `none` takes all impairments away. Raises BenchError."""
    if text.strip() == "none":
        return replace(conditions, cfo_ppm=0.0, timing_samples=0.0, faults=Faults())
    own: dict[str, float] = {}
    faults: dict[str, float] = {}
    for part in filter(None, (word.strip() for word in text.split(","))):
        name, equals, value = part.partition("=")
        amount = _amount(name, value) if equals and name in IMPAIRMENTS else None
        if amount is None:
            known = ", ".join(f"{word}={low:g}…{high:g}" for word, (low, high) in LARGEST.items())
            raise BenchError(
                _("{part} is no impairment: write none, or some of {known} with commas between").format(
                    part=repr(part), known=known
                )
            )
        (own if name in ("cfo", "timing") else faults)[IMPAIRMENTS[name]] = amount
    return replace(conditions, **own, faults=replace(conditions.faults, **faults))  # type: ignore[arg-type]


def _amount(name: str, text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    low, high = LARGEST[name]
    if not low <= value <= high or (name == "bits" and value != int(value)):
        return None
    return int(value) if name == "bits" else value
