"""All clear normal bursts of a chunk in one compiled call: where calls are many, each must cost little.

    rows of a chunk   ──────────────────────────────────►
    channel n + 1     ........▒▒▒▒▒▒▒▒▒▒▒...............   a skirt: much stronger beside it
    channel n         ........███████████..▓▓▓▓▓▓▓▓▓▓▓..   a run of hot rows: samples are mixed down, and listened to
    channel n - 1     ........▒▒▒▒▒▒▒▒▒▒▒...............

Only on the raster of a known centre. What is not clear is left to `gsm`, box by box.
"""

import math
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.gsm_clear import FOUND, MOST_CLEAR, plain
from cellwarden.airinterface.gsm_judge import MANY_SCORE
from cellwarden.airinterface.gsm_receiver import LEAST_RATE_HZ, Layout, layout, receiver
from cellwarden.airinterface.gsm_waveform import CHANNEL_HZ
from cellwarden.compiled import exact
from cellwarden.detect.finds import Find, boxes
from cellwarden.detect.tuned import Bank, bank, tuned
from cellwarden.model import Interleaved
from cellwarden.radio.bands import channels_at

SHORTEST_S, LONGEST_S = 400e-6, 4e-3
"""Runs of hot rows that are looked into; longer ones may be a base station's. In a longer box there are many, and more
is asked for."""
SKIRT = 0.03
"""What has less than this part of the power of the channel beside it (15 dB) is that one's skirt."""
HALF_HZ = 85e3
"""Either way of a channel's middle, what of its bands must lie within to be counted."""
AROUND = 12.0
"""Symbols before and after a run that are looked at too, for its edges."""


class Raster(NamedTuple):
    """GSM's carriers in a chunk, numbered from the lowest one, and how its rows and bands lie to them."""

    allowed: NDArray[np.bool_]
    """Which are GSM's."""
    lowest_hz: float
    """Offset of the lowest one."""
    edge_hz: float
    """Of the lowest band's lower edge."""
    band_hz: float
    bin_hz: float
    rate_hz: float
    size: int
    """Samples of a row."""


def raster(find: Find, centre_hz: float) -> Raster:
    """Of a chunk whose band's middle is known."""
    rate, grid = find.samples.segment.rate_hz, find.chunk.grid
    first, allowed = _allowed(centre_hz, rate)
    bin_hz = rate / grid.size
    edge_hz = -(grid.size / 2 + 0.5) * bin_hz
    return Raster(allowed, first * CHANNEL_HZ - centre_hz, edge_hz, bin_hz * grid.per_band, bin_hz, rate, grid.size)


@exact
def carriers_in(on: Raster, first_band: int, end_band: int) -> tuple[int, int]:
    """Numbers of the lowest and the highest carrier that lie in some bands."""
    low = max(0, math.ceil((on.edge_hz + first_band * on.band_hz - on.lowest_hz) / CHANNEL_HZ - 0.3))
    high = math.floor((on.edge_hz + end_band * on.band_hz - on.lowest_hz) / CHANNEL_HZ + 0.3)
    return low, min(len(on.allowed) - 1, high)


@exact
def density_at(on: Raster, noise: NDArray[np.float64], carrier_hz: float) -> float:
    """Noise in a channel, where `noise` is that of each bin."""
    middle, reach = int((carrier_hz - on.edge_hz) / on.bin_hz), int(CHANNEL_HZ / 2 / on.bin_hz)
    return float(np.mean(noise[max(0, middle - reach) : middle + reach + 1]))


@exact
def roomy(found: NDArray[np.void], count: int) -> NDArray[np.void]:
    """Room for a channel's bursts behind the first `count`: FOUND, longer where there was none."""
    if len(found) - count < MOST_CLEAR:
        return np.concatenate((found, np.empty(len(found), FOUND)))
    return found


@lru_cache
def _allowed(centre_hz: float, rate_hz: float) -> tuple[int, NDArray[np.bool_]]:
    """Number of the first carrier within the band that is heard, in units of 200 kHz, and which are GSM's."""
    first = math.ceil((centre_hz - rate_hz / 2) / CHANNEL_HZ)
    end = math.floor((centre_hz + rate_hz / 2) / CHANNEL_HZ) + 1
    return first, np.array([bool(channels_at(n * CHANNEL_HZ)) for n in range(first, end)], np.bool_)


@lru_cache(maxsize=8)
def _filters(centre_hz: float, rate_hz: float, dtype: Any) -> Bank:
    """Channel filters of all carriers within the band that is heard."""
    first, allowed = _allowed(centre_hz, rate_hz)
    offsets_hz = (first + np.arange(len(allowed), dtype=np.float64)) * CHANNEL_HZ - centre_hz
    return bank(offsets_hz / rate_hz, receiver(rate_hz).taps, dtype)


def sweep(find: Find) -> NDArray[np.void]:
    """Clear normal bursts of a chunk: FOUND, shape (n,), `start` counted from the block's first sample."""
    chunk, rate = find.chunk, find.samples.segment.rate_hz
    centre = find.samples.segment.centre_hz
    if centre is None or rate < LEAST_RATE_HZ or not find.regions:
        return np.empty(0, FOUND)
    iq = find.samples.iq
    filters, step = _filters(centre, rate, iq.dtype), receiver(rate).step
    on, form = raster(find, centre), layout("normal", rate)
    return _sweep(iq, chunk.ratio, chunk.hot, chunk.noise, boxes(find), on, filters, step, form)


@exact
def _sweep(
    iq: Interleaved,
    ratio: NDArray[np.float32],
    hot: NDArray[np.uint8],
    noise: NDArray[np.float64],
    regions: NDArray[np.int64],
    on: Raster,
    filters: Bank,
    step: int,
    form: Layout,
) -> NDArray[np.void]:
    """See `sweep`. iq: shape (n, 2); ratio: power over noise, and hot: shape (rows, bands); noise: of each bin."""
    size, rate_hz = on.size, on.rate_hz
    shortest, longest = SHORTEST_S * rate_hz / size, LONGEST_S * rate_hz / size
    around = int(AROUND * form.per_symbol * step)
    found = np.empty(64, FOUND)
    count = 0
    for box in range(len(regions)):
        first_row, end_row, first_band, end_band = regions[box]
        if end_row - first_row < shortest:
            continue
        low, high = carriers_in(on, first_band, end_band)
        more = 0.0 if end_row - first_row <= longest else MANY_SCORE
        rows = slice(first_row, end_row)
        above_hz = on.lowest_hz - on.edge_hz
        lit, power = _channels(ratio[rows], hot[rows], low - 1, high + 2, above_hz, on.band_hz)
        for number in range(low, high + 1):
            if not on.allowed[number]:
                continue
            carrier_hz = on.lowest_hz + number * CHANNEL_HZ
            for first, end in _runs(lit[number - low + 1], power[number - low : number - low + 3]):
                if not shortest <= end - first <= longest:
                    continue
                first += first_row
                end += first_row
                begin = max(0, first * size - around)
                y = np.empty((2, (min(len(iq), end * size + around) - begin) // step), np.float32)
                if y.shape[1] < form.symbols * form.per_symbol:
                    continue
                tuned(iq, begin, carrier_hz / rate_hz, number, filters, step, y)
                density = density_at(on, noise, carrier_hz)
                found = roomy(found, count)
                room = found[count : count + MOST_CLEAR]
                fresh, _clear = plain(y, density / step, form, more, room)
                for one in room[:fresh]:
                    one.box = box
                    one.carrier_hz = carrier_hz
                    one.density = density
                    one.start = begin + one.start * step
                count += fresh
    return found[:count]


@exact
def _channels(
    ratio: NDArray[np.float32], hot: NDArray[np.uint8], first: int, end: int, above_hz: float, band_hz: float
) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
    """Whether half of a channel's bands are hot in a row, and its power over noise; 1, which is noise, off the edge.

    ratio, hot: shape (rows, bands); channels from `first` to before `end`; above_hz: channel 0's middle above the
    lowest band's edge. Returns arrays of shape (channels, rows).
    """
    rows, bands = ratio.shape
    on = np.zeros((end - first, rows), np.bool_)
    power = np.ones((end - first, rows), np.float32)
    for number in range(first, end):
        middle_hz = above_hz + number * CHANNEL_HZ
        low = max(0, math.ceil((middle_hz - HALF_HZ) / band_hz - 0.25))
        high = min(bands, math.floor((middle_hz + HALF_HZ) / band_hz + 0.25))
        if high <= low:
            continue
        for row in range(rows):
            burning = 0
            total = np.float32(0)
            for band in range(low, high):
                burning += hot[row, band]
                total += ratio[row, band]
            on[number - first, row] = 2 * burning >= high - low
            power[number - first, row] = total / np.float32(high - low)
    return on, power


@exact
def _runs(on: NDArray[np.bool_], power: NDArray[np.float32]) -> list[tuple[int, int]]:
    """Rows in which a channel is hot and no skirt of the next: first and end of each run, gaps of one row bridged.

    on: shape (rows,), of the channel; power: over noise, shape (3, rows), of the channel below, itself, and above.
    """
    runs = [(0, 0) for _ in range(0)]
    begin = -1
    last = -1
    for row in range(len(on)):
        if on[row] and power[1, row] - 1 > SKIRT * (max(power[0, row], power[2, row]) - 1):
            if begin >= 0 and row - last > 2:
                runs.append((begin, last + 1))
                begin = -1
            begin = row if begin < 0 else begin
            last = row
    if begin >= 0:
        runs.append((begin, last + 1))
    return runs
