"""Transmitters of every family with known errors: what their signatures are tried on.

    standard's wave ► image ► leak ► droop, overshoot ► carrier and its drift ► echoes ► receiver ► noise

The wave is made by the standard at the transmitter's own clock; what it does wrong is a `Transmitter`'s, as of GSM.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface import (
    ble_waveform,
    bluetooth_waveform,
    dect_waveform,
    gsm_waveform,
    lte_waveform,
    wifi_waveform,
)
from cellwarden.model import Block, Emission, Segment, Signature
from cellwarden.signature.features import measure
from cellwarden.simulate.channel import Channel, behind
from cellwarden.simulate.parameters import Stations, Twins
from cellwarden.simulate.receiver import received
from cellwarden.simulate.transmitters import PLACES_HZ, Model, Sensor, Transmitter, drawn, in_session

Made = tuple[NDArray[np.complex64], float]
"""A wave, and the index at which its first symbol begins."""
MARGIN_S = 40e-6
RASTER_HZ = (-2e6, -1e6, 1e6, 2e6)
"""Channels of Bluetooth beside what a receiver is tuned to."""


@dataclass(frozen=True, slots=True)
class Family:
    """How bursts of a label are made."""

    label: str
    make: Callable[[np.random.Generator, float], Made]
    """From a seed and a rate to a burst."""
    rate_hz: float
    width_hz: float
    """In which the SNR counts."""
    seconds: float
    """Of a burst, ramps left out."""
    details: Mapping[str, str | int | float] = field(default_factory=dict)
    keyed: bool = False
    """Whether a transmitter's `swing` shows in it: its frequency is keyed."""
    locked: bool = False
    """Whether who sends it locks to a cell."""
    away_hz: float = 0.0
    """Of its blocks from the middle of the carrier, which is told where it is not zero."""
    places_hz: tuple[float, ...] = (0.0,)
    """Of its channel beside what a receiver is tuned to, whose own leak lies there."""


def _gsm(rng: np.random.Generator, rate_hz: float) -> Made:
    return gsm_waveform.generate("normal", rng, rate_hz=rate_hz, sequence=5, modulation="8psk")


def _srs(rng: np.random.Generator, rate_hz: float) -> Made:
    """A sounding of 24 blocks whose filled subcarriers lie evenly around zero."""
    values = np.zeros((1, 2 * 144 - 1), np.complex128)
    turned = np.exp(0.25j * np.pi * int(rng.integers(8)) * np.arange(144))
    values[0, ::2] = lte_waveform.base_sequence(int(rng.integers(30)), 0, 144) * turned
    at = np.array([lte_waveform.PREFIX_S])
    wave = lte_waveform.carrier_wave(values, at, at, lte_waveform.SUBCARRIER_HZ, rate_hz) / 12
    return wave.astype(np.complex64), 0.0


FAMILIES: Mapping[str, Family] = {
    "gsm:8psk": Family(
        "gsm:normal", _gsm, 2e6, 200e3, 148 / gsm_waveform.SYMBOL_RATE_HZ,
        {"modulation": "8psk", "training_sequence": 5}, places_hz=PLACES_HZ,
    ),
    "bluetooth:br": Family(
        "bluetooth:br", lambda rng, rate: bluetooth_waveform.generate("br", rng, rate_hz=rate), 8e6, 1e6, 366e-6,
        keyed=True, places_hz=RASTER_HZ,
    ),
    "ble:advertising": Family(
        "ble:advertising", lambda rng, rate: ble_waveform.generate("advertising", rng, rate_hz=rate), 8e6, 1e6, 240e-6,
        {"phy": "1M"}, keyed=True, places_hz=RASTER_HZ,
    ),
    "dect:portable": Family(
        "dect:portable", lambda rng, rate: dect_waveform.generate("portable", rng, rate_hz=rate), 6.912e6, 1.152e6,
        424 / dect_waveform.BIT_RATE_HZ, keyed=True, places_hz=(-1.728e6, 1.728e6),
    ),
    "wifi:ofdm": Family(
        "wifi:ofdm", lambda rng, rate: wifi_waveform.generate_ofdm(rng, rate_hz=rate), 20e6, 16.6e6, 100e-6,
        {"channels_20mhz": 1, "preamble": "training"},
    ),
    "wifi:dsss": Family(
        "wifi:dsss", lambda rng, rate: wifi_waveform.generate_dsss(rng, rate_hz=rate), 22e6, 16.5e6, 672e-6,
        {"preamble": "long"},
    ),
    "lte:pusch": Family(
        "lte:pusch", lambda rng, rate: (lte_waveform.generate("pusch", rng, rate_hz=rate, blocks=25), 0.0), 7.68e6,
        25 * 180e3, 1e-3, {"blocks": 25}, locked=True,
    ),
    "lte:srs": Family(
        "lte:srs", _srs, 7.68e6, 24 * 180e3, 71.35e-6, {"blocks": 24}, locked=True,
    ),
    "lte:prach": Family(
        "lte:prach", lambda rng, rate: (lte_waveform.generate("prach", rng, rate_hz=rate, root=129), 0.0), 3.84e6,
        839 * 1.25e3, 903.1e-6, {"root": 129}, locked=True,
    ),
}  # fmt: skip
AWAY_HZ = 1.5e6
BESIDE = replace(
    FAMILIES["lte:pusch"],
    make=lambda rng, rate: (
        lte_waveform.generate("pusch", rng, rate_hz=rate, blocks=12, carrier_offset_hz=AWAY_HZ), 0.0
    ),
    rate_hz=15.36e6, width_hz=12 * 180e3, details={"blocks": 12}, away_hz=AWAY_HZ, places_hz=PLACES_HZ,
)  # fmt: skip
"""Data of LTE beside the middle of its carrier, where image and leak show."""
QUIET = Sensor()
LOCKED_PPM = 0.1
"""Most that a phone's carrier is off its cell's."""
TOLD_HZ = {True: 20.0, False: 100.0}
"""Standard deviation of what recognisers tell of a carrier, of phones that lock to a cell and of others."""


class _Aligned(np.random.Generator):
    """Draws all but the phase at which a wave begins: a modulator begins each burst at the same."""

    def random(self, *_: object, **__: object) -> float:  # type: ignore[override]
        return 0.0


def sent(
    wave: NDArray[np.complex64], start: float, count: float, rate_hz: float, phone: Transmitter
) -> NDArray[np.complex128]:
    """A wave with a transmitter's errors; `start` and `count` in samples of what it sends, ramps left out."""
    t = np.arange(len(wave)) - start
    u = 2 * t / count - 1
    s = wave.astype(np.complex128)
    on = np.abs(s) > 0 if count >= len(wave) else (t > -0.5) & (t < count)
    s = s + phone.image * np.conj(s) + phone.leak * on
    settling = 1 + phone.overshoot * np.exp(-np.maximum(t, 0) / (phone.settle_s * rate_hz))
    return np.asarray(s * (1 + phone.droop * np.clip(u, -1, 1)) * settling, np.complex128)


def heard(
    family: Family,
    phone: Transmitter,
    rng: np.random.Generator,
    *,
    snr_db: float,
    carrier_hz: float = 0.0,
    slope_hz_s: float = 0.0,
    sensor: Sensor = QUIET,
    channel: Channel | None = None,
    centre_hz: float | None = None,
    channel_hz: float = 0.0,
    error_hz: float = 0.0,
) -> tuple[Emission, Block]:
    """A burst as a sensor hears it, and what a recogniser would say of it, `error_hz` beside its carrier.

    carrier_hz: in the burst's middle; slope_hz_s: how it drifts there; channel_hz: where its nominal channel lies.
    """
    rate, fast = family.rate_hz, sensor.clock_ppm * 1e-6
    carrier_hz -= fast * ((centre_hz or 0.0) + carrier_hz)
    out, start, count = _aired(family, phone, rng, fast)
    if channel is not None:
        out = behind(out.astype(np.complex64), channel, rate, rng)[: len(out)].astype(np.complex128)
    t = (np.arange(len(out)) - start - count / 2) / rate
    out *= np.exp(2j * np.pi * (carrier_hz * t + slope_hz_s * t * t / 2 + rng.random()))
    density = 10 ** (-snr_db / 10) / family.width_hz
    noise = math.sqrt(0.5 * density * rate)
    air = out.astype(np.complex64) + rng.normal(0, noise, (len(out), 2)).astype(np.float32).view(np.complex64)[:, 0]
    received(air, sensor.faults, noise, rate, rng, 0.0)
    at, details = carrier_hz + family.away_hz, family.details
    if family.away_hz:
        details = {**details, "carrier_middle_hz": carrier_hz}
    emission = Emission(
        label=family.label,
        sample_start=math.floor(start),
        sample_count=round(count),
        low_offset_hz=at - family.width_hz / 2,
        high_offset_hz=at + family.width_hz / 2,
        snr_db=snr_db,
        confidence=1.0,
        cfo_hz=None if centre_hz is None else carrier_hz - channel_hz + error_hz,
        carrier_offset_hz=at + error_hz,
        timing_samples=start - math.floor(start),
        floor_dbfs_hz=10 * math.log10(density),
        details=details,
    )
    return emission, Block(air.view(np.float32).reshape(-1, 2), 1.0, 0, Segment(0, len(air), rate, centre_hz))


def _aired(
    family: Family, phone: Transmitter, rng: np.random.Generator, fast: float
) -> tuple[NDArray[np.complex128], float, float]:
    """What a phone sends, by the samples of a receiver whose clock is `fast`, with room at both ends.

    The wave, shape (n,), and start and length of the burst in it, in samples.
    """
    rate = family.rate_hz
    wave, start = family.make(_Aligned(rng.bit_generator), rate / (1 + phone.clock) * (1 + fast))
    count = family.seconds * rate / (1 + phone.clock)
    pad = round(MARGIN_S * rate)
    if family.keyed:
        wave = wave * np.exp(1j * phone.swing * np.unwrap(np.angle(wave)))
    out = sent(np.asarray(wave), start, count, rate, phone)
    return np.concatenate([np.zeros(pad), out, np.zeros(pad)]), start + pad, count


def station(twins: Twins, of: Stations, rng: np.random.Generator) -> Transmitter:
    """A transmitter of a population that locks to no cell, with a crystal of its own: its errors, one clock for all."""
    phone = drawn(twins, rng, Model(twins.ramps[int(rng.integers(len(twins.ramps)))], polar=False))
    clock = float(rng.uniform(-1, 1)) * of.crystal_ppm * 1e-6
    return replace(phone, clock=clock, swing=float(rng.normal(0, of.swing)))


def session(
    family: Family,
    phone: Transmitter,
    sensor: Sensor,
    populations: tuple[Twins, Stations],
    rng: np.random.Generator,
    bursts: int,
    snr_db: float,
) -> list[Signature]:
    """Signatures of bursts sent in one go behind fading echoes, at one of two steps of the transmitter's gain each."""
    twins, of = populations
    today = in_session(phone, twins, rng)
    clock_ppm = 1e6 * phone.clock + float(rng.normal(0, of.warmth_ppm))
    if family.locked:
        clock_ppm = float(rng.uniform(-1, 1)) * LOCKED_PPM
    today = replace(today, clock=1e-6 * clock_ppm)
    place_hz = float(rng.choice(family.places_hz))
    steps = [1 + of.gain_step * complex(*rng.normal(size=2)) for _ in range(2)]
    told = []
    for _ in range(bursts):
        step = steps[int(rng.integers(2))]
        now = replace(today, leak=today.leak * step, image=today.image * (1 + (step - 1) / 2))
        heard_so = heard(
            family, now, rng, snr_db=snr_db, sensor=sensor, channel=Channel("tdl-a", fading="received"),
            centre_hz=of.centre_hz, carrier_hz=place_hz + today.clock * of.centre_hz, channel_hz=place_hz,
            error_hz=float(rng.normal(0, TOLD_HZ[family.locked])),
        )  # fmt: skip
        told.append(measure(*heard_so))
    return [one for one in told if one is not None]
