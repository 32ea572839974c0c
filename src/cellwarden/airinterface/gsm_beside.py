"""Bursts beside stronger ones, heard once those are taken away (successive interference cancellation).

    power      ▇▇▇▇▇▇          a burst that was named: `gsm_cancel` takes it out
               ▇▇▇▇▇▇▁▁▁▁▁     its skirt, which lies 15 dB below it and over the middle of the next channel
             ▁▁▇▇▇▇▇▇▄▄▄▄▁▁    … and here the other one shows, 20 dB below it
              n       n + 1    channels

The filter of one channel lets through what the next one's burst sends at its edge: beside a burst 10 dB stronger one in
ten is heard.

Source: TS 45.005 §6.3 (adjacent channels).
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.gsm_cancel import LEAST_WIDE_HZ, RAMP, Wide, channel_of, tables, take_out, wide
from cellwarden.airinterface.gsm_clear import FOUND, MOST_CLEAR, plain
from cellwarden.airinterface.gsm_judge import MANY_SCORE
from cellwarden.airinterface.gsm_sweep import Raster, carriers_in, density_at, raster, roomy
from cellwarden.airinterface.gsm_waveform import CHANNEL_HZ
from cellwarden.compiled import exact, fast
from cellwarden.detect.finds import Find, boxes
from cellwarden.detect.kernels import decimate
from cellwarden.model import Interleaved

SHORTEST_S, LONGEST_S = 400e-6, 3e-3
"""Runs of hot rows that are looked into; longer ones are cut, each piece reaching a burst's length into the next."""
AROUND = 12.0
"""Symbols before and after such a run that are heard too."""
HALF_HZ = 85e3
"""Either way of a channel's middle, what of its bands must lie within to be counted."""
SKIRT = 0.02
"""What has less than this part of the power of the channel beside it is its skirt alone."""
LEAST = 1.5
"""Mean power over noise below which a run of rows holds nothing that could be told from noise by its symbols."""


def beside(find: Find, known: NDArray[np.void]) -> NDArray[np.void]:
    """Bursts of a chunk, and behind them those in what they leave of its rough boxes: FOUND, shape (n,).

    known: normal bursts, as `gsm_sweep` has them.
    """
    centre, rate = find.samples.segment.centre_hz, find.samples.segment.rate_hz
    if centre is None or not len(known) or rate < LEAST_WIDE_HZ:
        return known
    chunk, on = find.chunk, raster(find, centre)
    ordered = known[np.lexsort((known["start"], known["carrier_hz"]))]
    channel = np.rint((ordered["carrier_hz"] - on.lowest_hz) / CHANNEL_HZ)
    first_of = np.searchsorted(channel, np.arange(len(on.allowed) + 1))
    more = _beside(
        find.samples.iq, chunk.ratio, chunk.hot, chunk.noise, boxes(find), ordered, first_of, on, wide(rate), *tables()
    )  # fmt: skip
    return np.concatenate((known, more))


@exact
def _beside(
    iq: Interleaved,
    ratio: NDArray[np.float32],
    hot: NDArray[np.uint8],
    noise: NDArray[np.float64],
    regions: NDArray[np.int64],
    known: NDArray[np.void],
    first_of: NDArray[np.int64],
    on: Raster,
    how: Wide,
    rise: NDArray[np.float64],
    circle: NDArray[np.float32],
) -> NDArray[np.void]:
    """The bursts behind those known, which are in the order of carrier and start; `first_of`: of each carrier."""
    size, step = on.size, how.step
    whole = how.form.symbols * how.per_symbol * step
    around, ramp = int(AROUND * how.per_symbol * step), RAMP * how.per_symbol * step
    found = np.empty(64, FOUND)
    count = 0
    for box in range(len(regions)):
        first_row, end_row, first_band, end_band = regions[box]
        if end_row - first_row < int(SHORTEST_S * on.rate_hz / size):
            continue
        low, high = carriers_in(on, first_band, end_band)
        for number in range(low, high + 1):
            if not on.allowed[number]:
                continue
            carrier_hz = on.lowest_hz + number * CHANNEL_HZ
            own = known[first_of[number] : first_of[number + 1]]
            near = (
                known[first_of[max(number - 1, 0)] : first_of[number]],
                known[first_of[number + 1] : first_of[min(number + 2, len(on.allowed))]],
            )
            rows = (first_row, end_row)
            at = (carrier_hz - on.edge_hz) / on.band_hz
            apart, half = CHANNEL_HZ / on.band_hz, HALF_HZ / on.band_hz
            for first, end in _left(ratio, hot, rows, at, apart, half, own, whole, ramp, size, on.rate_hz):
                begin = max(0, first * size - around)
                stop = min(len(iq), end * size + around)
                heard = np.empty((stop - begin) // step, np.complex64)
                if len(heard) < how.form.symbols * how.per_symbol:
                    continue
                decimate(iq, 1.0, begin, carrier_hz / on.rate_hz, how.taps, step, heard)
                for others in near:
                    for other in others:
                        if other.start < stop and other.start + whole > begin:
                            take_out(heard, (other.start - begin) / step, other, carrier_hz, how, rise, circle)
                y = channel_of(heard, 0, len(heard), 0.0, how)
                density = density_at(on, noise, carrier_hz)
                found = roomy(found, count)
                room = found[count : count + MOST_CLEAR]
                spacing = step * how.channel_step
                fresh, _clear = plain(y, density / spacing, how.form, MANY_SCORE, room)
                for one in room[:fresh]:
                    one.box = box
                    one.carrier_hz = carrier_hz
                    one.density = density
                    one.start = begin + one.start * spacing
                    if _new(one, own, whole) and _new(one, found[:count], whole):
                        found[count] = one
                        count += 1
    return found[:count]


@exact
def _new(one: Any, known: NDArray[np.void], whole: float) -> bool:
    """Whether a burst is none of those known: none on its carrier begins within half its length."""
    new = True
    for other in known:
        new &= other.carrier_hz != one.carrier_hz or abs(other.start - one.start) >= whole / 2
    return new


@fast
def _band_mean(row: NDArray[np.float32], at: float, half: float) -> float:
    """Mean over the bands that lie within `half` bands of the place `at`; 1, which is noise, where there are none."""
    low, high = max(0, math.ceil(at - half - 0.25)), min(len(row), math.floor(at + half + 0.25))
    total = np.float32(0)
    for b in range(low, high):
        total += row[b]
    return float(total) / (high - low) if high > low else 1.0


@exact
def _left(
    ratio: NDArray[np.float32],
    hot: NDArray[np.uint8],
    rows: tuple[int, int],
    at: float,
    apart: float,
    half: float,
    own: NDArray[np.void],
    whole: float,
    ramp: float,
    size: int,
    rate_hz: float,
) -> list[tuple[int, int]]:
    """Runs of rows in which a channel is hot and none of its `own` named bursts lies, long enough for one burst.

    at: the channel's middle in bands; apart: to the next channel; half: what is looked at either way of it. What is
    but noise, or the skirt of the next channel, is left out.
    """
    first_row, end_row = rows
    on = np.ones(end_row - first_row, np.bool_)
    for one in own:
        begin, end = math.floor((one.start - ramp) / size), math.ceil((one.start + whole + ramp) / size)
        on[max(begin - first_row, 0) : max(end - first_row, 0)] = False
    low, high = max(0, math.ceil(at - half - 0.25)), min(ratio.shape[1], math.floor(at + half + 0.25))
    for row in range(first_row, end_row):
        if on[row - first_row]:
            burning = 0
            for b in range(low, high):
                burning += hot[row, b]
            on[row - first_row] = high > low and 2 * burning >= high - low
    shortest, longest = int(SHORTEST_S * rate_hz / size), int(LONGEST_S * rate_hz / size)
    length = int(whole / size) + 2
    runs = [(0, 0) for _ in range(0)]
    begin = -1
    for row in range(len(on) + 1):
        lit = row < len(on) and (on[row] or (begin >= 0 and row + 1 < len(on) and on[row + 1]))
        if lit and begin < 0:
            begin = row
        if begin >= 0 and (not lit or row - begin >= longest):
            if row - begin >= shortest and _worth(ratio, first_row + begin, first_row + row, at, apart, half):
                runs.append((first_row + begin, first_row + row))
            begin = row - length if lit else -1
    return runs


@exact
def _worth(ratio: NDArray[np.float32], first: int, end: int, at: float, apart: float, half: float) -> bool:
    """Whether the power of a channel in some rows is neither noise nor all of it the skirt of the next."""
    told, below, above = 0.0, 0.0, 0.0
    for row in range(first, end):
        told += _band_mean(ratio[row], at, half) - 1
        below += _band_mean(ratio[row], at - apart, half) - 1
        above += _band_mean(ratio[row], at + apart, half) - 1
    return told > (LEAST - 1) * (end - first) and told > SKIRT * (below + above)
