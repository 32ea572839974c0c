"""A passage as three receivers record it, at f0, 2f0 and 3f0: CW, pulses, frequency steps or chirps, as SigMF."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cellwarden.simulate.junction import F0_HZ
from cellwarden.simulate.lane import Item, passage
from cellwarden.simulate.parameters import Junctions

RATE_HZ = 100e3
CHIRP_HZ, CHIRP_RATE_HZ = 1.6e6, 8e6
"""A chirp spans what 3f0 still holds of it in its rate: 4.8 MHz."""
STEP_HZ, STEPS = 1e6, 21
"""20 MHz from the first step to the last."""
READING_S = 1e-3
CHIRP_READING_S = 1e-4
DUTY = 0.25
"""Of a pulsed transmitter; each reading holds one pulse."""
SENT_DBFS = -6.0
HEARD_DBM = -70.0
"""Level of 0 dBFS in the channels of 2f0 and 3f0."""
START = "2026-11-24T12:00:00.000000000Z"


def recorded(
    folder: Path, world: Junctions, items: Sequence[Item], rng: np.random.Generator, waveform: str, *,
    somebody: bool = True, apart: bool = False, reach_m: float = Junctions.REACH_M,
) -> list[Path]:  # fmt: skip
    """Write a passage; the paths of its metadata. apart: three files instead of one of three channels.

    waveform: `cw`, `pulsed`, `stepped` or `chirp`.

    reach_m: of the lane before and behind the antennas, which is less than it all where files are to be small.
    """
    chirp, reading_s = waveform == "chirp", CHIRP_READING_S if waveform == "chirp" else READING_S
    rate = CHIRP_RATE_HZ if chirp else RATE_HZ
    steps = (np.arange(STEPS) - STEPS // 2) * STEP_HZ
    chirped = (np.arange(16) + 0.5) / 16 * CHIRP_HZ - CHIRP_HZ / 2
    f0 = F0_HZ + {"stepped": steps, "chirp": chirped}.get(waveform, np.zeros(1))
    one, answers = passage(world, items, rng, somebody=somebody, frequencies_hz=f0.tolist(), reading_s=reading_s)
    keep = np.flatnonzero(np.abs(one.position_m) <= reach_m)
    answers, sent = answers[:, keep], one.transmit_dbm[keep]
    tuned = np.resize(f0, len(one.time_s))[keep]
    if waveform in ("stepped", "chirp"):  # begin with a whole sweep
        first = int(np.argmax(np.isclose(tuned, f0[0])))
        answers, sent, tuned, keep = answers[:, first:], sent[first:], tuned[first:], keep[first:]
    start_m = float(one.position_m[keep][0])
    piece = round(reading_s * rate)
    waves = _waves(answers, sent, tuned, piece, rate, waveform, world, rng)
    centres = np.full(len(sent), F0_HZ) if chirp else tuned
    head = {
        "core:datatype": "cf32_le", "core:sample_rate": rate, "core:version": "1.2.5",
        "cellwarden:transmit_dbm": world.eirp_dbm - SENT_DBFS, "cellwarden:second_dbm": HEARD_DBM,
        "cellwarden:third_dbm": HEARD_DBM, "cellwarden:position_m": start_m,
        "cellwarden:speed_m_s": world.speed_m_s, "cellwarden:reading_s": reading_s,
    }  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    if apart:
        return [_written(folder / f"{k}f0", head, centres * k, piece, waves[k - 1 : k], rate) for k in (1, 2, 3)]
    return [_written(folder / "lane", head, centres, piece, waves, rate)]


def _waves(
    answers: NDArray[np.complex128], sent_dbm: NDArray[np.float64], tuned: NDArray[np.float64], piece: int,
    rate_hz: float, waveform: str, world: Junctions, rng: np.random.Generator,
) -> NDArray[np.complex64]:  # fmt: skip
    """Samples of the three channels, shape (3, n)."""
    count = len(sent_dbm) * piece
    inside = np.arange(count) % piece
    phase = np.zeros(count)
    if waveform == "chirp":
        offset = np.repeat(tuned - F0_HZ, piece) + (inside / piece - 0.5) * CHIRP_HZ / 16
        phase = 2 * np.pi * np.cumsum(offset) / rate_hz
    amplitude = np.repeat(10 ** ((sent_dbm - world.eirp_dbm + SENT_DBFS) / 20), piece)
    on = inside < DUTY * piece if waveform == "pulsed" else np.ones(count, np.bool_)
    waves = [amplitude * on * np.exp(1j * phase)]
    noise = np.sqrt(10 ** ((world.noise_dbm - HEARD_DBM) / 10) * rate_hz / 1e3 / 2)
    for row, order in enumerate((2, 3)):
        heard = np.repeat(answers[row], piece) * 10 ** (-HEARD_DBM / 20) * on * np.exp(1j * order * phase)
        waves.append(heard + noise * (rng.normal(size=count) + 1j * rng.normal(size=count)))
    return np.array(waves, np.complex64)


def _written(
    path: Path, head: dict[str, object], centres: NDArray[np.float64], piece: int, waves: NDArray[np.complex64],
    rate_hz: float,
) -> Path:  # fmt: skip
    """One SigMF recording, with a capture wherever it was tuned anew."""
    changed = np.flatnonzero(np.concatenate(([True], np.diff(centres) != 0)))
    captures = []
    for at in changed:
        late_ns = round(int(at) * piece / rate_hz * 1e9)
        when = f"{START[:17]}{late_ns // 10**9:02d}.{late_ns % 10**9:09d}Z"
        first = int(at) * piece
        captures.append({"core:sample_start": first, "core:frequency": float(centres[at]), "core:datetime": when})
    meta = {"global": {**head, "core:num_channels": len(waves)}, "captures": captures, "annotations": []}
    path.with_suffix(".sigmf-meta").write_text(json.dumps(meta))
    np.ascontiguousarray(waves.T).tofile(path.with_suffix(".sigmf-data"))
    return path.with_suffix(".sigmf-meta")
