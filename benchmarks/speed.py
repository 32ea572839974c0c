"""How fast a scan is: 10 MS/s ci16, from the page cache, on one core, at several occupancies. `make bench`.

Occupancy is the share of GSM slots in the band that carry a burst: 10 MHz hold 50 channels of 1,733 slots a second.
"""

import os
import tempfile
import time
from pathlib import Path

import numpy as np

from cellwarden.airinterface.gsm_waveform import CHANNEL_HZ, SLOT_SYMBOLS, SYMBOL_RATE_HZ, generate
from cellwarden.radio.recording import open_recording
from cellwarden.runtime.scan import scan

RATE_HZ = 10e6
CENTRE_HZ = 895e6
SECONDS = 2.0
REPEATS = 5
LEVEL = 100.0
SEED = 1


def band(occupancy: float, rng: np.random.Generator) -> tuple[np.ndarray, int]:
    """int16 samples, shape (n, 2), noise and GSM bursts of 5 to 25 dB in a share of all slots; and how many bursts."""
    count = round(SECONDS * RATE_HZ)
    wave = (rng.normal(size=(count, 2)).astype(np.float32) * LEVEL).view(np.complex64)[:, 0]
    slot = SLOT_SYMBOLS / SYMBOL_RATE_HZ * RATE_HZ
    slots = int(count / slot) - 2
    chosen = np.flatnonzero(rng.random(50 * slots) < occupancy)
    for number in chosen:
        channel, place = divmod(int(number), slots)
        offset = (channel - 25) * CHANNEL_HZ + rng.normal() * 100
        burst, _ = generate("normal", rng, rate_hz=RATE_HZ, sequence=channel % 8, carrier_offset_hz=offset)
        first = round((place + 0.5) * slot)
        snr = 10 ** rng.uniform(0.5, 2.5)
        wave[first : first + len(burst)] += LEVEL * np.float32(np.sqrt(2 * snr * CHANNEL_HZ / RATE_HZ)) * burst
    return np.clip(np.round(wave.view(np.float32).reshape(-1, 2)), -32768, 32767).astype("<i2"), len(chosen)


def measure(occupancy: float) -> dict[str, float]:
    """Megasamples a second (median of REPEATS scans), and the share of the bursts that were recognised."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "band.sigmf-meta"
        samples, bursts = band(occupancy, np.random.default_rng(SEED))
        path.with_suffix(".sigmf-data").write_bytes(samples.tobytes())
        path.write_text(
            f'{{"global": {{"core:datatype": "ci16_le", "core:sample_rate": {RATE_HZ}, "core:version": "1.2.5"}},'
            f' "captures": [{{"core:sample_start": 0, "core:frequency": {CENTRE_HZ}}}], "annotations": []}}'
        )
        recording = open_recording(path)
        found = [e.label for e in scan(recording)]
        times = []
        for _ in range(REPEATS):
            start = time.perf_counter()
            for _emission in scan(recording):
                pass
            times.append(time.perf_counter() - start)
    return {
        "occupancy": occupancy,
        "ms_per_s": recording.sample_count / float(np.median(times)) / 1e6,
        "bursts": bursts,
        "recognised": found.count("gsm:normal"),
    }


def main() -> None:
    """Print a line for each occupancy."""
    os.sched_setaffinity(0, {0})
    print("occupancy   MS/s a core   GSM bursts   recognised")
    for occupancy in (0.0, 0.005, 0.05):
        line = measure(occupancy)
        print(
            f"{line['occupancy']:9.1%}{line['ms_per_s']:14.1f}{line['bursts']:13.0f}{line['recognised']:13.0f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
