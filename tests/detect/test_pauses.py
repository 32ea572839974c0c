"""The floor of a crowded band: what its channels' pauses tell of it."""

import numpy as np
import pytest

from cellwarden.detect import pauses, spectrum

GRID = spectrum.grid(10e6)
ROWS = 1024


def cells(rng: np.random.Generator, level: np.ndarray) -> np.ndarray:
    """Powers of noise of some level, as the coarse pass makes them of so many bins and such a window."""
    freedom = GRID.per_band * GRID.freedom
    return (rng.gamma(freedom, 1 / freedom, (ROWS, GRID.bands)) * level).astype(np.float32)


@pytest.mark.parametrize("every", [1, 2])
def test_stretches_are_means_over_time_and_bandwidth(every: int) -> None:
    ratio = np.random.default_rng(1).exponential(size=(40, 9)).astype(np.float32)
    ratio[17] = 0  # was lost
    made = pauses.stretches(ratio, 8, 3, every)
    assert made.shape == ((40 - 8) // every + 1, 9)
    for i, row in enumerate(made):
        part = ratio[i * every : i * every + 8]
        if not part.all():
            assert np.all(row > 1e29)
            continue
        wanted = [part[:, max(0, b - 1) : b + 2].mean() for b in range(9)]
        np.testing.assert_allclose(row, wanted, rtol=1e-5)


@pytest.mark.parametrize("quiet", [0.1, 0.3])
def test_a_floor_held_four_decibels_too_high_is_lowered_where_a_tenth_of_the_slots_is_silent(quiet: float) -> None:
    """Among 1024 rows of 51 µs are 90 slots of 577 µs, nine of which are silent at least."""
    rng, over = np.random.default_rng(2), 10**0.4
    level = np.full((ROWS, GRID.bands), 1 / over)
    for band in range(0, GRID.bands - 3, 4):
        for row in range(0, ROWS - 11, 11):
            if rng.random() > quiet:
                level[row : row + 11, band : band + 4] *= 30
    ratio = cells(rng, level)
    assert pauses.crowded(ratio)
    told = pauses.overrated(ratio, GRID)
    assert told is not None
    error_db = 10 * np.log10(told[4:-4] * over)
    assert abs(np.median(error_db)) < 1.5  # a mean over 8 rows and 3 bands has 37 degrees of freedom: 0.7 dB
    assert np.all(error_db > -1.5)


def test_noise_alone_is_not_crowded_and_its_floor_stays() -> None:
    ratio = cells(np.random.default_rng(3), np.ones((ROWS, GRID.bands)))
    assert not pauses.crowded(ratio)
    told = pauses.overrated(ratio, GRID)
    assert told is not None
    assert np.all(told == 1)


def test_few_rows_tell_no_floor() -> None:
    assert pauses.overrated(np.ones((pauses.LEAST_ROWS - 1, GRID.bands), np.float32), GRID) is None


def test_wide_frames_that_come_and_go_are_no_crowd() -> None:
    rng = np.random.default_rng(4)
    level = np.ones((ROWS, GRID.bands))
    level[rng.random(ROWS) < 0.6] = 30.0
    assert not pauses.crowded(cells(rng, level))


def under_a_wide_signal(bands: slice, rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """As strong as the noise, on the air for 10 of 12 ms; the floor as a fifth of its frames tells it."""
    level = np.ones((ROWS, GRID.bands))
    level[np.arange(ROWS) % 234 < 195, bands] = 2.0
    over = 1.6
    level[:, bands] /= over
    return cells(rng, level), over


def test_the_floor_under_a_wide_signal_that_pauses_seldom_is_lowered_there_alone() -> None:
    ratio, over = under_a_wide_signal(slice(60, 138), np.random.default_rng(5))
    assert not pauses.crowded(ratio)
    told = pauses.overrated_by_wide(ratio, GRID)
    assert told is not None
    assert abs(np.median(10 * np.log10(told[64:134] * over))) < 1.0
    assert np.all(told[:55] == 1) and np.all(told[143:] == 1)


@pytest.mark.parametrize(
    "bands", [slice(0, GRID.bands), slice(80, 84), slice(0, 0)], ids=["the level changes", "a channel", "noise"]
)
def test_it_stays_where_nothing_wide_is_the_cause(bands: slice) -> None:
    ratio, _over = under_a_wide_signal(bands, np.random.default_rng(6))
    assert pauses.overrated_by_wide(ratio, GRID) is None
