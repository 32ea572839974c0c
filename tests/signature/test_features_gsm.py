"""Known errors in, the same out: a burst's transmitter is measured as it was made, as finely as its noise allows."""

import math
from dataclasses import replace

import numpy as np
import pytest

from cellwarden.airinterface.gsm_waveform import SYMBOL_RATE_HZ, gmsk_phase
from cellwarden.model import Block, Segment, Signature
from cellwarden.signature.features_gsm import measure
from cellwarden.signature.kernels import gmsk
from cellwarden.simulate.channel import Channel
from cellwarden.simulate.receiver import Faults
from cellwarden.simulate.transmitters import Sensor, Transmitter, heard, image_of

FLAT, ECHOES = Channel(), Channel("tdl-a", fading="received")
BURSTS = 60


def measured(
    phone: Transmitter, snr_db: float, channel: Channel = FLAT, sensor: Sensor | None = None, bursts: int = BURSTS
) -> list[Signature]:
    rng = np.random.default_rng(3)
    told = [measure(*heard(phone, sensor or Sensor(), rng, snr_db=snr_db, channel=channel)) for _ in range(bursts)]
    assert all(told)
    return [one for one in told if one]


def of(signatures: list[Signature], name: str) -> tuple[float, float, float]:
    """Mean, standard deviation, and the deviation that was claimed."""
    values = np.array([s.features[name] for s in signatures])
    return float(values[:, 0].mean()), float(values[:, 0].std(ddof=1)), float(np.sqrt(np.mean(values[:, 1] ** 2)))


@pytest.mark.parametrize("channel", [FLAT, ECHOES], ids=["flat", "echoes"])
def test_the_imbalance_and_leak_that_were_put_in_come_out(channel: Channel) -> None:
    phone = Transmitter(image=image_of(0.3, 1.5), leak=0.01 - 0.005j, droop=0.02)
    told = measured(phone, 20.0, channel)
    truth = {
        "image_real": phone.image.real,
        "image_imag": phone.image.imag,
        "leak_real": phone.leak.real,
        "leak_imag": phone.leak.imag,
    }
    for name, value in truth.items():
        mean, deviation, _claimed = of(told, name)
        assert abs(mean - value) < 4 * deviation / math.sqrt(BURSTS), name


def test_a_clean_modulator_shows_neither_image_nor_leak() -> None:
    told = measured(Transmitter(), 20.0)
    for name in ("image_real", "image_imag", "leak_real", "leak_imag", "droop", "loop_low"):
        mean, deviation, _claimed = of(told, name)
        assert abs(mean) < 4 * deviation / math.sqrt(BURSTS), name


def test_the_errors_are_those_claimed_and_near_the_cramer_rao_bound() -> None:
    # In a burst of 142 symbols fitted at 20 dB in 200 kHz, the bound for one part of a complex coefficient of the whole
    # wave is 1 / sqrt(2 E / N0), E / N0 = SNR · 200 kHz · T; nuisances may cost some tenths more.
    bound = 1 / math.sqrt(2 * 100 * 200e3 * 142 / SYMBOL_RATE_HZ)
    told = measured(Transmitter(image=image_of(0.3, 1.5)), 20.0, bursts=120)
    for name in ("image_real", "image_imag", "leak_real", "leak_imag"):
        _mean, deviation, claimed = of(told, name)
        assert deviation == pytest.approx(claimed, rel=0.25), name  # 120 bursts: 6.5 % a standard deviation
        assert 0.8 * bound < deviation < 1.4 * bound, name


def test_the_phase_errors_peak_spreads_as_is_claimed() -> None:
    for snr_db in (15.0, 25.0):
        _mean, deviation, claimed = of(measured(Transmitter(), snr_db), "phase_peak_deg")
        assert deviation == pytest.approx(claimed, rel=0.35)  # 60 bursts: 9 % a deviation, thrice, and bits are smeared


def test_a_loop_that_slips_is_told_from_an_image() -> None:
    told = measured(Transmitter(loop=0.03, loop_hz=8e3), 25.0)
    mean, deviation, _claimed = of(told, "loop_low")
    assert abs(mean - 0.03) < 4 * deviation / math.sqrt(BURSTS)
    mean, deviation, _claimed = of(told, "image_real")
    assert abs(mean) < 4 * deviation / math.sqrt(BURSTS)


def test_a_symbol_clock_that_is_fast_is_measured() -> None:
    mean, deviation, _claimed = of(measured(Transmitter(clock=300e-6), 30.0), "clock_ppm")
    assert abs(mean - 300) < 4 * deviation / math.sqrt(BURSTS)


@pytest.mark.parametrize("carrier_ppm", [0.0, 300.0])
def test_one_oscillator_drives_clock_and_carrier_and_two_are_seen(carrier_ppm: float) -> None:
    rng, values = np.random.default_rng(4), []
    for _ in range(BURSTS):
        emission, block = heard(Transmitter(clock=300e-6), Sensor(), rng, snr_db=30.0, channel=FLAT)
        centre_hz, carrier_hz = 900e6, emission.carrier_offset_hz or 0.0
        off_hz = carrier_ppm * 1e-6 * (centre_hz + carrier_hz) / (1 + carrier_ppm * 1e-6)
        tuned = replace(block, segment=replace(block.segment, centre_hz=centre_hz))
        told = measure(replace(emission, cfo_hz=off_hz), tuned)
        assert told
        values.append(told.features["clock_beside_carrier_ppm"].value)
    assert abs(np.mean(values) - (300.0 - carrier_ppm)) < 4 * np.std(values) / math.sqrt(BURSTS)


def test_a_slower_ramp_has_more_power_before_the_burst() -> None:
    # At the middle of the half symbol from -3.0 a ramp of raised cosine has cos⁴(π/2 · outside / length) of the power.
    for rise_s in (12e-6, 18e-6):
        mean, deviation, _claimed = of(measured(Transmitter(rise_s=rise_s), 25.0), "ramp_up_-3.0")
        t = np.linspace(2.5, 3.0, 50) / SYMBOL_RATE_HZ
        power = float(np.mean(np.cos(np.pi / 2 * np.clip(t / rise_s, 0, 1)) ** 4))
        assert mean == pytest.approx(power, abs=0.03 + 4 * deviation / math.sqrt(BURSTS))  # the filter smears a little


def test_the_receivers_own_image_and_leak_are_not_the_phones() -> None:
    sensor = Sensor(Faults(iq_gain_db=1.0, iq_phase_deg=5.0, dc_db=20.0))
    told = measured(Transmitter(), 25.0, sensor=sensor)
    for name in ("image_real", "image_imag", "leak_real", "leak_imag"):
        mean, deviation, _claimed = of(told, name)
        assert abs(mean) < 4 * deviation / math.sqrt(BURSTS), name


def test_beside_baseband_zero_the_phones_image_is_not_told() -> None:
    emission, block = heard(Transmitter(), Sensor(), np.random.default_rng(1), snr_db=25.0, channel=FLAT)
    carrier = emission.carrier_offset_hz or 0.0
    turn = np.exp(-2j * np.pi * carrier / block.segment.rate_hz * np.arange(len(block.iq)))
    moved = (block.iq.astype(np.float32).view(np.complex64)[:, 0] * turn).astype(np.complex64)
    told = measure(
        replace(emission, carrier_offset_hz=0.0), Block(moved.view(np.float32).reshape(-1, 2), 1.0, 0, block.segment)
    )
    assert told and not [name for name in told.features if name.startswith(("image", "leak"))]
    assert "ramp_up_-2.0" in told.features


def test_what_cannot_be_measured_is_not_guessed() -> None:
    emission, block = heard(Transmitter(), Sensor(), np.random.default_rng(1), snr_db=25.0, channel=FLAT)
    assert measure(replace(emission, label="gsm:downlink"), block) is None
    assert measure(replace(emission, details={**emission.details, "modulation": "8psk"}), block) is None
    cut = Block(block.iq[emission.sample_start :], 1.0, emission.sample_start, block.segment)
    assert measure(emission, cut) is None
    slow = Block(block.iq, 1.0, 0, Segment(0, len(block.iq), 500e3))
    assert measure(emission, slow) is None


def test_what_was_lost_is_not_measured_and_noise_is_measured_near_its_emission_or_not_at_all() -> None:
    rng = np.random.default_rng(11)
    emission, block = heard(Transmitter(), Sensor(), rng, snr_db=25.0, channel=FLAT)
    assert measure(emission, replace(block, iq=np.zeros_like(block.iq))) is None
    for _ in range(60):
        told = measure(emission, replace(block, iq=rng.normal(size=block.iq.shape).astype(np.float32)))
        assert told is None or all(math.isfinite(v) and math.isfinite(d) for v, d in told.features.values())


def test_nothing_of_the_payload_leaves_the_measurement() -> None:
    rng = np.random.default_rng(5)
    phone = Transmitter(image=image_of(0.3, 1.5))
    for _ in range(3):
        told = measure(*heard(phone, Sensor(), rng, snr_db=20.0, channel=FLAT))
        assert told and len(told.features) < 45  # 116 bits do not go into what is left
        assert all(name.isascii() and math.isfinite(v) for name, (v, _d) in told.features.items())


def test_the_compiled_phase_is_that_of_the_standard() -> None:
    rng = np.random.default_rng(2)
    for count in (1, 88, 148):
        bits = rng.integers(0, 2, count)
        t = rng.uniform(-5, count + 5, 300)
        assert np.max(np.abs(gmsk(bits, t) - gmsk_phase(bits, t))) < 1e-4
