"""The NR recogniser against waves that obey TS 38.211, the standard's sequences, LTE, impostors and recordings."""

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from cellwarden.airinterface import lte, nr
from cellwarden.airinterface.lte_nr_teeth import (
    SURE_TURN,
    is_longer,
    longer_nats,
    preamble_nats,
    sounded,
    turned_by,
)
from cellwarden.airinterface.lte_waveform import base_sequence, base_sequences, zadoff_chu
from cellwarden.airinterface.lte_waveform import generate as lte_wave
from cellwarden.airinterface.nr_comb import teeth_nats
from cellwarden.airinterface.nr_kernels import prefixed
from cellwarden.airinterface.nr_precoded import sequence_nats
from cellwarden.airinterface.nr_tables import EIGHTEEN, SIX, TWELVE, TWENTY_FOUR
from cellwarden.airinterface.nr_waveform import (
    REFERENCES,
    SHORT_FORMATS,
    generate,
    gold,
    primary,
    reference_sequence,
    secondaries,
    short_preamble,
    symbols_wave,
)
from cellwarden.model import Block, Burst, Emission, Segment
from cellwarden.radio.recording import open_recording
from cellwarden.runtime.scan import scan
from cellwarden.simulate.waves import IMPOSTORS, frequency_shift

RECORDINGS = Path(__file__).parents[3] / "shared" / "recordings"
RATE_HZ = 15.36e6


def boxed(
    wave: np.ndarray, snr_db: float, width_hz: float, seed: int, offset_hz: float = 0.0, centre_hz: float | None = None
) -> tuple[Burst, Block]:
    """A wave of power 1 in white noise, 1 ms of it on either side, boxed to some 3 µs; `snr_db` in `width_hz`."""
    rng = np.random.default_rng(seed)
    margin = round(1e-3 * RATE_HZ)
    mixed = rng.normal(size=(len(wave) + 2 * margin, 2)).view(np.complex128)[:, 0]
    mixed[margin : margin + len(wave)] += wave * math.sqrt(10 ** (snr_db / 10) * 2 / RATE_HZ * width_hz)
    iq = np.stack([mixed.real, mixed.imag], axis=1).astype(np.float32)
    low, high = offset_hz - width_hz / 2 - 8e3, offset_hz + width_hz / 2 + 8e3
    start = margin + int(rng.integers(-50, 50))
    box = Burst(start, len(wave), low, high, snr_db, 10 * math.log10(2 / RATE_HZ))
    return box, Block(iq, 1.0, 0, Segment(0, len(iq), RATE_HZ, centre_hz))


def named(
    kind: str, snr_db: float, seed: int, *, centre_hz: float | None = None, multiple: int = 1, **more: object
) -> list[Emission]:
    """What is recognised of one burst at a random frequency."""
    rng = np.random.default_rng(seed)
    offset = float(rng.uniform(-2e6, 2e6))
    width = {"prach": 139 * 15e3, "downlink": 3.6e6}.get(kind, float(str(more.get("blocks", 6))) * 180e3) * multiple
    wave = generate(kind, rng, rate_hz=RATE_HZ, multiple=multiple, carrier_offset_hz=offset, **more)  # type: ignore[arg-type]
    return nr.recognise(*boxed(wave, snr_db, width, seed, offset, centre_hz))


def test_synchronisation_sequences_are_those_of_the_standard() -> None:
    bits = ((1 - primary(0)) / 2).astype(int)
    assert bits[:7].tolist() == [0, 1, 1, 0, 1, 1, 1]  # x(0) … x(6) of TS 38.211 §7.4.2.2.1
    assert all(bits[n + 7] == (bits[n + 4] + bits[n]) % 2 for n in range(120))
    assert np.array_equal(primary(1), np.roll(primary(0), -43))
    assert secondaries(2).shape == (336, 127)
    alike = np.abs(secondaries(0) @ secondaries(0).T) - 127 * np.eye(336)
    assert np.max(alike) < 45


def test_the_gold_sequence_of_seed_nought_is_its_first_register() -> None:
    one = [1] + [0] * 30
    for n in range(1700):
        one.append(one[n + 3] ^ one[n])
    assert gold(0, 100).tolist() == one[1600:1700]


def test_short_preambles_last_as_long_as_the_standard_prints() -> None:
    ticks = {kind: round((prefix + repeats / 15e3) * 30.72e6) for kind, (prefix, repeats) in SHORT_FORMATS.items()}
    assert ticks["A1"] == 288 + 2 * 2048
    assert ticks["B4"] == 936 + 12 * 2048
    assert ticks["C2"] == 2048 + 4 * 2048
    assert len(short_preamble(1, 0, 30.72e6, "B4", 2)) == (936 + 12 * 2048) / 2


@pytest.mark.parametrize("multiple", [1, 2])
@pytest.mark.parametrize("kind", sorted(SHORT_FORMATS))
def test_a_short_preamble_of_each_format_is_found_with_its_root(kind: str, multiple: int) -> None:
    (emission,) = named("prach", 3.0, 5, multiple=multiple, preamble_format=kind, root=97)
    assert (emission.label, emission.direction) == ("nr:prach", "uplink")
    assert (emission.details["root"], emission.details["spacing_khz"]) == (97, 15 * multiple)


def test_short_preambles_are_named_at_nought_decibels() -> None:
    found = [named("prach", 0.0, seed, preamble_format="A1") for seed in range(20)]
    assert sum(len(f) == 1 and f[0].label == "nr:prach" for f in found) == 20


@pytest.mark.parametrize(
    ("multiple", "blocks", "precoded"), [(1, 6, False), (1, 25, True), (2, 12, False), (4, 6, True)]
)
def test_pusch_is_named_at_nought_decibels(multiple: int, blocks: int, precoded: bool) -> None:
    found = [named("pusch", 0.0, seed, multiple=multiple, blocks=blocks, precoded=precoded) for seed in range(12)]
    right = [f for f in found if len(f) == 1 and f[0].label == "nr:pusch"]
    assert len(right) >= 11
    assert all(f[0].details["spacing_khz"] == 15 * multiple for f in right)


def test_the_tables_have_the_groups_printed_in_the_standard() -> None:
    tables = (SIX, TWELVE, EIGHTEEN, TWENTY_FOUR)
    assert [t.shape for t in tables] == [(30, n) for n in (6, 12, 18, 24)]
    assert all(len(np.unique(t, axis=0)) == 30 and set(np.unique(t)) == {-3, -1, 1, 3} for t in tables)
    assert TWELVE[0].tolist() == [-3, 1, -3, -3, -3, 3, -3, -1, 1, 1, 1, -3]
    assert TWELVE[29].tolist() == [-3, 3, -3, 3, -3, -3, 3, -1, -1, 1, 3, -3]


@pytest.mark.parametrize(("length", "most"), [(6, 2.4), (12, 1.9), (18, 1.9), (24, 1.9)])
def test_short_sequences_have_the_low_peaks_that_they_were_chosen_for(length: int, most: float) -> None:
    """An independent check of the numbers: with one of them wrong, 19 in 20 sequences have more (six: 17 in 20)."""
    sequences = np.array([reference_sequence(group, 0, length) for group in range(30)])
    power = np.abs(np.fft.ifft(sequences, 1024, axis=-1)) ** 2
    cubic = np.mean((power / power.mean(axis=-1, keepdims=True)) ** 3, axis=-1)  # 6 of noise
    assert float(cubic.max()) < most


def test_from_36_subcarriers_on_sequences_are_those_of_lte_and_of_thirty_a_formula() -> None:
    assert np.array_equal(reference_sequence(7, 1, 72), base_sequence(7, 1, 72))
    assert not np.allclose(reference_sequence(7, 0, 12), base_sequence(7, 0, 12))
    assert np.allclose(reference_sequence(4, 0, 30)[:2], np.exp(-1j * np.pi * 5 * np.array([2, 6]) / 31))


def test_precoded_reference_symbols_are_told_by_their_sequence() -> None:
    rng = np.random.default_rng(4)
    delay = np.exp(2j * np.pi * 0.05 * np.arange(18))
    sent = reference_sequence(11, 0, 18) * delay * np.exp(2j * np.pi * rng.random((2, 1)))
    noise = rng.normal(size=(300, 2, 36)).view(np.complex128) / math.sqrt(2)
    told = [sequence_nats((math.sqrt(2) * sent + n).astype(np.complex64)) for n in noise]  # 0 dB, and 3 of the comb
    chance = [sequence_nats(n.astype(np.complex64)) for n in noise]
    # 36 values, two thirds of whose power is the sequence: (36 - 2) ln 3 nats, less 6 of the choices
    assert np.median(told) > 20
    assert np.mean(np.array(chance) > 3) < 0.09  # exp(-3), and three deviations of 300 trials
    assert sequence_nats(noise[0, :, :7].astype(np.complex64)) == 0  # seven sixths of a block are none


def test_precoded_data_of_two_blocks_is_named_at_one_decibel() -> None:
    """23 of 24; 18 by prefixes and combs alone."""
    found = [named("pusch", 1.0, seed, multiple=1, blocks=2, precoded=True) for seed in range(24)]
    assert sum(len(f) == 1 and f[0].label == "nr:pusch" for f in found) >= 21


def test_a_comb_of_two_faint_blocks_tells_as_much_as_its_likelihood_lets_expect() -> None:
    """24 values at 0 dB have 3.45 nats; chance has as much more seldom than its likelihood says."""
    rng = np.random.default_rng(9)
    noise = rng.exponential(size=(20000, 24))
    sent = noise * np.tile([3.0, 1.0], 12)
    even, odd = teeth_nats(sent, 1.0)
    # of part F = 3/4 the likelihood is 12 ln 3 - 24 ln (3/4 + 3/4) = 3.45; what F strays by costs half a nat at most
    assert float(np.mean(even)) == pytest.approx(12 * math.log(3) - 24 * math.log(1.5), abs=0.5)
    assert float(np.mean(odd)) < -8
    chance = teeth_nats(2 * noise, 1.0)[0]
    assert np.mean(np.exp(chance)) == pytest.approx(1.0, abs=0.1)  # a likelihood ratio has mean 1 by chance
    assert np.mean(chance > 3.0) < math.exp(-3.0)


def test_two_faint_blocks_are_named_at_nought_decibels() -> None:
    """18 of 24; 14 where each reference symbol had to show by itself."""
    found = [named("pusch", 0.0, seed, multiple=2, blocks=2) for seed in range(24)]
    assert sum(len(f) == 1 and f[0].label == "nr:pusch" for f in found) >= 17


def _grid_without_references(seed: int) -> tuple[Burst, Block]:
    """Three blocks of 30 kHz, of which no subcarrier is ever empty."""
    rng = np.random.default_rng(seed)
    points = np.exp(0.5j * np.pi * (rng.integers(0, 4, (14, 36)) + 0.5))
    wave = symbols_wave(points, RATE_HZ, 2, first_long=True)
    return boxed(wave / math.sqrt(float(np.mean(np.abs(wave) ** 2))), 0.0, 1.08e6, seed)


def test_faint_symbols_without_references_are_no_pusch() -> None:
    assert sum(bool(nr.recognise(*_grid_without_references(seed))) for seed in range(60)) <= 1


@pytest.mark.parametrize("multiple", [1, 2])
def test_pusch_of_one_block_is_named_at_fifteen_decibels(multiple: int) -> None:
    labels = Counter(e.label for seed in range(12) for e in named("pusch", 15.0, seed, multiple=multiple, blocks=1))
    assert labels == {"nr:pusch": 12}


@pytest.mark.parametrize("multiple", [1, 2])
def test_a_synchronisation_block_is_a_base_stations(multiple: int) -> None:
    found = [named("downlink", 0.0, seed, multiple=multiple) for seed in range(10)]
    assert all(len(f) == 1 and (f[0].label, f[0].direction) == ("nr:downlink", "downlink") for f in found)


def test_what_looks_like_pusch_in_a_band_of_base_stations_is_no_phone() -> None:
    (emission,) = named("pusch", 15.0, 3, centre_hz=1842.5e6)  # band n3: uplink 1710-1785, downlink 1805-1880 MHz
    assert (emission.label, emission.direction) == ("nr:downlink", "downlink")


def test_nothing_is_looked_for_where_no_licence_is() -> None:
    assert named("pusch", 15.0, 3, centre_hz=2440e6) == []


def test_keyed_frequency_is_no_pusch() -> None:
    rng = np.random.default_rng(8)
    for seed in range(40):
        wave = frequency_shift(round(357e-6 * RATE_HZ), RATE_HZ, rng, bits_per_s=1e6, deviation_hz=250e3, bt=0.5)
        assert nr.recognise(*boxed(wave, 15.0, 1.08e6, seed)) == []


def test_wide_data_with_strong_pilots_in_every_symbol_is_no_pusch() -> None:
    for seed in range(4):  # a drone's, with the spacing and the prefixes of LTE; every sixth subcarrier is a pilot
        rng = np.random.default_rng(seed)
        values = (rng.choice([-1.0, 1.0], (13, 588)) + 1j * rng.choice([-1.0, 1.0], (13, 588))) / math.sqrt(2)
        values[:, ::6] = 1.33 * rng.choice([-1.0, 1.0], 98)
        wave = symbols_wave(values, RATE_HZ, 1, first_long=False)
        wave = wave / math.sqrt(float(np.mean(np.abs(wave) ** 2)))
        assert nr.recognise(*boxed(wave, 15.0, 588 * 15e3, seed)) == []


@pytest.mark.parametrize("seed", [89, 90, 91])
def test_a_carrier_that_is_keyed_on_and_off_is_no_pusch(seed: int) -> None:
    rng = np.random.default_rng(seed)  # of 90, two symbols look like reference symbols
    frequency_shift(round(0.856e-3 * RATE_HZ), RATE_HZ, rng, bits_per_s=300e3, deviation_hz=75e3, bt=None)
    per_bit, count = rng.uniform(10, 60) / 2.4e6 * RATE_HZ, round((0.5, 0.785, 0.928, 0.999)[seed % 4] * 1e-3 * RATE_HZ)
    wave = rng.integers(0, 2, count)[(np.arange(count) / per_bit).astype(int)].astype(complex)
    box, block = boxed(wave / math.sqrt(float(np.mean(np.abs(wave) ** 2))), 22.0, 165e3, seed)
    assert nr.recognise(box, block) == []


@pytest.mark.parametrize("preamble_format", ["A1", "A2"])
def test_short_preambles_near_the_edge_of_the_recording_are_no_sounding(preamble_format: str) -> None:
    found = [named("prach", 3.0, seed, multiple=2, preamble_format=preamble_format) for seed in range(10)]
    assert sum([e.label for e in f] == ["nr:prach"] for f in found) >= 9


@pytest.mark.parametrize("slope", [1, -1])
def test_a_sweep_that_crosses_a_preambles_band_at_its_pace_is_none(slope: int) -> None:
    seconds, pace = 85e-6, slope * 139 * 15e3 * 15e3  # of the root 1, which crosses its band once in a symbol
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ - seconds / 2
    wave = np.exp(1j * np.pi * pace * time_s**2)
    assert nr.recognise(*boxed(wave, 15.0, abs(pace) * seconds, 5)) == []


def test_references_begin_in_symbol_two_or_three() -> None:
    assert {r[0] for r in REFERENCES} == {2, 3}


@pytest.mark.parametrize(("kind", "blocks"), [("pusch", 6), ("pusch", 25), ("pucch", 1), ("srs", 24)])
def test_lte_is_not_taken_for_nr(kind: str, blocks: int) -> None:
    for seed in range(10):
        wave = lte_wave(kind, np.random.default_rng(seed), rate_hz=RATE_HZ, blocks=blocks)  # type: ignore[arg-type]
        assert nr.recognise(*boxed(wave, 12.0, blocks * 180e3, seed)) == []


def test_sounding_whose_edge_fades_is_longer_than_a_preamble() -> None:
    rng = np.random.default_rng(5)
    noise = (rng.normal(size=(2, 256)) + 1j * rng.normal(size=(2, 256))) / math.sqrt(2)  # of power 1
    sounding, preamble = np.zeros(256), np.zeros(256)
    sounding[50:194] = math.sqrt(50.0)
    sounding[50:62] /= 2.5  # 8 dB less
    preamble[50:189] = math.sqrt(50.0)
    for low in (50, 54):
        assert is_longer((sounding + noise).astype(np.complex64), low, 1.0, None)
        assert not is_longer((preamble + noise).astype(np.complex64), low, 1.0, None)


def _teeth(
    rng: np.random.Generator, sent: NDArray[np.complexfloating], snr: float, first: int
) -> NDArray[np.complex128]:
    """256 teeth in noise of power 1, some of which are filled, behind a delay."""
    teeth = rng.normal(size=(256, 2)).view(np.complex128)[:, 0] / math.sqrt(2)
    delayed = sent * np.exp(2j * np.pi * rng.random() * np.arange(len(sent)))
    teeth[first : first + len(sent)] += math.sqrt(snr) * delayed
    return np.asarray(teeth)


def test_five_faint_teeth_are_told_by_what_they_carry() -> None:
    """Nine of ten at twice the noise: five teeth are 5 · 2 nats away, the six places of the 139 among 144 cost ln 6."""
    rng = np.random.default_rng(7)
    right = 0
    for n in range(60):
        whole = base_sequence(n % 30, n % 2, 144)
        at = int(rng.integers(6))
        right += longer_nats(_teeth(rng, whole, 2.0, 50), 50 + n % 3, 1.0, whole[:139]) > 0
        right += longer_nats(_teeth(rng, whole[at : at + 139], 2.0, 50 + at), 50 + n % 3, 1.0, whole[:139]) < 0
    assert right >= 108


def test_a_piece_of_a_preamble_is_more_like_all_of_it_than_like_a_sounding_sequence() -> None:
    rng = np.random.default_rng(8)
    for root in range(1, 139, 7):
        spectrum = np.fft.fft(zadoff_chu(root, 139)) / math.sqrt(139)
        assert preamble_nats(_teeth(rng, spectrum, 2.0, 50).astype(np.complex64), 58, 120) > 40
    for group in range(0, 30, 3):
        sounding = _teeth(rng, base_sequence(group, 0, 120), 2.0, 50).astype(np.complex64)
        assert preamble_nats(sounding, 50, 120) < 0.9 * 119 * math.log(3.0)  # what its own sequence tells


def test_roots_that_sound_are_those_whose_spectrum_is_a_sounding_sequence() -> None:
    assert len(sounded()) == 60  # 30 groups of two versions
    for root in list(sounded())[:5]:
        spectrum = np.fft.fft(zadoff_chu(root, 139)) / math.sqrt(139)
        alike = np.fft.ifft(spectrum * np.conj(base_sequences(144)[:, :139]))
        assert np.max(np.abs(alike)) == pytest.approx(1.0)


def test_a_symbol_tells_how_far_it_lies_beside_the_grid() -> None:
    y = np.tile(np.exp(2j * np.pi * np.random.default_rng(6).random(128)), 3)
    turned = (y * np.exp(2j * np.pi * 0.3 / 128 * np.arange(len(y)))).astype(np.complex64)
    fraction, sure = turned_by(turned, 0, len(turned), 128)
    assert fraction == pytest.approx(0.3, abs=1e-5)
    assert sure > SURE_TURN


def test_a_short_preamble_is_no_sounding() -> None:
    wave = generate("prach", np.random.default_rng(1), rate_hz=RATE_HZ, multiple=2, root=23, preamble_format="A1")
    assert lte.recognise(*boxed(wave, 8.0, 139 * 30e3, 1)) == []


@pytest.mark.parametrize("name", sorted(IMPOSTORS))
def test_impostors_are_no_phones(name: str) -> None:
    impostor = IMPOSTORS[name]
    for seed, seconds in enumerate((0.5e-3, 1e-3, 0.14e-3, 0.285e-3) * 2):
        wave = impostor.make(round(seconds * RATE_HZ), RATE_HZ, np.random.default_rng(seed))
        assert nr.recognise(*boxed(wave, 15.0, impostor.width_hz, seed)) == []


@pytest.mark.parametrize(
    ("name", "label", "least"),
    [
        ("nr_ssb_15", "nr:downlink", 10),
        ("nr_ssb_30", "nr:downlink", 8),
        ("nr_prach_short", "nr:prach", 9),
        ("nr_pusch_15", "nr:pusch", 14),
        ("nr_pusch_30", "nr:pusch", 12),
        ("nr_pusch_dfts15", "nr:pusch", 14),
        ("nr_pusch_dfts30", "nr:pusch", 13),
    ],
)
def test_recorded_nr_is_named(name: str, label: str, least: int) -> None:
    path = RECORDINGS / "reference" / f"{name}.sigmf-meta"
    if not path.exists():
        pytest.skip("shared recordings are not here")
    labels = Counter(e.label for e in scan(open_recording(path)) if e.label != "unknown:burst")
    assert set(labels) == {label}
    assert least <= labels[label] <= least + 4


@pytest.mark.parametrize("name", ["real/ism433_elektromaten_remote", "real/dji_mavic_air2_50M"])
def test_recorded_impostors_are_no_phones(name: str) -> None:
    path = RECORDINGS / f"{name}.sigmf-meta"
    if not path.exists():
        pytest.skip("shared recordings are not here")
    assert not any(e.label.startswith("nr:") for e in scan(open_recording(path)))


def test_prefixes_are_the_plain_sums() -> None:
    rng = np.random.default_rng(71)
    y = rng.normal(size=(90, 2)).astype(np.float32).view(np.complex64)[:, 0]
    first = np.array([[0, 20, 41], [3, 23, 44]])
    alike, power = np.empty(2, np.complex128), np.empty(2)
    prefixed(y, 32, 7, first, alike, power)
    for p in range(2):
        here = np.concatenate([y[low : low + 7] for low in first[p]])
        there = np.concatenate([y[low + 32 : low + 39] for low in first[p]])
        assert alike[p] == pytest.approx(np.sum(here * there.conj()), rel=1e-4)
        assert power[p] == pytest.approx(np.sum(np.abs(here) ** 2 + np.abs(there) ** 2) / 2, rel=1e-4)
