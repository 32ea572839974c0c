"""The GSM recogniser against a modulator that obeys the standard, theory, and recordings."""

import math
from unittest.mock import patch

import numpy as np
import pytest

from cellwarden.airinterface import ble_waveform, gsm, gsm_eight, gsm_match
from cellwarden.airinterface.gsm_station import one_clock
from cellwarden.airinterface.gsm_waveform import (
    CHANNEL_HZ,
    FORMATS,
    SYMBOL_RATE_HZ,
    TRAINING,
    Kind,
    antipodal,
    generate,
    main_pulse,
)
from cellwarden.model import Block, Burst, Emission, Segment
from cellwarden.simulate.channel import Channel, behind
from cellwarden.simulate.waves import gaussian

RATE = 8 * SYMBOL_RATE_HZ


def heard(
    kind: Kind, snr_db: float, rng: np.random.Generator, *, rate: float = RATE, cfo: float = 0.0, **options: object
) -> tuple[list[Emission], float]:
    """What is recognised in one burst in noise, boxed roughly; and where its symbol 0 truly begins."""
    wave, start = generate(kind, rng, rate_hz=rate, carrier_offset_hz=cfo, **options)  # type: ignore[arg-type]
    emissions, first = recognised(wave, snr_db, rng, rate, cfo)
    return emissions, first + start


def recognised(
    wave: np.ndarray, snr_db: float, rng: np.random.Generator, rate: float = RATE, cfo: float = 0.0
) -> tuple[list[Emission], int]:
    """What is recognised in a wave of power 1 in noise, boxed roughly; and where it begins."""
    margin = round(40 * rate / SYMBOL_RATE_HZ)
    noise = rng.normal(size=len(wave) + 2 * margin) + 1j * rng.normal(size=len(wave) + 2 * margin)
    density = 2 / rate
    mixed = noise.copy()
    mixed[margin : margin + len(wave)] += wave * math.sqrt(10 ** (snr_db / 10) * density * CHANNEL_HZ)
    iq = np.stack([mixed.real, mixed.imag], axis=1).astype(np.float32)
    block = Block(iq, 1.0, 0, Segment(0, len(iq), rate, 900e6))
    box = Burst(margin, len(wave), cfo - 1.1e5, cfo + 1.1e5, snr_db, 10 * math.log10(density))
    return gsm.recognise(box, block), margin


@pytest.mark.parametrize("sequence", range(8))
def test_each_training_sequence_is_told_from_the_others(sequence: int) -> None:
    (emission,), _ = heard("normal", 10.0, np.random.default_rng(sequence), sequence=sequence, cfo=3000.0)
    assert emission.label == "gsm:normal"
    assert emission.details["training_sequence"] == sequence


@pytest.mark.parametrize("sequence", range(3))
def test_each_access_burst_is_told_from_the_others(sequence: int) -> None:
    (emission,), _ = heard("access", 10.0, np.random.default_rng(sequence), sequence=sequence, cfo=-2000.0)
    assert emission.label == "gsm:access"
    assert emission.details["synchronisation_sequence"] == sequence


@pytest.mark.parametrize("rate", [5e5, 1e6, 4e6, 1e7])
@pytest.mark.parametrize("snr_db", [6.0, 14.0, 30.0])
def test_time_carrier_and_level_are_measured_at_any_rate(rate: float, snr_db: float) -> None:
    rng = np.random.default_rng(int(rate + snr_db))
    emissions, start = heard("normal", snr_db, rng, rate=rate, cfo=1200.0, sequence=3, delay_samples=0.4)
    (emission,) = emissions
    symbol = rate / SYMBOL_RATE_HZ
    assert emission.sample_start + (emission.timing_samples or 0) == pytest.approx(start, abs=0.25 * symbol)
    assert emission.cfo_hz == pytest.approx(1200.0, abs=150.0)
    assert emission.snr_db == pytest.approx(snr_db, abs=1.0)


@pytest.mark.parametrize("rate", [5e5, 2e6, 1e7])
@pytest.mark.parametrize("kind", ["normal", "access"])
def test_the_level_of_clean_bursts_is_right_to_three_tenths_of_a_decibel(kind: Kind, rate: float) -> None:
    found = [heard(kind, 40.0, np.random.default_rng(seed), rate=rate)[0][0].snr_db for seed in range(8)]
    assert np.mean(found) == pytest.approx(40.0, abs=0.3)


def test_eight_phase_bursts_are_named_with_their_modulation() -> None:
    (emission,), _ = heard("normal", 18.0, np.random.default_rng(3), sequence=2, modulation="8psk")
    assert emission.details["modulation"] == "8psk"
    assert emission.details["training_sequence"] == 2
    assert emission.cfo_hz == pytest.approx(0.0, abs=1500.0)


def test_faint_bursts_of_eight_phases_are_told_by_their_training_alone() -> None:
    told = []
    for seed in range(48):
        rng = np.random.default_rng([seed, 8])
        emissions, _ = heard("normal", 7.0, rng, sequence=seed % 8, modulation="8psk")
        told += [e for e in emissions if e.details["training_sequence"] == seed % 8]
    eight = [e for e in told if e.details["modulation"] == "8psk"]
    assert len(told) >= 45
    assert len(eight) >= 43
    assert float(np.std([e.cfo_hz for e in eight])) < 700.0


def test_training_of_eight_phases_explains_itself_and_no_other() -> None:
    form = gsm_match.layout("normal", RATE)
    rng = np.random.default_rng(1)
    wave, start = generate("normal", rng, rate_hz=RATE, sequence=3, modulation="8psk", carrier_offset_hz=700.0)
    step = round(RATE / SYMBOL_RATE_HZ / form.per_symbol)
    y = np.stack([wave.real, wave.imag])[:, ::step].astype(np.float32)
    turn = -np.pi / 8 + 2 * np.pi * 700.0 / SYMBOL_RATE_HZ  # seen as GMSK's quarter turns
    own, *others = (gsm_eight.eight(y, start / step, turn, sequence, form).share for sequence in (3, 0, 1, 5))
    assert own > 0.97  # what is not its own is the payload's at both ends
    assert max(others) < 0.5
    noise = [
        gsm_eight.eight(rng.normal(size=y.shape).astype(np.float32), start / step, turn, 3, form).share
        for _ in range(60)
    ]
    assert np.mean(noise) < 0.25


@pytest.mark.parametrize("kind", ["normal", "access"])
def test_noise_of_a_bursts_size_is_no_burst(kind: Kind) -> None:
    rng = np.random.default_rng(5)
    for _ in range(200):
        n = round(FORMATS[kind].symbols * 8)
        iq = rng.normal(size=(n + 700, 2)).astype(np.float32)
        iq[350 : 350 + n] *= 3.0
        block = Block(iq, 1.0, 0, Segment(0, len(iq), RATE))
        assert gsm.recognise(Burst(350, n, -1e5, 1e5, 9.0, 10 * math.log10(2 / RATE)), block) == []


@pytest.mark.parametrize(("kind", "snr_db"), [("normal", 2.0), ("access", 3.5)])
def test_weak_bursts_are_recognised_at_the_published_level(kind: Kind, snr_db: float) -> None:
    # The target is 0.99; 200 bursts of that probability fall below 192 hits once in 4,000 runs.
    rng, hits = np.random.default_rng(7), 0
    for _ in range(200):
        sequence = int(rng.integers(len(FORMATS[kind].known)))
        emissions, start = heard(kind, snr_db, rng, cfo=rng.uniform(-3000, 3000), sequence=sequence)
        hits += any(abs(e.sample_start - start) < RATE / SYMBOL_RATE_HZ for e in emissions)
    assert hits >= 192


@pytest.mark.parametrize("snr_db", [4.0, 8.0, 20.0])
def test_other_signals_of_a_bursts_size_and_level_are_no_burst(snr_db: float) -> None:
    rng, count = np.random.default_rng(8), round(148 * RATE / SYMBOL_RATE_HZ)
    for _ in range(100):
        assert recognised(gaussian(count, RATE, rng), snr_db, rng)[0] == []


@pytest.mark.parametrize("snr_db", [4.0, 12.0])
def test_a_carrier_without_modulation_is_no_burst(snr_db: float) -> None:
    rng, count = np.random.default_rng(9), round(148 * RATE / SYMBOL_RATE_HZ)
    for _ in range(100):
        turns = rng.uniform(-80e3, 80e3) / RATE * np.arange(count) + rng.random()
        assert recognised(np.exp(2j * np.pi * turns), snr_db, rng)[0] == []


def test_coded_bluetooth_is_no_gsm_where_the_tuned_frequency_is_not_told() -> None:
    rng, rate = np.random.default_rng(12), 10e6  # of such packets one in five was named before squares were asked
    for _ in range(15):
        wave, _ = ble_waveform.generate(
            "data", rng, rate_hz=rate, phy="coded", octets=12, carrier_offset_hz=float(rng.uniform(-5e3, 5e3))
        )
        wave = behind(wave, Channel("tdl-a", fading="received"), rate, rng)
        noise = rng.normal(size=(len(wave) + 20_000, 2)).view(np.complex128)[:, 0]
        noise[10_000 : 10_000 + len(wave)] += wave * math.sqrt(10**1.5 * 2 / rate * 1e6)  # 15 dB in a megahertz
        iq = np.stack([noise.real, noise.imag], axis=1).astype(np.float32)
        box = Burst(10_000, len(wave), -0.55e6, 0.55e6, 15.0, 10 * math.log10(2 / rate))
        assert not gsm.recognise(box, Block(iq, 1.0, 0, Segment(0, len(iq), rate, None)))


def test_carrier_error_is_near_the_cramer_rao_bound() -> None:
    # var(f) ≥ 6 / ((2π)² T² (Es/N0) N (N² - 1)), Es/N0 = 15 dB · 200 / 270.833, N = 148 (Rife and Boorstyn 1974)
    ratio = 10**1.5 * CHANNEL_HZ / SYMBOL_RATE_HZ
    bound = math.sqrt(6 / ((2 * math.pi) ** 2 * ratio * 148 * (148**2 - 1))) * SYMBOL_RATE_HZ
    rng = np.random.default_rng(6)
    errors = []
    for _ in range(100):
        cfo = rng.uniform(-3000, 3000)
        emissions, _ = heard("normal", 15.0, rng, cfo=cfo, sequence=int(rng.integers(8)))
        errors.append((emissions[0].carrier_offset_hz or 0.0) - cfo)
    assert bound == pytest.approx(12.1, abs=0.1)
    assert math.sqrt(np.mean(np.square(errors))) < 2 * bound


def test_the_main_pulse_is_that_of_laurent() -> None:
    pulse = main_pulse(8)
    assert len(pulse) == 41 and pulse.argmax() == 20
    np.testing.assert_allclose(pulse, pulse[::-1], atol=1e-9)


def test_gmsk_turned_back_carries_its_bits_on_one_axis() -> None:
    wave, start = generate("normal", np.random.default_rng(1), rate_hz=RATE, sequence=5)
    middles = np.round(start + (np.arange(61, 87) + 0.5) * 8).astype(int)
    turned = wave[middles] * (-1j) ** np.arange(61, 87)
    correlation = abs(turned @ antipodal(TRAINING[5])) / 26
    assert correlation == pytest.approx(0.93, abs=0.03)
    np.testing.assert_allclose(np.abs(wave[round(start) + 8 : round(start) + 1000]), 1.0, atol=1e-5)


@pytest.mark.parametrize("guards", [pytest.param(True, marks=pytest.mark.long), False])
def test_a_carrier_that_fills_its_frames_is_a_base_stations_wherever_it_is_tuned(guards: bool) -> None:
    rng, slot = np.random.default_rng(31), 156.25 * RATE / SYMBOL_RATE_HZ
    iq = rng.normal(size=(round(14 * slot), 2))
    for number in range(12):
        wave, start = generate("normal", rng, rate_hz=RATE, sequence=3)
        if not guards:  # what lies between bursts is filled with the carrier
            wave = np.pad(wave[round(start) : -round(start)], round(4.5 * RATE / SYMBOL_RATE_HZ), mode="reflect")
        first = round((number + 1) * slot)
        iq[first : first + len(wave)] += 4 * np.stack([wave.real, wave.imag], axis=1)
    block = Block(iq.astype(np.float32), 1.0, 0, Segment(0, len(iq), RATE))
    box = Burst(round(slot), round(12 * slot), -1e5, 1e5, 15.0, 10 * math.log10(2 / RATE))
    assert {e.label for e in gsm.settle(gsm.recognise(box, block), RATE)} == {"gsm:downlink"}


def beacon(slots: int, centre_hz: float) -> tuple[Burst, Block]:
    """A carrier without guard periods in all slots, and its box."""
    rng, slot = np.random.default_rng(33), 156.25 * RATE / SYMBOL_RATE_HZ
    iq = rng.normal(size=(round((slots + 2) * slot), 2))
    for number in range(slots):
        wave, start = generate("normal", rng, rate_hz=RATE, sequence=3)
        wave = np.pad(wave[round(start) : -round(start)], round(4.5 * RATE / SYMBOL_RATE_HZ), mode="reflect")
        first = round((number + 1) * slot)
        iq[first : first + len(wave)] += 2 * np.stack([wave.real, wave.imag], axis=1)
    box = Burst(round(slot), round(slots * slot), -1e5, 1e5, 9.0, 10 * math.log10(2 / RATE))
    return box, Block(iq.astype(np.float32), 1.0, 0, Segment(0, len(iq), RATE, centre_hz))


def test_a_station_that_is_proven_is_not_looked_at_again() -> None:
    """Three bursts are enough of a carrier of 24 slots where base stations alone send (TS 45.005 §2)."""
    box, block = beacon(24, 942e6)
    with patch.object(gsm_match, "_match", wraps=gsm_match._match) as tried:
        (whole,) = gsm.recognise(box, block)
    assert (whole.label, whole.sample_start, whole.sample_count) == ("gsm:downlink", box.sample_start, box.sample_count)
    assert tried.call_count < 12


def test_what_gave_nothing_is_not_tried_again() -> None:
    """A burst, and noise as long as one: once the burst is taken away only what it hid is new."""
    rng, slot = np.random.default_rng(34), 156.25 * RATE / SYMBOL_RATE_HZ
    iq = rng.normal(size=(round(9 * slot), 2))
    wave, _start = generate("normal", rng, rate_hz=RATE, sequence=3)
    for number, sent in ((1, wave), (5, gaussian(len(wave), RATE, rng))):
        first = round(number * slot)
        iq[first : first + len(sent)] += 4 * np.stack([sent.real, sent.imag], axis=1)
    box = Burst(round(slot), round(6 * slot), -1e5, 1e5, 12.0, 10 * math.log10(2 / RATE))
    block = Block(iq.astype(np.float32), 1.0, 0, Segment(0, len(iq), RATE, 897e6))
    with patch.object(gsm_match, "_in_stretch", wraps=gsm_match._in_stretch) as tried:
        assert [e.label for e in gsm.recognise(box, block)] == ["gsm:normal"]
    stretches = [call.args[4] for call in tried.call_args_list]
    assert len(stretches) == len(set(stretches)) >= 2


@pytest.mark.parametrize(("centre_hz", "label"), [(897e6, "gsm:normal"), (942e6, "gsm:downlink")])
def test_five_calls_share_a_carrier_where_phones_alone_send(centre_hz: float, label: str) -> None:
    """GSM-900: phones send from 880 to 915 MHz, base stations from 925 MHz on (TS 45.005 §2)."""
    rng, slot = np.random.default_rng(32), 156.25 * RATE / SYMBOL_RATE_HZ
    iq = rng.normal(size=(round(26 * slot), 2))
    for number in (n for n in range(1, 25) if n % 8 < 5):
        wave, _start = generate("normal", rng, rate_hz=RATE, sequence=number % 8)
        first = round(number * slot)
        iq[first : first + len(wave)] += 4 * np.stack([wave.real, wave.imag], axis=1)
    block = Block(iq.astype(np.float32), 1.0, 0, Segment(0, len(iq), RATE, centre_hz))
    found = []
    for frame in range(3):
        box = Burst(round((8 * frame or 1) * slot), round(5 * slot), -1e5, 1e5, 15.0, 10 * math.log10(2 / RATE))
        found += gsm.recognise(box, block)
    told = gsm.settle(found, RATE)
    assert len(told) >= 12
    assert {e.label for e in told} == {label}


@pytest.mark.parametrize("calls", [6, 8])
def test_calls_that_fill_a_carrier_stay_phones_where_nothing_tells_the_side(calls: int) -> None:
    """Each phone sends by its own advance, which comes in steps of a symbol (TS 45.010 §5.6)."""
    rng, symbol = np.random.default_rng(33), RATE / SYMBOL_RATE_HZ
    late, carrier = rng.uniform(-0.5, 0.5, 8) * symbol, rng.uniform(-90.0, 90.0, 8)
    iq = rng.normal(size=(round(29 * 156.25 * symbol), 2))
    for number in (n for n in range(1, 25) if n % 8 < calls):
        at = number * 156.25 * symbol + late[number % 8]
        wave, _start = generate(
            "normal", rng, rate_hz=RATE, sequence=3, carrier_offset_hz=carrier[number % 8], delay_samples=at % 1
        )
        iq[int(at) : int(at) + len(wave)] += 4 * np.stack([wave.real, wave.imag], axis=1)
    block = Block(iq.astype(np.float32), 1.0, 0, Segment(0, len(iq), RATE))
    box = Burst(round(156.25 * symbol), round(24 * 156.25 * symbol), -1e5, 1e5, 15.0, 10 * math.log10(2 / RATE))
    told = gsm.settle(gsm.recognise(box, block), RATE)
    assert {(e.label, e.direction) for e in told} == {("gsm:normal", "unknown")}
    assert len(told) == sum(n % 8 < calls for n in range(1, 25))


@pytest.mark.parametrize("grid", [(0.0, 156.25, 312.5, 468.75), (0.0, 157.0, 313.0, 469.0)])
def test_slots_of_one_clock_are_told_from_those_of_several(grid: tuple[float, ...]) -> None:
    """A station's slots have 156.25 symbols, or 157, 156, 156, 156 (TS 45.010 §4.3).

    Here the receiver's clock is 20 ppm off, and starts err by 0.035 symbols, as at 15 dB; phones' advance comes in
    steps of a symbol.
    """
    rng = np.random.default_rng(34)
    start = np.array([625.0 * n + at for n in range(4) for at in grid]) * (1 + 20e-6)
    snr_db = np.full(len(start), 15.0)
    station, phones = [], []
    for _ in range(200):
        heard = start + rng.normal(0, 0.035, len(start))
        station.append(one_clock(heard, snr_db))
        phones.append(one_clock(heard + np.tile(rng.uniform(-0.5, 0.5, 8), 2), snr_db))
    assert min(station) > 0 > max(phones)
    assert one_clock(start[:3], snr_db[:3]) == one_clock(np.repeat(start[:2], 3), snr_db[:6]) == 0.0
