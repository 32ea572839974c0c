"""What was found: the first register, a list that only grows."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Find:
    """A phone that a search brought to light."""

    alert: str
    """Name of the alert that led there."""
    cell: str
    when_ns: int
    model: str
    """As seen, in the finder's words."""
    seal: str
    """Number of the bag's seal."""
    photographs: tuple[str, ...]
    """SHA-256 of each."""
    who: str
    """Who found it."""
