"""What a simulated world is made of: each number with the standard or measurement that it comes from.

A figure from simulation is worth as much as these numbers, so it is given as a range: `varied` draws a world in which
each number that may vary lies within ±50 % of what is written here.
"""

from dataclasses import dataclass, fields, replace

import numpy as np

VARIATION = 0.5


@dataclass(frozen=True, slots=True)
class Parameters:
    """One world. Uniform quantities are given by their largest deviation, exponential ones by their mean."""

    locked_ppm: float = 0.1
    """Carrier offset of a phone locked to its base station: ±0.1 ppm (3GPP TS 45.010 §6.1)."""
    receiver_ppm: float = 2.0
    """Error of the receiver's clock: ±2 ppm, the oscillator of a USRP B200 (Ettus, data sheet); an RTL-SDR V3 claims
    1 ppm, a HackRF One 20 ppm."""
    delay_spread_s: float = 70e-9
    """RMS delay spread indoors: 70 ns, a residential building at 1.9 GHz, median case (ITU-R P.1238, table of delay
    spread parameters; its office has 100 ns, its worst commercial building 500 ns)."""
    rice_db: float = 6.0
    """Power of the direct path over that of all others, 6 dB: between none (0) and a line of sight (10 dB and more) in
    buildings at 900 MHz (H. Hashemi, Proc. IEEE 81 (1993) 943)."""
    snr_low_db: float = -2.0
    snr_high_db: float = 20.0
    """SNR in 200 kHz of what is placed: from what no energy detector finds to what needs none."""
    bursts_per_s: float = 700.0
    """Density of what is on the air in 10 MHz; a cell of GSM carries 1,733 bursts a second on each busy channel
    (TS 45.002 §4.3.2), a prison wing few of them."""


FIXED = ("snr_low_db", "snr_high_db")
"""These span an axis and are not uncertain."""


def varied(parameters: Parameters, rng: np.random.Generator) -> Parameters:
    """A world whose numbers are drawn, each by itself, from ±50 % around those given."""
    drawn = {
        field.name: getattr(parameters, field.name) * rng.uniform(1 - VARIATION, 1 + VARIATION)
        for field in fields(parameters)
        if field.name not in FIXED
    }
    return replace(parameters, **drawn)
