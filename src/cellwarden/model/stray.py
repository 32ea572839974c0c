"""What no air interface knows: shapes of bursts, and the names that people give them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stray:
    """A train of unknown bursts as one sensor heard it: what it looked like, and no sample of it."""

    start_ns: int
    end_ns: int
    sensor: str
    low_hz: float
    """Edges of its bursts in the mean, absolute."""
    high_hz: float
    bursts: int
    burst_s: float
    """Mean length of a burst."""
    period_s: float | None
    """Between the beginnings of two; None where they keep no time, or are few."""
    snr_db: float
    unkept: int = 0
    """Trains of that sensor before it that were too many to be kept."""


@dataclass(frozen=True, slots=True)
class StrayName:
    """What a person called a shape. The newest name of a shape holds."""

    name: str
    who: str
    when_ns: int
    why: str
    frequency_hz: float
    """The shape's middle in each respect."""
    width_hz: float
    burst_s: float
