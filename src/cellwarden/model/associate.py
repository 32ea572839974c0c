"""One burst as several sensors heard it."""

from dataclasses import dataclass

from cellwarden.model.airinterface import Emission


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
