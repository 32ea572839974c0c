"""What a simulated world is made of: each number with the standard or measurement that it comes from.

A figure from simulation is worth as much as these numbers, so it is given as a range: `varied` draws a world in which
each number that may vary lies within ±50 % of what is written here. Where a source could not be read again when these
lines were last checked (November 2026), it says so: [unread].
"""

from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, TypeVar

import numpy as np

VARIATION = 0.5


@dataclass(frozen=True, slots=True)
class Parameters:
    """One world. Uniform quantities are given by their largest deviation, exponential ones by their mean."""

    locked_ppm: float = 0.1
    """Carrier offset of a phone locked to its base station: ±0.1 ppm (3GPP TS 45.010 §6.1 [unread]; the same is asked
    of UMTS phones, TS 25.101 §6.3)."""
    receiver_ppm: float = 2.0
    """Error of the receiver's clock: ±2 ppm, the oscillator of a USRP B200 (Ettus, data sheet [unread]; its older B100
    has some 2.5 ppm, Ettus Knowledge Base). A bladeRF has 1 ppm (Nuand), a HackRF was measured 6 ppm off and 20 ppm
    were called decent for its price (J. Boone, hackrf-dev, 6 August 2013); a television dongle without a compensated
    crystal has 30 ± 20 ppm (superkuh.com/rtlsdr), which a calibration takes away."""
    delay_spread_s: float = 70e-9
    """RMS delay spread indoors: 70 ns, a residential building at 1.9 GHz, median case (ITU-R P.1238 §4.3, table of
    delay spread parameters [unread]). Measured were up to about 50 ns in an office building of medium size at 1.5 GHz
    (A. Saleh and R. Valenzuela, IEEE J. Sel. Areas Commun. 5 (1987) 128); the range of ±50 % holds that."""
    rice_db: float = 6.0
    """Power of the direct path over that of all others, 6 dB: measured indoors at 1.3 GHz with antennas that hear all
    round were 6.3 dB with people about and 5.1 dB without (Spatial and Temporal Variation of Wideband Indoor Channels,
    Int. J. Antennas and Propagation (2010) 735434, table 4)."""
    phone_timing_s: float = 12 / 30.72e6
    """Error of a phone's own timing: ±12 Ts, 0.39 µs, in cells of 3 MHz and more (3GPP TS 36.133 table 7.1.2-1, which
    asks no more than that); its timing advance comes in steps of 16 Ts (TS 36.213 §4.2.3)."""
    wing_m: float = 25.0
    """Phones lie up to twice this from the sensor: a wing of 50 m. Not measured: an assumption."""
    distance_exponent: float = 2.8
    """Path loss grows with 28 log10 of the distance in a residential building (ITU-R P.1238, table of power loss
    coefficients [unread])."""
    shadowing_db: float = 8.0
    """Standard deviation of the path loss besides, 8 dB in a residential building (ITU-R P.1238, table of shadow fading
    statistics [unread])."""
    control_db: float = 6.0
    """A cell's PUCCH and SRS are by up to this louder or fainter than its PUSCH in each block: P0 and offsets are set
    by the operator (TS 36.213 §5.1). Not measured: an assumption."""
    grant_s: float = 20e-3
    """Mean time between two grants of a phone: a packet of speech every 20 ms (TS 26.114 §7.4.2 [unread])."""
    report_s: float = 40e-3
    """Mean time between reports on PUCCH, and between soundings: among the periods of TS 36.213 tables 7.2.2-1A and
    8.2-1. Which ones a network uses is not measured: an assumption."""
    snr_low_db: float = -2.0
    snr_high_db: float = 20.0
    """SNR in 200 kHz of what is placed: from what no energy detector finds to what needs none."""
    bursts_per_s: float = 700.0
    """Density of what is on the air in 10 MHz; a cell of GSM carries 1,733 bursts a second on each busy channel
    (a slot lasts 15/26 ms, TS 45.002 §4.3), a prison wing few of them."""


@dataclass(frozen=True, slots=True)
class Air:
    """What lies between phones and sensors of a site, besides what `locate.propagation` computes."""

    shadowing_db: float = 6.0
    """Standard deviation of what furniture, pipes and people add to a path. Without line of sight, in offices 5.0 dB
    and in corridors 7.6 dB were measured at 0.3 to 82 GHz (ITU-R P.1238-11 table 2); that includes the walls."""
    shadowing_m: float = 4.0
    """Distance over which it falls to 1/e (M. Gudmundson's exponential model, Electronics Letters 27 (1991) 2145
    [unread]). Not measured in a prison: an assumption."""
    wall_error_db: float = 3.0
    """Each material, and the floors, lose up to this more or less than the model says: the spread between tables for
    one kind of wall is larger. An assumption."""
    fading_db: float = 2.0
    """Standard deviation that is left of fast fading in the mean of some tens of bursts, hopping or moving: of one
    burst it is 5.6 dB (Rayleigh, in decibels), and eight independent ones leave 2 dB."""
    power_dbm: float = 33.0
    """A GSM 900 phone of class 4 sends at most 33 dBm (3GPP TS 45.005 §4.1.1)."""
    control_db: float = 20.0
    """Power control takes off up to this, of the 28 dB that GSM 900 has (TS 45.005 §4.1.1). An assumption."""
    lie_db: float = 15.0
    """What a liar says too much or too little: its antenna came off, its calibration is another's. An assumption."""
    floor_dbm: float = -110.0
    """Below this a sensor hears nothing: thermal noise in 200 kHz is -121 dBm, a receiver adds 6 dB and recognition
    needs 5 dB."""


@dataclass(frozen=True, slots=True)
class Junctions:
    """Portal, bodies and what they carry, lit at f0 = 868 MHz. A phone's cross-section follows from the physics of its
    junctions (`simulate.junction`: -79 dBsm at 2f0 under 1 W at 1 m), and is varied like all else: no published one of
    a miniature phone that is off was found. Of such measurements these were found but not read beyond their abstracts,
    so that no figure is taken from them: of handheld radios and phones, G. Mazzaro and others, Trans. Microwave Theory
    Tech. 65 (2017) 1950 and ARL-TR-7256 (2015); of devices in the S band, S. Hong and others, J. Electromagn. Eng. Sci.
    22 (2022) 447, and K. Cha and others, Sensors 22 (2022) 6086. The largest published one whose figure could be read
    is of a tag made for it, 40 mm² (-44 dBsm) at 9.41 GHz (B. Colpitts and G. Boiteau 2004, abstract read)."""

    eirp_dbm: float = 30.0
    """1 W. RFID at 865 to 868 MHz may send 2 W e.r.p. (ERC/REC 70-03 annex on RFID, read in CEPT's EFIS; EN 302
    208)."""
    receive_gain_dbi: float = 8.0
    """Patch antennas for 2f0 and 3f0. An assumption."""
    beam_deg: float = 70.0
    """Width at half power of a patch of 8 dBi, of all three antennas: 41253 / 70² is 8.4, 9 dBi. An assumption."""
    noise_dbm: float = -138.0
    """kT in 1 kHz is -144 dBm, with 6 dB noise figure. An assumption."""
    own_leak_dbm: float = -110.0
    """Power of the transmitter's own 2f0 at its antenna at 30 dBm; it returns from bodies. Harmonics of 0 dBm (-30
    dBc, an amplifier of class AB: an assumption) less the 110 dB by which a filter cancels them (K. Gallagher and
    others, Automated cancellation of harmonics using feed-forward filter reflection, abstract read). That of 3f0 is
    taken for as much."""
    isolation_db: float = 30.0
    """Between the antennas: what of it reaches the receiver in an empty lane. An assumption."""
    body_m2: float = 1.0
    """Radar cross-section of a person at some GHz, 0 dBsm. An assumption."""
    distance_m: float = 1.0
    speed_m_s: float = 1.0
    """As the trial asks."""
    aspect_db: float = 1.5
    """Standard deviation by which the loss one way wanders as the person walks, over 0.3 m. It counts three times in
    the second harmonic and four times in the third. An assumption."""
    pocket_db: float = 6.0
    """Loss one way through the body a phone is carried on: typically below 6, up to 15 dB in hands, alike at 776 and
    2300 MHz (J. Nielsen and others, EuCAP 2012, abstract read); absorbed were about 50 % (J. B. Andersen and others
    2016, abstract read)."""
    shoe_db: float = 10.0
    """Loss one way of a phone in a shoe: sole, foot and floor. At belt and torso 10 to 35 dB were measured behind the
    body, at the head 5 to 10 dB (A. Vorobyov and A. Yarovoy, PIER M 22 (2012) 259, abstract read). For shoes an
    assumption."""
    skin_db: float = 3.8
    """Loss one way from air into muscle: 1 - |(√55 - 1) / (√55 + 1)|² is 0.42 (muscle at 900 MHz has a permittivity of
    55, S. Gabriel and others, Phys. Med. Biol. 41 (1996) 2271 [unread])."""
    muscle_db_cm: float = 2.1
    """Loss in muscle at f0: 0.94 S/m and 55 give 24 nepers a metre (Gabriel [unread]). At 2f0 it is 1.4 and at 3f0 2.0
    times that, by the same tables. Fat loses 1.5 to 2 dB a cm at 2 GHz (N. Asan and others 2017, abstract read)."""
    phone_gain_dbi: float = 3.0
    """A miniature phone's antenna loses so much: -3 dBi. An assumption."""
    phone_mismatch_db: float = 4.0
    """Between that antenna and the diodes at its port, each way, at f0 and 2f0: 868 and 1736 MHz lie beside and in the
    bands that it is made for, 880 to 960 and 1710 to 1880 MHz. An assumption."""
    phone_third_db: float = 10.0
    """The same at 3f0, where it has no band. An assumption."""
    mismatch_spread_db: float = 4.0
    """Standard deviation of what one object's antenna differs by at each of f0, 2f0, 3f0. An assumption."""
    phone_capacitance_f: float = 0.5e-12
    """Capacitance without bias of a protecting diode at an antenna port: 0.5 pF each of Infineon's ESD1P0RF, 0.4 pF of
    its ESD0P8RFL (data sheets of 2011-07-20 and 2011-06-27, read). Two that are antiparallel, as these may be, cancel
    each other's second harmonic but for their mismatch: then a phone answers at 2f0 by its other junctions only."""
    rectifier_capacitance_f: float = 4e-12
    """Of a charger's rectifier: 4 pF, diode 1N4148 (CJO of its usual SPICE model, read)."""
    rectifier_loss_db: float = 20.0
    """Gain and mismatch of a bracelet charger, whose coil is made for kHz. An assumption."""
    watch_loss_db: float = 18.0
    hearing_aid_loss_db: float = 22.0
    sim_loss_db: float = 25.0
    """Gain and mismatch together: smaller than a phone, and without an antenna for these bands. Assumptions."""
    contact_loss_db: float = 12.0
    """Gain and mismatch of keys, bed frames, shoe shanks. An assumption."""
    contact_siemens: float = 1e-2
    """Conductance of a corroded contact. An assumption."""
    contact_asymmetry: float = 0.043
    contact_cubic: float = 4.4
    """Current through 2 nm of oxide below a barrier of 1 V whose sides differ by 0.1 V is G0 (v + 0.043 v² + 4.4 v³)
    (W. Brinkman, R. Dynes and J. Rowell, J. Appl. Phys. 41 (1970) 1915 [unread], computed from its expansion). Of the
    harmonics of metal-oxide-metal contacts the third is the largest (NASA STI 79N27602, 1979, abstract read)."""
    contact_flicker_db: float = 3.0
    """Standard deviation by which a contact's answer wanders while it is moved, over 0.1 s. An assumption."""
    contact_share: float = 0.05
    """Of persons without electronics, those who carry a corroded contact that answers. An assumption."""
    hand_m: float = 0.0
    """Standard deviation by which the place that is logged wanders about the true one, over a hand's width."""
    REACH_M: ClassVar[float] = 2.0
    """What is watched before and behind the antennas."""
    NEAR: ClassVar[bool] = False
    """Whether what reflects the transmitter's own harmonics is a wall along the whole way, and not who passes."""


@dataclass(frozen=True, slots=True)
class Wand(Junctions):
    """A wand that is led along a cell's door, a bed or a body. What is not said here is as in the lane."""

    eirp_dbm: float = 20.0
    """100 mW, by hand and near people; ERC/REC 70-03 allows 500 mW e.r.p. at 869.4 MHz. An assumption."""
    own_leak_dbm: float = -120.0
    """As the lane's amplifier at a tenth of its power. An assumption."""
    receive_gain_dbi: float = 3.0
    beam_deg: float = 80.0
    """Antennas that fit a hand. Assumptions."""
    distance_m: float = 0.2
    speed_m_s: float = 0.2
    """How far and how fast a hand leads it. Assumptions."""
    aspect_db: float = 2.0
    """The hand's distance wanders by a tenth. An assumption."""
    contact_share: float = 0.3
    """Of doors and beds, those of which a hinge or a spring answers. An assumption."""
    contact_loss_db: float = 6.0
    """Hinges and springs are larger than what is carried. An assumption."""
    hand_m: float = 0.03
    """How well it is known how far a wand was led. An assumption."""
    REACH_M: ClassVar[float] = 0.6
    NEAR: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Mail(Junctions):
    """A scanner of letters and parcels on a belt, behind a screen: nobody is lit. As the lane, but for this."""

    distance_m: float = 0.5
    speed_m_s: float = 0.3
    body_m2: float = 0.1
    """Radar cross-section of a parcel with metal in it. An assumption."""
    aspect_db: float = 0.5
    """A belt does not turn what lies on it. An assumption."""
    pocket_db: float = 3.0
    """Loss one way of what a parcel holds besides: paper, cloth, food. An assumption."""
    contact_share: float = 0.2
    """Of parcels without electronics, those with a metal contact that answers: tins, springs, foil. An assumption."""
    contact_flicker_db: float = 0.5
    """Nothing moves in it. An assumption."""
    REACH_M: ClassVar[float] = 1.0


@dataclass(frozen=True, slots=True)
class Twins:
    """A population of phones, and how much twins differ in it.

    Pairs are the least and the most of a size that is drawn evenly, with either sign.
    """

    polar: float = 0.5
    """Part of the phones that have a polar transmitter. An assumption."""
    gain_db: tuple[float, float] = (0.1, 0.5)
    phase_deg: tuple[float, float] = (0.5, 3.0)
    """I/Q imbalance of a quadrature modulator: as asked of this bench. T. Schenk, RF Imperfections in High-rate
    Wireless Systems (2008) §5 reckons with up to 1 dB and 5° [unread]."""
    leak_db: tuple[float, float] = (-45.0, -33.0)
    """Of the oscillator, over the carrier. An assumption; 3GPP TS 45.005 asks only for the whole phase error."""
    polar_leak_db: float = 12.0
    """By which a polar transmitter leaks less: its synthesiser is the modulator. An assumption."""
    loop: tuple[float, float] = (0.005, 0.04)
    """Mismatch of the two points at which a polar loop is modulated: some percent. An assumption; 5° of phase error
    are allowed (TS 45.005 §4.6)."""
    loop_hz: float = 20e3
    loop_hz_spread: float = 0.5
    """Corner of that loop. An assumption."""
    droop: float = 0.01
    """Standard deviation of the amplitude's fall from a burst's middle to its end. An assumption."""
    ramps: tuple[tuple[float, float, float], ...] = (
        (10e-6, 10e-6, 1.0),
        (12e-6, 11e-6, 1.2),
        (14e-6, 14e-6, 1.0),
        (11e-6, 15e-6, 1.5),
    )
    """(rise, fall, exponent) of each model's power ramps; TS 45.005 annex B allows 28 µs from -70 dB on."""
    model_spread: float = 0.3
    """By which part the ramps of a further model differ from those of one of these. An assumption."""
    ramp_spread: float = 0.08
    """By which part a unit's ramps differ from its model's. An assumption."""
    ramp_at_s: float = 0.6e-6
    """By how much its ramps come early or late. An assumption: a sixth of a symbol."""
    overshoot: float = 0.05
    """Most amplitude too much behind the rise: TS 45.005 annex B allows 1 dB and, while it settles, 4 dB."""
    settle_s: float = 8e-6
    drift: float = 0.1
    """Standard deviation of what a session changes of each error, as a part of it: warmth, battery, power step. An
    assumption."""
    ramp_drift: float = 0.01
    """The same of the ramps. An assumption."""


@dataclass(frozen=True, slots=True)
class Stations:
    """Transmitters that lock to no cell: Wi-Fi, Bluetooth, DECT. Beside what `Twins` says of them."""

    crystal_ppm: float = 20.0
    """Most that a crystal is off (IEEE 802.11-2020 §17.3.9.4)."""
    warmth_ppm: float = 0.5
    """Standard deviation of what a session changes of it. An assumption: crystals of 10 to 20 millionths from -20 to
    70 °C move by some tenths a degree."""
    gain_step: float = 0.3
    """By which part, either way of both axes, the leak differs from one step of the transmitter's gain to another, as
    it is added behind some of its stages; the image half as much. An assumption."""
    swing: float = 0.02
    """Standard deviation of a unit's frequency deviation, as a part of it. An assumption: a tenth either way is allowed
    (Bluetooth Core 5.4 Vol 2 Part A §3.1, Vol 6 Part A §3.1)."""
    centre_hz: float = 2.437e9


@dataclass(frozen=True, slots=True)
class Week:
    """Who sends what in a prison with sixty cells, level of events. How often contraband phones are used, nobody has
    published; what is not cited is an assumption, chosen so that silence, doubt and coincidence all occur."""

    phones: int = 9
    """As the trial asks."""
    shared: int = 1
    """So many of them lie in a cell with another one at first."""
    lte: float = 0.75
    """Share of phones, and so of calls, on LTE: at least 0.7 is asked."""
    calls_a_day: float = 5.0
    """Of a contraband phone."""
    texts_a_day: float = 4.0
    call_median_s: float = 60.0
    call_sigma: float = 1.0
    """Calls last a log-normal time: mean 99 s here (P. Vaz de Melo and others, ECML PKDD 2010, found a
    log-logistic one, with a heavier tail [unread])."""
    shortest_call_s: float = 8.0
    """What is shorter was not answered."""
    registration_min: float = 54.0
    """Default of T3412 (3GPP TS 24.301 §10.2), the periodic update of an idle phone."""
    off: float = 0.3
    """Probability that a phone is switched off and hidden after it was used."""
    off_hours: float = 5.0
    """Mean time that it is off."""
    moves_a_day: float = 0.5
    """A phone is handed on to another cell."""
    night: float = 3.0
    """By how much contraband phones are used more from 19:00 to 01:00 than by day."""
    offices: int = 6
    """Staff with phones of their own in offices, from 06:00 to 20:00, LTE as above."""
    corridors: int = 4
    """Staff with GSM phones of the house in corridors, in the gallery, in the same hours."""
    staff_calls_a_day: float = 4.0
    lawyers_calls_a_day: float = 3.0
    """In the room of privileged talk, from 09:00 to 17:00."""
    cars_a_day: float = 60.0
    """Phones heard in the car park from 06:00 to 22:00; the most register, a third is in a call."""
    known: float = 0.8
    """Share of a GSM phone's transmissions in which the gallery knows it again."""
    log_ratio: float = 20.0
    """Mean natural logarithm of the likelihood ratio there; its variance is twice that, as of Gaussian ones that are
    calibrated. Of twins of which 5 % are confused it is 5.4; phones of other makes differ by more. An assumption."""
    false_match: float = 1e-3
    """Share of a GSM contraband phone's transmissions that the gallery takes for one of staff: what a ratio of 1,000
    allows at most."""
    doubtful: float = 0.05
    """Share of sightings whose recogniser is not sure, 0.6 to 0.99; of the others 0.99 to 0.9999. The lane `confidence`
    found a mean of 0.9985."""
    networks: int = 4
    """That phones are of, alike often: France has four."""
    other_carrier: float = 0.15
    """Share of transmissions for which its network puts a phone of LTE on another of its carriers. An assumption."""
    offset_ppm: float = 0.03
    """Standard deviation, between phones, of how far one locks beside the carrier of its cell; 0.1 is allowed (3GPP TS
    36.101 §6.5.1, TS 45.010 §6.1). An assumption."""
    wander_ppm: float = 0.015
    """The same of one phone between its transmissions. An assumption."""
    offset_error_hz: float = 15.0
    """Standard deviation of its measurement, that of the cell's own carrier included: a burst of 10 to 15 dB is
    measured to 15 to 30 Hz (lane `accuracy`), a second's bursts and a base station's better."""
    heard: float = 0.8
    """Share of bursts that are recognised, and of seconds in which any is."""
    stations_a_week: float = 10.0
    """Base stations' bursts that are taken for phones', on a channel where band plans of two countries meet."""
    strangers_a_week: float = 20.0
    """Transmitters in the house that a recogniser takes for phones', one to six bursts."""
    noise_per_s: float = 1.1e-9
    """False phone labels in 10 MHz of noise, at one sensor, as the lane `false_alarms` allows; it found 1.5e-10."""
    heard_mhz: float = 300.0
    """As the trial asks."""


FIXED = (
    *("phones", "shared", "lte", "offices", "corridors", "registration_min", "heard_mhz", "known", "heard", "networks"),
    *("snr_low_db", "snr_high_db", "power_dbm", "floor_dbm"),
    *("eirp_dbm", "noise_dbm", "own_leak_dbm", "distance_m", "ramps"),
)
"""These span an axis, or stand in a standard or in what was asked, and are not uncertain; levels in dBm vary by
decibels."""

World = TypeVar("World", Parameters, Air, Junctions, Wand, Mail, Twins, Stations, Week)
VARIATION_DB = 3.0
"""Pairs of decibels that lie far from zero are moved by so much instead."""
IN_DECIBELS = ("leak_db",)


def varied(parameters: World, rng: np.random.Generator) -> World:
    """A world whose numbers are drawn, each by itself, from ±50 % around those given."""
    drawn = {
        field.name: _drawn(field.name, getattr(parameters, field.name), rng)
        for field in fields(parameters)
        if field.name not in FIXED
    }
    return replace(parameters, **drawn)


def _drawn(name: str, value: Any, rng: np.random.Generator) -> Any:
    """A number, or both of a pair alike, moved."""
    if name in IN_DECIBELS:
        by_db = rng.uniform(-VARIATION_DB, VARIATION_DB)
        return tuple(one + by_db for one in value)
    factor = rng.uniform(1 - VARIATION, 1 + VARIATION)
    return tuple(one * factor for one in value) if isinstance(value, tuple) else value * factor
