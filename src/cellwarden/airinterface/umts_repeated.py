"""Where a UMTS base station's carrier lies: by the 256 chips that all of its slots have in common.

    slot 0   ▐code▌░░░░░░░░░░░░░░░       the rest is scrambled otherwise in each slot of a frame
    slot 1   ▐code▌▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒
    …             from slot to slot the carrier turns: a transform over the slots adds up what is the same in all
    sum      ▐CODE▌                      stands out wherever it is, on whatever carrier

Only there is the code asked which carrier it is on, in place of each carrier at each place of a slot.

Source: 3GPP TS 25.211 §5.3.3.5.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import scipy
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from cellwarden.airinterface import umts_kernels as kernels
from cellwarden.airinterface.umts_carrier import FIRST_CFO_HZ, mean_power
from cellwarden.airinterface.umts_waveform import CHIP_RATE_HZ, PRIMARY_A, PRIMARY_SIGNS, SLOT_CHIPS
from cellwarden.measure.power import squared

CODE = np.kron(PRIMARY_SIGNS, PRIMARY_A).astype(np.float32)
CELL, PAIR = 16, 2
"""Chips whose power is added before their sums slide over a slot; and that are added before carriers are asked about:
one that is 600 kHz off loses 0.7 dB."""
REPEATED = 1.28
"""Least power over the usual one where slots are alike: 4.5 deviations of 256 chips; a tenth of the power in the code
gives 2.5 in 15 slots and 1.7 in 7."""
ASTRAY = 40
"""Chips that the code may begin beside the place of most power."""
NEAR = 2
"""Chips beside its place at which the code is looked for between the samples of a chip."""
COARSE, FINE = 256, 4096
"""Carriers asked about, in the band of pairs of chips at each place and in that of chips at one."""


class Repeated(NamedTuple):
    """The code in slots that are alike."""

    beside_hz: float
    """From the carrier that was tried to that of the base station."""
    chip: int
    """At which it begins, in every slot."""


def repeated(z: NDArray[np.complex64]) -> Repeated | None:
    """Where a base station's code and carrier are in some slots; None where slots are not alike.

    z: complex64, shape (n,), one sample a chip.
    """
    slots = len(z) // SLOT_CHIPS
    turned = scipy.fft.fft(z[: slots * SLOT_CHIPS].reshape(slots, SLOT_CHIPS), 2 * slots, axis=0)
    cells = np.empty((2 * slots, SLOT_CHIPS // CELL), np.float32)
    kernels.cell_power(turned, cells)
    wide = len(CODE) // CELL
    around = np.cumsum(np.concatenate([cells, cells[:, :wide]], axis=1), axis=1, dtype=np.float64)
    power = (around[:, wide:] - around[:, :-wide]) / np.maximum(cells.mean(axis=1, keepdims=True) * wide, 1e-30)
    row, cell = (int(i) for i in np.unravel_index(int(np.argmax(power)), power.shape))
    if power[row, cell] < REPEATED:
        return None
    slot = turned[row]
    beyond = slot * np.exp(2j * np.pi * row / len(turned)).astype(np.complex64)  # the next one is turned on
    first = ((cell + 1) * CELL - ASTRAY) % SLOT_CHIPS
    beside_hz, at = _code_in(np.concatenate([slot, beyond])[first : first + len(CODE) + 2 * ASTRAY])
    return Repeated(beside_hz, (first + at) % SLOT_CHIPS)


def _code_in(part: NDArray[np.complex64]) -> tuple[float, int]:
    """The carrier, in hertz, on which a part of a slot holds the known chips, and where they begin."""
    held = sliding_window_view(part, len(CODE)) * CODE
    pairs = held[:, ::PAIR] + held[:, 1::PAIR]
    lines = squared(scipy.fft.fft(pairs, COARSE, axis=1)) * (np.abs(_carriers_hz(COARSE, PAIR)) < FIRST_CFO_HZ)
    place = int(np.argmax(lines.max(axis=1)))
    fine_hz = _carriers_hz(FINE, 1)
    fine = squared(scipy.fft.fft(held[place], FINE)) * (np.abs(fine_hz) < FIRST_CFO_HZ)
    return float(fine_hz[np.argmax(fine)]), place


def strength(z: NDArray[np.complex64], found: Repeated) -> tuple[int, float]:
    """Slots, and the power of the code in them, over that which chips of the same power have by chance.

    z: complex64, shape (places of a chip, chips).
    """
    turning = np.exp(-2j * np.pi * found.beside_hz / CHIP_RATE_HZ * np.arange(len(CODE))).astype(np.complex64)
    near = found.chip + np.arange(-NEAR, NEAR + 1)
    begin = near + SLOT_CHIPS * np.arange(z.shape[1] // SLOT_CHIPS)[:, None]
    begin = begin[(begin[:, 0] >= 0) & (begin[:, -1] + len(CODE) <= z.shape[1])]
    best = 0.0
    for row in z:
        held = row[begin[..., None] + np.arange(len(CODE))].reshape(-1, len(CODE))  # slots and chips near
        power = squared(held @ (CODE * turning)).reshape(begin.shape).sum(axis=0)
        best = max(best, float(power.max()) / max(mean_power(row), 1e-30))
    return len(begin), best / max(1, len(begin) * len(CODE))


@lru_cache
def _carriers_hz(size: int, chips: int) -> NDArray[np.float64]:
    """Frequencies of a transform of sums of so many chips: float64, shape (size,)."""
    return np.asarray(np.fft.fftfreq(size) * CHIP_RATE_HZ / chips)
