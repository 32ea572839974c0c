"""The top of a parabola is found from three of its values."""

import numpy as np
import pytest

from cellwarden.measure.vertex import vertex


@pytest.mark.parametrize("beside", [-0.5, -0.2, 0.0, 0.3, 0.5])
def test_a_parabola_is_highest_where_it_was_put(beside: float) -> None:
    assert vertex(7.0 - 0.4 * (np.arange(9) - 4 - beside) ** 2, 4) == pytest.approx(beside)


def test_without_a_neighbour_or_a_top_the_step_itself_is_told() -> None:
    assert vertex(np.array([3.0, 2.0, 1.0]), 0) == vertex(np.array([1.0, 2.0, 3.0]), 2) == 0.0
    assert vertex(np.ones(5), 2) == 0.0
