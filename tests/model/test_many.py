"""Values made of columns are those made one by one."""

from dataclasses import FrozenInstanceError, fields

import numpy as np
import pytest

from cellwarden.model import Burst
from cellwarden.model.many import BOX, columns, many


def test_values_made_of_columns_are_those_made_one_by_one_and_as_frozen() -> None:
    rows = [(n, 100 + n, -n * 1e3, n * 1e3, 3.5 * n, -170.0) for n in range(1, 5)]
    names = [one.name for one in fields(Burst)]
    made = many(Burst, len(rows), **dict(zip(names, zip(*rows, strict=True), strict=True)))
    assert made == [Burst(*row) for row in rows]
    with pytest.raises(FrozenInstanceError):
        made[0].snr_db = 0.0  # type: ignore[misc]


def test_a_column_that_is_missing_is_told_by_its_name() -> None:
    with pytest.raises(KeyError, match="sample_count"):
        many(Burst, 1, sample_start=[1])


def test_columns_of_values_are_their_fields_one_by_one() -> None:
    some = [Burst(n, 100 + n, -n * 1e3, n * 1e3, np.float32(3.5 * n), -170.0) for n in range(1, 5)]
    made = columns(some, *BOX, "snr_db")
    assert made.tolist() == [[float(getattr(one, name)) for one in some] for name in (*BOX, "snr_db")]
    assert columns([], *BOX).shape == (4, 0)
