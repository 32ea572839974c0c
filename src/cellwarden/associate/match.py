"""Bursts by a common clock that are the same one: a chain of coincidences, no node twice.

In the order of time each burst joins that open group which fits best, or opens one. It fits a group whose bursts are of
its kind, whose time differs by less than GATE_SIGMAS standard deviations and the time of flight through a site, whose
middle lies within half of the narrower box, and whose carrier offset, as far as it is known, is the same.
"""

import numpy as np
from numpy.typing import NDArray

from cellwarden.compiled import exact

GATE_SIGMAS = 5.0
FLIGHT_S = 1e-6
"""300 m: how much later one node may hear a burst than another."""
CFO_ERROR = 0.15e-6
"""Standard deviation of two nodes' carrier offsets of one burst as a part of the carrier: that of GSM at 5 dB."""
CFO_SIGMAS = 5.0


@exact  # nan is what is not known
def grouped(
    time_s: NDArray[np.float64],
    error_s: NDArray[np.float64],
    kind: NDArray[np.int64],
    frequency_hz: NDArray[np.float64],
    width_hz: NDArray[np.float64],
    cfo: NDArray[np.float64],
    node: NDArray[np.int64],
    nodes: int,
) -> NDArray[np.int64]:
    """The group of each burst, from 0: int64, shape (n,). All columns have that shape; `time_s` does not fall."""
    count = len(time_s)
    group = np.empty(count, np.int64)
    first = np.empty(count, np.int64)
    taken = np.zeros((count, nodes), np.bool_)
    groups, oldest = 0, 0
    widest = FLIGHT_S + GATE_SIGMAS * np.sqrt(2.0) * (error_s.max() if count else 0.0)
    for i in range(count):
        while oldest < groups and time_s[i] - time_s[first[oldest]] > widest:
            oldest += 1
        best, least = -1, 1.0
        for g in range(oldest, groups):
            j = first[g]
            if taken[g, node[i]] or kind[i] != kind[j]:
                continue
            if abs(frequency_hz[i] - frequency_hz[j]) > 0.5 * min(width_hz[i], width_hz[j]):
                continue
            late = (time_s[i] - time_s[j]) / (
                FLIGHT_S + GATE_SIGMAS * np.sqrt(error_s[i] * error_s[i] + error_s[j] * error_s[j])
            )
            off = (cfo[i] - cfo[j]) / (CFO_SIGMAS * CFO_ERROR)
            cost = late * late + (0.0 if np.isnan(off) else off * off)
            if cost <= least:
                best, least = g, cost
        if best < 0:
            best = groups
            first[best] = i
            groups += 1
        taken[best, node[i]] = True
        group[i] = best
    return group
