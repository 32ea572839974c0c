"""NR's loop: how like symbols' ends their prefixes are, at every place where the first of them may begin."""

import numpy as np
from numpy.typing import NDArray

from cellwarden.compiled import exact


@exact
def prefixed(
    y: NDArray[np.complex64],
    lag: int,
    length: int,
    first: NDArray[np.int64],
    alike: NDArray[np.complex128],
    power: NDArray[np.float64],
) -> None:
    """Sums over all of a row's windows of y[n] y*[n + lag], and of the mean power of both.

    y: complex64, shape (n,); first: int64, shape (places, windows), where windows of `length` begin, all of which and
    what comes a lag later lie inside of y; alike: complex128, power: float64, shape (places,).
    """
    count = len(y) - lag
    products = np.zeros(count + 1, np.complex128)
    powers = np.zeros(count + 1)
    for n in range(count):
        a, b = y[n], y[n + lag]
        products[n + 1] = products[n] + complex(a.real * b.real + a.imag * b.imag, a.imag * b.real - a.real * b.imag)
        powers[n + 1] = powers[n] + 0.5 * (a.real * a.real + a.imag * a.imag + b.real * b.real + b.imag * b.imag)
    for p in range(first.shape[0]):
        alike[p] = 0
        power[p] = 0
        for w in range(first.shape[1]):
            low = first[p, w]
            alike[p] += products[low + length] - products[low]
            power[p] += powers[low + length] - powers[low]
