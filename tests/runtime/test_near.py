"""A receiver that is carried towards a phone: from samples to what the page shows."""

import json
from pathlib import Path

import numpy as np
import pytest

from cellwarden.airinterface.gsm_waveform import CHANNEL_HZ, FRAME_SYMBOLS, SYMBOL_RATE_HZ, generate
from cellwarden.radio.live import Tuning, open_stream
from cellwarden.runtime.near import Ear
from cellwarden.simulate import wing

RATE_HZ, CENTRE_HZ, SECONDS = 4 * SYMBOL_RATE_HZ, 902_400_000, 7.0
SCENE = wing.PLACE.with_suffix(".sigmf-meta")


@pytest.fixture(scope="module")
def approach(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A call on 902.0 MHz that is walked to from 8 m to 2 m at 1 m/s: free space, 20 dB above the noise at first."""
    rng = np.random.default_rng(8)
    count = round(SECONDS * RATE_HZ)
    wave = rng.normal(size=(count, 2)).astype(np.float32).view(np.complex64)[:, 0]
    frame = FRAME_SYMBOLS / SYMBOL_RATE_HZ * RATE_HZ
    bursts = [
        generate("normal", rng, rate_hz=RATE_HZ, sequence=3, carrier_offset_hz=-2 * CHANNEL_HZ)[0] for _n in range(13)
    ]
    for n in range(int(count / frame) - 1):
        metres = max(2.0, 8.0 - n * frame / RATE_HZ)
        snr_db = 20.0 + 20 * np.log10(8.0 / metres)
        first, burst = round(n * frame), bursts[n % 13]
        wave[first : first + len(burst)] += np.sqrt(2 * 10 ** (snr_db / 10) * CHANNEL_HZ / RATE_HZ) * burst
    place = tmp_path_factory.mktemp("approach") / "walk"
    place.with_suffix(".sigmf-data").write_bytes((wave.view(np.float32) * 30).round().astype("<i2").tobytes())
    told = {
        "global": {"core:datatype": "ci16_le", "core:sample_rate": RATE_HZ, "core:version": "1.0.0"},
        "captures": [{"core:sample_start": 0, "core:frequency": CENTRE_HZ}],
        "annotations": [],
    }
    place.with_suffix(".sigmf-meta").write_text(json.dumps(told))
    return place.with_suffix(".sigmf-meta")


def test_who_walks_to_a_call_sees_it_grow_warmer(approach: Path) -> None:
    ear = Ear(open_stream(f"file:{approach}", Tuning()), wanted_hz=902.0e6)
    assert list(ear.hear()) == []
    told = ear.told()
    (phone,) = told["phones"]
    assert (phone["name"], phone["trend"]) == ("GSM, 902.0 MHz", "warmer")
    assert told["wanted"] == phone["phone"] and told["clipped"] is False
    assert phone["over_db"] == pytest.approx(32.0 - 3.0, abs=4.0)  # 12 dB more than at first; GSM fills 5/6 of 200 kHz
    past = [heat for heat in phone["past"] if heat is not None]
    assert len(past) >= 6 and past[-1] > past[0]


def test_what_is_no_phone_is_never_shown_and_a_receiver_that_ended_goes_stale() -> None:
    clock = [0.0]
    ear = Ear(open_stream(f"file:{SCENE}", Tuning()), now_s=lambda: clock[0])
    assert ear.told()["phones"] == []
    list(ear.hear())
    names = {phone["name"] for phone in ear.told()["phones"]}
    assert names == {"GSM, 901.8 MHz", "GSM, 902.8 MHz"}  # and neither the carrier at 903.13 MHz nor the clicks
    assert all(phone["heat"] is not None for phone in ear.told()["phones"])
    clock[0] += 4.0  # no more samples come
    assert all(phone["heat"] is None and phone["silent_s"] == 4 for phone in ear.told()["phones"])


def test_another_channel_than_the_alerts_is_not_followed() -> None:
    ear = Ear(open_stream(f"file:{SCENE}", Tuning()), wanted_hz=890.0e6)
    list(ear.hear())
    assert ear.told()["wanted"] is None and len(ear.told()["phones"]) >= 2
