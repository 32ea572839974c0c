"""What a site is guarded by: who was heard where and from when to when, what is told of it, and what people decided.

Sighting ──► Presence, Activity ──► Alert ──► Decision
a second      where, what doing      told      by whom, why
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Odds: TypeAlias = tuple[tuple[str, float], ...]
"""(name of a room, probability), the most probable first. What lies beyond the wall is `outside`."""

State: TypeAlias = Literal["new", "acknowledged", "search ordered", "found", "not found", "false"]
"""Where an alert stands. The last three are ends."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one phone sent within a second at most, as all sensors of the site heard it: a train, not its bursts."""

    start_ns: int
    end_ns: int
    phone: str
    """Name that association gives the phone, good while it is heard; two phones never share one."""
    interface: str
    """Its air interface, e.g. `gsm`: whether that is a phone's says the table of interfaces."""
    labels: Mapping[str, int]
    """Bursts of each label."""
    frequency_hz: float
    """Middle of its channel, absolute; of the first one where it hops."""
    confidence: float
    """Probability that the interface is right."""
    odds: Odds
    """Where it was."""
    sensors: tuple[str, ...]
    """That heard it, the loudest first."""
    evidence: tuple[str, ...] = ()
    """SHA-256 of its snippets, payload blanked."""
    emitter: str = ""
    """`E-0042` where the gallery knows it; empty where it does not, or cannot say."""
    log_ratio: float = 0.0
    """Natural logarithm of the likelihood ratio for `emitter`."""
    offset_hz: float | None = None
    """How far its carrier lies beside that of the cell it is locked to; None where that is not known."""
    offset_error_hz: float = 0.0
    """One standard deviation of its measurement."""


@dataclass(frozen=True, slots=True)
class Activity:
    """What a phone did in one go."""

    phone: str
    kind: Literal["call", "text", "registration", "junction"]
    """`junction`: it did nothing, and a harmonic radar found it; its interface is then the instrument."""
    start_ns: int
    end_ns: int
    interface: str
    band: str
    """As `radio.bands` names it; empty where the frequency lies in none."""
    bursts: int
    frequency_hz: float = 0.0
    """Of its first channel; 0 where it is not known."""
    offset_hz: float | None = None
    """As in `Sighting`, of its first second that tells any."""
    offset_error_hz: float = 0.0


@dataclass(frozen=True, slots=True)
class Presence:
    """A phone in one room, from when to when. It outlasts silence: an idle phone registers every half hour or hour."""

    phone: str
    emitter: str
    odds: Odds
    start_ns: int
    end_ns: int
    """When it was last heard there."""
    activities: tuple[Activity, ...] = ()


@dataclass(frozen=True, slots=True)
class Alert:
    """What is told to an officer. A hypothesis with its evidence; a person decides."""

    name: str
    """`A-2026-000042`: year, and a number that is never given twice at a site."""
    told_ns: int
    since_ns: int
    """When the phone was first heard in this presence."""
    phone: str
    emitter: str
    """Empty where it is new."""
    activity: Activity
    """What it is told for: the first that proved it, or the gravest since."""
    odds: Odds
    probability: float
    """That a phone is within the wall, in no room where it may be."""
    severity: Literal["low", "medium", "high"]
    sensors: tuple[str, ...]
    evidence: tuple[str, ...]
    details: Mapping[str, str | int | float] = field(default_factory=dict)
    """What the rules weighed, by name. `again`: how often its phone was heard since; `before`: the alert that was
    decided about it before."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided about an alert."""

    alert: str
    state: State
    who: str
    when_ns: int
    why: str


@dataclass(frozen=True, slots=True)
class Blind:
    """Where a sensor hears no phone, because a jammer sends."""

    band: str
    """Number of the band of phones; elsewhere what the receiver is tuned to, in MHz; empty where nobody knows."""
    since_ns: int


@dataclass(frozen=True, slots=True)
class SensorState:
    """How a sensor does."""

    sensor: str
    time_ns: int
    floor_dbfs_hz: float | None
    """Of the quietest of its bands; None where it is not known."""
    lost_samples: int
    """Since it was last told."""
    clock_error_ns: float | None
    """None where it is not known."""
    reason: str = ""
    """Why it is deaf, in a word: `no samples`, `floor high`, `clock`; empty where it hears."""
    temperature_c: float | None = None
    """Of its receiver; None where that does not tell it."""
    blind: tuple[Blind, ...] = ()


@dataclass(frozen=True, slots=True)
class RulesText:
    """A version of a site's rules, as the file said it."""

    number: int
    """Counted from 1."""
    when_ns: int
    who: str
    """Who put it in force; empty where it was written by hand."""
    why: str
    text: str
