"""Transmitters with errors of their own: twins of one batch send the same burst, each a little wrong in its own way.

    quadrature   bits ► phase ► cos, sin ► I and Q that differ, and leak ► ramp ► antenna
    polar        bits ► phase ► synthesiser's loop, which lets a part of it slip ► ramp ► antenna

A phone locks to its cell: the carrier offset is drawn anew each session and is no part of a phone.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.airinterface.gsm_waveform import FRAME_SYMBOLS, SYMBOL_RATE_HZ, burst_bits
from cellwarden.model import Block, Emission, Segment, Signature
from cellwarden.signature.features_gsm import measure
from cellwarden.signature.kernels import gmsk
from cellwarden.simulate.channel import Channel, behind
from cellwarden.simulate.parameters import Twins
from cellwarden.simulate.receiver import Faults, received
from cellwarden.simulate.waves import Wave

MARGIN_S = 60e-6
"""Samples kept before and behind a burst."""
LOCKED_HZ = 90.0
"""0.1 ppm at 900 MHz."""
PLACES_HZ = (-600e3, -400e3, 400e3, 600e3)
"""Carriers beside baseband zero."""


@dataclass(frozen=True, slots=True)
class Transmitter:
    """One phone's errors; as it stands here, nothing is wrong with it but that its ramps take time."""

    image: complex = 0j
    """The part of the wave that is sent mirrored: (1 - g exp(jφ)) / (1 + g exp(-jφ))."""
    leak: complex = 0j
    """Part of the carrier that leaks through."""
    loop: float = 0.0
    """Part of the modulation's phase above `loop_hz` that is sent too much."""
    loop_hz: float = 20e3
    droop: float = 0.0
    """Of the amplitude, from the middle of a burst to its end."""
    clock: float = 0.0
    """By which part its symbols are too short."""
    rise_s: float = 12e-6
    fall_s: float = 12e-6
    rise_shape: float = 1.0
    fall_shape: float = 1.0
    """Exponent of the ramp's raised cosine: above 1 it begins late."""
    rise_at_s: float = 0.0
    fall_at_s: float = 0.0
    """End of the rise before the burst, and beginning of the fall behind it."""
    overshoot: float = 0.0
    """Amplitude too much at the end of the rise."""
    settle_s: float = 8e-6
    """In which that falls to 1/e."""
    swing: float = 0.0
    """Part by which its frequency is keyed too wide."""


@dataclass(frozen=True, slots=True)
class Model:
    """What phones of one model have in common."""

    ramps: tuple[float, float, float]
    """Rise, fall and exponent."""
    polar: bool


NONE = Faults()


@dataclass(frozen=True, slots=True)
class Sensor:
    """A receiver: what it adds by itself, and its filter's tilt."""

    faults: Faults = NONE
    clock_ppm: float = 0.0
    tilt: complex = 0j
    """Of its response, a symbol of derivative: it leans by this over the channel."""
    rate_hz: float = 2e6


SENSORS = (
    Sensor(Faults(iq_gain_db=0.3, iq_phase_deg=1.0, dc_db=10.0, phase_noise_hz=5.0), 1.5, 0.02 + 0.01j),
    Sensor(Faults(iq_gain_db=-0.5, iq_phase_deg=-2.0, dc_db=15.0, phase_noise_hz=10.0), -1.8, -0.03 + 0.02j),
)
"""Two receivers that differ in all that they do wrong."""


def image_of(gain_db: float, phase_deg: float) -> complex:
    """The mirrored part of an I/Q modulator's wave, from its gain and the error of its right angle."""
    turn = 10 ** (gain_db / 20) * np.exp(1j * math.radians(phase_deg))
    return complex((1 - turn) / (1 + np.conj(turn)))


def model(twins: Twins, rng: np.random.Generator) -> Model:
    """One of a population's models."""
    return Model(twins.ramps[int(rng.integers(len(twins.ramps)))], bool(rng.random() < twins.polar))


def new_model(twins: Twins, rng: np.random.Generator) -> Model:
    """One that a population does not have yet: its ramps lie between, or beyond, those of the others."""
    known = model(twins, rng)
    rise, fall, shape = known.ramps
    longer, later = rng.uniform(1 - twins.model_spread, 1 + twins.model_spread, 2)
    return Model((rise * float(longer), fall * float(later), shape * float(rng.uniform(0.8, 1.3))), known.polar)


def drawn(twins: Twins, rng: np.random.Generator, of: Model | None = None) -> Transmitter:
    """A phone of a population: of any of its models, or of a given one, with a unit's own errors."""
    of = model(twins, rng) if of is None else of
    rise, fall, shape = of.ramps

    def near(value: float, spread: float) -> float:
        return value * (1 + spread * float(rng.uniform(-1, 1)))

    def signed(low: float, high: float) -> float:
        return float(rng.uniform(low, high) * rng.choice([-1.0, 1.0]))

    leak_db = float(rng.uniform(*twins.leak_db)) - (twins.polar_leak_db if of.polar else 0.0)
    image = 0j if of.polar else image_of(signed(*twins.gain_db), signed(*twins.phase_deg))
    return Transmitter(
        image=image,
        leak=10 ** (leak_db / 20) * complex(np.exp(2j * np.pi * rng.random())),
        loop=signed(*twins.loop) if of.polar else 0.0,
        loop_hz=near(twins.loop_hz, twins.loop_hz_spread),
        droop=float(rng.normal(0, twins.droop)),
        rise_s=near(rise, twins.ramp_spread),
        fall_s=near(fall, twins.ramp_spread),
        rise_shape=near(shape, twins.ramp_spread),
        fall_shape=near(shape, twins.ramp_spread),
        rise_at_s=float(rng.uniform(-1, 1)) * twins.ramp_at_s,
        fall_at_s=float(rng.uniform(-1, 1)) * twins.ramp_at_s,
        overshoot=float(rng.uniform(0, twins.overshoot)),
        settle_s=near(twins.settle_s, 0.5),
    )


def in_session(phone: Transmitter, twins: Twins, rng: np.random.Generator) -> Transmitter:
    """The phone as it is today: each of its errors a little other than yesterday."""

    def moved(value: float, spread: float) -> float:
        return value * (1 + spread * float(rng.normal()))

    def turned(value: complex) -> complex:
        return value * (1 + twins.drift * complex(*rng.normal(size=2)))

    return replace(
        phone,
        image=turned(phone.image),
        leak=turned(phone.leak),
        loop=moved(phone.loop, twins.drift),
        loop_hz=moved(phone.loop_hz, twins.drift),
        droop=moved(phone.droop, twins.drift),
        rise_s=moved(phone.rise_s, twins.ramp_drift),
        fall_s=moved(phone.fall_s, twins.ramp_drift),
        overshoot=moved(phone.overshoot, twins.drift),
        swing=moved(phone.swing, twins.drift),
    )


def session(
    phone: Transmitter, sensor: Sensor, twins: Twins, rng: np.random.Generator, bursts: int, snr_db: float
) -> list[Signature]:
    """Signatures of bursts sent in one go behind fading echoes, from a carrier offset drawn for all of them."""
    today, offset = in_session(phone, twins, rng), float(rng.uniform(-1, 1)) * LOCKED_HZ
    air = Channel("tdl-a", fading="received")
    told = (measure(*heard(today, sensor, rng, snr_db=snr_db, channel=air, offset_hz=offset)) for _ in range(bursts))
    return [one for one in told if one is not None]


def call(phone: Transmitter, sensor: Sensor, rng: np.random.Generator, bursts: int, snr_db: float) -> Wave:
    """Samples of a call of so many frames on one carrier, in noise of power 1; as long as its frames and one more."""
    rate, frame = sensor.rate_hz, FRAME_SYMBOLS / SYMBOL_RATE_HZ * sensor.rate_hz
    samples = rng.normal(0, math.sqrt(0.5), (math.ceil((bursts + 1) * frame), 2)).astype(np.float32)
    quiet = math.sqrt(200e3 / rate * 10 ** (snr_db / 10))
    late = rng.random()  # the cell keeps its phones in time
    for k in range(bursts):
        _emission, block = heard(
            phone, sensor, rng, snr_db=snr_db, channel=Channel(), places_hz=PLACES_HZ[-2:-1], sequence=5, late=late
        )
        first = round((k + 0.5) * frame)
        samples[first : first + len(block.iq)] = block.iq.astype(np.float32) * np.float32(quiet)
    return samples.view(np.complex64)[:, 0]


def wave(phone: Transmitter, bits: NDArray[np.int64], t: NDArray[np.float64]) -> NDArray[np.complex128]:
    """What a phone sends at times `t`, in symbols from the beginning of symbol 0, evenly apart; shape (n,)."""
    count = len(bits)
    t = t * (1 + phone.clock)
    phase = gmsk(bits, t)
    if phone.loop:
        keep = math.exp(-2 * math.pi * phone.loop_hz / SYMBOL_RATE_HZ * (t[-1] - t[0]) / (len(t) - 1))
        low = phase[0] + scipy.signal.lfilter([1 - keep], [1, -keep], phase - phase[0])
        phase = phase + phone.loop * (phase - low)
    s = np.exp(1j * phase)
    s = s + phone.image * np.conj(s) + phone.leak
    return s * _envelope(phone, count, t)


def _envelope(phone: Transmitter, count: int, t: NDArray[np.float64]) -> NDArray[np.float64]:
    us = 1 / SYMBOL_RATE_HZ

    def ramp(outside: NDArray[np.float64], length: float, shape: float) -> NDArray[np.float64]:
        raised = np.cos(np.pi / 2 * np.clip(outside / length, 0, 1)) ** 2
        return np.asarray(raised**shape, np.float64)

    before, behind_it = -t * us - phone.rise_at_s, (t - count) * us - phone.fall_at_s
    up = ramp(before, phone.rise_s, phone.rise_shape)
    over = 1 + phone.overshoot * np.exp(-np.maximum(-before, 0) / phone.settle_s) * up
    droop = 1 + phone.droop * (t - count / 2) / (count / 2)
    return np.asarray(up * over * droop * ramp(behind_it, phone.fall_s, phone.fall_shape), np.float64)


def heard(
    phone: Transmitter,
    sensor: Sensor,
    rng: np.random.Generator,
    *,
    snr_db: float,
    channel: Channel,
    offset_hz: float = 0.0,
    places_hz: Sequence[float] = PLACES_HZ,
    sequence: int | None = None,
    late: float | None = None,
) -> tuple[Emission, Block]:
    """One normal burst with random payload as a sensor hears it, and what a recogniser would say of it.

    The SNR is in 200 kHz; `offset_hz` is what the phone's carrier is off in this session, on one of `places_hz`; `late`
    is the part of a sample by which the burst begins after a whole one.
    """
    rate = sensor.rate_hz
    sequence = int(rng.integers(8)) if sequence is None else sequence
    per_symbol = rate / SYMBOL_RATE_HZ * (1 + sensor.clock_ppm * 1e-6)
    margin = math.ceil(MARGIN_S * rate)
    start = margin + (rng.random() if late is None else late)
    bits = burst_bits("normal", sequence, rng)
    count = margin * 2 + math.ceil(len(bits) * per_symbol)
    times = np.asarray((np.arange(count) - start) / per_symbol, np.float64)
    sent = wave(phone, bits, times)
    through = behind(sent.astype(np.complex64), channel, rate, rng)[:count]
    if sensor.tilt:
        through = through + sensor.tilt * per_symbol * np.gradient(through)
    carrier = float(rng.choice(places_hz)) + offset_hz
    turn = np.exp(2j * np.pi * (carrier / rate * np.arange(len(through)) + rng.random()))
    noise = math.sqrt(0.5 * rate / 200e3 * 10 ** (-snr_db / 10))
    air = (through * turn).astype(np.complex64)
    air += (rng.normal(0, noise, (len(air), 2))).astype(np.float32).view(np.complex64)[:, 0]
    received(air, sensor.faults, noise, rate, rng, 0.0)
    emission = Emission(
        label="gsm:normal",
        sample_start=math.floor(start),
        sample_count=round(len(bits) * per_symbol),
        low_offset_hz=carrier - 1e5,
        high_offset_hz=carrier + 1e5,
        snr_db=snr_db,
        confidence=1.0,
        carrier_offset_hz=carrier + float(rng.normal(0, 10.0)),
        timing_samples=start - math.floor(start) + float(rng.normal(0, 0.05)),
        direction="uplink",
        details={"training_sequence": sequence, "modulation": "gmsk"},
    )
    block = Block(air.view(np.float32).reshape(-1, 2), 1.0, 0, Segment(0, len(air), rate))
    return emission, block
