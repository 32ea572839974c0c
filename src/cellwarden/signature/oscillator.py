"""One oscillator drives carrier and symbols alike: how far it is off, and whether it does here."""

import math

from cellwarden.model import Emission, Measured


def beside_carrier(
    emission: Emission, carrier: Measured, clock: Measured, centre_hz: float | None
) -> dict[str, Measured]:
    """`carrier_ppm`, what a carrier is off its nominal channel, and `clock_beside_carrier_ppm`, by how much the symbol
    clock is faster than that: nothing where one oscillator drives both. Nothing is told where no channel is known.

    carrier: in hertz from baseband zero. A receiver's own clock shows in both alike, so not in what is between them.
    """
    if emission.cfo_hz is None or emission.carrier_offset_hz is None or centre_hz is None:
        return {}
    nominal = centre_hz + emission.carrier_offset_hz - emission.cfo_hz
    ppm = 1e6 / nominal
    off = Measured(ppm * (emission.cfo_hz + carrier.value - emission.carrier_offset_hz), ppm * carrier.deviation)
    beside = Measured(clock.value - off.value, math.hypot(clock.deviation, off.deviation))
    return {"carrier_ppm": off, "clock_beside_carrier_ppm": beside}
