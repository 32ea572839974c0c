"""Bluetooth Low Energy against the standard's and others' vectors, a generator that obeys it, impostors, recordings."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from cellwarden.airinterface import ble, gfsk
from cellwarden.airinterface.ble_waveform import (
    Phy,
    address_bits,
    channel_number,
    convolved,
    crc,
    generate,
    known_symbols,
    mapped,
    may_be_address,
    octets_to_bits,
    random_address,
    whitening,
)
from cellwarden.airinterface.gfsk_echoes import without_echoes
from cellwarden.model import Emission
from cellwarden.radio.recording import open_recording
from cellwarden.runtime.scan import scan
from cellwarden.simulate.channel import Channel, behind
from cellwarden.simulate.packet import RATE, boxed
from cellwarden.simulate.waves import IMPOSTORS, frequency_shift


def packets(
    kind: Literal["advertising", "data"],
    snr_db: float,
    count: int,
    *,
    centre_hz: float | None = 2402e6,
    phy: Phy = "1M",
    octets: tuple[int, int] = (12, 37),
    **options: Any,
) -> list[list[Emission]]:
    rng = np.random.default_rng(int(snr_db) + 10)
    told = []
    for _ in range(count):
        wave, _ = generate(
            kind,
            rng,
            rate_hz=RATE,
            phy=phy,
            octets=int(rng.integers(*octets)),
            index=rng.uniform(0.45, 0.55),
            carrier_offset_hz=rng.uniform(-75e3, 75e3),
            **options,
        )
        width = 1.8e6 if phy == "2M" else 0.9e6
        told.append(ble.recognise(*boxed(wave, snr_db, rng, centre_hz=centre_hz, width_hz=width)))
    return told


def test_whitening_is_that_of_published_tables() -> None:
    made = np.packbits(np.resize(whitening(37), 128).astype(np.uint8), bitorder="little").tobytes()
    assert made.hex() == "8dd257a13da766b0753111489677f8e3"


def test_the_crc_is_that_of_a_shift_register_written_otherwise() -> None:
    # The same register, least significant bit first, as receivers write it.
    bits = np.random.default_rng(1).integers(0, 2, 200)
    register = 0xAAAAAA
    for bit in bits.tolist():
        register = register >> 1 ^ (0xDA6000 if (register ^ bit) & 1 else 0)
    np.testing.assert_array_equal(crc(bits), [register >> i & 1 for i in range(24)])


def test_channels_lie_where_the_standard_puts_them() -> None:
    # Vol 6 Part B §1.4.1: 37, 38, 39 at 2402, 2426 and 2480 MHz
    assert [channel_number(r) for r in (0, 1, 11, 12, 13, 38, 39)] == [37, 0, 10, 38, 11, 36, 39]


def test_advertising_begins_as_the_standard_says() -> None:
    assert "".join(map(str, known_symbols("1M")[:16])) == "0101010101101011"  # 0xD6, least significant bit first
    assert len(known_symbols("2M")) == 48
    assert len(known_symbols("coded")) == 336


def test_the_coders_first_symbols_are_those_of_the_generators() -> None:
    # A single 1 answers with the generators 1111 and 1011 (Vol 6 Part B §3.3.1).
    assert convolved(np.array([1, 0, 0, 0])).tolist() == [1, 1, 1, 0, 1, 1, 1, 1]
    assert mapped(np.array([0, 1]), 4).tolist() == [0, 0, 1, 1, 1, 1, 0, 0]


def test_access_addresses_keep_the_rules() -> None:
    rng = np.random.default_rng(2)
    assert all(may_be_address(address_bits(random_address(rng))) for _ in range(20))
    for address in (0x8E89BED6, 0x8E89BED7, 0x00000000, 0x55555555, 0x12121212, 0x0FE5A5A5):
        assert not may_be_address(address_bits(address))
    assert octets_to_bits(b"\x01").tolist() == [1, 0, 0, 0, 0, 0, 0, 0]


@pytest.mark.parametrize("centre_hz", [2402e6, None])
def test_advertising_is_named_at_five_decibels(centre_hz: float | None) -> None:
    told = packets("advertising", 5.0, 150, centre_hz=centre_hz)
    assert sum(bool(e and e[0].label == "ble:advertising") for e in told) >= 146


@pytest.mark.parametrize("centre_hz", [2402e6, None])
def test_advertising_is_proven_by_its_crc_at_fifteen_decibels(centre_hz: float | None) -> None:
    told = packets("advertising", 15.0, 150, centre_hz=centre_hz)
    assert sum(bool(e and e[0].details["proof"] == "crc") for e in told) >= 147


def test_data_packets_are_named_by_modulation_and_preamble() -> None:
    for snr_db in (5.0, 15.0):
        told = packets("data", snr_db, 100, octets=(27, 120))
        assert sum(bool(e and e[0].label == "ble:data") for e in told) >= 94
        assert all(e[0].confidence < 0.95 for e in told if e)


@pytest.mark.parametrize(("phy", "width_hz", "least"), [("1M", 0.9e6, 38), ("2M", 1.8e6, 38)])
def test_data_packets_are_named_behind_echoes(phy: Phy, width_hz: float, least: int) -> None:
    rng, named = np.random.default_rng(5), 0
    for _ in range(40):
        wave, _ = generate("data", rng, rate_hz=RATE, phy=phy, octets=int(rng.integers(6, 37)))
        wave = behind(wave, Channel("tdl-a", fading="received"), RATE, rng)
        wave /= np.sqrt(np.mean(np.abs(wave) ** 2))
        told = ble.recognise(*boxed(wave, 15.0, rng, centre_hz=2440e6, width_hz=width_hz))
        named += bool(told and told[0].label == "ble:data")
    assert named >= least  # 35 and 32 where echoes are not taken out


@pytest.mark.parametrize("phy", ["1M", "coded"])
def test_advertising_is_told_from_data_behind_long_echoes(phy: Phy) -> None:
    rng, named = np.random.default_rng(7), Counter[str]()
    for _ in range(30):
        wave, _ = generate("advertising", rng, rate_hz=RATE, phy=phy, octets=20)
        wave = behind(wave, Channel("tdl-a", (200e-9, 300e-9), fading="received"), RATE, rng)
        named.update(e.label for e in ble.recognise(*boxed(wave, 15.0, rng, centre_hz=None)))
    assert named["ble:advertising"] >= 28


def test_echoes_are_taken_out_of_what_keeps_its_envelope() -> None:
    rng = np.random.default_rng(6)
    wave = np.exp(1j * gfsk.sampled_phase(rng.choice([-1.0, 1.0], 1000)) * 0.5)
    echoed = wave + 0.5j * np.roll(wave, gfsk.PER_SYMBOL)
    white = rng.normal(size=(8000, 2)).view(np.complex128)[:, 0]
    y = np.concatenate([echoed, white]).astype(np.complex64)  # what is behind the part that is fitted is filtered too
    heard = gfsk.Heard(y, np.zeros(len(y), np.float32), 0, 1.0, 0.0, 1.0)
    evened, gain = without_echoes(heard, 0, len(echoed))
    before, after = (float(np.std(np.abs(part)) / np.mean(np.abs(part))) for part in (echoed, evened.y[50:3950]))
    assert before > 0.25 > 0.1 > after
    power = float(np.mean(np.abs(evened.y[-7900:]) ** 2) / np.mean(np.abs(white) ** 2))
    assert gain == pytest.approx(power, rel=0.1)  # 8,000 values know their power to some 2 %


@pytest.mark.parametrize(("phy", "snr_db"), [("2M", 8.0), ("coded", 5.0)])
def test_advertising_of_the_other_layers_is_named(phy: Phy, snr_db: float) -> None:
    told = packets("advertising", snr_db, 40, centre_hz=2430e6, phy=phy, channel=12)
    assert sum(bool(e and e[0].label == "ble:advertising" and e[0].details["phy"] == phy) for e in told) >= 39


@pytest.mark.parametrize(("phy", "width_hz"), [("coded", 0.29e6), ("1M", 0.25e6)])
def test_faint_packets_whose_boxes_hold_but_their_lines_are_named(phy: Phy, width_hz: float) -> None:
    rng = np.random.default_rng(9)
    for _ in range(12):
        wave, _ = generate("advertising", rng, rate_hz=RATE, phy=phy, octets=20)
        box, block = boxed(wave, 6.0, rng, centre_hz=2402e6)
        told = ble.recognise(replace(box, low_offset_hz=-width_hz / 2, high_offset_hz=width_hz / 2), block)
        assert [e.label for e in told] == ["ble:advertising"]


def test_data_of_the_coded_layer_is_named_by_its_long_preamble() -> None:
    told = packets("data", 5.0, 30, centre_hz=2430e6, phy="coded", channel=12, spread=1)
    assert sum(bool(e and e[0].label == "ble:data") for e in told) >= 29


@pytest.mark.parametrize("name", sorted(IMPOSTORS))
@pytest.mark.parametrize("snr_db", [5.0, pytest.param(15.0, marks=pytest.mark.long)])
def test_other_signals_are_no_low_energy(name: str, snr_db: float) -> None:
    rng = np.random.default_rng(3)
    for _ in range(30):
        wave = IMPOSTORS[name].make(2400, RATE, rng)
        assert ble.recognise(*boxed(wave, snr_db, rng, centre_hz=None)) == []


def test_minimum_shift_keying_of_two_megachips_is_no_low_energy() -> None:
    rng = np.random.default_rng(4)  # Zigbee's modulation, without its spreading
    for _ in range(30):
        wave = frequency_shift(6000, RATE, rng, bits_per_s=2e6, deviation_hz=0.5e6, bt=None)
        assert ble.recognise(*boxed(wave, 15.0, rng, centre_hz=None, width_hz=2e6)) == []


@pytest.mark.parametrize("centre_hz", [None, 2430e6])
def test_a_keyed_tone_is_no_preamble_of_which_echoes_left_one_line(centre_hz: float | None) -> None:
    rng = np.random.default_rng(5)
    n = np.arange(round(430e-6 * RATE))
    for _ in range(12):
        ripple = 1 + 0.08 * np.sin(2 * np.pi * 9e3 * n / RATE)
        wave = (ripple * np.exp(2j * np.pi * rng.uniform(-20e3, 20e3) * n / RATE)).astype(np.complex64)
        box, block = boxed(wave, 34.0, rng, centre_hz=centre_hz)
        assert ble.recognise(replace(box, low_offset_hz=-112e3, high_offset_hz=112e3), block) == []


def test_no_address_leaves_with_an_emission() -> None:
    for (emission,) in packets("advertising", 20.0, 3):
        assert set(emission.details) == {"proof", "phy", "modulation_index", "hop_channel"}


@pytest.mark.parametrize(
    ("name", "truth"),
    [
        ("reference/ble_adv37", {"ble:advertising": 12}),
        ("reference/ble_ext", {"ble:advertising": 12}),
        ("real/ble_data_124B", {"ble:data": 1}),
        ("real/zigbee_84B", {}),
    ],
)
def test_shared_recordings_are_named(shared: Path, name: str, truth: dict[str, int]) -> None:
    recording = shared / "recordings" / f"{name}.sigmf-meta"
    labels = Counter(e.label for e in scan(open_recording(recording)) if e.label.startswith(("ble:", "bluetooth:")))
    assert labels == truth
