"""What a junction lit with f0 sends back at 2f0 and 3f0: antenna, mismatch, and the first three terms of its current.

```
  f0 ))) ▷─┤ Ra ├──┬────────┐        i = g1 v + g2 v² + g3 v³          semiconductor: g = Is / k! (n VT)^k,  q of a step
             loss  │ C, g1  ◇ I2,I3  q = C0 v + C1/2 v² + C2/6 v³      metal contact: g = G0 (1, β, γ),      C alone
  2f0,3f0 ((( ◁────┴────────┘
```

With the voltage v1 across the junction, its currents at the harmonics are (V. Volterra's expansion to the third order)

    I2 = (g2 + jω C1) v1² / 2                      C1 = C0 m / Vj,  C2 = C0 m (m + 1) / Vj²   for C = C0 (1 - v / Vj)^-m
    I3 = (g3 + jω C2/2) v1³ / 4 + (g2 + j3ω C1/2) v1 v2,          v2 = -I2 Z(2ω)

so the answers grow by 2 and 3 dB with each of the lighting. Radar equation of a harmonic: P_k = S σ_k / (4π R²) · G
λ_k² / 4π, where σ_k itself grows with S^(k-1) (B. Colpitts and G. Boiteau, IEEE Trans. Antennas Propag. 52 (2004)
2825)."""

from dataclasses import dataclass

import numpy as np

from cellwarden.simulate.parameters import Junctions

LIGHT_M_S = 299_792_458.0
F0_HZ = 868e6
ANTENNA_OHM = 50.0
THERMAL_V = 0.02585
"""kT/q at 300 K."""
STEP_V, STEP_POWER = 0.75, 0.33
"""Built-in voltage and grading of a silicon junction (VJ and M of SPICE models of the 1N4148: 0.75 is usual, 0.333 and
0.4 were read)."""
SILICON_A, IDEALITY = 2.5e-9, 1.75
"""Saturation current and ideality of the same: IS 2.52 nA and N 1.752, read."""
CONTACT_F = 1e-12
"""Capacitance of a contact. An assumption."""
LIMIT_V = 0.6
"""Beyond this a junction conducts fully, and the answer grows no longer as theory has it for small voltages."""

SEMICONDUCTORS = ("phone", "charger", "watch", "hearing aid", "SIM card")
METAL = "metal"


@dataclass(frozen=True, slots=True)
class Junction:
    """One non-linear thing with its antenna."""

    conductance: tuple[float, float, float]
    """g1, g2, g3 in S, S/V, S/V²."""
    capacitance: tuple[float, float, float]
    """C0, C1, C2 in F, F/V, F/V²."""
    gain_db: tuple[float, float, float]
    """Of antenna and mismatch together at f0, 2f0, 3f0; all of it negative."""


def semiconductor(capacitance_f: float, gain_db: tuple[float, float, float]) -> Junction:
    """A silicon junction without bias."""
    slope = IDEALITY * THERMAL_V
    g = SILICON_A / slope
    first = capacitance_f * STEP_POWER / STEP_V
    return Junction(
        (g, g / (2 * slope), g / (6 * slope**2)),
        (capacitance_f, first, first * (STEP_POWER + 1) / STEP_V),
        gain_db,
    )


def contact(world: Junctions, gain_db: tuple[float, float, float]) -> Junction:
    """Metal, oxide, metal."""
    g = world.contact_siemens
    return Junction((g, g * world.contact_asymmetry, g * world.contact_cubic), (CONTACT_F, 0.0, 0.0), gain_db)


def drawn(kind: str, world: Junctions, rng: np.random.Generator) -> Junction:
    """An object of a kind, with an antenna of its own."""
    loss = {
        "phone": world.phone_gain_dbi + world.phone_mismatch_db,
        "charger": world.rectifier_loss_db,
        "watch": world.watch_loss_db,
        "hearing aid": world.hearing_aid_loss_db,
        "SIM card": world.sim_loss_db,
        METAL: world.contact_loss_db,
    }[kind]
    third_db = world.phone_third_db - world.phone_mismatch_db if kind == "phone" else 0.0
    spread = world.mismatch_spread_db * rng.normal(size=3)
    first, second, third = (float(-z) for z in loss + spread + np.array([0.0, 0.0, third_db]))
    gains = min(first, 0.0), min(second, 0.0), min(third, 0.0)
    if kind == METAL:
        return contact(world, gains)
    return semiconductor(world.rectifier_capacitance_f if kind == "charger" else world.phone_capacitance_f, gains)


def answers_w(junction: Junction, density_w_m2: float, f0_hz: float = F0_HZ) -> tuple[float, float]:
    """Power sent back towards the lane (e.i.r.p.) at 2f0 and 3f0 under a power density at f0."""
    omega, wavelength_m = 2 * np.pi * f0_hz, LIGHT_M_S / f0_hz
    g1, g2, g3 = junction.conductance
    c0, c1, c2 = junction.capacitance
    gains = [10 ** (gain / 10) for gain in junction.gain_db]

    def divided(order: int) -> complex:
        return 1 / (1 + ANTENNA_OHM * (g1 + 1j * order * omega * c0))

    available_w = density_w_m2 * wavelength_m**2 / (4 * np.pi) * gains[0]
    v1 = np.sqrt(8 * available_w * ANTENNA_OHM) * divided(1)
    v1 /= np.sqrt(1 + abs(v1) ** 2 / LIMIT_V**2)
    i2 = (g2 + 1j * omega * c1) * v1**2 / 2
    v2 = -i2 * ANTENNA_OHM * divided(2)
    i3 = (g3 + 1.5j * omega * c2 / 3) * v1**3 / 4 + (g2 + 1.5j * omega * c1) * v1 * v2
    powers = [abs(i * divided(k)) ** 2 * ANTENNA_OHM / 8 * gains[k - 1] for i, k in ((i2, 2), (i3, 3))]
    return float(powers[0]), float(powers[1])


def cross_sections_m2(junction: Junction, density_w_m2: float) -> tuple[float, float]:
    """Harmonic cross-sections at a power density: what is sent back, over what comes in."""
    second, third = answers_w(junction, density_w_m2)
    return second / density_w_m2, third / density_w_m2


def losses_db(place: str, world: Junctions, depth_cm: float = 0.0) -> tuple[float, float, float]:
    """Loss one way at f0, 2f0 and 3f0 of what is carried in a place: `air`, `pocket`, `shoe`, `body`."""
    if place == "body":
        each = world.muscle_db_cm * depth_cm
        return world.skin_db + each, world.skin_db + 1.4 * each, world.skin_db + 2.0 * each
    loss = {"air": 0.0, "pocket": world.pocket_db, "shoe": world.shoe_db}[place]
    return loss, loss, loss


def received_w(
    junction: Junction, world: Junctions, losses: tuple[float, float, float], f0_hz: float = F0_HZ
) -> tuple[float, float]:
    """Powers at the receiver with the object opposite the antennas at `distance_m`, at full transmit power.

    The body's loss counts twice at f0 and once at 2f0 in the second harmonic, three times and once in the third.
    """
    area = 4 * np.pi * world.distance_m**2
    density = 10 ** ((world.eirp_dbm - 30 - losses[0]) / 10) / area
    sent = answers_w(junction, density, f0_hz)
    gain = 10 ** (world.receive_gain_dbi / 10)
    second, third = (
        power / area * gain * (LIGHT_M_S / (k * f0_hz)) ** 2 / (4 * np.pi) / 10 ** (losses[k - 1] / 10)
        for power, k in zip(sent, (2, 3), strict=True)
    )
    return float(second), float(third)
