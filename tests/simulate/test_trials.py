"""Scenes for trials: windows that tile, drawings that are where and as strong as they say."""

import numpy as np
import pytest

from cellwarden.airinterface import INTERFACES
from cellwarden.simulate.drawings import DRAWINGS
from cellwarden.simulate.scenes import NOISE_STEPS
from cellwarden.simulate.trials import LEAD_S, Conditions, air_of, bursts, windows

SNR_DB = 10.0


@pytest.mark.parametrize("label", DRAWINGS)
def test_a_drawing_has_its_power_in_its_band(label: str) -> None:
    drawing = DRAWINGS[label]
    placed = next(bursts(label, 1, SNR_DB, Conditions(cfo_ppm=0.0), np.random.default_rng(1)))
    spectrum = np.abs(np.fft.fft(placed.wave)) ** 2
    offset = np.fft.fftfreq(len(placed.wave), 1 / drawing.rate_hz)
    # Half a width of margin: skirts, and signals whose nominal width holds less than all of them.
    middle = (placed.truth.low_offset_hz + placed.truth.high_offset_hz) / 2
    width = placed.truth.high_offset_hz - placed.truth.low_offset_hz
    inside = np.abs(offset - middle) < width
    assert spectrum[inside].sum() > 0.97 * spectrum.sum()
    noise = 2 * NOISE_STEPS**2 * max(width, 200e3) / drawing.rate_hz
    level_db = 10 * np.log10(np.mean(np.abs(placed.wave) ** 2) / noise)
    # Ramps, gaps, and the shares of short and long pulses of a remote that is keyed take some of the mean.
    assert level_db == pytest.approx(SNR_DB, abs=1.5 if label == "other:ook" else 0.7)


def test_every_drawn_label_is_one_of_the_vocabulary_and_every_interface_is_drawn() -> None:
    assert set(DRAWINGS) <= {label for interface in INTERFACES for label in interface.kinds} | {"unknown:burst"}
    for interface in INTERFACES:
        assert any(label in DRAWINGS for label in interface.kinds), interface.name


def test_windows_tile_the_recording_and_each_holds_its_burst() -> None:
    placed = list(bursts("gsm:normal", 5, 0.0, Conditions(), np.random.default_rng(2)))
    air = air_of(DRAWINGS["gsm:normal"], placed)
    tiles = windows(placed, air)
    assert tiles[0][0] == 0 and tiles[-1][1] == air.samples
    assert [end for _, end in tiles[:-1]] == [first for first, _ in tiles[1:]]
    for (first, end), one in zip(tiles, placed, strict=True):
        assert first < one.first and one.first + len(one.wave) < end
    assert placed[0].first == round(LEAD_S * air.rate_hz)
