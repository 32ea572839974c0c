"""What a receiver that is driven too hard makes of strong phones is no phone, and a phone in its place is one."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from cellwarden.airinterface.gsm_waveform import CHANNEL_HZ, SYMBOL_RATE_HZ
from cellwarden.airinterface.products import LABEL
from cellwarden.model import Emission
from cellwarden.radio.recording import open_recording
from cellwarden.runtime.scan import scan
from cellwarden.simulate.receiver import Faults
from cellwarden.simulate.scenes import Air, gsm_burst, write

AIR = Air(seconds=0.12)
SLOT = 156.25 / SYMBOL_RATE_HZ * AIR.rate_hz
BURSTS = 15


def heard(folder: Path, channels: dict[int, float], faults: Faults | None = None) -> list[Emission]:
    """Calls on some channels, each at its SNR, in the same slots but for some samples."""
    rng, placed = np.random.default_rng(7), []
    for number in range(BURSTS):
        for channel, snr_db in channels.items():
            at = round(5000 + number * 13 * SLOT + rng.integers(200))
            placed.append(gsm_burst(AIR, at, "normal", channel, snr_db, rng))
    path = folder / "scene.sigmf-meta"
    write(path, AIR, placed, 7, faults)
    return list(scan(open_recording(path)))


def by_channel(emissions: list[Emission]) -> Counter[tuple[str, int]]:
    return Counter((e.label, round((e.low_offset_hz + e.high_offset_hz) / 2 / CHANNEL_HZ)) for e in emissions)


def test_what_an_amplifier_makes_of_two_phones_is_named(tmp_path: Path) -> None:
    emissions = heard(tmp_path, {4: 50.0, 9: 50.0}, Faults(intercept_db=45.0))
    told = by_channel(emissions)
    assert told["gsm:normal", 4] == told["gsm:normal", 9] == BURSTS
    assert told[LABEL, -1] == told[LABEL, 14] == BURSTS
    # 17 dB of 200 kHz in 10 MHz: SNRs of 33 dB in the band, 12 dB below the intercept, so products 24 dB down, of
    # which a filter of their width takes away something.
    below_db = [float(e.details["below_db"]) for e in emissions if e.label == LABEL]
    assert np.median(below_db) == pytest.approx(24.0, abs=4.0)


def test_a_phone_where_a_product_would_lie_is_a_phone(tmp_path: Path) -> None:
    told = by_channel(heard(tmp_path, {-1: 15.0, 4: 50.0, 9: 50.0, 14: 15.0}))
    assert told == {("gsm:normal", channel): BURSTS for channel in (-1, 4, 9, 14)}


def test_beside_a_strong_phone_nothing_is_found(tmp_path: Path) -> None:
    told = by_channel(heard(tmp_path, {-7: 55.0, 9: 50.0}))
    assert told == {("gsm:normal", channel): BURSTS for channel in (-7, 9)}


def test_what_a_converter_that_clips_makes_of_one_phone_is_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """x⁵ turns by a quarter for each symbol, as a GSM burst does; (x*)³ lies as far below zero as three times x."""
    told = by_channel(heard(tmp_path, {4: 55.0}, Faults(clip_db=31.0)))
    assert [channel for label, channel in told if label == "gsm:normal"] == [4]
    assert told["gsm:normal", 4] == told[LABEL, -12] == told[LABEL, 20] == BURSTS
    monkeypatch.setattr("cellwarden.runtime.scan.products", lambda emissions, block: emissions)
    ghosts = by_channel(list(scan(open_recording(tmp_path / "scene.sigmf-meta"))))
    assert ghosts["gsm:normal", 20] > BURSTS / 2  # what it is named else
