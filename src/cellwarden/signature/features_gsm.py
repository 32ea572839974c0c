"""What a GSM burst shows of the transmitter that sent it: the difference between what it should send and what came.

    samples ► mixed down, filtered ► decisions, sent once more: s ► one least-squares fit ► errors of the transmitter
                                     └─ they live and die here

The burst that came is, with t in symbols from its middle and h what lies between, a few derivatives of s wide,

    y = h∗s · (1 + droop t + j (phase + ω t + slope t² + Σ loop_k φ_k)) + clock t (h∗s)' + image h∗s* + leak h + noise

    image   (1 - g exp(jφ)) / (1 + g exp(-jφ)) of an I/Q modulator with gain g and a right angle wrong by φ
    leak    of the oscillator through the modulator, as a part of the carrier
    loop    φ_k is the burst's phase behind a high pass: what a synthesiser's loop leaves of the modulation

To first order all unknowns but the channel are linear, so that one fit gives them and, from its residue, their
uncertainty. The image keeps its angle because a modulator begins each burst at the same phase. The channel weighs all
of them alike and is divided out. A receiver's own image and leak lie at the mirrored carrier and at baseband zero: they
meet the burst only where its carrier lies within a channel of zero, and its image and leak are then left out.

Ramps are told by the power in each half symbol before and behind the burst, where no symbol is known.

Sources: 3GPP TS 45.004 §2 (modulation), TS 45.005 §4.6 (phase error), annex B (ramps).
"""

import math

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.airinterface.gsm_receiver import equaliser
from cellwarden.airinterface.gsm_waveform import (
    CHANNEL_HZ,
    FORMATS,
    SYMBOL_RATE_HZ,
    Format,
    antipodal,
    main_pulse,
)
from cellwarden.model import Block, Emission, Measured, Signature
from cellwarden.signature.baseband import Channel, Heard, baseband
from cellwarden.signature.features_skirt import skirts
from cellwarden.signature.fit import both, peak, solved
from cellwarden.signature.kernels import gmsk
from cellwarden.signature.oscillator import beside_carrier
from cellwarden.signature.turn_on import ramp

LABELS = {"gsm:normal": "normal", "gsm:access": "access"}
LEAST_RATE_HZ = 4 * SYMBOL_RATE_HZ / 2
"""Below two samples a symbol the modulation's own image folds onto it."""
CHANNEL = Channel(SYMBOL_RATE_HZ, 160e3, 240e3, 4)
EDGE_SYMBOLS = 3.0
"""Left out of the fit at both ends: ramps."""
LOOPS_HZ = (8e3, 40e3)
"""Corners of the high passes through which a synthesiser's loop is looked at: loops for GSM are that wide."""
RAMP_SYMBOLS = 5.0
RAMP = tuple(np.arange(-RAMP_SYMBOLS + 1, RAMP_SYMBOLS - 1.5, 0.5).tolist())
"""How far outside and inside of a burst its ramps are told, in steps."""
NAMES = (
    "turn", "bend", "clock_ppm", "droop", "image_real", "image_imag", "leak_real", "leak_imag", "loop_low", "loop_high"
)  # fmt: skip
"""What the fit tells, in the order of its columns."""
MOST_LATE = 1.0
"""Symbols by which a burst may begin beside its emission; what is fitted further off is noise."""
ROUNDS = 2
"""Of Gauss's and Newton's: what is left of the carrier offset turns the burst by some hundredths of a turn."""


def measure(emission: Emission, block: Block) -> Signature | None:
    """The signature of a GMSK burst; None for other emissions, where samples are missing or too few a symbol, and where
    it is so faint that noise is fitted.

    `block` holds the burst and some six symbols on both sides.
    """
    kind = LABELS.get(emission.label)
    if kind is None or emission.carrier_offset_hz is None or emission.details.get("modulation") != "gmsk":
        return None
    layout = FORMATS["normal" if kind == "normal" else "access"]
    first, last = -RAMP_SYMBOLS - 1, layout.symbols + RAMP_SYMBOLS + 1
    if block.segment.rate_hz < LEAST_RATE_HZ:
        return None
    heard = baseband(emission, block, CHANNEL, first, last, emission.carrier_offset_hz)
    if heard is None:
        return None
    key = "training_sequence" if kind == "normal" else "synchronisation_sequence"
    bits = _decided(heard, layout, int(emission.details.get(key, 0)))
    features, shift, gain, noise = _fitted(heard, bits)
    if abs(shift) > MOST_LATE:
        return None
    near_zero = abs(emission.carrier_offset_hz) < CHANNEL_HZ
    if near_zero:
        features = {k: v for k, v in features.items() if not k.startswith(("image", "leak"))}
    hertz = SYMBOL_RATE_HZ / (2 * math.pi)
    turn, bend = features.pop("turn"), features.pop("bend")
    features["carrier_hz"] = Measured(emission.carrier_offset_hz + turn.value * hertz, turn.deviation * hertz)
    per_s = 2 * hertz * SYMBOL_RATE_HZ
    features["carrier_slope_hz_s"] = Measured(bend.value * per_s, bend.deviation * per_s)
    features |= ramp("up", heard, shift, gain, noise, RAMP)
    features |= ramp("down", heard, shift, gain, noise, RAMP, layout.symbols)
    features |= beside_carrier(emission, features["carrier_hz"], features["clock_ppm"], block.segment.centre_hz)
    if emission.floor_dbfs_hz is not None:
        begin = emission.sample_start + (emission.timing_samples or 0.0) - block.sample_start
        begin += shift * block.segment.rate_hz / SYMBOL_RATE_HZ
        features |= skirts(block, begin, emission.carrier_offset_hz, bits, emission.floor_dbfs_hz)
    snr_db = 10 * math.log10(max(gain / (noise * heard.white), 1e-3) * len(heard.t) / (heard.t[-1] - heard.t[0]))
    snr_db += 10 * math.log10(SYMBOL_RATE_HZ / CHANNEL_HZ)
    return Signature(emission.label, emission.sample_start, snr_db, features)


def _decided(heard: Heard, layout: Format, sequence: int) -> NDArray[np.int64]:
    """Bits of a burst, known ones as they are known: int64, shape (symbols,)."""
    fine = 64
    pulse = main_pulse(fine)
    k = np.arange(layout.symbols)
    per_symbol = (len(heard.t) - 1) / (heard.t[-1] - heard.t[0])
    reach = math.ceil(2.5 * per_symbol)
    near = np.searchsorted(heard.t, k + 0.5)[:, None] + np.arange(-reach, reach + 1)
    near = np.clip(near, 0, len(heard.t) - 1)
    at = (heard.t[near] - (k + 0.5)[:, None]) * fine + len(pulse) // 2
    weights = np.interp(at, np.arange(len(pulse)), pulse, left=0.0, right=0.0)
    z = np.sum(heard.y[near] * weights, axis=1) * np.exp(-0.5j * np.pi * k)
    even = equaliser(np.pi / 2)
    e = np.convolve(z, even[::-1], "same")
    known = antipodal(layout.known[sequence])
    span = slice(layout.known_at, layout.known_at + len(known))
    e *= np.exp(-1j * np.angle(np.sum(e[span] * known)))
    bits = (e.real < 0).astype(np.int64)
    bits[span] = (known < 0).astype(np.int64)
    bits[list(layout.tails)] = 0
    return bits


def _fitted(heard: Heard, bits: NDArray[np.int64]) -> tuple[dict[str, Measured], float, float, float]:
    """The fit: features, the burst's delay in symbols, its power, and the variance of the noise of a sample."""
    inside = (heard.t > EDGE_SYMBOLS) & (heard.t < len(bits) - EDGE_SYMBOLS)
    t, y, half = heard.t[inside], heard.y[inside], len(bits) / 2
    u = (t - half) / half
    made = _basis(bits, t)
    waves = _loops(gmsk(bits, heard.t), heard.t)[:, inside]
    x = solved(both(made), y)[0]
    turned = bent = 0.0
    for _ in range(ROUNDS):
        taps = x[: 2 * len(made) : 2] + 1j * x[1 : 2 * len(made) : 2]
        s, image, one = taps @ made, taps @ np.conj(made), np.full(len(t), taps[0])
        errors = [1j * u * s, 1j * (u * u - 1 / 3) * s, u * taps[0] * made[1], u * s]
        errors += [image, 1j * image, one, 1j * one, *(1j * waves * s)]
        x, covariance, noise = solved([*both(made), *errors], y)
        found = x[2 * len(made) :]
        y = y * np.exp(-1j * (found[0] * u + found[1] * (u * u - 1 / 3)))
        turned, bent = turned + found[0], bent + found[1]
    taps = x[: 2 * len(made) : 2] + 1j * x[1 : 2 * len(made) : 2]
    values = [turned, bent, *found[2:]]
    deviations = np.sqrt(np.diag(covariance)[2 * len(made) :] * heard.white)
    told = {k: Measured(float(v), float(d)) for k, v, d in zip(NAMES, values, deviations, strict=True)}
    for name, unit in (("turn", 1 / half), ("bend", 1 / half**2), ("clock_ppm", 1e6 / half)):
        told[name] = Measured(told[name].value * unit, told[name].deviation * unit)
    told |= _phase_error(y, s, noise)
    return told, float(-(taps[1] / taps[0]).real), float(np.mean(np.abs(s) ** 2)), noise


def _basis(bits: NDArray[np.int64], t: NDArray[np.float64]) -> NDArray[np.complex128]:
    """The burst and its first derivatives, by central differences: complex128, shape (4, n).

    As taps a quarter of a symbol apart they are whatever channel is needed; as derivatives they are far from alike.
    """
    q = 0.25
    early2, early, s, late, late2 = (np.exp(1j * gmsk(bits, t + k * q)) for k in (-2, -1, 0, 1, 2))
    third = (late2 - 2 * late + 2 * early - early2) / (2 * q**3)
    return np.array([s, (late - early) / (2 * q), (late - 2 * s + early) / q**2, third])


def _loops(phase: NDArray[np.float64], t: NDArray[np.float64]) -> NDArray[np.float64]:
    """Phase behind high passes of one pole each, at rest before the burst: float64, shape (loops, n)."""
    made = []
    for corner in LOOPS_HZ:
        keep = math.exp(-2 * math.pi * corner / SYMBOL_RATE_HZ * (t[-1] - t[0]) / (len(t) - 1))
        made.append(phase - phase[0] - scipy.signal.lfilter([1 - keep], [1, -keep], phase - phase[0]))
    return np.array(made)


def _phase_error(y: NDArray[np.complex128], s: NDArray[np.complex128], noise: float) -> dict[str, Measured]:
    """Root mean square and peak of the phase error in degrees (TS 45.005 §4.6); the first without noise."""
    error = np.angle(y * np.conj(s))
    power = float(np.mean(np.abs(s) ** 2))
    by_noise = noise / (2 * power)
    mean_square = float(np.mean(error**2))
    spread = math.sqrt(2 / len(error)) * max(mean_square, by_noise)
    rms = math.sqrt(max(mean_square - by_noise, 0.0))
    whole = Measured(rms, spread / (2 * max(rms, math.sqrt(spread))))
    told = {"phase_rms_deg": whole, "phase_peak_deg": peak(float(np.max(np.abs(error))), mean_square)}
    return {name: Measured(math.degrees(value), math.degrees(deviation)) for name, (value, deviation) in told.items()}
