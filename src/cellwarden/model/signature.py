"""What the errors of a transmitter tell of it, and what answers a harmonic radar."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple


class Measured(NamedTuple):
    """A value with its standard deviation."""

    value: float
    deviation: float


@dataclass(frozen=True, slots=True)
class Signature:
    """What one emission shows of the transmitter that sent it. Never who, never content."""

    family: str
    """What may be compared with each other: `gsm:normal`, `other:lora`."""
    sample_start: int
    """Of the emission that it was measured on."""
    snr_db: float
    features: Mapping[str, Measured]
    """By the names of the family."""


@dataclass(frozen=True, slots=True)
class Session:
    """The mean signature of emissions that one transmitter sent in one go, as one receiver heard them."""

    source: str
    """Name of the recording."""
    family: str
    bursts: int
    snr_db: float
    """Mean, in decibels."""
    features: Mapping[str, Measured]
    """Mean of each feature, with the deviation that the noise leaves it."""
    start_ns: int | None = None
    receiver: str = ""
    """Type of the receiver, as the recording or who enrolled it says; empty where nobody did."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a calibration of likelihood ratios was made of."""

    phones: Literal["real", "simulated"]
    """As who made it attests."""
    family: str
    """Interface and kind of burst, `gsm:normal`."""
    receiver: str
    """Type of the one that heard them all."""
    count: int
    """Phones of which two recordings or more were compared."""
    others: int
    """Further ones, of which there was one recording."""
    note: str = ""
    """Laboratory, days, models: in its own words."""


@dataclass(frozen=True, slots=True)
class Emitter:
    """A transmitter that was heard, in one session or several. A hypothesis; its name says nothing of who owns it."""

    name: str
    """`E-0042`."""
    sessions: tuple[Session, ...]
    model: str = ""
    """Of the catalogue, where somebody has seen the phone; empty where nobody has."""


@dataclass(frozen=True, slots=True)
class Identified:
    """Which of the known emitters a session is of."""

    verdict: Literal["known", "new", "cannot say"]
    name: str = ""
    """Of the most probable emitter, where there is one."""
    probability: float = 0.0
    """Of the verdict; of the most probable emitter where nothing can be said."""
    log_ratio: float = 0.0
    """Natural logarithm of the likelihood ratio: this emitter against another one of the population."""
    reason: str = ""
    """Why nothing can be said: `few bursts`, `faint`, `undecided`."""


@dataclass(frozen=True, slots=True)
class JunctionReading:
    """What passed a lane lit at f0 sent back at 2f0 and 3f0, and what that says: one reading for each answer.

    It is a hypothesis about an object, never about who carries it; `person` is a number that officers give.
    """

    kind: str
    """`semiconductor`, `metal` (a contact of metals that corroded), `nothing`."""
    probability: float
    """Of `kind`, where as many carry the one as the other as neither."""
    person: str = ""
    """Number of a person or parcel; never a name."""
    time_s: float | None = None
    """When it was opposite the antennas, in the log's own time."""
    position_m: float | None = None
    """Where who carries it was then: what is carried ahead of their middle answers at a
    negative position."""
    range_m: float | None = None
    """From the antennas, by the phase of frequency steps; None without steps."""
    range_error_m: float | None = None
    """Standard deviation of `range_m`, from noise alone."""
    second_dbm: float | None = None
    third_dbm: float | None = None
    """Levels at 2f0 and 3f0 opposite the antennas at the highest transmit power."""
    second_slope: tuple[float, float] | None = None
    third_slope: tuple[float, float] | None = None
    """Decibels of answer per decibel of transmit power, with their standard deviations: 2 and 3 of a junction."""
    reason: str = ""
    """Why nothing is said, where something was heard."""
    instrument: str = "lane"
    """What lit it: `lane`, `wand`, `mail`."""
    room: str = ""
    """Of the site, where that was; empty where nobody said."""
