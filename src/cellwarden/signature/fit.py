"""The difference between a wave that is known and what came of it: one least-squares fit, whatever was sent.

The wave that came is, with u from -1 to 1 over what is fitted and h what lies between,

    y = h∗s · (1 + droop u + j (phase + turn u + bend (u² - 1/3))) + clock u (h∗s)' + image h∗s* + leak h
        + own leak exp(-jωt) + own image (h∗s)* exp(-2jωt) + noise

    h∗s     a few ways of s through the channel: delayed, or differentiated
    image   (1 - g exp(jφ)) / (1 + g exp(-jφ)) of an I/Q modulator with gain g and a right angle wrong by φ
    leak    of the oscillator through the modulator, as a part of the carrier's amplitude
    own     what the receiver's mixer does likewise: it stays at baseband zero, ω below the carrier, and mirrors there.
            The fit tells the two apart as far as they differ: where a carrier lies at zero their deviations say so

To first order all unknowns but the channel are linear, so that one fit gives them and, from its residue, their
uncertainty; a second one starts from the carrier that the first found.

Waves are complex128, y and u of shape (n,); what several ways lead through has a row for each.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cellwarden.model import Measured

Wave = NDArray[np.complex128]
ROUNDS = 3
"""Of Gauss's and Newton's."""
MOST_TURNED = 30.0
"""Radians, from the middle to either end, by which a carrier may lie beside where it was told."""
PARTS = 256
"""Of a stretch, in each of which a carrier so far off turns by a quarter of a radian at most."""
NAMES = ("turn", "bend", "clock", "droop", "image_real", "image_imag", "leak_real", "leak_imag")
"""What the fit tells, in the order of its columns."""
MIXER = 0.2
"""No mixer's image or leak is much more than this part of the carrier: what a fit cannot tell is left at that."""
ALIKE = 1e-9
"""Of the normal equations' largest eigenvalue: directions below it are not told."""


class Known(NamedTuple):
    """A wave that is known, by the ways that a channel may lead it."""

    ways: Wave
    """Shape (ways, n)."""
    slopes: Wave
    """Of each way, its derivative by u, which counts time from -1 to 1; shape (ways, n)."""
    straight: NDArray[np.float64]
    """What each way is of a carrier without modulation, shape (ways,): 1 for a delay, 0 for a derivative."""


class Fitted(NamedTuple):
    """What a fit tells."""

    told: dict[str, Measured]
    """By NAMES, and those of the further columns; `turn` and `bend` in radians, `clock` as a part of half the time."""
    sent: Wave
    """The wave as it came, without the transmitter's errors: h∗s, shape (n,)."""
    turned: Wave
    """What came, turned back by the carrier that was found, shape (n,)."""
    error: Wave
    """What of `turned` nothing explains: neither the wave nor any of the errors, shape (n,)."""
    taps: Wave
    """Of the ways, shape (ways,)."""
    noise: float
    """Variance of noise in a sample, if all of `error` is noise."""
    taken: float
    """Part of the noise that the fit took for signal: unknowns over values."""


def explains(found: Fitted) -> bool:
    """Whether more of what came is the wave than is not: else decisions went wrong, or noise is fitted."""
    return found.noise < float(np.mean(np.abs(found.sent) ** 2))


def turned_back(found: Fitted, y: Wave, u: NDArray[np.float64]) -> Wave:
    """y at further times, turned back by the carrier that a fit found."""
    return np.asarray(y * np.exp(-1j * (found.told["turn"].value * u + found.told["bend"].value * (u * u - 1 / 3))))


def unsure(found: Fitted, u: NDArray[np.float64]) -> NDArray[np.float64]:
    """Deviation of the phase that a fit expects at further times, by what it does not know of the carrier: radians."""
    return np.asarray(np.hypot(found.told["turn"].deviation * u, found.told["bend"].deviation * (u * u - 1 / 3)))


def fitted(
    y: Wave,
    u: NDArray[np.float64],
    known: Known,
    white: float = 1.0,
    *,
    more: Mapping[str, Callable[[Wave], Wave]] | None = None,
    baseband_zero: NDArray[np.float64] | None = None,
    left_out: tuple[str, ...] = (),
    near: bool = False,
) -> Fitted:
    """The fit of y, shape (n,). `white` as in `Heard`.

    more: further columns, each from h∗s; baseband_zero: ωt where the receiver's own leak and image are to be reckoned
    with; left_out: `image`, `leak`, which cannot be told from the channel where s has but one axis, or lie elsewhere;
    near: the carrier was told to a tenth of a turn, and none further off is thought of.
    """
    names = [n for n in NAMES if not n.startswith(left_out)] + list(more or ())
    turned, bent = 0.0 if near else _coarse(y, u, known), 0.0
    y = y * np.exp(-1j * turned * u)
    x = solved(both(known.ways), y)[0]
    square = u * u - 1 / 3
    for _ in range(ROUNDS):
        taps = x[: 2 * len(known.ways) : 2] + 1j * x[1 : 2 * len(known.ways) : 2]
        s = taps @ known.ways
        columns = [1j * u * s, 1j * square * s, u * (taps @ known.slopes), u * s]
        if "image" not in left_out:
            columns += both((taps @ np.conj(known.ways))[None])
        if "leak" not in left_out:
            columns += both(np.full((1, len(u)), taps @ known.straight))
        columns += [column(s) for column in (more or {}).values()]
        ours = len(columns)
        if baseband_zero is not None:
            zero = np.exp(-1j * (baseband_zero + turned * u + bent * square))
            columns += both(np.array([zero * np.sqrt(np.mean(np.abs(s) ** 2)), np.conj(s) * zero**2]))
        small = [MIXER if n.startswith(("image", "leak")) else math.inf for n in names]
        small += [MIXER] * (len(columns) - ours)
        x, covariance, noise = solved([*both(known.ways), *columns], y, [math.inf] * 2 * len(known.ways) + small)
        found = x[2 * len(known.ways) :]
        y = y * np.exp(-1j * (found[0] * u + found[1] * square))
        turned, bent = turned + found[0], bent + found[1]
    taps = x[: 2 * len(known.ways) : 2] + 1j * x[1 : 2 * len(known.ways) : 2]
    sent = taps @ known.ways
    explained = sent + found[2:] @ np.array(columns[2:])
    taken = min(1.0, len(x) / (2 * len(y)))
    values = [turned, bent, *found[2:ours]]
    deviations = np.sqrt(np.diag(covariance)[2 * len(known.ways) :][:ours] * white)
    told = {k: Measured(float(v), float(d)) for k, v, d in zip(names, values, deviations, strict=True)}
    return Fitted(told, sent, y, y - explained, taps, noise, taken)


def _coarse(y: Wave, u: NDArray[np.float64], known: Known) -> float:
    """By how many radians the wave's end is turned, to a quarter: what makes the ways that hold a carrier strongest."""
    turns = np.arange(-MOST_TURNED, MOST_TURNED + 0.1, 0.5)
    parts = np.arange(0, len(u), max(1, len(u) // PARTS))
    products = np.add.reduceat(y * np.conj(known.ways[known.straight > 0]), parts, axis=1)
    at = np.add.reduceat(u, parts) / np.diff([*parts, len(u)])
    return float(turns[np.argmax(np.sum(np.abs(products @ np.exp(-1j * np.outer(at, turns))) ** 2, axis=0))])


def in_units(told: Mapping[str, Measured], half_s: float, carrier_hz: float) -> dict[str, Measured]:
    """`turn`, `bend` and `clock` of a fit over twice `half_s` as hertz, hertz a second and millionths."""
    units = {
        "turn": ("carrier_hz", 1 / (2 * math.pi * half_s), carrier_hz),
        "bend": ("carrier_slope_hz_s", 1 / (math.pi * half_s**2), 0.0),
        "clock": ("clock_ppm", 1e6, 0.0),
    }
    made = {}
    for name, (value, deviation) in told.items():
        called, unit, base = units.get(name, (name, 1.0, 0.0))
        made[called] = Measured(base + value * unit, deviation * unit)
    return made


def error_power(found: Fitted, floor: float | None, white: float) -> dict[str, Measured]:
    """Power of the error vector over that of the wave, without the floor's noise, and its peak; none without a floor.

    The error vector is what no image, leak or slope explains: bending, phase noise. In one burst it may be below
    nothing by chance: so the mean of many is right.
    """
    if floor is None:
        return {}
    power = float(np.mean(np.abs(found.sent) ** 2))
    each = np.abs(found.error) ** 2 / power
    deviation = math.sqrt(white * float(np.var(each)) / len(each))
    mean = float(np.mean(each))
    return {
        "error_power": Measured(mean - (1 - found.taken) * floor / power, deviation),
        "error_peak": peak(math.sqrt(float(np.max(each))), mean / 2),
    }


def peak(largest: float, variance: float) -> Measured:
    """The largest of many errors, whose spread is not one sample's: that of the greatest of normal ones.

    variance: of an error along one axis. Largest values spread by π/√6 of their scale, variance over the value
    (E. Gumbel, Statistics of Extremes (1958) §5), of one axis and of the length of two alike.
    """
    return Measured(largest, math.pi / math.sqrt(6) * variance / max(largest, math.sqrt(variance), 1e-300))


def both(waves: Wave) -> list[Wave]:
    """Each wave, and turned by a quarter: its complex coefficient as two real ones."""
    return [wave * unit for wave in waves for unit in (1, 1j)]


def solved(
    columns: list[Wave], y: Wave, spread: Sequence[float] | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Real coefficients of complex columns that fit y best, their covariance in white noise, and its variance.

    spread: of each coefficient, its standard deviation around 0 before anything is measured. Without it, a direction
    that the columns cannot tell has no part in the coefficients and endless variance.
    """
    matrix = np.array([np.concatenate([c.real, c.imag]) for c in columns])
    size = np.sqrt(np.sum(matrix**2, axis=1)) + 1e-300
    matrix /= size[:, None]
    right = np.concatenate([y.real, y.imag])
    normal = matrix @ matrix.T
    if spread is not None:
        count = max(1, len(right) - len(columns))
        rest = right - np.linalg.lstsq(matrix.T, right, rcond=ALIKE)[0] @ matrix
        normal += np.diag(float(rest @ rest) / count / (np.array(spread) * size) ** 2)
    values, vectors = np.linalg.eigh(normal)
    clear = values > ALIKE * values[-1]
    inverse = (vectors[:, clear] / values[clear]) @ vectors[:, clear].T
    x = inverse @ (matrix @ right)
    left = right - x @ matrix
    variance = float(left @ left) / max(1, len(right) - int(clear.sum()))
    covariance = inverse + (vectors[:, ~clear] * 1e12) @ vectors[:, ~clear].T
    return x / size, covariance / np.outer(size, size) * variance, 2 * variance
