"""What a packet of Bluetooth, Bluetooth Low Energy or DECT shows of the transmitter: Gaussian frequency shift keying.

    frequency  ▁╱▔╲▁╱▔▔╲▁     how far it swings (deviation), around which carrier, and how that drifts in the packet
    level      ▁╱▔▔▔▔▔▔▔▔▔    how it is turned on, and how the synthesiser settles in the first symbols

Symbols are decided, sent once more and compared with what came (`fit`); they live and die here. All three standards
shape alike (BT 0.5), so that one function measures all. A phone does not lock to anything here: its carrier is its own
crystal's, within the millionths that the receiver's own adds.

Sources: Bluetooth Core 5.4 Vol 2 Part A §3.1, Vol 6 Part A §3; ETSI EN 300 175-2 §5.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.airinterface import gfsk
from cellwarden.airinterface.ble_waveform import LAYERS
from cellwarden.airinterface.bluetooth_waveform import HEADER_END, SYMBOL_RATE_HZ
from cellwarden.airinterface.dect_waveform import BIT_RATE_HZ
from cellwarden.model import Block, Emission, Measured, Signature
from cellwarden.signature.baseband import Channel, Heard, baseband, floor_power
from cellwarden.signature.fit import Known, Wave, error_power, explains, fitted, in_units, turned_back, unsure
from cellwarden.signature.oscillator import beside_carrier
from cellwarden.signature.turn_on import ramp, settling

FEWEST_SYMBOLS, MOST_SYMBOLS = 30, 400
"""Less is no packet; more tells little new and takes long."""
EDGE_SYMBOLS = 8.0
"""Left out of the fit at the beginning, where synthesisers settle; a quarter of it at the end."""
RAMP_SYMBOLS = 6.0
RAMP = tuple(np.arange(-5.0, 4.0).tolist())
"""Edges of the cells in which the ramp is told, in symbols from the packet's beginning."""
SETTLING = (0.0, 1.0, 2.0, 4.0, EDGE_SYMBOLS)
"""The same of how phase and level settle."""
STEP = 0.25
"""Symbols between neighbours of which derivatives are made."""
ROUNDS = 3
"""In which the index is found: what is shaped depends on it."""
MOST_LATE = 1.0
FINE = 64
"""Points a symbol of the tabulated phase: between them it bends by 0.2 thousandths of a radian."""

Real = NDArray[np.float64]


class Kind(NamedTuple):
    """A family of packets."""

    symbol_rate_hz: float
    modulation_index: float
    """Nominal modulation index: twice the deviation over the symbol rate."""


def _kind(emission: Emission) -> Kind | None:
    interface = emission.label.partition(":")[0]
    if interface == "bluetooth":
        return Kind(SYMBOL_RATE_HZ, 0.32)
    if interface == "ble":
        phy = emission.details.get("phy", "1M")
        return Kind(LAYERS["2M" if phy == "2M" else "1M"].symbol_rate_hz, 0.5)
    return Kind(BIT_RATE_HZ, 0.5) if interface == "dect" else None


def measure(emission: Emission, block: Block) -> Signature | None:
    """The signature of a packet; None for other emissions, and where it is short, not whole or sampled too slowly.

    Of an enhanced data rate packet, what comes before its guard: access code and header.
    """
    kind = _kind(emission)
    rate = block.segment.rate_hz
    if kind is None or emission.carrier_offset_hz is None or rate < 2 * kind.symbol_rate_hz:
        return None
    most = HEADER_END if emission.label == "bluetooth:edr" else MOST_SYMBOLS
    whole = int(emission.sample_count * kind.symbol_rate_hz / rate) - 2
    symbols = min(most, whole)
    if symbols < FEWEST_SYMBOLS:
        return None
    at = emission.carrier_offset_hz
    channel = Channel(kind.symbol_rate_hz, 0.65 * kind.symbol_rate_hz, 0.95 * kind.symbol_rate_hz, 4)
    heard = baseband(emission, block, channel, -RAMP_SYMBOLS - 1, symbols - 1.0, at)
    bits = _decided(emission, block, kind, symbols)
    if heard is None or bits is None:
        return None
    told = _told(emission, block, kind, heard, bits)
    return None if told is None else Signature(emission.label, emission.sample_start, emission.snr_db, told)


def _decided(emission: Emission, block: Block, kind: Kind, symbols: int) -> NDArray[np.float64] | None:
    """Levels of a packet's symbols, ±1: float64, shape (symbols,)."""
    rate = block.segment.rate_hz
    begin = emission.sample_start + (emission.timing_samples or 0.0) - block.sample_start
    end = math.ceil(begin + (symbols + 4) * rate / kind.symbol_rate_hz)
    first = math.floor(begin - 8 * rate / kind.symbol_rate_hz)
    heard = gfsk.hear(block, first, end, emission.carrier_offset_hz or 0.0, kind.symbol_rate_hz)
    if heard is None:
        return None
    soft = gfsk.decisions(heard, kind.modulation_index)
    places = np.rint((begin - heard.first) / heard.step + gfsk.PER_SYMBOL * (np.arange(symbols) + 0.5)).astype(np.int64)
    if places[-1] >= len(soft):
        return None
    return np.where(soft[places] > 0, 1.0, -1.0)


def _told(
    emission: Emission, block: Block, kind: Kind, heard: Heard, levels: NDArray[np.float64]
) -> dict[str, Measured] | None:
    inside = (heard.t > EDGE_SYMBOLS) & (heard.t < len(levels) - EDGE_SYMBOLS / 4)
    t, carrier = heard.t[inside], float(emission.carrier_offset_hz or 0.0)
    middle, half = (t[0] + t[-1]) / 2, (t[-1] - t[0]) / 2
    near = abs(carrier) < 2 * kind.symbol_rate_hz
    zero = 2 * np.pi * carrier / kind.symbol_rate_hz * t if near else None
    index, late = float(emission.details.get("modulation_index", kind.modulation_index)), 0.0
    phases = _phases(levels)
    for _ in range(ROUNDS):
        made = _basis(phases, t - late, index)
        phase = phases(t - late)
        swing = partial(np.multiply, 1j * (phase - phase.mean()))
        slopes = half * np.array([*made[1:], np.zeros(len(t))])
        known = Known(made, slopes, np.array([1.0, 0.0, 0.0, 0.0]))
        more = {"index": swing}
        found = fitted(heard.y[inside], (t - middle) / half, known, heard.white, more=more, baseband_zero=zero)
        index += found.told["index"].value
        late -= float((found.taps[1] / found.taps[0]).real)
    if abs(late) > MOST_LATE or not explains(found):
        return None
    told = in_units(found.told, half / kind.symbol_rate_hz, carrier)
    told["deviation_hz"] = Measured(
        index * kind.symbol_rate_hz / 2, told.pop("index").deviation * kind.symbol_rate_hz / 2
    )
    told |= error_power(found, floor_power(emission, block, heard), heard.white)
    told |= beside_carrier(emission, told["carrier_hz"], told["clock_ppm"], block.segment.centre_hz)
    told |= ramp("up", heard, late, float(np.mean(np.abs(found.sent) ** 2)), found.noise, RAMP)
    early = (heard.t > late) & (heard.t < EDGE_SYMBOLS)
    before = (heard.t[early] - middle) / half
    came = turned_back(found, heard.y[early], before)
    expected = found.taps @ _basis(phases, heard.t[early] - late, index)
    noise = found.noise * heard.white
    return told | settling(came, expected, heard.t[early] - late, noise, unsure(found, before), SETTLING)


def _phases(levels: NDArray[np.float64]) -> Callable[[Real], Real]:
    """The phase of a packet of modulation index 1 at any time in symbols, radians: `gfsk.phase` from a table."""
    grid = np.arange(-gfsk.REACH * FINE, (gfsk.REACH + 1) * FINE + 1) / FINE
    pulse = np.diff(gfsk.phase(np.array([1.0]), grid, 1.0), prepend=0.0)
    turned = np.cumsum(scipy.signal.upfirdn(pulse, levels, FINE))
    at = grid[0] + np.arange(len(turned)) / FINE
    return lambda t: np.asarray(np.interp(t, at, turned), np.float64)


def _basis(phases: Callable[[Real], Real], t: Real, index: float) -> Wave:
    """The packet and its first derivatives by symbols, by central differences: complex128, shape (4, n)."""
    early2, early, s, late, late2 = (np.exp(1j * index * phases(t + k * STEP)) for k in (-2, -1, 0, 1, 2))
    third = (late2 - 2 * late + 2 * early - early2) / (2 * STEP**3)
    return np.array([s, (late - early) / (2 * STEP), (late - 2 * s + early) / STEP**2, third])
