"""GSM below the energy floor: what a phone of a known cell sends, where and when it must send it.

    frame 0                          frame 1                          frame 2
    ├──┬──┬──┬──┬──┬──┬──┬──┤        ├──┬──┬▓▓┬──┬──┬──┬──┬──┤        ├──┬──┬▓▓┬…
     0  1  2  3  4  5  6  7                ▲ a call keeps its slot in every frame, its training sequence and its carrier

Nothing is left to be searched for but some half symbols of time: a phone is locked to its cell within 0.1 ppm (3GPP TS
45.010 §6.1). So the training sequence of a slot is summed coherently, and its evidence over the frames. Of noise,
|Σ a z|² over its mean is exponential, and its sum over F frames is a gamma distribution of shape F: a call of -6 dB
shows within 50 frames (0.23 s). A request for a channel is one burst by itself; known time and carrier lower what it
needs by some 2 dB.

Noise passes as seldom as `FALSE_PER_S` says; a sequence is believed only where the other ones, and other times, fall
behind.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.airinterface.gsm_receiver import LEAST_RATE_HZ, Receiver, known_symbols, pulse_autocorrelation
from cellwarden.airinterface.gsm_receiver import receiver as receiver_at
from cellwarden.airinterface.gsm_symbols import filtered, parts, spin, turning
from cellwarden.airinterface.gsm_waveform import (
    CHANNEL_HZ,
    FORMATS,
    FRAME_SYMBOLS,
    SLOT_SYMBOLS,
    SYMBOL_RATE_HZ,
    Kind,
)
from cellwarden.compiled import fast
from cellwarden.detect.kernels import decimate
from cellwarden.model import Block, Cell, Emission
from cellwarden.radio.bands import direction_at

SLOTS = 8
FALSE_PER_S = 1e-9
"""False emissions a second that noise may make in all that is searched."""
PLACES = np.arange(-4, 5) * 0.5
"""Symbols around its nominal time at which a burst may begin: timing advance comes in steps of one, ±1 is allowed."""
CONTROLS = np.array([-6.0, -5.5, -5.0, 5.0, 5.5, 6.0])
"""Symbols around it where a true burst's training does not match, as its autocorrelation is low; a tone's does."""
STANDS_OUT = 2.0
"""Factor by which evidence stands above that of other times."""
LIKELY = 0.9
"""Share of its frames in which a call sends (one of 26 is idle, TS 45.002 §6.3; speech pauses come on top)."""
TOLD = 0.94
"""Part of a clean burst's power that its known symbols tell; the rest is smeared over their neighbours."""


@dataclass(frozen=True, slots=True)
class _Grid:
    """What all slots of a carrier told: evidence of each, in units of what noise has in the mean."""

    told: NDArray[np.float32]
    """shape (frames, slots, places and controls, sequences)"""
    strength: NDArray[np.float32]
    """The same without normalisation by the slot's own energy."""
    first: float
    """Index of frame 0's beginning among the carrier's samples."""
    per_frame: float
    per_symbol: float


@fast
def correlations(
    y: NDArray[np.complex64],
    begins: NDArray[np.float64],
    per_symbol: float,
    table: NDArray[np.float32],
    known_at: int,
    known: NDArray[np.float32],
    places: NDArray[np.float64],
    told: NDArray[np.float32],
    energy: NDArray[np.float32],
) -> None:
    """Each known sequence at each place of each slot.

    y: complex64, samples of one carrier; begins: float64, shape (slots,), sample index of each slot's symbol 0; table:
    as in `filtered`; known: float32 ±1, shape (sequences, L), from symbol known_at on; places: float64, symbols. Fills
    told, float32, shape (slots, places, sequences), with |Σ a z|² / L and energy, shape (slots, places), with the mean
    of |z|².
    """
    length = known.shape[1]
    heard = parts(y)
    z = np.empty((2, length), np.float32)
    real, imaginary = z[0], z[1]
    wave = turning(np.pi / 2, length)
    for slot in range(len(begins)):
        for place in range(len(places)):
            first = begins[slot] + (known_at + places[place]) * per_symbol
            filtered(heard, first, per_symbol, table, z)
            spin(z, wave, 1.0 + 0.0j)
            total = np.float32(0)
            for k in range(length):
                total += real[k] * real[k] + imaginary[k] * imaginary[k]
            energy[slot, place] = total / length
            for s in range(known.shape[0]):
                signs = known[s]
                re = np.float32(0)
                im = np.float32(0)
                for k in range(length):
                    re += signs[k] * real[k]
                    im += signs[k] * imaginary[k]
                told[slot, place, s] = (re * re + im * im) / length


def search(block: Block, cell: Cell) -> list[Emission]:
    """Bursts of calls on a cell's carriers, and requests for a channel on the first of them, that energy does not show.

    `block` is best a quarter of a second or longer. The cell's `training_sequence` is used where it is told (a cell has
    but one, TS 45.002 §5.2.3), else the best of all is taken.
    """
    rate = block.segment.rate_hz
    if rate < LEAST_RATE_HZ or cell.interface != "gsm":
        return []
    found: list[Emission] = []
    for number, carrier in enumerate(cell.carriers_hz):
        if abs(carrier) > rate / 2 - CHANNEL_HZ / 2:
            continue
        receiver = receiver_at(rate)
        y = np.empty(len(block.iq) // receiver.step, np.complex64)
        decimate(block.iq, block.scale, 0, carrier / rate, receiver.taps, receiver.step, y)
        trials = len(cell.carriers_hz) * len(PLACES) * SLOTS
        found += _calls(y, receiver, block, cell, carrier, trials)
        if number == 0:
            found += _requests(y, receiver, block, cell, carrier)
    return sorted(found, key=lambda e: e.sample_start)


def _grid(y: NDArray[np.complex64], receiver: Receiver, block: Block, cell: Cell, kind: Kind, slots: int) -> _Grid:
    """Evidence in the first `slots` slots of each frame; the noise is told by all of them."""
    step, layout = receiver.step, FORMATS[kind]
    per_frame = cell.frame_samples / step
    per_symbol = per_frame / FRAME_SYMBOLS  # by the cell's clock, as this receiver counts it
    first = (cell.frame_start - block.sample_start) / step
    first -= math.floor(first / per_frame) * per_frame
    reach = (float(-CONTROLS[0]) + 2) * per_symbol
    whole = layout.symbols * per_symbol
    frames = np.arange(-1, math.ceil(len(y) / per_frame))
    begins = first + frames[:, None] * per_frame + np.arange(SLOTS)[None, :] * SLOT_SYMBOLS * per_symbol
    begins = begins[(begins[:, 0] > reach) & (begins[:, -1] + whole + reach < len(y))]
    known, places = known_symbols(kind), np.concatenate([PLACES, CONTROLS])
    told = np.zeros((begins.size, len(places), len(known)), np.float32)
    energy = np.zeros(told.shape[:2], np.float32)
    correlations(y, begins.ravel(), per_symbol, receiver.table, layout.known_at, known, places, told, energy)
    noise = float(np.median(energy)) if energy.size else 1.0
    spread = _spread(kind)
    usual = np.maximum(energy, noise)[:, :, None] * spread
    shape = (len(begins), SLOTS, len(places), len(known))
    return _Grid(
        (told / usual).reshape(shape)[:, :slots],
        (told / (noise * spread)).reshape(shape)[:, :slots],
        float(begins[0, 0]) if len(begins) else 0.0,
        per_frame,
        per_symbol,
    )


def _calls(
    y: NDArray[np.complex64], receiver: Receiver, block: Block, cell: Cell, carrier: float, trials: int
) -> list[Emission]:
    """Bursts of the slots of one carrier that carry the training sequence frame after frame."""
    grid = _grid(y, receiver, block, cell, "normal", SLOTS)
    frames = len(grid.told)
    if not frames:
        return []
    seconds = len(block.iq) / block.segment.rate_hz
    least = float(scipy.special.gammainccinv(frames, FALSE_PER_S * seconds / trials))
    evidence = grid.told.sum(axis=0)
    found: list[Emission] = []
    for slot in range(SLOTS):
        place, sequence = _best(evidence[slot, : len(PLACES)], cell)
        most = float(evidence[slot, place, sequence])
        if most < least or not _stands_out(evidence[slot], place, sequence, frames):
            continue
        each = grid.strength[:, slot, place, sequence]
        gain = max(float(np.mean(each)) - 1.0, 0.1)
        sure = scipy.special.expit(
            scipy.special.logit(LIKELY) + each.astype(np.float64) * gain / (1 + gain) - math.log1p(gain)
        )
        for frame in np.flatnonzero(sure > 0.5).tolist():
            start = grid.first + frame * grid.per_frame + (slot * SLOT_SYMBOLS + PLACES[place]) * grid.per_symbol
            snr = gain / known_symbols("normal").shape[1]
            found.append(_emission("normal", sequence, start, float(sure[frame]), snr, block, receiver, carrier))
    return found


def _requests(y: NDArray[np.complex64], receiver: Receiver, block: Block, cell: Cell, carrier: float) -> list[Emission]:
    """Access bursts in slot 0 of the beacon's carrier: who asks for a channel knows no timing advance yet."""
    grid = _grid(y, receiver, block, cell, "access", 1)
    if not len(grid.told):
        return []
    per_s = len(grid.told) / (len(block.iq) / block.segment.rate_hz) * len(PLACES) * len(known_symbols("access"))
    least = -math.log(FALSE_PER_S / per_s)
    found: list[Emission] = []
    for frame, told in enumerate(grid.told[:, 0]):
        place, sequence = np.unravel_index(int(np.argmax(told[: len(PLACES)])), told[: len(PLACES)].shape)
        strength = float(grid.strength[frame, 0, place, sequence])
        if strength < least or not _stands_out(told, int(place), int(sequence), 1):
            continue
        start = grid.first + frame * grid.per_frame + PLACES[place] * grid.per_symbol
        snr = (strength - 1.0) / known_symbols("access").shape[1]
        sure = float(scipy.special.expit(strength - least + scipy.special.logit(LIKELY)))
        found.append(_emission("access", int(sequence), start, sure, snr, block, receiver, carrier))
    return found


def _best(evidence: NDArray[np.float32], cell: Cell) -> tuple[int, int]:
    """Place and sequence with the most evidence; the cell's sequence where that is told. evidence: (places, 8)."""
    told = cell.details.get("training_sequence")
    if told is not None:
        return int(np.argmax(evidence[:, int(told)])), int(told)
    place, sequence = np.unravel_index(int(np.argmax(evidence)), evidence.shape)
    return int(place), int(sequence)


def _stands_out(evidence: NDArray[np.float32], place: int, sequence: int, frames: int) -> bool:
    """Whether a sequence has more evidence than the others, and STANDS_OUT times what it has where it does not match.

    evidence: shape (places and controls, sequences). Noise alone has `frames` in the mean.
    """
    excess = evidence - frames
    own = float(excess[place, sequence])
    away = float(np.max(excess[len(PLACES) :, sequence])) - 2 * math.sqrt(frames)
    return own >= float(np.max(excess[: len(PLACES)])) and own > STANDS_OUT * away


def _emission(
    kind: Kind, sequence: int, start: float, sure: float, snr: float, block: Block, receiver: Receiver, carrier: float
) -> Emission:
    """What leaves this room. `snr` is that of a symbol behind the matched filter."""
    at = block.sample_start + start * receiver.step
    in_channel = snr / TOLD * SYMBOL_RATE_HZ / CHANNEL_HZ
    centre = block.segment.centre_hz
    name = "training_sequence" if kind == "normal" else "synchronisation_sequence"
    return Emission(
        label=f"gsm:{kind}",
        sample_start=math.floor(at),
        sample_count=round(FORMATS[kind].symbols * block.segment.rate_hz / SYMBOL_RATE_HZ),
        low_offset_hz=carrier - CHANNEL_HZ / 2,
        high_offset_hz=carrier + CHANNEL_HZ / 2,
        snr_db=10 * math.log10(max(in_channel, 1e-3)),
        confidence=sure,
        carrier_offset_hz=carrier,
        timing_samples=at - math.floor(at),
        direction="uplink" if centre is None else direction_at(centre + carrier),
        details={name: sequence, "modulation": "gmsk", "searched": 1},
    )


@lru_cache
def _spread(kind: Kind) -> NDArray[np.float32]:
    """Mean of |Σ a z|² / L for noise behind the matched filter of unit power: float32, shape (sequences,).

    Its neighbours are alike, by the pulse's autocorrelation, and turned by a quarter against each other.
    """
    known = known_symbols(kind).astype(np.float64)
    lag = np.arange(known.shape[1])
    apart = lag[:, None] - lag[None, :]
    alike = pulse_autocorrelation()[np.minimum(np.abs(apart), 8)] * np.cos(np.pi / 2 * apart)
    return (np.einsum("si,ij,sj->s", known, alike, known) / known.shape[1]).astype(np.float32)
