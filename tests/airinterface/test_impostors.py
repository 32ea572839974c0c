"""What is no phone gets its name, and what is a phone never gets one of these."""

import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import resample_poly
from tests.conftest import SHARED

from cellwarden.airinterface import (
    images,
    impostors,
    impostors_drone,
    impostors_mode_s,
    impostors_zigbee,
    umts_waveform,
)
from cellwarden.airinterface.gsm_waveform import SYMBOL_RATE_HZ
from cellwarden.airinterface.gsm_waveform import generate as gsm_burst
from cellwarden.detect.bursts import bursts
from cellwarden.detect.finds import finds
from cellwarden.model import Block, Burst, Emission, Segment
from cellwarden.radio.recording import blocks, open_recording
from cellwarden.runtime.scan import emissions
from cellwarden.simulate.waves import IMPOSTORS, frequency_shift, tone

RECORDINGS = SHARED / "recordings"


def block_of(
    wave: np.ndarray, snr_db: float, width_hz: float, rate_hz: float, rng: np.random.Generator, centre_hz: float | None
) -> tuple[Block, Burst]:
    """A wave in noise, boxed; SNR in its width."""
    margin = len(wave) // 4 + 100
    noise = rng.normal(size=(len(wave) + 2 * margin, 2)).view(np.complex128)[:, 0]
    power = 10 ** (snr_db / 10) * 2 / rate_hz * width_hz / float(np.mean(np.abs(wave) ** 2))
    noise[margin : margin + len(wave)] += wave * math.sqrt(power)
    iq = np.stack([noise.real, noise.imag], axis=1).astype(np.float32)
    box = Burst(margin, len(wave), -width_hz / 2, width_hz / 2, snr_db, 10 * math.log10(2 / rate_hz))
    return Block(iq, 1.0, 0, Segment(0, len(iq), rate_hz, centre_hz)), box


def labels(
    wave: np.ndarray, snr_db: float, width_hz: float, rate_hz: float, seed: int, centre_hz: float | None = None
) -> list[str]:
    block, box = block_of(wave, snr_db, width_hz, rate_hz, np.random.default_rng(seed), centre_hz)
    return [e.label for e in impostors.recognise(box, block)]


def zigbee(rng: np.random.Generator, rate_hz: float) -> np.ndarray:
    """A packet of random symbols behind the preamble: chips of symbol s < 8 are symbol 0's turned by 4 s."""
    zero = [int(c) for c in impostors_zigbee.ZIGBEE_CHIPS]
    chips = []
    for symbol in [0] * 8 + [7, 10] + rng.integers(0, 16, 40).tolist():
        turned = zero[-4 * (symbol % 8) :] + zero[: -4 * (symbol % 8)] if symbol % 8 else list(zero)
        chips += [c ^ (k & 1) if symbol > 7 else c for k, c in enumerate(turned)]
    per_chip = rate_hz / 2e6
    t = np.arange(round((len(chips) + 1) * per_chip)) / per_chip
    wave = np.zeros(len(t), np.complex128)
    for k, chip in enumerate(chips):
        inside = (t >= k) & (t < k + 2)
        wave[inside] += (2 * chip - 1) * np.sin(np.pi / 2 * (t[inside] - k)) * (1j if k & 1 else 1)
    return wave


def mode_s(rng: np.random.Generator, rate_hz: float, bits: int) -> np.ndarray:
    halves = np.zeros(16 + 2 * bits)
    halves[[0, 2, 7, 9]] = 1
    sent = rng.integers(0, 2, bits)
    halves[16 + 2 * np.arange(bits) + (1 - sent)] = 1
    at = (np.arange(round(len(halves) * 0.5e-6 * rate_hz)) / (0.5e-6 * rate_hz)).astype(int)
    return halves[np.minimum(at, len(halves) - 1)].astype(np.complex128)


def lora(rng: np.random.Generator, rate_hz: float, bandwidth_hz: float, factor: int) -> np.ndarray:
    count, pieces = round((1 << factor) / bandwidth_hz * rate_hz), []
    for shift in [0.0] * 8 + rng.random(8).tolist():
        ramp = np.mod(np.arange(count) / count + shift, 1.0) - 0.5
        pieces.append(ramp * bandwidth_hz)
    return np.exp(2j * np.pi * np.cumsum(np.concatenate(pieces)) / rate_hz)


def drone(rng: np.random.Generator) -> np.ndarray:
    """Nine symbols of 601 subcarriers at 15.36 MHz, the fourth and the sixth known."""
    symbols = []
    for number in range(9):
        if number in (3, 5):
            wave = impostors_drone.drone_symbol(impostors_drone.DRONE_ROOTS[number == 5]).astype(np.complex128)
        else:
            spectrum = np.zeros(1024, np.complex128)
            spectrum[np.r_[1:301, -300:0]] = np.exp(0.5j * np.pi * rng.integers(0, 4, 600))
            wave = np.fft.ifft(spectrum)
        wave = wave / np.sqrt(np.sum(np.abs(wave) ** 2))
        symbols.append(np.concatenate([wave[-72:], wave]))
    return np.concatenate(symbols)


@pytest.mark.parametrize("rate_hz", [8e6, 10e6, 25e6])
def test_zigbee_is_named_by_its_preamble(rate_hz: float) -> None:
    wave = zigbee(np.random.default_rng(1), rate_hz)
    wave = wave * np.exp(2j * np.pi * 40e3 / rate_hz * np.arange(len(wave)))
    assert labels(wave, 12.0, 2.4e6, rate_hz, 1) == ["other:zigbee"]


@pytest.mark.parametrize("rate_hz", [2e6, 4e6, 10e6])
@pytest.mark.parametrize(("bits", "label"), [(112, "other:adsb"), (56, "other:mode-s")])
def test_aircraft_are_named_by_preamble_and_pulses(rate_hz: float, bits: int, label: str) -> None:
    wave = mode_s(np.random.default_rng(2), rate_hz, bits)
    block, box = block_of(wave, 15.0, 1.9e6, rate_hz, np.random.default_rng(2), 1090e6)
    (frame,) = impostors.recognise(box, block)
    assert frame.label == label
    assert frame.sample_start == pytest.approx(box.sample_start, abs=0.5e-6 * rate_hz)
    assert labels(wave, 15.0, 1.9e6, rate_hz, 2, 900e6) == []


@pytest.mark.parametrize("bits", [112, 56])
def test_the_carrier_of_an_aircraft_is_told_where_a_fade_has_taken_it(bits: int) -> None:
    for seed in range(5):
        rng, rate_hz = np.random.default_rng(seed), 8e6
        wave = mode_s(rng, rate_hz, bits)
        echoed = wave - 0.9 * np.roll(wave, round(0.25e-6 * rate_hz))  # the carrier is 20 dB weaker
        block, box = block_of(echoed, 15.0, 1.9e6, rate_hz, rng, None)
        line, *others = impostors_mode_s._carriers(box, block)
        assert abs(line) > 0.5e6 and min(map(abs, others)) < 5e3


def test_boxes_of_many_aircraft_are_not_steady_and_others_are() -> None:
    rng, rate_hz = np.random.default_rng(8), 4e6
    count = round(6e-3 * rate_hz)
    frames = np.zeros(count, np.complex128)
    for start in rng.integers(0, count - 500, 20):  # every 300 µs, at levels within 12 dB
        wave = mode_s(rng, rate_hz, 56)
        frames[start : start + len(wave)] += 10 ** rng.uniform(-0.6, 0.0) * wave
    noise = rng.normal(size=(count, 2)).view(np.complex128)[:, 0]
    mains = noise * np.abs(np.sin(2 * np.pi * 50 * np.arange(count) / rate_hz + 1))
    for wave, steady in ((frames, False), (noise, True), (mains, True), (lora(rng, rate_hz, 500e3, 11), True)):
        block, box = block_of(wave, 12.0, 1.9e6, rate_hz, rng, None)
        assert impostors_mode_s._is_steady(box, block, 0.0) is steady


def test_chirps_are_followed_through_fades() -> None:
    rng, rate_hz = np.random.default_rng(7), 2e6
    wave = lora(rng, rate_hz, 125e3, 9) * np.linspace(0.1, 1.0, 16 * 8192)
    block, box = block_of(wave, 15.0, 125e3, rate_hz, rng, 868e6)
    part = replace(box, sample_start=box.sample_start + 6 * 8192 + 1000, sample_count=8 * 8192)
    (emission,) = impostors.recognise(part, block)
    assert emission.label == "other:lora"
    assert emission.sample_start == pytest.approx(box.sample_start, abs=2 * 8192)
    assert emission.sample_start + emission.sample_count == pytest.approx(box.sample_start + box.sample_count, abs=8192)


@pytest.mark.parametrize(("factor", "bandwidth_hz"), [(7, 125e3), (9, 125e3), (8, 250e3), (10, 500e3)])
def test_chirps_are_named_with_their_factor(factor: int, bandwidth_hz: float) -> None:
    wave = lora(np.random.default_rng(3), 2e6, bandwidth_hz, factor)
    block, box = block_of(wave, 10.0, bandwidth_hz, 2e6, np.random.default_rng(3), 868e6)
    (emission,) = impostors.recognise(box, block)
    assert emission.label == "other:lora"
    assert emission.details["spreading_factor"] == factor


def test_a_drone_is_named_by_its_two_known_symbols() -> None:
    assert labels(drone(np.random.default_rng(4)), 10.0, 9.1e6, 15.36e6, 4) == ["other:dji-droneid"]


def test_keyed_frequency_is_named() -> None:
    rng = np.random.default_rng(5)
    wave = frequency_shift(20_000, 1e6, rng, bits_per_s=10e3, deviation_hz=20e3, bt=None)
    assert labels(wave, 20.0, 80e3, 1e6, 5) == ["other:fsk"]


def test_a_carrier_is_a_spur_and_many_pulses_of_it_a_remote() -> None:
    rng = np.random.default_rng(6)
    block, box = block_of(tone(4000, 2e6, rng), 20.0, 40e3, 2e6, rng, None)
    (line,) = impostors.recognise(box, block)
    assert line.label == "spur:cw"
    pulses = [replace(line, sample_start=8000 * k) for k in range(6)]
    (train,) = impostors.settle(pulses, 2e6)
    assert (train.label, train.sample_start, train.sample_count) == ("other:ook", 0, 40_000 + line.sample_count)
    assert [e.label for e in impostors.settle([line], 2e6)] == ["spur:cw"]


def test_a_click_is_an_impulse() -> None:
    wave = np.full(2000, 1e-6, np.complex128)
    wave[900:910] = 1.0
    assert labels(wave, 15.0, 2e6, 4e6, 7) == ["noise:impulse"]


def test_phones_get_none_of_these_names() -> None:
    rng = np.random.default_rng(8)
    for snr_db in (8.0, 15.0, 30.0):
        for seed in range(6):
            normal, _ = gsm_burst("normal", rng, rate_hz=8 * SYMBOL_RATE_HZ, sequence=seed)
            assert labels(normal, snr_db, 200e3, 8 * SYMBOL_RATE_HZ, seed) == []
            access, _ = gsm_burst("access", rng, rate_hz=8 * SYMBOL_RATE_HZ, sequence=seed % 3)
            assert labels(access, snr_db, 200e3, 8 * SYMBOL_RATE_HZ, seed) == []
            preamble, _ = umts_waveform.generate(umts_waveform.preamble_chips(seed, seed), rate_hz=11.52e6)
            assert labels(preamble, snr_db, 4.68e6, 11.52e6, seed) == []
            for kind in ("sc-fdma", "ofdm", "gaussian"):
                wave = IMPOSTORS[kind].make(round(1e-3 * 4e6), 4e6, rng)
                assert labels(wave, snr_db, IMPOSTORS[kind].width_hz, 4e6, seed) == []


def test_an_image_is_the_conjugate_of_what_is_stronger_and_a_second_phone_is_not() -> None:
    rng, rate, count = np.random.default_rng(9), 8e6, 8000
    sent = IMPOSTORS["ofdm"].make(count, rate, rng).astype(np.complex128) * 100
    other = IMPOSTORS["ofdm"].make(count, rate, rng).astype(np.complex128) * 3
    turn = np.exp(2j * np.pi * 2e6 / rate * np.arange(count))
    noise = rng.normal(size=(count, 2)).view(np.complex128)[:, 0] * 0.3
    strong = Emission("lte:pusch", 0, count, 1.45e6, 2.55e6, 40.0, 0.9)
    weak = Emission("unknown:burst", 0, count, -2.55e6, -1.45e6, 10.0, 0.9)
    for mixed, label in ((0.03 * (sent * turn).conj(), "image:lte:pusch"), (other * turn.conj(), "unknown:burst")):
        wave = sent * turn + mixed + noise
        block = Block(np.stack([wave.real, wave.imag], 1).astype(np.float32), 1.0, 0, Segment(0, count, rate))
        assert [e.label for e in images.images([strong, weak], block)] == ["lte:pusch", label]
        alone = [e.label for e in images.images([strong], block)]
        assert alone == (["lte:pusch", "image:lte:pusch"] if label.startswith("image:") else ["lte:pusch"])


@pytest.mark.parametrize("named", ["gsm:normal", "lte:srs", "unknown:burst", "umts:dpch"])
def test_a_faint_image_is_told_under_any_name_and_a_phone_in_its_place_is_kept(named: str) -> None:
    # A burst of 26 dB in 200 kHz, and 24 dB below it either its image or another phone, which the noise is nearly as
    # strong as; also another phone with an image of half its power underneath.
    rng, rate, count = np.random.default_rng(12), 4e6, 2184
    turn = np.exp(2j * np.pi * 1e6 / rate * np.arange(count))
    sent, other = (gsm_burst("normal", rng, rate_hz=rate, sequence=k)[0][:count] * turn for k in range(2))
    level = 10 ** (26 / 20) * math.sqrt(2 * 200e3 / rate)
    floor = 10 * math.log10(2 / rate)
    strong = Emission("gsm:normal", 0, count, 0.9e6, 1.1e6, 26.0, 0.99, floor_dbfs_hz=floor)
    weak = Emission(named, 0, count, -1.1e6, -0.9e6, 2.0, 0.9, floor_dbfs_hz=floor)
    image, phone = sent.conj() * 10 ** (-24 / 20), other.conj() * 10 ** (-24 / 20)
    for mixed, label in ((image, "image:gsm:normal"), (phone, named), (phone + image * math.sqrt(0.3), named)):
        noise = rng.normal(size=(count, 2)).view(np.complex128)[:, 0]
        wave = level * (sent + mixed) + noise
        block = Block(np.stack([wave.real, wave.imag], 1).astype(np.float32), 1.0, 0, Segment(0, count, rate))
        assert [e.label for e in images.images([strong, weak], block)] == ["gsm:normal", label]


def test_an_image_around_another_mirror_is_told_and_a_phone_of_the_same_slot_is_kept() -> None:
    # A receiver tuned 600 kHz beside what it recorded: the image of a burst at -0.2 MHz lies at 1.4 MHz.
    rng, rate, count = np.random.default_rng(13), 4e6, 2184
    turn = np.exp(2j * np.pi * 1.6e6 / rate * np.arange(count))
    sent, other = (gsm_burst("normal", rng, rate_hz=rate, sequence=k)[0][:count] for k in range(2))
    level, floor = 10 ** (30 / 20) * math.sqrt(2 * 200e3 / rate), 10 * math.log10(2 / rate)
    moved = np.exp(-2j * np.pi * 0.2e6 / rate * np.arange(count))
    strong = Emission("gsm:normal", 0, count, -0.3e6, -0.1e6, 30.0, 0.99, floor_dbfs_hz=floor)
    weak = Emission("gsm:normal", 0, count, 1.302e6, 1.502e6, 6.0, 0.9, floor_dbfs_hz=floor)  # its middle errs a little
    for faint, label in ((sent.conj(), "image:gsm:normal"), (other, "gsm:normal"), (sent, "gsm:normal")):
        noise = rng.normal(size=(count, 2)).view(np.complex128)[:, 0]
        wave = level * moved * (sent + 10 ** (-24 / 20) * faint * turn) + noise
        block = Block(np.stack([wave.real, wave.imag], 1).astype(np.float32), 1.0, 0, Segment(0, count, rate))
        assert [e.label for e in images.images([strong, weak], block)] == ["gsm:normal", label]


def boxed(name: str) -> list[Emission]:
    """What is named in the boxes of a recording."""
    path = RECORDINGS / f"{name}.sigmf-meta"
    if not path.exists():
        pytest.skip("the shared recordings are not here")
    found: list[Emission] = []
    for find in finds(blocks(open_recording(path), 1 << 20), Counter()):
        told = [b for n in range(len(find.regions)) for b in bursts(find, n, Counter())]
        named = [e for b in told for e in impostors.recognise(b, find.samples)]
        found += impostors.settle(named, find.samples.segment.rate_hz)
    return found


@pytest.mark.parametrize(
    ("name", "label", "least"),
    [
        ("zigbee_84B", "other:zigbee", 1),
        ("ble_data_zigbee_overlap", "other:zigbee", 1),
        ("ism_fsk_1M", "other:fsk", 1),
        ("ism868_homematic_1M", "other:fsk", 2),
        ("ism433_elektromaten_remote", "other:ook", 2),
        ("dji_mavic_air2_50M", "other:dji-droneid", 4),
        ("adsb_1090M_2M", "other:adsb", 130),
    ],
)
def test_recordings_of_no_phones_are_named(name: str, label: str, least: int) -> None:
    found = boxed(f"real/{name}")
    assert sum(e.label == label for e in found) >= least


@pytest.mark.long
@pytest.mark.parametrize(("up", "down"), [(6, 5), (5, 4)])
def test_real_aircraft_are_named_as_well_where_halves_of_bits_fall_between_samples(up: int, down: int) -> None:
    path = RECORDINGS / "real/adsb_1090M_2M.sigmf-meta"
    if not path.exists():
        pytest.skip("the shared recordings are not here")
    (whole,) = blocks(open_recording(path), 1 << 24)
    aircraft = {
        rate: sum(e.label in impostors_mode_s.MODE_S_US for e in emissions(finds([block], Counter()), Counter()))
        for rate, block in ((1, whole), (up / down, _faster(whole, up, down)))
    }
    assert aircraft[up / down] >= 0.92 * aircraft[1] > 400


def _faster(block: Block, up: int, down: int) -> Block:
    iq = np.ascontiguousarray(resample_poly(block.iq.astype(np.float32), up, down, axis=0), np.float32)
    segment = replace(block.segment, sample_count=len(iq), rate_hz=block.segment.rate_hz * up / down)
    return Block(iq, block.scale, 0, segment)


@pytest.mark.parametrize(
    "name", ["gsm/gsm_call_2M", "gsm/gsm_band_10M", "lte/lte_ul25_s2", "reference/umts_prach", "reference/nr_pusch_15"]
)
def test_recordings_of_phones_hold_none_of_these(name: str) -> None:
    assert boxed(name) == []


@pytest.mark.parametrize("folder", ["room", "wired"])
def test_real_boards_of_lora_are_named(folder: str) -> None:
    path = RECORDINGS / f"fingerprint/lora_heltec_v3_{folder}.npz"
    if not path.exists():
        pytest.skip("the shared recordings are not here")
    hits = 0
    for iq in np.load(path)["iq"][::10]:
        iq = np.ascontiguousarray(iq.astype(np.float32))
        floor = 10 * math.log10(float(np.mean(np.sum(iq * iq, axis=1))) / 100 / 250e3)
        block = Block(iq, 1.0, 0, Segment(0, len(iq), 250e3))
        told = impostors.recognise(Burst(0, len(iq), -125e3, 125e3, 20.0, floor), block)
        hits += [e.label for e in told] == ["other:lora"]
    assert hits >= 58  # of 60


def test_the_image_of_a_real_receiver_is_found() -> None:
    path = RECORDINGS / "real/lte_uplink_30M.sigmf-meta"
    if not path.exists():
        pytest.skip("the shared recordings are not here")
    for find in finds(blocks(open_recording(path), 1 << 20), Counter()):
        phone = Emission("lte:pusch", 366826, 28522, -4.5e6, -3.05e6, 60.0, 0.9)
        (_, image) = images.images([phone], find.samples)
        assert image.label == "image:lte:pusch"
        assert image.details["below_db"] == pytest.approx(33.0, abs=1.0)  # the recording's note says 33 dB
        break
