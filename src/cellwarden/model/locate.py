"""Where a phone is held to be."""

from dataclasses import dataclass


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
    """Name of the most probable room; empty where that is none of the site's, `unknown` where no room can be
    named: `reason` says why."""
    probability: float
    """Of `cell`."""
    reason: str = ""
    """Why no room is named."""
