"""Boxes of cells: which are hot, what hangs together, what is left of it. Compiled; each has a plain twin in the tests.

The sums over boxes of all sizes come from one summed-area table (Crow 1984): with S(t, b) the sum over all cells before
row t and band b, the sum over a box is a difference of four values.

    S(t - T, b) ┌──────────┐ S(t - T, b + W)
                │  T x W   │                      S(t, b + W) - S(t, b) - S(t - T, b + W) + S(t - T, b)
        S(t, b) └──────────┘ S(t, b + W)
"""

import numpy as np
from numpy.typing import NDArray

from cellwarden.compiled import exact, fast, put

COARSER = 5
"""A box moves by this part of its length to ask whether anything is hot, which costs a tenth of its energy at most."""


@exact
def cumulate(
    ratio: NDArray[np.float32], hot: NDArray[np.uint8], first: int, most: float, units: float, total: NDArray[np.int32]
) -> None:
    """Sums over all cells before a row and a band, from row `first` on (those above stand already), in fixed point.

    ratio: float32, shape (rows, bands), taken for `most` where it is more, and for 1, the mean of noise, where a cell
    is `hot`: uint8, same shape. total: int32, shape (rows + 1, bands + 1), in 1/units. Integers wrap around, and so the
    sum over a box, which is a difference of four of them, is exact however long the sums have run.
    """
    rows, bands = ratio.shape
    values = np.empty(bands, np.int32)
    high, unit, one, half = np.float32(most), np.float32(units), np.int32(units), np.float32(0.5)
    total[first, 0] = 0
    if first == 0:
        total[0] = 0
    for t in range(first, rows):
        row, known = ratio[t], hot[t]
        for b in range(bands):
            value = np.int32(min(row[b], high) * unit + half)
            values[b] = one if known[b] else value
        above, here = total[t, 1:], total[t + 1, 1:]
        total[t + 1, 0] = 0
        along = np.int32(0)
        for b in range(bands):
            along = np.int32(along + values[b])
            here[b] = above[b] + along


@exact
def first_size(total: NDArray[np.int32], sizes: NDArray[np.int64]) -> int:
    """Number of the first of some sizes of boxes of which one exceeds its limit anywhere; how many there are if none.

    total: int32, shape (rows + 1, bands + 1), of `cumulate`; sizes: int64, shape (n, 3), rows, bands and limit of each.
    All sizes are asked about a row while it is at hand.
    """
    number = len(sizes)
    for t in range(1, len(total)):
        for i in range(number):
            frames, width, limit = sizes[i]
            if (
                t >= frames
                and t % max(1, frames // COARSER) == 0
                and _largest(total[t - frames], total[t], width) > limit
            ):
                number = i
                break
    return number


@exact
def mark_boxes(total: NDArray[np.int32], frames: int, width: int, limit: int, hot: NDArray[np.uint8]) -> int:
    """Set `hot` where the sum over a box of frames x width cells exceeds `limit`; returns the first row that was set.

    total: int32, shape (rows + 1, bands + 1), of `cumulate`; hot: uint8, shape (rows, bands), only ever set. Where
    nothing was, `rows` is returned.
    """
    rows, bands = hot.shape
    first = rows
    if bands < width:
        return first
    over, held = np.empty(bands, np.uint8), np.empty(bands, np.uint8)
    lit = False
    for t in range(rows - frames, -1, -1):
        before, after = total[t], total[t + frames]
        if not lit and _largest(before, after, width) <= limit:  # sooner said than which; where some are, more follow
            continue
        lit = _over(before, after, width, np.int32(limit), over, held)
        if lit:
            for k in range(t, t + frames):
                row = hot[k]
                for b in range(bands):
                    row[b] |= over[b]
            first = t
    return first


@exact
def _over(
    before: NDArray[np.int32],
    after: NDArray[np.int32],
    width: int,
    limit: np.int32,
    over: NDArray[np.uint8],
    held: NDArray[np.uint8],
) -> bool:
    """Set `over` to 1 in the bands of all boxes of `width` whose sum exceeds a limit, else to 0; whether there are any.

    before, after: as in `_largest`; over: uint8, shape (bands,), and held, as long, is of no use afterwards. A box's
    first band is told, then what was told is laid over itself, moved by 1, 2, 4, … bands: steps without a condition, of
    which the compiler makes vectors.
    """
    places = len(after) - width
    low, high, low_before, high_before = after[:places], after[width:], before[:places], before[width:]
    most = np.int32(0)
    for b in range(places):
        value = np.int32(high[b] - low[b] - high_before[b] + low_before[b])
        over[b] = value > limit
        most = max(most, value)
    if most <= limit:
        return False
    over[places:] = 0
    done = 1
    while done < width:
        step = min(done, width - done)
        put(held, over)
        to, by = over[step:], held[: len(held) - step]
        for b in range(len(to)):
            to[b] |= by[b]
        done += step
    return True


@exact
def _largest(before: NDArray[np.int32], after: NDArray[np.int32], width: int) -> int:
    """Largest sum over boxes of `width` bands between two rows of `cumulate`, each int32, shape (bands + 1,)."""
    places = len(after) - width
    low, high, low_before, high_before = after[:places], after[width:], before[:places], before[width:]
    most = np.int32(0)
    for b in range(places):
        most = max(most, np.int32(high[b] - low[b] - high_before[b] + low_before[b]))
    return int(most)


@fast
def box_mean(values: NDArray[np.float32], first: int, end: int, low: int, high: int) -> float:
    """Mean of values[first:end, low:high]; values: float32, shape (rows, bands)."""
    total = 0.0
    for row in values[first:end]:
        for value in row[low:high]:
            total += value
    return total / ((end - first) * (high - low))


@exact
def box_means(values: NDArray[np.float32], boxes: NDArray[np.int64]) -> NDArray[np.float64]:
    """`box_mean` of each box: float64, shape (n,). boxes: int64, shape (n, 4), first and end row, low and high band."""
    made = np.empty(len(boxes))
    for i in range(len(boxes)):
        first, end, low, high = boxes[i]
        made[i] = box_mean(values, first, end, low, high)
    return made


@exact
def uncover(hot: NDArray[np.uint8], regions: NDArray[np.int64], boxes: NDArray[np.int64]) -> NDArray[np.float64]:
    """Clear cells of `hot` that boxes cover; returns the part of each region's hot cells that is left.

    hot: uint8, shape (rows, bands); regions: int64, shape (n, 4), first and end row, first and end band, in the grid;
    boxes: int64, shape (m, 5), the number of the region that a box lies in, then the same four, as far as that reaches.
    """
    before = np.zeros(len(regions))
    share = np.zeros(len(regions))
    for stage in range(2):
        counted = before if stage == 0 else share
        for i in range(len(regions)):
            first, end, low, high = regions[i]
            for row in range(first, end):
                for cell in hot[row, low:high]:
                    counted[i] += cell
        if stage == 0:
            for number, first, end, low, high in boxes:
                bounds = regions[number]
                for row in range(max(first, bounds[0]), min(end, bounds[1])):
                    hot[row, max(low, bounds[2]) : min(high, bounds[3])] = 0
    return share / np.maximum(before, 1)


@exact
def components(hot: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Bounding boxes of the 8-connected regions of `hot`.

    hot: uint8, shape (rows, bands). Returns int64, shape (count, 4): first row, end row, first band, end band, in the
    order of the first cell met. Runs of hot cells are joined with those of the row above that touch them.
    """
    rows, bands = hot.shape
    parent = np.empty(1024, np.int64)
    box = np.empty((1024, 4), np.int64)
    count = 0
    above, here = np.empty((bands // 2 + 1, 3), np.int64), np.empty((bands // 2 + 1, 3), np.int64)
    known = 0  # runs of the row above: first band, end band, label
    for t in range(rows):
        row = hot[t]
        lit = np.uint8(0)
        for b in range(bands):
            lit |= row[b]
        found = _runs(row, here) if lit else 0
        near = 0
        for i in range(found):
            low, high = here[i, 0], here[i, 1]
            while near < known and above[near, 1] < low:  # those end before all that follow
                near += 1
            label = np.int64(-1)
            for j in range(near, known):
                if above[j, 0] > high:
                    break
                root = above[j, 2]
                while parent[root] != root:
                    root = parent[root]
                if label < 0 or root == label:
                    label = root
                else:  # two regions meet: the younger joins the older
                    old, young = min(label, root), max(label, root)
                    parent[young] = old
                    _widen(box[old], box[young, 0], box[young, 1], box[young, 2], box[young, 3])
                    label = old
            if label < 0:
                if count == len(parent):
                    parent = np.concatenate((parent, np.empty(count, np.int64)))
                    box = np.concatenate((box, np.empty((count, 4), np.int64)))
                label = np.int64(count)
                parent[count] = count
                box[count, 0], box[count, 1], box[count, 2], box[count, 3] = t, t + 1, low, high
                count += 1
            else:
                _widen(box[label], t, t + 1, low, high)
            here[i, 2] = label
        above, here = here, above
        known = found
    keep = 0
    for i in range(count):
        if parent[i] == i:
            put(box[keep], box[i])
            keep += 1
    return box[:keep].copy()


@exact
def _runs(row: NDArray[np.uint8], runs: NDArray[np.int64]) -> int:
    """Puts first and end of each run of what is hot in a row into the first two columns of `runs`; how many."""
    count = 0
    before = np.uint8(0)
    for b in range(len(row)):
        if row[b] != before:
            before = row[b]
            if before:
                runs[count, 0] = b
            else:
                runs[count, 1] = b
                count += 1
    if before:
        runs[count, 1] = len(row)
        count += 1
    return count


@exact
def _widen(box: NDArray[np.int64], first: int, end: int, low: int, high: int) -> None:
    """Lets a box reach as far as another one, too."""
    box[0], box[1] = min(box[0], first), max(box[1], end)
    box[2], box[3] = min(box[2], low), max(box[3], high)


@exact
def joined(boxes: NDArray[np.int64], near: int) -> NDArray[np.int64]:
    """Join boxes that follow each other within `near` rows in common bands.

    boxes: int64, shape (n, 4), first and end row, first and end band, in the order of these; so are those returned.
    """
    count = 0
    for box in boxes:
        other = count
        for i in range(count - 1, max(count - 65, -1), -1):
            one = boxes[i]
            if box[0] - one[1] <= near and box[2] < one[3] and one[2] < box[3]:
                other = i
                break
        if other == count:
            put(boxes[count], box)
            count += 1
        else:
            boxes[other, 1] = max(boxes[other, 1], box[1])
            boxes[other, 2] = min(boxes[other, 2], box[2])
            boxes[other, 3] = max(boxes[other, 3], box[3])
    return boxes[:count]


@exact
def first_ones(boxes: NDArray[np.float64], known: int, most: float) -> NDArray[np.bool_]:
    """Which boxes lie over none before of the same kind by more than the part `most` of the smaller one.

    boxes: float64, shape (n, 5): start, length, lower and upper edge, kind; the first `known` stay, in any order, and
    the others follow in the order of their start. Returns bool, shape (n,).
    """
    stays = np.ones(len(boxes), np.bool_)
    recent = np.empty(len(boxes), np.int64)
    count = 0
    for i in range(len(boxes)):
        start, length, low, high, kind = boxes[i]
        if i >= known:
            held = 0
            for j in recent[:count]:
                other = boxes[j]
                if other[0] + other[1] <= start:
                    continue
                recent[held] = j
                held += 1
                shared = min(start + length, other[0] + other[1]) - max(start, other[0])
                width = min(high, other[3]) - max(low, other[2])
                least = min(length * (high - low), other[1] * (other[3] - other[2]))
                if kind == other[4] and width > 0 and shared > 0 and shared * width > most * least:
                    stays[i] = False
            count = held
        if stays[i]:
            recent[count] = i
            count += 1
    return stays
