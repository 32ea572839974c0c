"""Between the steps of what was tried: where the parabola through a maximum and its neighbours is highest."""

from typing import Any

from numpy.typing import NDArray


def vertex(values: NDArray[Any], at: int) -> float:
    """In steps from the maximum `at`, -0.5 to 0.5; 0 where a neighbour is missing. values: real, shape (n,)."""
    if not 0 < at < len(values) - 1:
        return 0.0
    low, middle, high = values[at - 1 : at + 2].tolist()
    bend = low - 2 * middle + high
    return float(0.5 * (low - high) / bend) if bend < 0 else 0.0
