"""A stretch of band with evenly spaced channels, which is how every standard here lays out its spectrum.

low            first     first + step              high
 |---------------+-----------+-----------+-----------|
            channels[0]  channels[1]  channels[2]
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Direction = Literal["uplink", "downlink", "both"]
"""`uplink`: phones send; `downlink`: base stations send; `both`: they take turns, or everybody may send."""


@dataclass(frozen=True, slots=True)
class Allocation:
    """A band that holds a frequency, and the channel nearest to it."""

    system: str
    band: str
    direction: Direction
    channel_name: str
    """What the standard calls the number: ARFCN, UARFCN, EARFCN, NR-ARFCN, channel, carrier; empty without channels."""
    channel: int | None
    centre_hz: int | None
    """Centre of that channel. A carrier wider than the raster may reach the frequency from other channels too."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """From `low_hz` (included) to `high_hz` (not included); channel `channels[k]` lies at `first_hz + k * step_hz`."""

    system: str
    band: str
    direction: Direction
    channel_name: str
    low_hz: int
    high_hz: int
    channels: Sequence[int] = ()
    first_hz: int = 0
    step_hz: int = 1

    def at(self, frequency_hz: float) -> Allocation | None:
        """What this stretch says of a frequency; None where it does not hold it."""
        if not self.low_hz <= frequency_hz < self.high_hz:
            return None
        if not self.channels:
            return Allocation(self.system, self.band, self.direction, self.channel_name, None, None)
        nearest = math.floor((frequency_hz - self.first_hz) / self.step_hz + 0.5)
        k = min(max(nearest, 0), len(self.channels) - 1)
        centre_hz = self.first_hz + k * self.step_hz
        return Allocation(self.system, self.band, self.direction, self.channel_name, self.channels[k], centre_hz)


def hertz(megahertz: float) -> int:
    """Whole hertz of a figure printed in megahertz."""
    return round(megahertz * 1e6)
