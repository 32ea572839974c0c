"""Where carriers of cells lie for a receiver whose oscillator a reference holds, so that a phone's offset shows.

    DOWNLINK, by the same receiver ─► cells ─► uplink carriers, and how fast this receiver's clock is beside each cell's
    burst on such a carrier        ─► its offset from its channel + that of the clock = its offset from its cell

A receiver's own crystal wanders by more within an hour than phones of a cell differ by, and a recording of an hour ago
says nothing of it: so only a receiver that keeps its clock by a reference (GPS, 10 MHz) may name such a recording. A
carrier near which another cell sends by another clock tells nothing either: which of the two a phone is locked to does
not show in what it sends.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from cellwarden.model import Cell, Measured
from cellwarden.radio.duplex import uplinks_of
from cellwarden.runtime.learned import Learned, learn
from cellwarden.runtime.receivers import Receiver
from cellwarden.signature.reference import APART, CELL_PPM

REACH_HZ: Mapping[str, float] = {"gsm": 100e3, "lte": 10e6, "nr": 50e6}
"""How far from a carrier's middle its phones may send: a channel of GSM is known, the width of the others is not."""


class Carrier(NamedTuple):
    """Of one cell's uplink, as a receiver hears it."""

    interface: str
    middle_hz: float
    fast: Measured
    """By how many millionths the receiver's clock is fast beside the cell's."""


@dataclass(frozen=True, slots=True)
class Carriers:
    """What receivers know of cells, by sensor."""

    known: Mapping[str, tuple[Carrier, ...]]

    def of(self, sensor: str, interface: str, frequency_hz: float) -> Measured | None:
        """By how many millionths a sensor's clock is fast beside that of the cell in which a phone sends there; None
        where that is not known, or not which cell."""
        near = [
            one.fast
            for one in self.known.get(sensor, ())
            if one.interface == interface and abs(one.middle_hz - frequency_hz) <= REACH_HZ[interface]
        ]
        if not near:
            return None
        apart = max(one.value for one in near) - min(one.value for one in near)
        if apart > APART * near[0].deviation:
            return None
        return Measured(sum(one.value for one in near) / len(near), near[0].deviation)


NONE = Carriers({})


def carriers(receivers: Iterable[Receiver]) -> Carriers:
    """From the recordings of base stations that receivers name. Raises what recordings raise, and CellError."""
    return Carriers({one.sensor: _carriers(learn([one.carriers])) for one in receivers if one.carriers is not None})


def _carriers(heard: Iterable[Learned]) -> tuple[Carrier, ...]:
    return tuple(one for each in heard for one in _uplinks(each.cell, each.segment.centre_hz))


def _uplinks(cell: Cell, centre_hz: float | None) -> list[Carrier]:
    fast = float(cell.details.get("clock_ppm", math.nan))
    if centre_hz is None or cell.interface not in CELL_PPM or not math.isfinite(fast):
        return []
    told = Measured(fast, CELL_PPM[cell.interface])
    down = [(centre_hz + offset) * (1 + fast * 1e-6) for offset in cell.carriers_hz]
    return [Carrier(cell.interface, up, told) for hertz in down for up in uplinks_of(cell.interface, hertz)]
