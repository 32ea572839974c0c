"""Real samples: what is found in them is where it was, once."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cellwarden.airinterface.gsm_waveform import generate
from cellwarden.model import Emission, Segment
from cellwarden.radio import analytic, annotations
from cellwarden.radio import recording as room
from cellwarden.runtime.scan import scan

Write = Callable[..., Path]
RATE = 1e6


@pytest.mark.parametrize("cycles", [0.02, 0.1, 0.25, 0.4, 0.48])
def test_a_cosine_becomes_one_turning_phasor_of_its_own_size(write: Write, cycles: float) -> None:
    n = np.arange(20_000)
    wave = 0.5 * np.cos(2 * np.pi * cycles * n + 1.0)
    opened = room.open_recording(write("rf64_le", wave.tobytes()))
    assert opened.rate_hz == RATE / 2 and opened.sample_count == 10_000
    samples = room.read_samples(opened, 0, 10_000)[200:-200]
    m = np.arange(200, 9800)
    turned = 0.5 * np.exp(1j * (2 * np.pi * 2 * m * (cycles - 0.25) + 1.0))
    # Kaiser's window with beta 8 has ripples of -80 dB; a mirror image is that small too.
    assert np.max(np.abs(samples - turned)) < 0.5 * 10 ** (-75 / 20)


def test_the_filter_is_the_plain_convolution(write: Write) -> None:
    real = np.random.default_rng(2).normal(size=1001).astype(np.float32)
    k = np.arange(-analytic.MARGIN, analytic.MARGIN + 1)
    window = np.kaiser(len(k), analytic.KAISER_BETA)
    half_band = np.sinc(k / 2) * window * (2 / 2)  # 2 x the half-band filter of gain one
    turned = real.astype(np.float64) * (-1j) ** np.arange(len(real))
    wanted = np.convolve(turned, half_band)[analytic.MARGIN : -analytic.MARGIN][::2]
    opened = room.open_recording(write("rf32_le", real.tobytes()))
    np.testing.assert_allclose(room.read_samples(opened, 0, 501), wanted, atol=2e-6)


@given(block=st.integers(1, 400), odd=st.booleans(), cut=st.integers(1, 600))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_how_real_samples_are_cut_into_blocks_does_not_show(write: Write, block: int, odd: bool, cut: int) -> None:
    real = np.random.default_rng(3).integers(-9000, 9000, 701 if odd else 700).astype("<i2")
    captures = [{"core:sample_start": 0}, {"core:sample_start": cut, "core:frequency": 9e8}]
    opened = room.open_recording(write("ri16_le", real.tobytes(), captures=captures))
    whole = [b.iq.copy() for b in room.blocks(opened)]
    parts = [b.iq.copy() for b in room.blocks(opened, block)]
    assert np.array_equal(np.concatenate(whole), np.concatenate(parts))
    read = room.read_samples(opened, 0, opened.sample_count)
    scaled = np.concatenate(whole).view(np.complex64)[:, 0] * np.float32(2**-15)
    assert np.array_equal(read, scaled)


def test_a_retune_at_an_odd_sample_leaves_no_gap_and_no_overlap(write: Write) -> None:
    captures = [
        {"core:sample_start": 0, "core:frequency": 8e8},
        {"core:sample_start": 101, "core:frequency": 9e8, "core:datetime": "2026-11-24T12:00:00Z"},
    ]
    opened = room.open_recording(write("ri8", bytes(range(1, 201)), captures=captures))
    (first, second) = opened.segments
    assert (first.sample_start, first.sample_count) == (0, 51)  # samples 0, 2, … 100 of the file
    assert (second.sample_start, second.sample_count) == (51, 49)  # samples 102, … 198
    assert (first.centre_hz, second.centre_hz) == (8e8 + RATE / 4, 9e8 + RATE / 4)
    assert second.start_ns == 1_795_521_600_000_001_000  # sample 102 comes a microsecond after sample 101


@pytest.mark.parametrize("centre_hz", [890e6, None])
def test_a_burst_in_real_samples_is_found_once_where_it_is(write: Write, centre_hz: float | None) -> None:
    rate, start, offset, snr_db = 8e6, 400_000, 1.4e6, 20.0
    rng = np.random.default_rng(4)
    real = rng.normal(size=1_000_000)  # density 2 / rate to either side of a positive frequency
    burst, _facts = generate("normal", rng, rate_hz=rate, sequence=3, carrier_offset_hz=offset)
    real[start : start + len(burst)] += np.sqrt(10 ** (snr_db / 10) * 200e3 * 4 / rate) * burst.real
    captures = [{"core:sample_start": 0} | ({} if centre_hz is None else {"core:frequency": centre_hz})]
    path = write(
        "ri16_le", np.round(real * 100).astype("<i2").tobytes(), captures=captures, **{"core:sample_rate": rate}
    )
    opened = room.open_recording(path)
    (emission,) = scan(opened)
    found, segment = room.stored(opened, emission, annotations.segment_of(opened, emission))
    assert found.label == "gsm:normal" and segment.rate_hz == rate and segment.centre_hz == centre_hz
    assert (found.low_offset_hz + found.high_offset_hz) / 2 == pytest.approx(offset, abs=100)
    assert found.snr_db == pytest.approx(snr_db, abs=1.5)
    symbol = rate * 6 / 1_625_000
    assert start <= found.sample_start <= start + 30 * symbol
    assert found.sample_count == pytest.approx(148 * symbol, abs=2 * symbol)


def test_nothing_changes_for_complex_samples(write: Write) -> None:
    opened = room.open_recording(write("ci8", bytes(range(1, 201))))
    emission, segment = Emission("gsm:normal", 3, 4, -1.0, 1.0, 9.0, 0.9), Segment(0, 100, RATE)
    assert room.stored(opened, emission, segment) == (emission, segment)
