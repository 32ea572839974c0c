"""Base stations' carriers that are never silent: named whole, told from others, and nothing beside them hidden."""

import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from cellwarden.airinterface import lte_beacon, lte_carrier
from cellwarden.airinterface.lte_beacon import LEAST_NATS, SIZE, candidates, search, second_nats, slots_of
from cellwarden.airinterface.lte_cell_waveform import downlink
from cellwarden.airinterface.lte_kernels import folded_prefixes, slot_power
from cellwarden.airinterface.lte_waveform import generate
from cellwarden.detect.finds import finds, rough
from cellwarden.detect.suppress import covered
from cellwarden.model import Block, Burst, Emission, Segment
from cellwarden.radio.recording import open_recording
from cellwarden.runtime.scan import emissions, scan
from cellwarden.simulate.channel import Channel
from cellwarden.simulate.drawings import DRAWINGS
from cellwarden.simulate.scenes import write
from cellwarden.simulate.trials import Conditions, air_of, bursts

RATE_HZ, BLOCKS = 3.84e6, 6
BEACON_HZ = 1.92e6
FRAME = round(10e-3 * RATE_HZ)


def station(cell: int, frames: int, offset_hz: float, rng: np.random.Generator, *, duplex: str = "fdd") -> np.ndarray:
    """Frames of a base station around an offset, power 1; three frames again and again, as subframes are alike."""
    few = downlink(rng, cell, rate_hz=RATE_HZ, frames=3, blocks=BLOCKS, duplex=duplex)
    wave = np.tile(few, math.ceil(frames / 3))[: frames * FRAME]
    return wave * np.exp(2j * np.pi * offset_hz / RATE_HZ * np.arange(len(wave)))


def heard(wave: np.ndarray, snr_db: float, rng: np.random.Generator, centre_hz: float | None = None) -> Block:
    """A wave in white noise; its SNR in the width of six blocks, were its power 1."""
    noise = rng.normal(size=(len(wave), 2)).view(np.complex128)[:, 0] * math.sqrt(0.5)
    x = noise + wave * math.sqrt(10 ** (snr_db / 10) * BLOCKS * 180e3 / RATE_HZ)
    iq = np.round(np.stack([x.real, x.imag], axis=1) * 300).astype(np.int16)
    return Block(iq, 2.0**-15, 0, Segment(0, len(iq), RATE_HZ, centre_hz))


def cut(block: Block, size: int) -> Iterator[Block]:
    for first in range(0, len(block.iq), size):
        yield Block(block.iq[first : first + size], block.scale, first, block.segment)


def scanned(block: Block, size: int = 1 << 18) -> list[Emission]:
    refused: Counter[str] = Counter()
    return list(emissions(finds(cut(block, size), refused), refused))


@pytest.mark.parametrize(("cell", "offset_hz"), [(7, 42e3), (150, -61e3), (503, -8e3)])
def test_a_carrier_that_is_never_silent_is_named_whole(cell: int, offset_hz: float) -> None:
    rng = np.random.default_rng(cell)
    find = next(finds([heard(station(cell, 9, offset_hz, rng), 10.0, rng)], Counter()))
    box = Burst(0, len(find.samples.iq), -1.9e6, 1.9e6, 0.0, -140.0)
    (told,) = lte_carrier.carrier(box, find)
    assert (told.label, told.direction, told.details["sector"]) == ("lte:downlink", "downlink", cell % 3)
    assert (told.sample_start, told.sample_count) == (0, box.sample_count)
    assert abs((told.carrier_offset_hz or 0.0) - offset_hz) < 1e3  # a likeness would lie 15 kHz off
    assert abs(told.low_offset_hz - offset_hz + 0.54e6) < 0.15e6 > abs(told.high_offset_hz - offset_hz - 0.54e6)


def test_a_recorded_carrier_is_one_emission(shared: Path) -> None:
    path = shared / "recordings" / "real" / "lte_dl_fdd_1860M_1M92.sigmf-meta"
    (told,) = scan(open_recording(path))
    assert (told.label, told.sample_start, told.sample_count) == ("lte:downlink", 0, 115_200)
    assert told.high_offset_hz - told.low_offset_hz > 0.95 * 1.92e6  # wider than the recording


def test_the_size_of_blocks_does_not_show_in_a_carrier() -> None:
    rng = np.random.default_rng(21)
    block = heard(station(21, 9, 0.0, rng), 10.0, rng)
    assert scanned(block, 12_345) == scanned(block, 1 << 20)


@pytest.mark.long
def test_a_phone_beside_a_carrier_is_not_hidden() -> None:
    rng = np.random.default_rng(1)
    wave = station(30, 9, -0.9e6, rng)
    middle = -0.9e6 + BLOCKS * 180e3 + 0.4e6
    for at in range(5):
        sent = generate("pusch", rng, rate_hz=RATE_HZ, blocks=6, carrier_offset_hz=middle)
        first = round((1.3 + 1.7 * at) * FRAME)
        wave[first : first + len(sent)] += sent
    labels = Counter(e.label for e in scanned(heard(wave, 15.0, rng)))
    assert labels["lte:pusch"] == 5
    assert labels["lte:downlink"] >= 1


def test_time_division_duplex_is_told_by_its_runs_not_as_a_carrier_without_pauses() -> None:
    rng = np.random.default_rng(8)
    block = heard(station(8, 6, 0.0, rng, duplex="tdd"), 15.0, rng)
    (find, *_) = finds([block], Counter())
    boxes = [rough(find, number) for number in range(len(find.regions))]
    assert not any(lte_carrier.carrier(box, find) for box in boxes)
    found = [e for e in scanned(block) if e.label == "lte:downlink"]
    assert len(found) == len({e.sample_start for e in found}) >= 6
    assert max(e.sample_count for e in found) < 0.45 * FRAME  # two subframes and the beginning of a third


def sampled(wave: np.ndarray, snr_db: float, rng: np.random.Generator) -> np.ndarray:
    """Noise of power 1 and a wave of 1.08 MHz at BEACON_HZ samples a second."""
    noise = rng.normal(size=(len(wave), 2)).view(np.complex128)[:, 0] * math.sqrt(0.5)
    return (noise + wave * math.sqrt(10 ** (snr_db / 10) * 1.08e6 / BEACON_HZ)).astype(np.complex64)


@pytest.mark.parametrize("cell", [0, 1, 2])
def test_what_comes_before_a_synchronisation_signal_tells_it_from_its_likenesses(cell: int) -> None:
    rng = np.random.default_rng(cell)
    for offset_hz in (-75e3, -30e3, 5e3, 62e3):
        wave = downlink(rng, cell, rate_hz=BEACON_HZ, frames=2)
        y = sampled(wave * np.exp(2j * np.pi * offset_hz / BEACON_HZ * np.arange(len(wave))), 3.0, rng)
        told = [b for b in candidates(y, slots_of(y, None, BEACON_HZ), BEACON_HZ, 100e3) if b.evidence > LEAST_NATS]
        proven = next(b for b in told if second_nats(y, BEACON_HZ, b) > lte_carrier.SECOND_NATS)
        assert proven.sector == cell
        assert abs(proven.offset_hz - offset_hz) < 1e3


def test_noise_has_no_synchronisation_signal() -> None:
    rng = np.random.default_rng(3)
    for _ in range(40):
        y = sampled(np.zeros(round(18e-3 * BEACON_HZ)), 0.0, rng)
        assert search(y, slots_of(y, None, BEACON_HZ), BEACON_HZ, 100e3) == lte_beacon.NONE


def test_folded_prefixes_are_those_of_the_twin() -> None:
    rng = np.random.default_rng(5)
    slot, count = 96, 5
    y = rng.normal(size=(count * slot + SIZE, 2)).astype(np.float32).view(np.complex64)[:, 0]
    here = y[: count * slot].reshape(count, slot)
    there = y[SIZE : SIZE + count * slot].reshape(count, slot)
    both = 0.5 * (np.abs(here) ** 2 + np.abs(there) ** 2)
    loud = np.empty(count)
    slot_power(y, SIZE, slot, loud)
    assert np.allclose(loud, both.sum(axis=1), rtol=1e-5)
    alike, power, chosen = np.zeros(slot, np.complex128), np.zeros(slot), np.array([4, 1, 2])
    folded_prefixes(y, SIZE, chosen, alike, power)
    assert np.allclose(alike, (here * np.conj(there))[chosen].sum(axis=0), rtol=1e-5, atol=1e-5)
    assert np.allclose(power, both[chosen].sum(axis=0), rtol=1e-5)


def test_a_base_station_that_pauses_is_named_with_nothing_beside_it(tmp_path: Path) -> None:
    """Ten milliseconds, behind echoes, and silence: the secondary sequence tells it in each."""
    conditions = Conditions(Channel("tdl-a", fading="received"))
    placed = list(bursts("lte:downlink", 6, 15.0, conditions, np.random.default_rng(5)))
    path = tmp_path / "pauses.sigmf-meta"
    truths = write(path, air_of(DRAWINGS["lte:downlink"], placed), placed, 5)
    found = list(scan(open_recording(path)))
    for truth in truths:
        assert covered([truth], [e for e in found if e.label == "lte:downlink"])[0] > 0.9
    assert sum(e.label != "lte:downlink" for e in found) <= 1


def test_a_carrier_is_as_wide_on_both_sides_but_for_what_lies_beside_it() -> None:
    side, faded, shared = np.ones(40), np.ones(40), np.ones(40)
    side[30:] = faded[30:] = 0.01
    faded[15:19] = 0.01  # an echo puts it out
    assert lte_carrier._filled(side, faded, 0.1, 5) == (29, 29)
    assert lte_carrier._filled(side, shared, 0.1, 5) == (29, 39)  # another carrier goes on where it ends
