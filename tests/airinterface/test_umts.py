"""The UMTS recogniser against codes of the standard, a modulator that obeys it, other signals, and recordings."""

import json
import math
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from tests.conftest import SHARED

from cellwarden.airinterface import umts, umts_kernels
from cellwarden.airinterface import umts_waveform as waveform
from cellwarden.airinterface.umts_lines import preamble_carrier
from cellwarden.airinterface.umts_repeated import repeated
from cellwarden.detect.bursts import bursts
from cellwarden.detect.finds import finds
from cellwarden.model import Block, Burst, Emission, Segment
from cellwarden.radio.recording import blocks, open_recording
from cellwarden.simulate.channel import Channel, behind
from cellwarden.simulate.waves import IMPOSTORS

RATE, CARRIER = 11.52e6, 2.4e6
RECORDINGS = SHARED / "recordings"
SLOW_FADES = [(0.0, 1.0), (0.3e-6, 0.4j)]
"""Two paths, the second 8 dB weaker and more than a chip later."""


def heard(
    chips: np.ndarray,
    snr_db: float,
    rng: np.random.Generator,
    *,
    cfo_hz: float = 0.0,
    box_hz: tuple[float, float] = (-1.9e6, 1.9e6),
    centre_hz: float | None = 1950e6,
    paths: list[tuple[float, complex]] | None = None,
) -> tuple[list[Emission], float]:
    """What is named in chips in noise, and where their first one truly begins. SNR in 4.68 MHz."""
    wave, start = waveform.generate(chips, rate_hz=RATE, carrier_offset_hz=CARRIER + cfo_hz, delay_samples=rng.random())
    echoed = np.zeros(len(wave), np.complex128)
    for delay_s, gain in paths or [(0.0, 1.0)]:
        echoed += gain * np.roll(wave, round(delay_s * RATE))
    emissions, first = named(echoed, snr_db, rng, (CARRIER + box_hz[0], CARRIER + box_hz[1]), centre_hz)
    return emissions, first + start


def named(
    wave: np.ndarray,
    snr_db: float,
    rng: np.random.Generator,
    band: tuple[float, float],
    centre_hz: float | None = 1950e6,
) -> tuple[list[Emission], int]:
    margin = round(0.5e-3 * RATE)
    noise = rng.normal(size=(len(wave) + 2 * margin, 2)).view(np.complex128)[:, 0]
    power = 10 ** (snr_db / 10) * 2 / RATE * waveform.BANDWIDTH_HZ / float(np.mean(np.abs(wave) ** 2))
    noise[margin : margin + len(wave)] += wave * math.sqrt(power)
    iq = np.stack([noise.real, noise.imag], axis=1).astype(np.float32)
    block = Block(iq, 1.0, 0, Segment(0, len(iq), RATE, centre_hz))
    box = Burst(margin, len(wave), *band, snr_db, 10 * math.log10(2 / RATE))
    return umts.recognise(box, block), margin


def test_the_second_long_sequence_is_tapped_where_the_standard_draws_it() -> None:
    # TS 25.213 figure 5: clong,2 adds bits 4, 7, 18 of x and 4, 6, 17 of y.
    for taps, expected in ((waveform.X_TAPS, [4, 7, 18]), (waveform.Y_TAPS, [4, 6, 17])):
        mask = waveform.shift_mask(waveform.SECOND_SHIFT, taps)
        assert [bit for bit in range(25) if mask >> bit & 1] == expected


@pytest.mark.parametrize("taps", [waveform.X_TAPS, waveform.Y_TAPS])
def test_a_shift_register_is_the_plain_one(taps: tuple[int, ...]) -> None:
    seed, longest = 1 << 24 | 4711, 2000
    bits = [seed >> i & 1 for i in range(25)]
    for i in range(longest):
        bits.append(sum(bits[i + tap] for tap in taps) & 1)
    for count in (1, 25, 26, 49, 50, 51, 99, 100, 101, longest):
        assert waveform.shift_register(seed, taps, count).tolist() == bits[:count]


@pytest.mark.parametrize(("factor", "number", "code"), [(4, 1, "++--"), (4, 2, "+-+-"), (8, 2, "++--++--")])
def test_channelisation_codes_are_the_standards_tree(factor: int, number: int, code: str) -> None:
    assert "".join("+" if c > 0 else "-" for c in waveform.channelisation(factor, number)) == code


def test_signatures_are_the_printed_table() -> None:
    # TS 25.213 table 3, signatures 1, 2 and 15.
    for signature, row in ((1, "+-+-+-+-+-+-+-+-"), (2, "++--++--++--++--"), (15, "+--+-++--++-+--+")):
        assert "".join("+" if c > 0 else "-" for c in waveform.hadamard(signature, 16, 16)) == row


def test_chips_of_a_pair_differ_by_a_quarter_turn_whatever_is_sent() -> None:
    chips = waveform.dedicated_chips(1234567, 2, np.random.default_rng(1), factor=4, control=7)
    turn = chips[1::2] * chips[::2].conj()
    assert np.allclose(turn.real, 0, atol=1e-12)


def test_pulse_is_of_unit_energy_and_free_of_interference_behind_its_matched_filter() -> None:
    t = np.arange(-400, 401) / 10.0
    pulse = waveform.root_raised_cosine(t)
    both = np.convolve(pulse, pulse) / 10
    assert both[800] == pytest.approx(1.0, abs=2e-3)
    assert np.max(np.abs(both[800 % 10 :: 10][np.arange(len(both[::10])) != 80])) < 5e-3


@pytest.mark.parametrize("box_hz", [(-1.9e6, 1.9e6), (-1.5e6, -0.9e6), (0.3e6, 1.4e6)])
def test_preamble_tells_code_signature_time_and_carrier_even_of_a_piece_of_its_width(
    box_hz: tuple[float, float],
) -> None:
    rng = np.random.default_rng(2)
    emissions, start = heard(waveform.preamble_chips(4711, 9), 5.0, rng, cfo_hz=1300.0, box_hz=box_hz)
    (emission,) = emissions
    assert emission.label == "umts:prach"
    assert (emission.details["preamble_code"], emission.details["signature"]) == (4711, 9)
    assert emission.sample_start + (emission.timing_samples or 0) == pytest.approx(
        start, abs=0.15 * RATE / 3.84e6 + 0.2
    )
    assert emission.cfo_hz == pytest.approx(1300.0, abs=40.0)
    assert emission.snr_db == pytest.approx(5.0, abs=0.8)
    assert emission.direction == "uplink"


@pytest.mark.parametrize("paths", [None, SLOW_FADES])
def test_preambles_are_recognised_at_the_published_level(paths: list[tuple[float, complex]] | None) -> None:
    # The target is 0.99 at 0 dB; 40 of that probability fall below 38 once in a hundred runs.
    rng, hits = np.random.default_rng(3), 0
    for _ in range(40):
        code, signature = int(rng.integers(8192)), int(rng.integers(16))
        found, _ = heard(waveform.preamble_chips(code, signature), 0.0, rng, cfo_hz=rng.uniform(-2e3, 2e3), paths=paths)
        hits += [(e.label, e.details["preamble_code"]) for e in found] == [("umts:prach", code)]
    assert hits >= 38


@pytest.mark.parametrize("beside_hz", [-1.1e6, 0.0, 1.1e6])
def test_squares_tell_a_preambles_carrier_whatever_echoes_make_of_its_spectrum(beside_hz: float) -> None:
    rng = np.random.default_rng(11)
    chips = waveform.preamble_chips(4445, 3)
    wave, _ = waveform.generate(chips, rate_hz=RATE, carrier_offset_hz=CARRIER, delay_samples=0.0)
    for _ in range(20):
        echoed = wave + 0.5 * np.exp(2j * np.pi * rng.random()) * np.roll(wave, 3)
        noise = rng.normal(size=(len(wave), 2)).view(np.complex128)[:, 0]
        noisy = echoed / np.std(echoed) + noise / math.sqrt(2) * math.sqrt(RATE / waveform.CHIP_RATE_HZ)
        iq = np.stack([noisy.real, noisy.imag], axis=1).astype(np.float32)
        box = Burst(0, len(iq), CARRIER + beside_hz - 1e6, CARRIER + beside_hz + 1e6, 0.0, -60.0)
        told = preamble_carrier(box, Block(iq, 1.0, 0, Segment(0, len(iq), RATE, None)))
        assert told == pytest.approx(CARRIER, abs=500.0)  # half a line's width


def test_neither_noise_nor_a_dedicated_channel_tells_a_preambles_carrier() -> None:
    rng = np.random.default_rng(12)
    wave, _ = waveform.generate(
        waveform.dedicated_chips(99, 2, rng)[:4096], rate_hz=RATE, carrier_offset_hz=CARRIER, delay_samples=0.0
    )
    for signal in (wave, rng.normal(size=(len(wave), 2)).view(np.complex128)[:, 0]):
        iq = np.stack([signal.real, signal.imag], axis=1).astype(np.float32)
        box = Burst(0, len(iq), CARRIER - 2e6, CARRIER + 2e6, 0.0, -60.0)
        assert preamble_carrier(box, Block(iq, 1.0, 0, Segment(0, len(iq), RATE, None))) is None


@pytest.mark.parametrize("paths", [None, SLOW_FADES])
def test_dedicated_channels_of_three_slots_are_recognised_at_the_published_level(
    paths: list[tuple[float, complex]] | None,
) -> None:
    rng, hits = np.random.default_rng(4), 0
    for _ in range(30):
        chips = waveform.dedicated_chips(
            int(rng.integers(1 << 24)),
            3 if paths is None else 8,
            rng,
            factor=int(2 ** rng.integers(2, 9)),
            control=int(rng.integers(4, 16)),
        )
        found, _ = heard(chips, 0.0, rng, cfo_hz=rng.uniform(-2e3, 2e3), paths=paths)
        hits += [e.label for e in found] == ["umts:dpch"]
    assert hits >= 28


def test_dedicated_channels_are_recognised_behind_two_equal_paths_a_chip_apart() -> None:
    # The turns of even and of odd chips then cancel at a lag of one chip, and are left at others.
    rng, hits = np.random.default_rng(14), 0
    paths = [(0.0, 1.0), (1 / waveform.CHIP_RATE_HZ, 1.0j), (3 / waveform.CHIP_RATE_HZ, 0.7)]
    for _ in range(20):
        chips = waveform.dedicated_chips(int(rng.integers(1 << 24)), 8, rng)
        found, _ = heard(chips, 10.0, rng, cfo_hz=rng.uniform(-2e3, 2e3), paths=paths)
        hits += [e.label for e in found] == ["umts:dpch"]
    assert hits >= 19


def test_a_phone_is_found_where_the_tuned_frequency_is_not_told() -> None:
    rng = np.random.default_rng(5)
    for chips, label in (
        (waveform.preamble_chips(17, 3), "umts:prach"),
        (waveform.dedicated_chips(99, 5, rng), "umts:dpch"),
    ):
        found, _ = heard(chips, 6.0, rng, centre_hz=None)
        assert [e.label for e in found] == [label]
        assert found[0].carrier_offset_hz == pytest.approx(CARRIER, abs=30e3)


def test_a_base_station_is_no_phone() -> None:
    rng = np.random.default_rng(6)
    for _ in range(4):
        found, _ = heard(waveform.downlink_chips(15, rng), 8.0, rng, centre_hz=2140e6)
        assert [(e.label, e.direction) for e in found] == [("umts:downlink", "downlink")]


def test_a_base_station_is_named_behind_echoes() -> None:
    rng, channel = np.random.default_rng(19), Channel("tdl-a", fading="received")
    for _ in range(6):
        wave, _ = waveform.generate(waveform.downlink_chips(15, rng), rate_hz=RATE, carrier_offset_hz=CARRIER)
        band = (CARRIER - 1.9e6, CARRIER + 1.9e6)
        found, _ = named(behind(wave, channel, RATE, rng), 15.0, rng, band, 2140e6)
        assert [(e.label, e.direction) for e in found] == [("umts:downlink", "downlink")]


@pytest.mark.long
def test_a_base_stations_carrier_is_told_where_the_tuned_frequency_is_not() -> None:
    rng, channel = np.random.default_rng(23), Channel("tdl-a", fading="received")
    for _ in range(6):
        offset_hz = CARRIER + float(rng.uniform(-0.2e6, 0.2e6))
        wave, _ = waveform.generate(waveform.downlink_chips(15, rng), rate_hz=RATE, carrier_offset_hz=offset_hz)
        edges = CARRIER - 1.9e6, CARRIER + 1.9e6
        found, _ = named(behind(wave, channel, RATE, rng), 15.0, rng, edges, None)
        assert [e.label for e in found] == ["umts:downlink"]
        # By the turn from sixteen chips to the next, which returns after 240 kHz: known to a sixteenth of that, surely.
        assert found[0].carrier_offset_hz == pytest.approx(offset_hz, abs=15e3)


def test_what_has_a_phones_pairs_where_only_base_stations_send_is_told_with_half_the_confidence() -> None:
    chips = waveform.dedicated_chips(99, 15, np.random.default_rng(20))
    (usual,), _ = heard(chips, 10.0, np.random.default_rng(21), centre_hz=1950e6)
    (strange,), _ = heard(chips, 10.0, np.random.default_rng(21), centre_hz=2140e6)
    assert usual.label == strange.label == "umts:dpch"
    assert strange.confidence == pytest.approx(usual.confidence / 2)


@pytest.mark.parametrize("name", sorted(IMPOSTORS))
def test_other_signals_are_no_phone(name: str) -> None:
    rng = np.random.default_rng(7)
    impostor = IMPOSTORS[name]
    for duration_s in (1.07e-3, 4e-3):
        for _ in range(4):
            wave = impostor.make(round(duration_s * RATE), RATE, rng)
            half = impostor.width_hz / 2
            assert named(wave, 15.0, rng, (-max(half, 1e5), max(half, 1e5)))[0] == []


def test_wide_noise_and_other_chip_rates_are_no_phone() -> None:
    rng = np.random.default_rng(8)
    for duration_s in (1.07e-3, 4e-3, 10e-3):
        count = round(duration_s * RATE)
        white = rng.normal(size=(count, 2)).view(np.complex128)[:, 0]
        assert named(white, 10.0, rng, (-5e6, 5e6))[0] == []
        for chip_rate in (3.0e6, 4.2e6, 5.0e6):
            signs = rng.choice([-1.0, 1.0], round(duration_s * chip_rate) + 1)
            held = signs[(np.arange(count) * chip_rate / RATE).astype(int)].astype(np.complex128)
            assert named(held, 10.0, rng, (-2.5e6, 2.5e6))[0] == []


def test_walsh_transform_is_the_plain_one() -> None:
    rng = np.random.default_rng(9)
    values = rng.normal(size=64).astype(np.float32)
    rows = np.array([waveform.hadamard(row, 64, 64) for row in range(64)], np.float32)
    expected = rows @ values
    umts_kernels.walsh(values)
    assert np.allclose(values, expected, atol=1e-4)


@pytest.mark.parametrize("count", [1, 5, 40])
def test_matched_filter_is_the_plain_sum(count: int) -> None:
    rng = np.random.default_rng(10)
    y = rng.normal(size=(60, 2)).astype(np.float32)
    table = rng.normal(size=(umts_kernels.SUBSTEPS, 7)).astype(np.float32)
    out = np.empty((umts_kernels.PHASES, count), np.complex64)
    umts_kernels.matched(y[:, 0].copy(), y[:, 1].copy(), 0.4, 1.3, table, out)
    z = y[:, 0] + 1j * y[:, 1]
    for p in range(umts_kernels.PHASES):
        for k in range(count):
            fine = math.floor((0.4 + (k + p / 4) * 1.3) * umts_kernels.SUBSTEPS + 0.5)
            first = fine // umts_kernels.SUBSTEPS - 3
            taps = [(first + i, table[fine % umts_kernels.SUBSTEPS, i]) for i in range(7)]
            assert out[p, k] == pytest.approx(sum(z[m] * w for m, w in taps if 0 <= m < 60), abs=1e-4)


def test_pair_turns_are_the_plain_sums() -> None:
    rng = np.random.default_rng(11)
    z = rng.normal(size=(129, 2)).astype(np.float32).view(np.complex64)[:, 0]
    out = np.empty((2, 2), np.complex64)
    umts_kernels.pair_turns(z, out)
    turn = z[:-1].conj() * z[1:]
    plain = (turn**2 / np.abs(turn)).reshape(2, 32, 2).sum(axis=1)
    assert np.allclose(out, plain, atol=1e-3)


def test_alternating_turns_are_the_plain_sums() -> None:
    rng = np.random.default_rng(15)
    z = rng.normal(size=(131, 2)).astype(np.float32).view(np.complex64)[:, 0]
    out = np.empty((2, 3), np.complex64)
    umts_kernels.alternating_turns(z, out)
    sign = 1 - 2 * (np.arange(128) & 1)
    for lag in (1, 2, 3):
        turn = z[:128].conj() * z[lag : lag + 128]
        plain = (sign * turn**2 / np.abs(turn)).reshape(2, 64).sum(axis=1)
        assert np.allclose(out[:, lag - 1], plain, atol=1e-3)


def test_fourth_powers_are_the_plain_sums() -> None:
    z = np.random.default_rng(19).normal(size=(43, 2)).astype(np.float32).view(np.complex64)[:, 0]
    out = np.empty(5, np.complex64)
    energy = umts_kernels.fourths(z, 8, out)
    assert np.allclose(out, (z[:40] ** 4 / np.abs(z[:40]) ** 2).reshape(5, 8).sum(axis=1), rtol=1e-4)
    assert energy == pytest.approx(np.sum(np.abs(z[:40].astype(np.complex128)) ** 4), rel=1e-5)


def test_residue_sums_are_the_plain_ones() -> None:
    rng = np.random.default_rng(12)
    values, sign = rng.normal(size=60).astype(np.float32), rng.choice([-1, 1], 32).astype(np.float32)
    out = np.empty((5, 16), np.float32)
    umts_kernels.residue_sums(values, sign, out)
    for o in range(5):
        assert np.allclose(out[o], (values[o : o + 32] * sign).reshape(2, 16).sum(axis=0), atol=1e-4)


@pytest.mark.parametrize("count", [270, 511, 800])
def test_synchronisation_power_is_that_of_the_plain_correlation(count: int) -> None:
    rng = np.random.default_rng(22)
    inner, outer = (rng.choice(np.array([-1, 1], np.float32), 16) for _ in range(2))
    z, slot = rng.normal(size=(count, 2)).astype(np.float32).view(np.complex64)[:, 0], 120
    folded = np.zeros(slot)
    slots = umts_kernels.synchronisation_power(z, inner, outer, folded)
    whole = np.abs(np.correlate(z, np.kron(outer, inner), "valid")) ** 2
    assert slots == len(whole) // slot
    assert np.allclose(folded, whole[: slots * slot].reshape(slots, slot).sum(axis=0), rtol=1e-3)


@pytest.mark.parametrize(("slots", "part"), [(7, 0.1), (15, 0.05)])
@pytest.mark.parametrize("offset_hz", [-550e3, -1.2e3, 203.4e3])
def test_slots_that_are_alike_tell_the_carrier(slots: int, part: float, offset_hz: float) -> None:
    rng, right = np.random.default_rng(24), 0
    for _ in range(20):
        chips = waveform.downlink_chips(slots + 1, rng, synchronisation=part)
        chips += rng.normal(0, 0.3, (len(chips), 2)).view(np.complex128)[:, 0]
        turned = chips * np.exp(2j * np.pi * offset_hz / waveform.CHIP_RATE_HZ * np.arange(len(chips)))
        found = repeated(turned[rng.integers(waveform.SLOT_CHIPS) :].astype(np.complex64))
        right += found is not None and abs(found.beside_hz - offset_hz) < 5e3
    assert right >= 17


def test_slots_of_noise_are_not_alike() -> None:
    rng = np.random.default_rng(25)
    noise = rng.normal(size=(30, 7 * waveform.SLOT_CHIPS, 2)).astype(np.float32).view(np.complex64)[..., 0]
    assert sum(repeated(z) is None for z in noise) >= 29


def test_power_of_cells_is_the_plain_sum() -> None:
    values = np.random.default_rng(26).normal(size=(3, 48, 2)).astype(np.float32).view(np.complex64)[..., 0]
    cells = np.empty((3, 6), np.float32)
    umts_kernels.cell_power(values, cells)
    assert np.allclose(cells, (np.abs(values) ** 2).reshape(3, 6, 8).sum(axis=2), rtol=1e-5)


def test_masks_of_shifts_are_each_the_plain_power() -> None:
    masks = waveform.shift_masks(200, waveform.X_TAPS)
    assert masks == [waveform.shift_mask(k, waveform.X_TAPS) for k in range(200)]


def test_mean_power_of_frames_is_the_plain_one() -> None:
    rng = np.random.default_rng(16)
    iq = rng.integers(-3000, 3000, (70, 2)).astype(np.int16)
    starts, window = np.array([0, 3, 54]), rng.random(16).astype(np.float32)
    frames = np.empty((3, 16), np.complex64)
    umts_kernels.framed(iq, starts, window, frames)
    plain = (iq[:, 0] + 1j * iq[:, 1])[starts[:, None] + np.arange(16)] * window
    assert np.allclose(frames, plain, rtol=1e-5)
    power = np.empty(16)
    umts_kernels.mean_power(frames, power)
    assert np.allclose(power, np.fft.fftshift(np.mean(np.abs(plain) ** 2, axis=0)), rtol=1e-4)


def test_likeness_to_the_pulse_is_the_plain_correlation() -> None:
    rng = np.random.default_rng(17)
    excess, shape, out = rng.normal(size=32), rng.normal(size=9), np.empty(32)
    umts_kernels.likeness(excess, 0.7, shape, out)
    filled = np.maximum(excess, 0) / (np.maximum(excess, 0) + 0.7)
    assert np.allclose(out, np.correlate(np.pad(filled, 4, "wrap"), shape, "valid"))


@pytest.mark.parametrize("count", [8, 21])
def test_eighths_are_the_plain_means(count: int) -> None:
    values, out = np.random.default_rng(18).normal(size=count), np.empty(8)
    umts_kernels.eighths(values, out)
    edges = np.arange(9) * count // 8
    assert np.allclose(out, sorted(np.mean(values[a:b]) for a, b in pairwise(edges)))


def scanned(name: str) -> tuple[list[Emission], list[dict[str, object]], float]:
    """What the recogniser alone names in a recording's boxes, and the truth."""
    path = RECORDINGS / f"{name}.sigmf-meta"
    if not path.exists():
        pytest.skip("the shared recordings are not here")
    truth = json.loads(path.read_text())
    found: list[Emission] = []
    for find in finds(blocks(open_recording(path), 1 << 20), Counter()):
        boxes = [b for n in range(len(find.regions)) for b in bursts(find, n, Counter())]
        told = [e for b in boxes for e in umts.recognise(b, find.samples)]
        found += umts.settle(told, find.samples.segment.rate_hz)
    return found, truth["annotations"], truth["captures"][0].get("core:frequency") or 0.0


@pytest.mark.parametrize("name", ["umts_prach", "umts_dpch_ul"])
def test_every_burst_of_the_reference_recordings_is_named(name: str) -> None:
    found, truth, centre_hz = scanned(f"reference/{name}")
    for burst in truth:
        start, count = int(burst["core:sample_start"]), int(burst["core:sample_count"])  # type: ignore[call-overload]
        assert any(
            e.label == burst["core:label"]
            and abs(e.low_offset_hz + centre_hz - float(burst["core:freq_lower_edge"])) < 1e4  # type: ignore[arg-type]
            and min(e.sample_start + e.sample_count, start + count) - max(e.sample_start, start) > 0.8 * count
            for e in found
        ), burst


@pytest.mark.parametrize(
    "name", ["lte/lte_ul25_s1", "lte/lte_ul50_s3", "real/lte_uplink_30M", "reference/nr_pusch_30", "reference/ble_ext"]
)
def test_recordings_of_other_systems_hold_no_umts(name: str) -> None:
    assert scanned(name)[0] == []
