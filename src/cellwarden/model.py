"""The values that flow from room to room. All are frozen; none does anything.

Frequencies named `offset` are relative to the tuned centre (baseband); where the centre is known the absolute one is
`Segment.centre_hz + offset`. Times are sample indices into the recording, and nanoseconds since the epoch where the
recording tells its start. Powers are dBFS: 0 dBFS is a complex exponential of magnitude 1.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

# Interleaved I and Q as they lie in the file, widened to one of two types: complex sample = (i + j q) * Block.scale.
Interleaved: TypeAlias = NDArray[np.int16] | NDArray[np.float32]


class Boxed(Protocol):
    """What has a place in time and frequency (`Burst`, `Emission`, what a simulation placed)."""

    @property
    def sample_start(self) -> float: ...
    @property
    def sample_count(self) -> int: ...
    @property
    def low_offset_hz(self) -> float: ...
    @property
    def high_offset_hz(self) -> float: ...


ENDLESS = 1 << 62
"""Samples of a segment whose end nobody tells."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a recording without gap or retune (a SigMF capture segment)."""

    sample_start: int
    """Index of its first sample in the recording, counted as in SigMF."""
    sample_count: int
    rate_hz: float
    centre_hz: float | None = None
    """Absolute frequency of baseband zero; None where the recording does not tell it."""
    start_ns: int | None = None
    """Time of its first sample, nanoseconds since the epoch; None where the recording does not tell it."""


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive samples of one segment. `iq` may be a reused buffer, valid until the next block is asked for."""

    iq: Interleaved
    """int16 or float32, shape (n, 2), native byte order."""
    scale: float
    """What one unit of `iq` is worth; full scale is 1.0."""
    sample_start: int
    """Index of the first sample in the recording."""
    segment: Segment


@dataclass(frozen=True, slots=True)
class Burst:
    """A box of energy above the noise floor; nothing is known yet of who made it."""

    sample_start: int
    sample_count: int
    low_offset_hz: float
    high_offset_hz: float
    snr_db: float
    """Mean power over noise power, both within the box."""
    floor_dbfs_hz: float
    """Noise power density within the box, dBFS per hertz."""


@dataclass(frozen=True, slots=True)
class Emission:
    """A burst with its name: what was sent, when, where in frequency, and how sure we are. Never who, never content."""

    label: str
    """`interface:kind` of the vocabulary, e.g. `gsm:normal`."""
    sample_start: int
    """First bit or symbol, ramps lie outside."""
    sample_count: int
    low_offset_hz: float
    high_offset_hz: float
    snr_db: float
    """In the interface's nominal bandwidth (GSM 200 kHz); unknown bursts: in their box."""
    confidence: float
    """Probability that label and box are right."""
    cfo_hz: float | None = None
    """Carrier frequency minus the nearest channel's nominal one; None where neither is known."""
    carrier_offset_hz: float | None = None
    """Measured carrier relative to baseband zero, where the interface has a carrier."""
    timing_samples: float | None = None
    """Fraction of a sample by which the first symbol comes after `sample_start`."""
    direction: str = "unknown"
    """`uplink`, `downlink` or `unknown`."""
    floor_dbfs_hz: float | None = None
    details: Mapping[str, str | int | float] = field(default_factory=dict)
    """Numbers the interface has: `training_sequence`, `modulation`, … Never an identity, never payload."""


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


@dataclass(frozen=True, slots=True)
class Emitter:
    """A transmitter that was heard, in one session or several. A hypothesis; its name says nothing of who owns it."""

    name: str
    """`E-0042`."""
    sessions: tuple[Session, ...]


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
class Cell:
    """What is known of a base station, so that `search` may look deeper than energy shows. Never a subscriber."""

    interface: str
    """Name of its air interface, e.g. `gsm`."""
    carriers_hz: tuple[float, ...]
    """Offsets of its uplink carriers from baseband zero, as this receiver hears them."""
    frame_start: float
    """Sample index, with its fraction, at which one of its uplink frames begins here for a phone beside the sensor."""
    frame_samples: float
    """Length of a frame in samples of this receiver's clock."""
    details: Mapping[str, str | int | float] = field(default_factory=dict)
    """What the interface uses besides: `training_sequence`, `physical_cell`, `preamble_root`, …"""


@dataclass(frozen=True, slots=True)
class Reception:
    """One burst as one sensor heard it."""

    sensor: str
    level_dbfs: float
    """Of the burst itself; nan where the sensor's noise floor is not told. The site's calibration makes it dBm."""
    level_error_db: float
    """One standard deviation of its measurement; fading and body are not in it."""
    arrival_ns: float
    """After `Observation.time_ns`, by the common clock."""
    arrival_error_ns: float
    """One standard deviation, that of the sensor's clock in it."""
    emission: Emission
    """The evidence."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One burst as all sensors heard it. Says nothing yet of where it came from."""

    time_ns: int
    """Since the epoch, by a clock common to all sensors, which may err as much as theirs do."""
    label: str
    frequency_hz: float
    """Middle of its channel or box, absolute."""
    phone: str
    """Name of the phone that its trains are held to be of, good within a run; empty where that is not known."""
    heard: tuple[Reception, ...]
    """One at least, no sensor twice, by name."""


@dataclass(frozen=True, slots=True)
class Fix:
    """Where a phone is held to be at a time, and how sure that is."""

    time_s: float
    """In the readings' own time."""
    place_m: tuple[float, float, float] | None
    """Mean of the posterior; None where nothing can be said."""
    radius90_m: float
    """Within this distance of `place_m` the phone lies with probability 0.9."""
    cell: str
    """Name of the most probable room; empty where that is none of the site's, `unknown` where nothing can be said."""
    probability: float
    """Of `cell`."""
    reason: str = ""
    """Why nothing can be said."""


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
