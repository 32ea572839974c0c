"""A click: a switch, a motor, a spark. All its energy lies in a few samples of the whole band."""

import math

import numpy as np

from cellwarden.airinterface.impostors_features import named, rounded
from cellwarden.model import Block, Burst, Emission

IMPULSE_RATIO, IMPULSE_EXCESS, IMPULSE_SHARE = 10.0, 0.15, 0.6
"""A peak's least power over the usual one (noise: one sample in 20,000), the least that all power exceeds the usual
one's, and the least part of that excess that lies in peaks."""
MOST_CLICKS, MOST_PEAKS, LONGEST_PEAK_S = 3, 0.25, 3e-6


def impulse(burst: Burst, block: Block) -> Emission | None:
    """Nearly all energy of the whole band lies in few and short peaks."""
    first = max(0, burst.sample_start - block.sample_start)
    iq = block.iq[first : burst.sample_start - block.sample_start + burst.sample_count].astype(np.float32)
    power = np.sum(iq * iq, axis=1)
    middle = [(len(power) - 1) // 2, len(power) // 2]
    usual = float(np.mean(np.partition(power, middle)[middle])) / math.log(2)
    strong = power > IMPULSE_RATIO * usual
    peaks = np.count_nonzero(np.diff(np.concatenate([[False], strong]).astype(np.int8)) == 1)
    above = float(np.sum(power)) - len(power) * usual
    if not 1 <= peaks <= MOST_CLICKS or above < IMPULSE_EXCESS * len(power) * usual or np.mean(strong) > MOST_PEAKS:
        return None
    share = min(1.0, float(np.sum(power[strong] - usual)) / above)
    peak_s = float(np.count_nonzero(strong)) / peaks / block.segment.rate_hz
    if share < IMPULSE_SHARE or peak_s > LONGEST_PEAK_S:
        return None
    return named("noise:impulse", burst, 0.8, {"peak_share": rounded(share)})
