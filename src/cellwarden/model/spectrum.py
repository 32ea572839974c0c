"""What a live picture of the spectrum is made of. Kept in memory for a minute, and nowhere else."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Heard:
    """A burst with its name, or some of one train that follow each other closely."""

    start_ns: int
    end_ns: int
    low_hz: float
    high_hz: float
    """Absolute where the receiver tells what it is tuned to."""
    label: str
    snr_db: float
    phone: bool
    train: int


@dataclass(frozen=True, slots=True)
class Row:
    """A fraction of a second of a sensor's spectrum."""

    start_ns: int
    end_ns: int
    low_hz: float
    high_hz: float
    levels: bytes
    """For each of equal parts of the band the loudest moment's power over noise, in half decibels."""
    heard: tuple[Heard, ...]
    """What was named since the row before; it began some rows earlier."""
