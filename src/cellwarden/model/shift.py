"""What the people of a shift leave to the next: notes, rooms searched, and who took over when."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody wrote down for those who come after."""

    when_ns: int
    who: str
    text: str


@dataclass(frozen=True, slots=True)
class Search:
    """A room that was searched for the phone of an alert, in vain."""

    alert: str
    room: str
    when_ns: int
    who: str
    why: str
    """What they saw there; may be empty."""


@dataclass(frozen=True, slots=True)
class Handover:
    """Who took over a site, signed by them: the shift before it ends here."""

    number: int
    """Counted from 1, without a gap."""
    when_ns: int
    who: str
    since_ns: int
    """When the shift that ends here had begun."""
    text: str
    """What they had to say to it; may be empty."""
