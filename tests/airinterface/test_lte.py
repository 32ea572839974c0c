"""The LTE recogniser against waves that obey TS 36.211, the standard's tables, impostors and recordings."""

import math
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cellwarden.airinterface import lte, lte_downlink, lte_prach, lte_prach_search
from cellwarden.airinterface.lte_cell_waveform import downlink
from cellwarden.airinterface.lte_places import prefix_nats
from cellwarden.airinterface.lte_receiver import stretch
from cellwarden.airinterface.lte_symbols import long_matches, rarity, short_matches
from cellwarden.airinterface.lte_tables import ONE_BLOCK, TWO_BLOCKS
from cellwarden.airinterface.lte_waveform import (
    PREAMBLE,
    allowed_blocks,
    base_sequence,
    base_sequences,
    generate,
    largest_prime_below,
    preamble,
    zadoff_chu,
)
from cellwarden.model import Block, Burst, Cell, Emission, Segment
from cellwarden.radio.recording import open_recording
from cellwarden.runtime.scan import scan
from cellwarden.simulate.channel import Channel, behind
from cellwarden.simulate.waves import IMPOSTORS, frequency_shift

RECORDINGS = Path(__file__).parents[3] / "shared" / "recordings"
WIDTHS_HZ = {"prach": 839 * 1.25e3, "pucch": 180e3}


def heard(wave: np.ndarray, snr_db: float, width_hz: float, rate: float, seed: int, offset_hz: float = 0.0) -> Block:
    """A wave of power 1 in white noise, 1.5 ms of it on either side; `snr_db` in `width_hz`."""
    rng = np.random.default_rng(seed)
    margin = round(1.5e-3 * rate)
    noise = rng.normal(size=(len(wave) + 2 * margin, 2)).view(np.complex128)[:, 0]
    mixed = noise.copy()
    mixed[margin : margin + len(wave)] += wave * math.sqrt(10 ** (snr_db / 10) * 2 / rate * width_hz)
    iq = np.stack([mixed.real, mixed.imag], axis=1).astype(np.float32)
    return Block(iq, 1.0, 0, Segment(0, len(iq), rate))


def named(
    kind: str, snr_db: float, seed: int, *, rate: float = 7.68e6, blocks: int = 6, **more: object
) -> list[Emission]:
    """What is recognised of one burst at a random frequency, boxed roughly."""
    rng = np.random.default_rng(seed)
    offset = float(rng.uniform(-1e6, 1e6))
    width = WIDTHS_HZ.get(kind, blocks * 180e3)
    wave = generate(kind, rng, rate_hz=rate, blocks=blocks, carrier_offset_hz=offset, **more)  # type: ignore[arg-type]
    block = heard(wave, snr_db, width, rate, seed)
    start = round(1.5e-3 * rate) + int(rng.integers(-5e-6 * rate, 5e-6 * rate))
    box = Burst(start, len(wave), offset - width / 2 - 8e3, offset + width / 2 + 8e3, snr_db, 10 * math.log10(2 / rate))
    return lte.recognise(box, block)


def test_the_tables_have_the_groups_printed_in_the_standard() -> None:
    assert ONE_BLOCK.shape == (30, 12)
    assert TWO_BLOCKS.shape == (30, 24)
    assert set(np.unique(ONE_BLOCK)) == set(np.unique(TWO_BLOCKS)) == {-3, -1, 1, 3}
    assert ONE_BLOCK[0].tolist() == [-1, 1, 3, -3, 3, 3, 1, 1, 3, 1, -3, 3]
    assert ONE_BLOCK[29].tolist() == [3, -3, -3, -1, -1, -3, -1, 3, -3, 3, 1, -1]
    assert len(np.unique(TWO_BLOCKS, axis=0)) == len(np.unique(ONE_BLOCK, axis=0)) == 30


def test_the_standards_sequences_have_little_in_common() -> None:
    for length in (12, 24, 36):
        sequences = base_sequences(length)
        common = [np.sort(long_matches(s.astype(np.complex64)))[-2] for s in sequences]
        assert max(common) < 0.75  # no sequence is another one's shift


def test_zadoff_chu_sequences_have_a_flat_spectrum_and_an_ideal_autocorrelation() -> None:
    spectrum = np.abs(np.fft.fft(zadoff_chu(129, PREAMBLE)))
    assert np.allclose(spectrum, math.sqrt(PREAMBLE))


def test_long_sequences_are_of_the_largest_prime_below_their_length() -> None:
    assert [largest_prime_below(n) for n in (36, 72, 96, 300)] == [31, 71, 89, 293]
    assert np.allclose(base_sequence(7, 0, 36)[31:], base_sequence(7, 0, 36)[:5])


def test_pusch_has_only_widths_of_two_three_and_five() -> None:
    assert allowed_blocks(20) == (1, 2, 3, 4, 5, 6, 8, 9, 10, 12, 15, 16, 18, 20)


def test_data_of_one_block_is_named_at_five_decibels() -> None:
    """Of 300 boxes that are right 294 were named so; twenty have 19 or more at that rate but for one time in 200."""
    found = [named("pusch", 5.0, seed, blocks=1) for seed in range(20)]
    assert sum(len(f) == 1 and f[0].label == "lte:pusch" for f in found) >= 18


@pytest.mark.parametrize("beside", [0.0, 0.25])
def test_prefixes_tell_where_a_subframe_begins_and_how_far_beside_the_grid_it_lies(beside: float) -> None:
    rate, turns = 7.68e6, [0.0, 0.25, 0.5]
    offset = (6 + 0.5 + beside) * 15e3  # the lowest of twelve subcarriers lies `beside` a subcarrier of the stretch's
    rng = np.random.default_rng(8)
    wave = generate("pusch", rng, rate_hz=rate, blocks=1, carrier_offset_hz=offset)
    block = heard(wave, 10.0, 180e3, rate, 8)
    box = Burst(round(1.5e-3 * rate), len(wave), offset - 90e3, offset + 90e3, 10.0, 10 * math.log10(2 / rate))
    near = stretch(box, block, 0.3e-3, 0.0, 64)
    begins = near.index(box.sample_start) + np.arange(-8, 9) * 4e-6 * near.rate_hz
    told = prefix_nats(near, offset, 12, begins, 4e-6, 11.0, turns)
    assert np.unravel_index(int(np.argmax(told)), told.shape)[0] == turns.index(beside)
    assert abs(int(np.argmax(told.max(axis=0))) - 8) <= 1
    assert float(told.max()) > 4 > 0 > float(told[2 - turns.index(beside) // 2 * 2].max())


@pytest.mark.parametrize("rate", [1.92e6, 10e6, 15.36e6])
@pytest.mark.parametrize("kind", range(4))
def test_a_preamble_of_each_format_is_found_with_its_root(kind: int, rate: float) -> None:
    wave = preamble(129, 17, rate, kind)
    block = heard(wave / math.sqrt(np.mean(np.abs(wave) ** 2)), 3.0, WIDTHS_HZ["prach"], rate, kind)
    start = round(1.5e-3 * rate)
    box = Burst(start, len(wave), -530e3, 530e3, 3.0, 10 * math.log10(2 / rate))
    (emission,) = lte.recognise(box, block)
    assert emission.label == "lte:prach"
    assert (emission.details["root"], emission.details["format"]) == (129, kind)
    assert abs(emission.sample_start - start) < 15e-6 * rate


@pytest.mark.parametrize("root", [3, 22, 832])
def test_a_preamble_that_echoes_cut_into_boxes_is_named_in_its_rough_one(root: int) -> None:
    rate, rng = 7.68e6, np.random.default_rng(root)
    wave = generate("prach", rng, rate_hz=rate, root=root, preamble_format=int(rng.integers(4)))
    wave = behind(wave, Channel("tdl-a", (290e-9, 300e-9), fading="received"), rate, rng)
    block = heard(wave, 15.0, WIDTHS_HZ["prach"], rate, root)
    early, late = (round(rng.uniform(40e-6, 110e-6) * rate) for _ in range(2))
    start = round(1.5e-3 * rate) - early
    box = Burst(start, early + len(wave) + late, -610e3, 580e3, 14.0, 10 * math.log10(2 / rate))
    (emission,) = lte_prach.in_rough(box, block)
    assert (emission.label, emission.details["root"]) == ("lte:prach", root)
    silence = Block(block.iq[: round(1.4e-3 * rate)], 1.0, 0, block.segment)
    assert lte_prach.in_rough(replace(box, sample_start=0, sample_count=round(1.2e-3 * rate)), silence) == []


def test_a_preamble_is_found_blind_at_minus_three_decibels() -> None:
    found = [named("prach", -3.0, seed) for seed in range(30)]
    assert sum(len(f) == 1 and f[0].label == "lte:prach" for f in found) == 30


def deep(snr_db: float | None, seed: int) -> list[Emission]:
    """What a search finds in two subframes, one of which holds a preamble of root 22 that comes 10 µs late."""
    rate, rng = 1.92e6, np.random.default_rng(seed)
    offset = float(rng.uniform(-270, 270))  # 0.1 millionths of 2.7 GHz (TS 36.101 §6.5.1)
    wave = generate("prach", rng, rate_hz=rate, root=22, carrier_offset_hz=offset)
    level = 0.0 if snr_db is None else math.sqrt(10 ** (snr_db / 10) * 2 / rate * WIDTHS_HZ["prach"])
    mixed = rng.normal(size=(round(2.1e-3 * rate), 2)).view(np.complex128)[:, 0]
    first = round(1.01e-3 * rate)
    mixed[first : first + len(wave)] += level * wave
    iq = np.stack([mixed.real, mixed.imag], axis=1).astype(np.float32)
    cell = Cell("lte", (0.0,), 0.0, 10e-3 * rate, {"preamble_root": 22})
    return lte_prach_search.search(Block(iq, 1.0, 0, Segment(0, len(iq), rate)), cell)


def test_a_preamble_of_a_known_root_is_found_at_minus_thirteen_decibels() -> None:
    assert sum(len(deep(-13.0, seed)) == 1 for seed in range(60)) >= 59


def test_a_search_of_noise_finds_nothing() -> None:
    assert sum(len(deep(None, seed)) for seed in range(60)) == 0


@pytest.mark.parametrize(("blocks", "snr_db"), [(1, 6.0), (2, 5.0), (6, 0.0), (25, -3.0)])
def test_pusch_is_named_at_the_issues_levels(blocks: int, snr_db: float) -> None:
    found = [named("pusch", snr_db, seed, blocks=blocks) for seed in range(12)]
    right = [f for f in found if len(f) == 1 and f[0].label == "lte:pusch" and f[0].details["blocks"] == blocks]
    assert len(right) >= 11


@pytest.mark.parametrize("blocks", [9, 16])
def test_pusch_is_named_where_the_floor_beside_it_is_another(blocks: int) -> None:
    # A receiver's filter that passes from -3.7 to 2.6 dB: beside a box there is up to twice the noise that it tells.
    right, rate, taps = 0, 7.68e6, np.array([1.0, 0.35 * np.exp(1.2j)])
    for seed in range(12):
        rng, width = np.random.default_rng(seed), blocks * 180e3
        offset = float(rng.uniform(-1.5e6, 1.5e6))
        wave = generate("pusch", rng, rate_hz=rate, blocks=blocks, carrier_offset_hz=offset)
        block = heard(wave, 3.0, width, rate, seed)
        passed = np.convolve(block.iq @ [1, 1j], taps)[: len(block.iq)]
        uneven = Block(np.stack([passed.real, passed.imag], axis=1).astype(np.float32), 1.0, 0, block.segment)
        inside = np.exp(-2j * np.pi * (offset + np.linspace(-0.5, 0.5, 64) * width) / rate)
        floor = 2 / rate * float(np.mean(np.abs(taps[0] + taps[1] * inside) ** 2))
        box = Burst(
            round(1.5e-3 * rate), len(wave), offset - width / 2, offset + width / 2, 3.0, 10 * math.log10(floor)
        )
        found = lte.recognise(box, uneven)
        right += len(found) == 1 and found[0].label == "lte:pusch" and found[0].details["blocks"] == blocks
    assert right >= 11


def test_pucch_is_named() -> None:
    labels = Counter(e.label for seed in range(12) for e in named("pucch", 5.0, seed, blocks=1))
    assert labels == {"lte:pucch": 12}


@pytest.mark.parametrize("blocks", [4, 20, 36])
def test_sounding_is_named(blocks: int) -> None:
    found = [named("srs", 6.0, seed, blocks=blocks, rate=10e6) for seed in range(6)]
    assert Counter(e.label for f in found for e in f) == {"lte:srs": 6}


def test_a_base_station_is_no_phone() -> None:
    rate = 10e6
    wave = downlink(np.random.default_rng(1), 77, rate_hz=rate, blocks=15)
    box = Burst(round(1.5e-3 * rate), len(wave), -1.35e6, 1.35e6, 15.0, 10 * math.log10(2 / rate))
    (emission,) = lte.recognise(box, heard(wave, 15.0, 15 * 180e3, rate, 1))
    assert emission.label == "lte:downlink"
    assert emission.direction == "downlink"


@pytest.mark.long
def test_base_stations_are_named_behind_echoes() -> None:
    rng, rate = np.random.default_rng(11), 7.68e6
    for blocks in (6, 15, 25) * 2:
        wave = downlink(rng, int(rng.integers(504)), rate_hz=rate, blocks=blocks)
        block = heard(behind(wave, Channel("tdl-a", fading="received"), rate, rng), 15.0, blocks * 180e3, rate, blocks)
        half = blocks * 90e3  # a box of the subframe that has the synchronisation signal
        box = Burst(round(1.5e-3 * rate), round(1e-3 * rate), -half, half, 15.0, 10 * math.log10(2 / rate))
        found = lte_downlink.recognise(box, block)
        assert found and all(e.label == "lte:downlink" and e.direction == "downlink" for e in found)


def test_a_phone_that_sends_in_every_subframe_is_no_base_station() -> None:
    rng, rate = np.random.default_rng(12), 7.68e6
    for blocks in (6, 15, 25):
        wave = np.concatenate([generate("pusch", rng, rate_hz=rate, blocks=blocks) for _ in range(15)])
        block = heard(wave, 15.0, blocks * 180e3, rate, blocks)
        half = blocks * 90e3
        box = Burst(round(1.5e-3 * rate), len(wave), -half, half, 15.0, 10 * math.log10(2 / rate))
        assert lte_downlink.recognise(box, block) == []


@pytest.mark.parametrize("seed", [22, 68, 142])
def test_keyed_frequency_as_wide_as_a_block_is_no_data(seed: int) -> None:
    rate = 3.84e6  # of 150 bursts of a meter as long as a subframe, those in which sequences of the tables were found
    rng = np.random.default_rng(seed)
    wave = frequency_shift(round(1e-3 * rate), rate, rng, bits_per_s=300e3, deviation_hz=75e3, bt=None)
    block = heard(wave, 25.0, 200e3, rate, seed)
    box = Burst(round(1.5e-3 * rate), len(wave), -180e3, 180e3, 25.0, 10 * math.log10(2 / rate))
    assert [e.label for e in lte.recognise(box, block) if e.direction != "downlink"] == []


@pytest.mark.parametrize("name", sorted(IMPOSTORS))
def test_impostors_are_no_phones(name: str) -> None:
    rate, impostor = 7.68e6, IMPOSTORS[name]
    for seed, seconds in enumerate((0.5e-3, 1e-3, 0.9e-3, 71e-6) * 3):
        wave = impostor.make(round(seconds * rate), rate, np.random.default_rng(seed))
        block = heard(wave, 15.0, impostor.width_hz, rate, seed)
        box = Burst(
            round(1.5e-3 * rate),
            len(wave),
            -impostor.width_hz / 2,
            impostor.width_hz / 2,
            15.0,
            10 * math.log10(2 / rate),
        )
        assert lte.recognise(box, block) == []


def test_the_part_of_noise_in_a_sequence_is_as_rare_as_said() -> None:
    rng = np.random.default_rng(3)
    bands = rng.normal(size=(4000, 12, 2)).view(np.complex128)[..., 0].astype(np.complex64)
    surprises = -11 * np.log1p(-short_matches(bands)[:, 0])  # one sequence, some 12 independent delays
    assert np.mean(surprises > math.log(12 * 1.5) + 3.0) < 1.2 * math.exp(-3.0)
    assert rarity(20.0, 1) == pytest.approx(20.0)


def test_the_compiled_loop_agrees_with_plain_numpy() -> None:
    rng = np.random.default_rng(4)
    for length, count in ((12, 1), (24, 7)):
        bands = rng.normal(size=(count, length, 2)).view(np.complex128)[..., 0].astype(np.complex64)
        delays = np.exp(2j * np.pi * np.arange(length)[:, None] * np.arange(round(1.5 * length)) / round(1.5 * length))
        matched = (bands[:, None] * np.conj(base_sequences(length))) @ delays
        energy = np.sum(np.abs(bands) ** 2, axis=1)
        plain = np.max(np.abs(matched) ** 2, axis=-1) / (energy[:, None] * length)
        assert np.allclose(short_matches(bands), plain, rtol=1e-4)


def test_the_image_of_a_strong_phone_is_no_second_phone() -> None:
    strong = Emission("lte:pusch", 1000, 7680, 1e6, 2e6, 50.0, 1.0, floor_dbfs_hz=-150.0, details={"blocks": 5})
    image = replace(strong, sample_start=1003, low_offset_hz=-2e6, high_offset_hz=-1e6, snr_db=17.0)
    other = replace(image, low_offset_hz=-1.4e6, high_offset_hz=-0.4e6, details={"blocks": 6})
    labels = [e.label for e in lte.settle([strong, image, other], 7.68e6)]
    assert labels == ["lte:pusch", "image:lte:pusch", "lte:pusch"]


def test_a_weaker_phone_beside_a_strong_one_stays_a_phone() -> None:
    details = {"blocks": 5, "sequence_group": 7}
    strong = Emission("lte:pusch", 1000, 7680, 1e6, 2e6, 60.0, 1.0, floor_dbfs_hz=-150.0, details=details)
    weak = replace(strong, low_offset_hz=2.5e6, high_offset_hz=3.5e6, snr_db=15.0)
    made = lte.settle([strong, weak], 7.68e6)
    assert [e.label for e in made] == ["lte:pusch", "image:lte:pusch"]  # all in common: made in the receiver
    for phone in (
        replace(weak, details={**details, "sequence_group": 8}),
        replace(weak, details={**details, "blocks": 6}),
        replace(weak, sample_start=1100),
    ):
        assert [e.label for e in lte.settle([strong, phone], 7.68e6)] == ["lte:pusch", "lte:pusch"]
    near = replace(strong, snr_db=45.0)  # a receiver makes nothing of what is no stronger
    assert [e.label for e in lte.settle([near, replace(weak, snr_db=5.0)], 7.68e6)] == ["lte:pusch", "lte:pusch"]


@pytest.mark.parametrize(
    ("name", "least"), [("lte/lte_ul50_s3", 23), ("real/lte_uplink_30M", 3), ("reference/lte_srs_own", 18)]
)
def test_recorded_phones_are_named(name: str, least: int) -> None:
    path = RECORDINGS / f"{name}.sigmf-meta"
    if not path.exists():
        pytest.skip("shared recordings are not here")
    labels = Counter(e.label for e in scan(open_recording(path)) if e.label.startswith("lte:"))
    assert least <= sum(labels.values()) <= least + 2


@pytest.mark.parametrize(
    "name", ["real/lte_dl_fdd_1815M_19M2", "real/lte_dl_tdd_2645M_1M92", "real/wifi_dot11n_65mbps"]
)
def test_recorded_base_stations_and_drones_are_no_phones(name: str) -> None:
    path = RECORDINGS / f"{name}.sigmf-meta"
    if not path.exists():
        pytest.skip("shared recordings are not here")
    labels = {e.label for e in scan(open_recording(path)) if e.label.startswith("lte:")}
    assert labels <= {"lte:downlink"}
