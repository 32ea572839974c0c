"""One oscillator drives carrier and symbols alike: whether it does here."""

from cellwarden.model import Emission, Measured


def beside_carrier(
    emission: Emission, carrier: Measured, clock: Measured, centre_hz: float | None
) -> dict[str, Measured]:
    """By how much the symbol clock is faster than the carrier is high: nothing where one oscillator drives both.

    carrier: in hertz from baseband zero, of an emission whose nominal channel is known. A receiver's own clock shows in
    both alike, and so not here.
    """
    if emission.cfo_hz is None or emission.carrier_offset_hz is None or centre_hz is None:
        return {}
    nominal = centre_hz + emission.carrier_offset_hz - emission.cfo_hz
    off = emission.cfo_hz + carrier.value - emission.carrier_offset_hz
    ppm = 1e6 / nominal
    spread = (clock.deviation**2 + (ppm * carrier.deviation) ** 2) ** 0.5
    return {"clock_beside_carrier_ppm": Measured(clock.value - ppm * off, spread)}
