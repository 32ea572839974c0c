"""All clear normal bursts of a chunk in one compiled call: where calls are many, each must cost little.

    rows of a chunk   ──────────────────────────────────►
    channel n + 1     ........▒▒▒▒▒▒▒▒▒▒▒...............   a skirt: much stronger beside it
    channel n         ........███████████..▓▓▓▓▓▓▓▓▓▓▓..   a run of hot rows: samples are mixed down, and listened to
    channel n - 1     ........▒▒▒▒▒▒▒▒▒▒▒...............

Only on the raster of a known centre. What is not clear is left to `gsm`, box by box.
"""

import math
from functools import lru_cache

import numpy as np
from numba import njit
from numpy.typing import NDArray

from cellwarden.airinterface.gsm_clear import FOUND, MOST_CLEAR, carriers, plain
from cellwarden.airinterface.gsm_kernels import mean
from cellwarden.airinterface.gsm_receiver import LEAST_RATE_HZ, Layout, layout, receiver
from cellwarden.airinterface.gsm_symbols import parts
from cellwarden.airinterface.gsm_waveform import CHANNEL_HZ
from cellwarden.detect.bursts import Find
from cellwarden.detect.kernels import decimate
from cellwarden.model import Interleaved
from cellwarden.radio.bands import channels_at

SHORTEST_S, LONGEST_S = 400e-6, 4e-3
"""Runs of hot rows that are looked into; longer ones may be a base station's."""
SKIRT = 0.03
"""What has less than this part of the power of the channel beside it (15 dB) is that one's skirt."""
HALF_HZ = 85e3
"""Either way of a channel's middle, what of its bands must lie within to be counted."""
AROUND = 12.0
"""Symbols before and after a run that are looked at too, for its edges."""


@lru_cache
def _raster(centre_hz: float, rate_hz: float) -> tuple[int, NDArray[np.bool_]]:
    """Number of the first carrier within the band that is heard, in units of 200 kHz, and which are GSM's."""
    first = math.ceil((centre_hz - rate_hz / 2) / CHANNEL_HZ)
    end = math.floor((centre_hz + rate_hz / 2) / CHANNEL_HZ) + 1
    return first, np.array([bool(channels_at(n * CHANNEL_HZ)) for n in range(first, end)], np.bool_)


def sweep(find: Find) -> NDArray[np.void]:
    """Clear normal bursts of a chunk: FOUND, shape (n,), `start` counted from the block's first sample."""
    chunk, rate = find.chunk, find.samples.segment.rate_hz
    centre = find.samples.segment.centre_hz
    if centre is None or rate < LEAST_RATE_HZ or not find.regions:
        return np.empty(0, FOUND)
    heard = receiver(rate)
    first, allowed = _raster(centre, rate)
    regions = np.array([(r.first_row, r.end_row, r.first_band, r.end_band) for r in find.regions])
    grid = chunk.grid
    return _sweep(
        find.samples.iq,
        chunk.ratio,
        chunk.hot,
        chunk.noise,
        regions,
        first * CHANNEL_HZ - centre,
        allowed,
        grid.size,
        grid.per_band,
        rate,
        heard.taps,
        heard.step,
        layout("normal", rate),
        *carriers(),
    )


@njit(cache=True, nogil=True)
def _sweep(
    iq: Interleaved,
    ratio: NDArray[np.float32],
    hot: NDArray[np.uint8],
    noise: NDArray[np.float64],
    regions: NDArray[np.int64],
    lowest_hz: float,
    allowed: NDArray[np.bool_],
    size: int,
    per_band: int,
    rate_hz: float,
    taps: NDArray[np.float32],
    step: int,
    form: Layout,
    turns: NDArray[np.float64],
    waves: NDArray[np.float32],
) -> NDArray[np.void]:
    """See `sweep`. iq: shape (n, 2); ratio: power over noise, and hot: shape (rows, bands); noise: of each bin."""
    bin_hz = rate_hz / size
    band_hz = bin_hz * per_band
    edge_hz = -(size / 2 + 0.5) * bin_hz
    shortest, longest = SHORTEST_S * rate_hz / size, LONGEST_S * rate_hz / size
    around = int(AROUND * form.per_symbol * step)
    found = np.empty(64, FOUND)
    count = 0
    for box in range(len(regions)):
        first_row, end_row, first_band, end_band = regions[box]
        if end_row - first_row < shortest:
            continue
        low = max(0, math.ceil((edge_hz + first_band * band_hz - lowest_hz) / CHANNEL_HZ - 0.3))
        high = min(len(allowed) - 1, math.floor((edge_hz + end_band * band_hz - lowest_hz) / CHANNEL_HZ + 0.3))
        for number in range(low, high + 1):
            carrier_hz = lowest_hz + number * CHANNEL_HZ
            if not allowed[number]:
                continue
            for first, end in _runs(ratio, hot, first_row, end_row, carrier_hz - edge_hz, band_hz):
                if not shortest <= end - first <= longest:
                    continue
                begin = max(0, first * size - around)
                y = np.empty((min(len(iq), end * size + around) - begin) // step, np.complex64)
                if len(y) < form.symbols * form.per_symbol:
                    continue
                decimate(iq, 1.0, begin, carrier_hz / rate_hz, taps, step, y)
                middle = int((carrier_hz - edge_hz) / bin_hz)
                reach = int(CHANNEL_HZ / 2 / bin_hz)
                density = float(np.mean(noise[max(0, middle - reach) : middle + reach + 1]))
                if len(found) - count < MOST_CLEAR:
                    found = np.concatenate((found, np.empty(len(found), FOUND)))
                more, _clear = plain(parts(y), density / step, form, turns, waves, found[count : count + MOST_CLEAR])
                for one in found[count : count + more]:
                    one.box = box
                    one.carrier_hz = carrier_hz
                    one.density = density
                    one.start = begin + one.start * step
                count += more
    return found[:count]


@njit(cache=True, nogil=True)
def _runs(
    ratio: NDArray[np.float32], hot: NDArray[np.uint8], first_row: int, end_row: int, above_hz: float, band_hz: float
) -> list[tuple[int, int]]:
    """Rows in which a channel is hot and no skirt of the next: first and end of each run, gaps of one row bridged.

    above_hz: the channel's middle above the lowest band's edge.
    """
    runs = [(0, 0) for _ in range(0)]
    begin = -1
    last = -1
    for row in range(first_row, end_row):
        on, power = _power(ratio[row], hot[row], above_hz, band_hz)
        if on:
            _on, below = _power(ratio[row], hot[row], above_hz - CHANNEL_HZ, band_hz)
            _on, above = _power(ratio[row], hot[row], above_hz + CHANNEL_HZ, band_hz)
            on = power - 1 > SKIRT * (max(below, above) - 1)
        if on:
            if begin >= 0 and row - last > 2:
                runs.append((begin, last + 1))
                begin = -1
            begin = row if begin < 0 else begin
            last = row
    if begin >= 0:
        runs.append((begin, last + 1))
    return runs


@njit(cache=True, nogil=True)
def _power(ratio: NDArray[np.float32], hot: NDArray[np.uint8], above_hz: float, band_hz: float) -> tuple[bool, float]:
    """Whether half of a channel's bands are hot in a row, and its power over noise; 1, which is noise, off the edge."""
    low = max(0, math.ceil((above_hz - HALF_HZ) / band_hz - 0.25))
    high = min(len(ratio), math.floor((above_hz + HALF_HZ) / band_hz + 0.25))
    if high <= low:
        return False, 1.0
    burning = 0
    for band in range(low, high):
        burning += hot[band]
    return 2 * burning >= high - low, mean(ratio, low, high)
