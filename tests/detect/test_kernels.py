"""Each compiled loop against its plain numpy twin, on random input, edge sizes included."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import find_objects, label, maximum_filter1d

from cellwarden.detect import cells, kernels


@pytest.mark.parametrize(
    ("rows", "bands", "frames", "width"),
    [(200, 20, 5, 4), (6, 4, 6, 4), (3, 4, 5, 1), (9, 3, 1, 4), (40, 9, 1, 1), (60, 31, 3, 7)],
)
def test_marked_boxes_are_those_above_the_threshold(rows: int, bands: int, frames: int, width: int) -> None:
    ratio = np.random.default_rng(3).exponential(size=(rows, bands)).astype(np.float32)
    total = np.empty((rows + 1, bands + 1), np.int32)
    hot = np.zeros((rows, bands), np.uint8)
    cells.cumulate(ratio, hot, 0, 100.0, 65536.0, total)
    first = cells.mark_boxes(total, frames, width, round(1.5 * frames * width * 65536), hot)
    wanted = np.zeros_like(hot)
    for t in range(rows - frames + 1):
        for b in range(bands - width + 1):
            if ratio[t : t + frames, b : b + width].mean() > 1.5:
                wanted[t : t + frames, b : b + width] = 1
    np.testing.assert_array_equal(hot, wanted)
    limit = round(1.5 * frames * width * 65536)
    sizes = np.array([(frames, width, 1 << 30), (frames, width, limit), (1, 1, 0)])
    assert cells.first_size(total, sizes) == (1 if wanted.any() else 2)
    assert first == min(np.flatnonzero(wanted.any(axis=1)), default=rows)


def test_sums_from_a_row_on_take_hot_cells_for_noise_and_strong_ones_for_the_most() -> None:
    rng = np.random.default_rng(11)
    ratio = rng.exponential(size=(30, 12)).astype(np.float32) * 4
    hot = np.zeros(ratio.shape, np.uint8)
    total = np.empty((31, 13), np.int32)
    cells.cumulate(ratio, hot, 0, 8.0, 1 << 24, total)  # so fine that the sums wrap around
    hot[20:] = rng.random((10, 12)) < 0.3
    cells.cumulate(ratio, hot, 20, 8.0, 1 << 24, total)
    values = np.floor(np.where(hot, 1, np.minimum(ratio, 8)).astype(float) * (1 << 24) + 0.5)
    wanted = np.cumsum(np.cumsum(np.pad(values, ((1, 0), (1, 0))), axis=0), axis=1)
    assert wanted.max() > 2**31
    error = (total.astype(np.int64) - wanted.astype(np.int64) + 2**31) % 2**32 - 2**31
    assert np.abs(error).max() < 1000  # of 2²⁴: the last digits of float32


@pytest.mark.parametrize(("rows", "count"), [(64, 13), (5, 5), (1, 1)])
def test_the_lowest_of_each_column_are_those_of_a_sort(rows: int, count: int) -> None:
    values = np.random.default_rng(12).exponential(1e6, (rows, 11)).astype(np.int32)
    values[:, 3] = 1  # ties
    np.testing.assert_array_equal(kernels.lowest(values, count), np.sort(values, axis=0)[:count])


@given(st.lists(st.integers(-9, 9) | st.floats(-1e6, 1e6, width=32), min_size=1, max_size=40), st.sampled_from("fd"))
def test_the_middle_is_numpys_median_and_leaves_values_as_they_are(values: list[float], kind: str) -> None:
    array = np.array(values, kind)
    assert kernels.middle(array) == np.median(array)
    assert array.tolist() == np.array(values, kind).tolist()


def test_loud_rows_are_loud_in_more_than_half_of_some_bands() -> None:
    ratio = np.random.default_rng(13).exponential(size=(400, 17)).astype(np.float32)
    wanted = np.flatnonzero((ratio[:, ::3] > 0.7).sum(axis=1) > 3)
    np.testing.assert_array_equal(kernels.loud_rows(ratio, 0.7, 3), wanted)


@pytest.mark.parametrize(("rows", "n", "group"), [(3, 64, 32), (5, 16, 32), (1, 8, 8), (2, 8, 1)])
def test_power_of_groups_is_their_mean(rows: int, n: int, group: int) -> None:
    frames = np.random.default_rng(6).integers(-30000, 30000, (2 * rows, n, 2), dtype=np.int16)
    power = np.sum(frames[::2].astype(float) ** 2, axis=2).ravel()
    wanted = power[: len(power) // group * group].reshape(-1, group).mean(axis=1)
    np.testing.assert_allclose(kernels.group_power(frames.reshape(-1, 2), n, 2, group), wanted, rtol=1e-5)


def clicking() -> tuple[np.ndarray, np.ndarray]:
    """Frames of noise, of which every tenth has a click of three samples and every tenth a burst in its last half."""
    rng = np.random.default_rng(14)
    iq = rng.normal(size=(200, 64, 2)) * 100
    at = rng.integers(0, 62, 20)
    for row, place in zip(range(0, 200, 10), at, strict=True):
        iq[row, place : place + 3] *= 30
    iq[5::10, 34:] *= 30
    return iq.reshape(-1, 2).astype(np.int16), np.arange(0, 200, 10)


def test_peaked_frames_are_silent_but_for_a_few_samples() -> None:
    iq, clicked = clicking()
    rows = np.arange(0, 200, 5)
    made = kernels.peaked(iq, rows, 64, 30.0, 5, 3)
    # Of three normal pairs one in a thousand is so weak; of 64 values of noise none is 30 times their median.
    np.testing.assert_array_equal(made, clicked)
    assert len(kernels.peaked(iq, rows, 64, 30.0, 1, 3)) < 3
    swinging = iq.reshape(200, 64, 2)[clicked]
    swinging[:, 40:] *= 4  # sixteen times the power in a third of a frame: three times what its median tells
    assert len(kernels.peaked(swinging.reshape(-1, 2), np.arange(20), 64, 90.0, 5, 3)) < 5  # a median of 64 errs


def test_what_is_silenced_lies_around_the_peaks() -> None:
    iq, clicked = clicking()
    power = np.sum(iq.astype(float) ** 2, axis=1).reshape(200, 64)[clicked]
    loud = power > 30 * np.median(power, axis=1)[:, None]
    near = maximum_filter1d(loud.astype(np.uint8), 7, axis=1).astype(bool)
    wanted = np.where(near[:, :, None], 0, iq.reshape(200, 64, 2)[clicked])
    np.testing.assert_array_equal(kernels.silenced(iq, clicked, 64, 30.0, 3).reshape(-1, 64, 2), wanted)


@pytest.mark.parametrize("density", [0.05, 0.3, 0.5, 0.9])
def test_components_are_those_of_scipy(density: float) -> None:
    rng = np.random.default_rng(4)
    for _ in range(20):
        hot = (rng.random((rng.integers(1, 60), rng.integers(1, 60))) < density).astype(np.uint8)
        regions, _count = label(hot, np.ones((3, 3)))
        wanted = sorted((r.start, r.stop, b.start, b.stop) for r, b in find_objects(regions))
        assert sorted(map(tuple, cells.components(hot).tolist())) == wanted


@pytest.mark.parametrize(("step", "length", "start"), [(1, 1, 0), (3, 31, 5), (18, 149, -7), (4, 9, 90)])
def test_decimation_is_mixing_filtering_and_leaving_out(step: int, length: int, start: int) -> None:
    rng = np.random.default_rng(5)
    iq = (rng.normal(size=(100, 2)) * 1000).astype(np.int16)
    taps, turn = rng.normal(size=length).astype(np.float32), 0.123
    out = np.empty(5, np.complex64)
    kernels.decimate(iq, 0.5, start, turn, taps, step, out)
    padded = np.concatenate([np.zeros(300), 0.5 * (iq @ [1, 1j]), np.zeros(300)])
    n = np.arange(len(padded)) - 300
    mixed = padded * np.exp(-2j * np.pi * turn * (n - start))
    wanted = [mixed[300 + start + m * step - length // 2 :][:length] @ taps for m in range(5)]
    np.testing.assert_allclose(out, wanted, rtol=1e-4, atol=1e-1)


def test_best_runs_are_the_stretches_worth_most() -> None:
    gain = np.array([-1, 2, 3, -1, 4, -9, 1, 5, -2], np.float32)
    assert kernels.best_runs(gain, 5.0, 0.0).tolist() == [[1, 5], [6, 8]]
    assert kernels.best_runs(gain, 5.0, 7.0).tolist() == [[1, 5]]
    assert kernels.best_runs(gain, 100.0, 0.0).tolist() == [[1, 5], [6, 8]]  # -9 takes back all of the first
    assert kernels.best_runs(np.array([], np.float32), 5.0, 0.0).tolist() == []


def test_mean_of_a_box_is_that_of_its_values() -> None:
    values = np.random.default_rng(7).random((9, 11), np.float32)
    assert cells.box_mean(values, 2, 7, 3, 4) == pytest.approx(values[2:7, 3:4].mean(), rel=1e-6)
    several = np.array([[2, 7, 3, 4], [0, 9, 0, 11]])
    np.testing.assert_allclose(cells.box_means(values, several), [values[2:7, 3:4].mean(), values.mean()], rtol=1e-6)


@pytest.mark.parametrize("count", [0, 1, 40])
def test_joined_boxes_are_those_near_in_common_bands(count: int) -> None:
    rng = np.random.default_rng(9)
    first, low = rng.integers(0, 60, count), rng.integers(0, 30, count)
    ends = first + rng.integers(1, 8, count), low + rng.integers(1, 5, count)
    boxes = sorted(np.stack([first, ends[0], low, ends[1]], axis=1).tolist())
    wanted: list[list[int]] = []
    for box in boxes:
        near = (o for o in reversed(wanted) if box[0] - o[1] <= 5 and box[2] < o[3] and o[2] < box[3])
        other = next(near, None)
        if other is None:
            wanted.append(list(box))
        else:
            other[1:] = [max(other[1], box[1]), min(other[2], box[2]), max(other[3], box[3])]
    made = cells.joined(np.array(boxes, np.int64).reshape(-1, 4), 5)
    assert made.tolist() == wanted


def test_what_boxes_cover_is_taken_out_of_their_own_region_only() -> None:
    rng = np.random.default_rng(10)
    hot = (rng.random((30, 20)) < 0.6).astype(np.uint8)
    regions = np.array([[2, 12, 3, 9], [10, 25, 12, 18], [26, 28, 0, 4]], np.int64)
    boxes = np.array([[0, -3, 8, 5, 30], [1, 11, 14, 11, 14], [1, 20, 40, 12, 13]], np.int64)
    left = hot.copy()
    share = cells.uncover(left, regions, boxes)
    wanted = hot.copy()
    for number, first, end, low, high in boxes.tolist():
        top, bottom, near, far = regions[number].tolist()
        wanted[max(first, top) : min(end, bottom), max(low, near) : min(high, far)] = 0
    np.testing.assert_array_equal(left, wanted)
    parts = [wanted[a:b, c:d].sum() / hot[a:b, c:d].sum() for a, b, c, d in regions.tolist()]
    np.testing.assert_allclose(share, parts)


def test_phasors_turn_and_are_scaled() -> None:
    cosine, sine = kernels.phasors(0.1234, 0.5)
    wanted = 0.5 * np.exp(-2j * np.pi * 0.1234 * np.arange(kernels.TURNS))
    np.testing.assert_allclose(cosine + 1j * sine, wanted, atol=1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_means_of_runs_are_those_of_their_values(dtype: type) -> None:
    values = np.random.default_rng(15).exponential(size=50).astype(dtype)
    runs = np.array([[0, 1], [3, 40], [40, 50]])
    wanted = [values[a:b].mean() for a, b in runs.tolist()]
    np.testing.assert_allclose(kernels.run_means(values, runs), wanted, rtol=1e-6)
    assert len(kernels.run_means(values, runs[:0])) == 0


def test_the_first_of_boxes_that_lie_over_each_other_stays() -> None:
    rng = np.random.default_rng(31)
    boxes = np.column_stack(
        [rng.integers(0, 900, 300), rng.integers(50, 90, 300), rng.integers(0, 20, 300), np.zeros((300, 2))]
    ).astype(float)
    boxes[:, 3] = boxes[:, 2] + rng.integers(2, 5, 300)
    boxes[:, 4] = rng.integers(0, 2, 300)
    boxes = boxes[np.argsort(boxes[:, 0], kind="stable")]
    stays = cells.first_ones(boxes, 5, 0.5)
    kept: list[np.ndarray] = []
    for number, box in enumerate(boxes):
        twin = False
        for other in kept:
            shared = min(box[0] + box[1], other[0] + other[1]) - max(box[0], other[0])
            width = min(box[3], other[3]) - max(box[2], other[2])
            least = min(box[1] * (box[3] - box[2]), other[1] * (other[3] - other[2]))
            twin = twin or (box[4] == other[4] and shared > 0 and width > 0 and shared * width > 0.5 * least)
        assert stays[number] == (number < 5 or not twin)
        if stays[number]:
            kept.append(box)
    assert 100 < stays.sum() < 300
