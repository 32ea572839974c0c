"""Unknown bursts that look alike: peaks of density over frequency, bandwidth and length.

```
 bandwidth, half octaves
   │      · 2 ▒3▒                cells that hold trains, by count
   │      1 ▓41▓ 7 ·             each joins its densest neighbour (Koontz, Narendra, Fukunaga, IEEE Trans. Comput.
   │            1                25 (1976) 936); two peaks are one where the valley between them is shallow
   │   ▒9▒                       (Chazal et al., J. ACM 60 (2013) 41)
   └────────────── length of a burst, half octaves        (and frequency, twentieths of an octave)
```

A shallow valley is more than half as high as the lower peak, or within two deviations (√n) of it. Neighbours differ by
a cell at most in each respect; an empty cell parts. Channels, hops and periods are told of a shape and part none: a
hopper's channels look alike, and a burst that is missed doubles a period. Shapes of fewer than LEAST trains are told as
a number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from cellwarden.model import Stray, StrayName

PER_OCTAVE = np.array([20.0, 2.0, 2.0])
"""Cells an octave of frequency, bandwidth and length: as a measured width errs by a fifth (`box_trains.EDGE`)."""
LEAST = 5
VALLEY = 0.5
NEAR = 1.5
"""Cells within which a name given before still holds."""
AROUND = [step for step in product((-1, 0, 1), repeat=3) if any(step)]

Cell = tuple[int, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """Trains that look alike."""

    frequency_hz: float
    """Medians, as of the next two."""
    width_hz: float
    burst_s: float
    low_hz: float
    """Within which nine of ten lie."""
    high_hz: float
    channels: int
    """Middles that differ by more than half a width."""
    period_s: float | None
    """Median of trains that keep time; None where fewer than a third do."""
    snr_db: float
    bursts: int
    members: NDArray[np.int64]
    """Rows of the trains, in the order of time as given; shape (trains,)."""


def shapes(strays: Sequence[Stray]) -> tuple[list[Shape], int]:
    """Shapes, those of most trains first, and how many trains are like few others."""
    if not strays:
        return [], 0
    places = _places(strays)
    cells, inverse, counts = np.unique(np.floor(places), axis=0, return_inverse=True, return_counts=True)
    peaks, valleys = _peaks([tuple(cell) for cell in cells.astype(int).tolist()], counts)
    peak = _parted(places, inverse.reshape(-1), peaks, valleys)
    groups = [np.flatnonzero(peak == one) for one in np.unique(peak)]
    large = [members for members in groups if len(members) >= LEAST]
    alone = len(strays) - sum(map(len, large))
    return [_shape(strays, members) for members in sorted(large, key=len, reverse=True)], alone


def named(shape: Shape, names: Sequence[StrayName]) -> StrayName | None:
    """The newest name of the shape that it looks like; None where it has none."""
    mine = _place(shape.frequency_hz, shape.width_hz, shape.burst_s)
    near = [
        one for one in names
        if np.abs(_place(one.frequency_hz, one.width_hz, one.burst_s) - mine).max() <= NEAR
    ]  # fmt: skip
    return max(near, key=lambda one: one.when_ns, default=None)


def _place(frequency_hz: float, width_hz: float, burst_s: float) -> NDArray[np.float64]:
    made: NDArray[np.float64] = PER_OCTAVE * np.log2([frequency_hz, width_hz, burst_s])
    return made


def _places(strays: Sequence[Stray]) -> NDArray[np.float64]:
    """Of each train, in cells; shape (trains, 3)."""
    looks = [((one.low_hz + one.high_hz) / 2, one.high_hz - one.low_hz, one.burst_s) for one in strays]
    made: NDArray[np.float64] = np.log2(np.maximum(np.array(looks, np.float64), 1e-9)) * PER_OCTAVE
    return made


def _peaks(cells: Sequence[Cell], counts: NDArray[np.int64]) -> tuple[NDArray[np.int64], dict[int, set[int]]]:
    """For each cell, the cell whose peak it belongs to, shape (cells,); and cells between peaks, with those."""
    valleys: dict[int, set[int]] = {}
    number = {cell: k for k, cell in enumerate(cells)}
    parent = np.full(len(cells), -1)

    def root(k: int) -> int:
        while parent[k] != k:
            parent[k] = parent[parent[k]]
            k = int(parent[k])
        return k

    for k in np.argsort(-counts, kind="stable").tolist():
        x, y, z = cells[k]
        beside = {root(n) for a, b, c in AROUND if (n := number.get((x + a, y + b, z + c), -1)) >= 0 and parent[n] >= 0}
        if not beside:
            parent[k] = k
            continue
        highest = max(beside, key=lambda n: (counts[n], -n))
        parent[k] = highest
        for other in beside - {highest}:
            if counts[k] >= VALLEY * counts[other] or counts[other] - counts[k] <= 2 * np.sqrt(counts[other]):
                parent[other] = highest
        valleys[k] = beside
    between = {k: {root(n) for n in beside} for k, beside in valleys.items()}
    return np.array([root(k) for k in range(len(cells))]), {k: those for k, those in between.items() if len(those) > 1}


def _parted(
    places: NDArray[np.float64], cell: NDArray[np.int64], peaks: NDArray[np.int64], valleys: dict[int, set[int]]
) -> NDArray[np.int64]:
    """For each train its peak, shape (trains,): of one in a cell between peaks, the peak whose middle is nearer."""
    peak = peaks[cell]
    sure = ~np.isin(cell, list(valleys))
    middles = {one: np.median(places[sure & (peak == one)], axis=0) for one in set().union(*valleys.values())}
    for k, those in valleys.items():
        choices = sorted(those)
        mine = np.flatnonzero(cell == k)
        away = [np.linalg.norm(places[mine] - middles[one], axis=1) for one in choices]
        peak[mine] = np.array(choices)[np.argmin(away, axis=0)]
    return peak


def _shape(strays: Sequence[Stray], members: NDArray[np.int64]) -> Shape:
    those = [strays[k] for k in members.tolist()]
    low = np.array([one.low_hz for one in those])
    high = np.array([one.high_hz for one in those])
    middle, width = (low + high) / 2, float(np.median(high - low))
    periods = [one.period_s for one in those if one.period_s is not None]
    return Shape(
        frequency_hz=float(np.median(middle)),
        width_hz=width,
        burst_s=float(np.median([one.burst_s for one in those])),
        low_hz=float(np.quantile(low, 0.05)),
        high_hz=float(np.quantile(high, 0.95)),
        channels=1 + int(np.count_nonzero(np.diff(np.sort(middle)) > width / 2)),
        period_s=float(np.median(periods)) if 3 * len(periods) >= len(those) else None,
        snr_db=float(np.median([one.snr_db for one in those])),
        bursts=sum(one.bursts for one in those),
        members=members,
    )
