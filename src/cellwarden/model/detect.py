"""What has a place in time and frequency, and energy that nobody has named yet."""

from dataclasses import dataclass
from typing import Protocol


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
