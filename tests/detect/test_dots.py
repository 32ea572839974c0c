"""Short sums of products against numpy's."""

import numpy as np
from numba import njit

from cellwarden.detect.dots import PLACES, crossed, picked, slid

RNG = np.random.default_rng(2)


def floats(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape).astype(np.float32)


@njit
def _slid(values, known, row, count, out):  # type: ignore[no-untyped-def]
    slid(values, known, row, count, out)


@njit
def _crossed(x, wave, out):  # type: ignore[no-untyped-def]
    crossed(x, wave, x.shape[1], out)


@njit
def _picked(y, at, table, rows, out, to):  # type: ignore[no-untyped-def]
    picked(y, y.shape[1], at, table.reshape(-1), rows, table.shape[1], out, to, out.shape[1])


def test_a_sequence_slides_over_all_places_at_once() -> None:
    values, known, out = floats(PLACES + 26), floats(3 * 26), np.empty(PLACES, np.float32)
    _slid(values, known, 26, 26, out)
    np.testing.assert_allclose(out, np.correlate(values, known[26:52], "valid")[:PLACES], atol=1e-4)


def test_four_rows_are_multiplied_with_two() -> None:
    x, wave, out = floats(4, 64), floats(2, 64), np.empty(8, np.float32)
    _crossed(x, wave, out)
    np.testing.assert_allclose(out.reshape(2, 4), wave @ x.T, atol=1e-4)


def test_four_filters_read_each_at_its_place() -> None:
    y, table, out = floats(2, 90), floats(5, 16), np.zeros((2, 12), np.float32)
    at, rows = (3, 0, 40, 74), (0, 4, 2, 1)
    _picked(y, at, table, tuple(16 * row for row in rows), out, 4)
    wanted = [[table[row] @ part[first : first + 16] for first, row in zip(at, rows, strict=True)] for part in y]
    np.testing.assert_allclose(out[:, 4:8], wanted, atol=1e-4)
    assert not out[:, :4].any() and not out[:, 8:].any()
