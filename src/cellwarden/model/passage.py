"""A person or parcel that passed the lane at a gate, by number, and what came of it."""

from dataclasses import dataclass

from cellwarden.model.signature import JunctionReading


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage, what answered in it, and what people made of it."""

    number: int
    """Given by the store."""
    when_ns: int
    person: str
    """Number of the person or parcel, never a name; may be empty."""
    readings: tuple[JunctionReading, ...]
    """The strongest first."""
    calibrated: bool
    """Whether the instrument's own harmonics were taken off."""
    warning_read: bool
    """Whether somebody said that they had asked for pacemakers."""
    who: str
    """Who had it examined."""
    second_check: str = ""
    outcome: str = ""
    """Empty until somebody says how it ended."""
    why: str = ""
    checked_by: str = ""
    checked_ns: int = 0
