"""Recordings by the sensors of a small site: phones in calls, heard at each at its own level, by its own clock."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from tests.locate import heard

from cellwarden.airinterface.gsm_waveform import (
    CHANNEL_HZ,
    FORMATS,
    FRAME_SYMBOLS,
    SLOT_SYMBOLS,
    SYMBOL_RATE_HZ,
    generate,
)
from cellwarden.simulate.scenes import Air, Placed, Truth, amplitude, write

AIR = Air(4 * SYMBOL_RATE_HZ, 902.4e6, 1.3)
LEAD = generate("normal", np.random.default_rng(0), rate_hz=AIR.rate_hz)[1]
"""Samples of a wave before its first symbol."""
CLOCKS_S = (0.0, 4.1e-3, -2.7e-3, 7.7e-3, 1.3e-3, -5.2e-3)
"""By how much each sensor's clock is ahead."""
PHONES = ((np.array([[3.0, 3.0, 1.2]]), -1, 2, 1), (np.array([[17.0, 12.0, 1.2]]), 1, 5, 4))
"""Place, channel, slot and training sequence."""
NOISE_DBM = -110.0
"""Of each sensor's receiver in 200 kHz; `heard.levels` are dBm."""


def record(folder: Path, rng: np.random.Generator) -> dict[str, Path]:
    """A recording for each sensor of `heard.SITE`."""
    made = {}
    for n, sensor in enumerate(heard.SITE.sensors):
        placed = []
        for place, channel, slot, sequence in PHONES:
            snr_db = float(heard.levels(place)[0, n]) - NOISE_DBM
            for frame in range(int(AIR.seconds * SYMBOL_RATE_HZ / FRAME_SYMBOLS) - 4):
                if frame % 26 == 25 or rng.random() < 0.05:
                    continue
                at_s = (frame * FRAME_SYMBOLS + slot * SLOT_SYMBOLS) / SYMBOL_RATE_HZ + CLOCKS_S[n] + 8e-3
                placed.append(burst(at_s, channel, sequence, snr_db, rng))
        path = folder / f"{sensor.name}.sigmf-meta"
        write(path, AIR, sorted(placed, key=lambda one: one.first), n)
        meta = json.loads(path.read_text())
        meta["annotations"] = []
        clock = datetime(2026, 11, 24, 12, tzinfo=UTC) + timedelta(seconds=-8e-3)
        meta["captures"][0]["core:datetime"] = clock.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        path.write_text(json.dumps(meta))
        made[sensor.name] = path
    return made


def burst(at_s: float, channel: int, sequence: int, snr_db: float, rng: np.random.Generator) -> Placed:
    """A normal burst whose first symbol begins at a time of the recording."""
    offset = channel * CHANNEL_HZ
    at = at_s * AIR.rate_hz
    first = int(at - LEAD)
    wave, start = generate(
        "normal", rng, rate_hz=AIR.rate_hz, sequence=sequence, carrier_offset_hz=offset + 30.0 * channel,
        delay_samples=at - LEAD - first,
    )  # fmt: skip
    edges = offset - CHANNEL_HZ / 2, offset + CHANNEL_HZ / 2
    count = round(FORMATS["normal"].symbols * AIR.rate_hz / SYMBOL_RATE_HZ)
    truth = Truth("gsm:normal", first + start, count, *edges, snr_db, offset)
    return Placed(truth, first, wave * np.float32(amplitude(snr_db, AIR.rate_hz)))
