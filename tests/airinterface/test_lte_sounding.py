"""A phone's sounding in the last symbol of its own data: both are told, though they lie over each other."""

import math

import numpy as np
import pytest

from cellwarden.airinterface import lte
from cellwarden.airinterface.lte_waveform import BLOCK_HZ, PREFIX_S, SLOT_S, SYMBOL_S, generate
from cellwarden.model import Block, Burst, Emission, Segment

RATE = 7.68e6
START = round(1e-3 * RATE)
LAST_S = PREFIX_S + SYMBOL_S


def subframe(seed: int, data: tuple[int, int], sounding: tuple[int, int] | None, snr_db: float) -> list[Emission]:
    """What is told of a box around a phone's data; data, sounding: first block and blocks."""
    rng = np.random.default_rng(seed)
    total = rng.normal(size=(3 * START, 2)).view(np.complex128)[:, 0] / math.sqrt(2)
    last = START + round((2 * SLOT_S - LAST_S) * RATE)
    for kind, place in (("pusch", data), ("srs", sounding)):
        if place is None:
            continue
        first, blocks = place
        middle = (first + blocks / 2) * BLOCK_HZ
        wave = generate(kind, rng, rate_hz=RATE, blocks=blocks, carrier_offset_hz=middle)  # type: ignore[arg-type]
        wave *= math.sqrt(10 ** (snr_db / 10) * blocks * BLOCK_HZ / RATE)
        if kind == "srs":
            total[last : last + len(wave)] += wave
        else:
            length = len(wave) if sounding is None else last - START
            total[START : START + length] += wave[:length]
    low, high = data[0] * BLOCK_HZ, (data[0] + data[1]) * BLOCK_HZ
    iq = np.stack([total.real, total.imag], axis=1).astype(np.float32)
    box = Burst(START, round(1e-3 * RATE), low, high, snr_db, -10 * math.log10(RATE))
    return lte.recognise(box, Block(iq, 1.0, 0, Segment(0, len(iq), RATE)))


@pytest.mark.parametrize("snr_db", [0.0, 12.0])
@pytest.mark.parametrize("data", [(-8, 3), (-12, 15), (4, 9)])
def test_a_sounding_over_the_end_of_data_is_told_and_is_none_of_the_data(data: tuple[int, int], snr_db: float) -> None:
    told = {e.label: e for e in subframe(data[1], data, (-10, 20), snr_db)}
    assert set(told) == {"lte:pusch", "lte:srs"}
    sent, sounding = told["lte:pusch"], told["lte:srs"]
    assert (sent.details["blocks"], sounding.details["blocks"]) == (data[1], 20)
    assert sent.sample_count == pytest.approx(13 / 14 * 1e-3 * RATE, abs=1)
    begin = sounding.sample_start + (sounding.timing_samples or 0.0)
    assert begin == pytest.approx(START + (2 * SLOT_S - LAST_S) * RATE, abs=2e-6 * RATE)
    assert sounding.low_offset_hz + sounding.high_offset_hz == pytest.approx(0.0, abs=16e3)


@pytest.mark.parametrize("seed", range(30))
def test_data_to_the_end_of_a_subframe_hide_no_sounding(seed: int) -> None:
    told = subframe(seed, (-4, 3 + seed % 4), None, 10.0)
    assert [e.label for e in told] == ["lte:pusch"]
    assert told[0].sample_count == pytest.approx(1e-3 * RATE, abs=1)
