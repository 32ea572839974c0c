"""What lights who or what is examined: a lane that people walk, a wand that is led along, a mail scanner's belt.

```
 lane   antennas ▷── 1 m ──• walks past       1 m/s, an object fades within a metre
 wand   ▷ 0.1 to 0.4 m over a door, a bed,    0.2 m/s, an object fades within a hand; position: how far it was led
        a body, led along slowly
 mail   ▷── 0.5 m ──▭ parcel on a belt        0.3 m/s, metal in it, nobody near
```

All read the same tables and recordings and ask the same three questions (`junction`). Geometry is of the instrument;
thresholds are of what has nothing in front of it, and probabilities of simulated sweeps whose parameters vary by ±50 %
(`python -m benchmarks.junction fit lane`, and so on).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from cellwarden.measure.calibration import Logistic


@dataclass(frozen=True, slots=True)
class Instrument:
    """Geometry, and what was learned of simulated sweeps."""

    name: str
    beam_deg: float
    """Width at half power of its antennas."""
    asides_m: tuple[float, ...]
    """Distances from the antennas to the way of an object that are tried."""
    step_m: float
    """Of the places that are tried."""
    apart_m: float
    """Nearer answers are taken for one, as tracks are 0.7 distances wide: of the lane, two that lie 1 m apart are
    two."""
    noise_db: float
    """z, as `junction_empty.decibels` has it, that noise alone exceeds in FALSE_ALARM of passages."""
    clean_db: tuple[float, float]
    """What persons, doors or parcels with nothing exceed as rarely at 2f0 and 3f0: they send back the simulated
    transmitter's own harmonics."""
    present: Logistic
    """Of the decibels above these thresholds: a phone against nothing."""
    semi: Logistic
    """Of A2 - 3/4 A3: phone against corroded contact."""
    quiet: float
    """Share of phones among what answers at 2f0 alone (Laplace)."""


LANE = Instrument(
    "lane", 70.0, (0.7, 1.0, 1.4), 0.05, 0.8, 8.20, (20.56, 18.06), Logistic(0.531, 1.179), Logistic(0.403, 8.997),
    0.9967,
)  # fmt: skip
WAND = Instrument(
    "wand", 80.0, (0.1, 0.18, 0.3, 0.5), 0.02, 0.3, 8.27, (15.01, 12.13), Logistic(0.410, -3.325),
    Logistic(0.450, 7.519), 0.9762,
)  # fmt: skip
MAIL = Instrument(
    "mail", 70.0, (0.3, 0.5, 0.8), 0.03, 0.4, 7.76, (23.63, 21.24), Logistic(0.307, -2.900), Logistic(0.438, 7.891),
    0.9600,
)  # fmt: skip
INSTRUMENTS: Mapping[str, Instrument] = {one.name: one for one in (LANE, WAND, MAIL)}
