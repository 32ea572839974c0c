"""The recording that ships with the project: `python -m cellwarden.simulate.wing` makes it anew from its seed.

A fifth of a second of GSM 900 uplink at 2.1667 MS/s. One phone registers (an access burst, then a short dialogue), one
is in a call, a carrier and clicks disturb, and there is noise. SNRs are in 200 kHz.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.gsm_waveform import CHANNEL_HZ, FORMATS, FRAME_SYMBOLS, SYMBOL_RATE_HZ, Kind, generate

RATE_HZ = 8 * SYMBOL_RATE_HZ
CENTRE_HZ = 902_400_000
SECONDS = 0.2
SEED = 20_250_520
FULL_SCALE = 400.0
"""Standard deviation of the noise in steps of the 16-bit file is FULL_SCALE / 8."""
PLACE = Path(__file__).parent / "scene" / "wing"


def scene() -> tuple[NDArray[np.int16], dict[str, Any]]:
    """Samples, int16, shape (n, 2), and SigMF metadata with the truth as annotations."""
    rng = np.random.default_rng(SEED)
    count = round(SECONDS * RATE_HZ)
    wave = rng.normal(size=(count, 2)).view(np.complex128)[:, 0]
    truth: list[dict[str, Any]] = []

    def add(kind: Kind, sequence: int, at_s: float, channel: int, snr_db: float, cfo_hz: float) -> None:
        burst, start = generate(
            kind, rng, rate_hz=RATE_HZ, sequence=sequence, carrier_offset_hz=channel * CHANNEL_HZ + cfo_hz
        )
        amplitude = np.sqrt(2 * 10 ** (snr_db / 10) * CHANNEL_HZ / RATE_HZ)  # the noise has the power 2 over RATE_HZ
        first = round(at_s * RATE_HZ)
        wave[first : first + len(burst)] += amplitude * burst
        middle = CENTRE_HZ + channel * CHANNEL_HZ
        truth.append(
            {
                "core:sample_start": round(first + start),
                "core:sample_count": round(FORMATS[kind].symbols * RATE_HZ / SYMBOL_RATE_HZ),
                "core:freq_lower_edge": middle - CHANNEL_HZ / 2,
                "core:freq_upper_edge": middle + CHANNEL_HZ / 2,
                "core:label": f"gsm:{kind}",
                "truth:snr_db": snr_db,
                "truth:sequence": sequence,
            }
        )

    frame_s = FRAME_SYMBOLS / SYMBOL_RATE_HZ
    add("access", 0, 0.011, 2, 14.0, 310.0)
    for n in range(8):
        add("normal", 2, 0.11 + n * frame_s, 2, 14.0, 310.0)
    for n in range(42):
        add("normal", 5, 0.003 + n * frame_s, -3, 22.0, -140.0)
    t = np.arange(count) / RATE_HZ
    wave += 1.5 * np.exp(2j * np.pi * 730e3 * t)
    wave[rng.integers(0, count, 6)] += 60.0
    steps = np.round(wave.astype(np.complex128).view(np.float64).reshape(-1, 2) * FULL_SCALE / 8)
    meta = {
        "global": {
            "core:datatype": "ci16_le",
            "core:sample_rate": RATE_HZ,
            "core:version": "1.2.5",
            "core:description": "simulated prison wing: one phone registers, one is in a call, a carrier and clicks",
            "core:license": "EUPL-1.2",
        },
        "captures": [{"core:sample_start": 0, "core:frequency": CENTRE_HZ, "core:datetime": "2026-11-24T12:00:00Z"}],
        "annotations": sorted(truth, key=lambda a: int(a["core:sample_start"])),
    }
    return np.clip(steps, -32768, 32767).astype("<i2"), meta


def main() -> None:
    """Write the recording to its place in the package."""
    samples, meta = scene()
    PLACE.with_suffix(".sigmf-data").write_bytes(samples.tobytes())
    PLACE.with_suffix(".sigmf-meta").write_text(json.dumps(meta, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
