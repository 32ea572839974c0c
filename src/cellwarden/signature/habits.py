"""What the bursts of a train show together: how often a phone sends, how evenly, and by which steps its power goes.

    level   ▇▇▇▇▇▇▅▅▅▅▅▅▃▃▃▃▃▃      steps of 2 dB, a level each 60 ms at most (TS 45.008 §4.7)
    frames  ▏▏▏▏▏▏▏▏    ▏▏▏▏▏▏      pauses of one who listens (discontinuous transmission, TS 46.081)

Of LTE the same is told of PUSCH, whose subframes last 1 ms and whose power may change with each (TS 36.213 §5.1.1): by
frames of ten. Its level is that of a resource block, so that a broader allocation is no step.

Told for what somebody looks at, and never compared: cells ask for steps and pauses, and echoes change levels too.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.gsm_waveform import FRAME_SYMBOLS, SYMBOL_RATE_HZ
from cellwarden.model import Measured

FRAME_S = FRAME_SYMBOLS / SYMBOL_RATE_HZ
POWER_FRAMES = 13
"""Frames in which a GSM phone's power stays as it is."""
TIMES = 3
"""Times of one power that a train spans at least."""


class Rhythm(NamedTuple):
    """Of a family."""

    frame_s: float
    """In which a phone sends once, or not."""
    power_frames: int
    """Over which levels are averaged before steps are looked for."""


GSM = Rhythm(FRAME_S, POWER_FRAMES)
RHYTHMS: Mapping[str, Rhythm] = {"gsm:normal": GSM, "lte:pusch": Rhythm(1e-3, 10)}


def habits(start_s: NDArray[np.float64], level_db: NDArray[np.float64], rhythm: Rhythm = GSM) -> dict[str, Measured]:
    """Of a train of one family's bursts, by the start and the level of each: both float64, shape (n,), in order.

    `busy_share` of the frames; `jitter_us`, the standard deviation of starts about their frames, what the receiver errs
    by included; `power_step_db`, the median change of level from one time of one power to the next. Nothing where the
    train is short.
    """
    frame = np.rint((start_s - start_s[0]) / rhythm.frame_s).astype(np.int64) if len(start_s) else np.zeros(0, np.int64)
    if len(frame) < 3 or frame[-1] + 1 < TIMES * rhythm.power_frames:
        return {}
    frames = int(frame[-1]) + 1
    share = min(1.0, len(np.unique(frame)) / frames)
    line = np.polyfit(frame, start_s, 1)
    jitter = float(np.std(start_s - np.polyval(line, frame), ddof=2))
    told = {
        "busy_share": Measured(share, math.sqrt(share * (1 - share) / frames)),
        "jitter_us": Measured(1e6 * jitter, 1e6 * jitter / math.sqrt(2 * (len(frame) - 2))),
    }
    times = frame // rhythm.power_frames
    means = np.array([level_db[times == one].mean() for one in np.unique(times)])
    steps = np.abs(np.diff(means))
    within = float(np.mean([level_db[times == one].var() for one in np.unique(times)]))
    told["power_step_db"] = Measured(float(np.median(steps)), math.sqrt(2 * within / rhythm.power_frames / len(steps)))
    return told
