"""What is kept beside what was heard: who may do what, what was done, and what changed."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Role: TypeAlias = Literal["officer", "rf engineer", "examiner", "investigator", "administrator", "auditor"]


@dataclass(frozen=True, slots=True)
class Change:
    """Something that a live page may have to show anew."""

    number: int
    """Grows with each change, in the order in which they were kept."""
    kind: Literal["alert", "decision", "passage", "presence", "sensor"]
    name: str
    """Of the alert (also for a decision) or the sensor; the number of the presence."""


@dataclass(frozen=True, slots=True)
class AuditLine:
    """What somebody did or looked at, chained to the line before it."""

    number: int
    """Counted from 1, without a gap."""
    time_ns: int
    who: str
    action: str
    what: str
    why: str
    digest: str
    """SHA-256 over the digest of the line before and this line, in hexadecimal digits."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who may sign in. What proves that it is them stays in the store."""

    name: str
    role: Role
    disabled: bool = False
    locked_until_ns: int = 0
    """After too many failures; 0 where they may try."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """A link that lets one person choose a password, once."""

    name: str
    role: Role
    expires_ns: int
