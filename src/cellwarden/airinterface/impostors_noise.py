"""Noise of a band: no modulation is in it, whatever one looks for.

    density    ▁▁▁▁▟█████████▙▁▁▁▁     flat from edge to edge          noise:wideband
               of a phone's whole uplink band                          noise:jammer

Switching supplies, lamps and motors raise the floor of some megahertz, often in step with the mains, and a jammer may
send noise. OFDM is as Gaussian as noise is, so that the name needs the absence of all that radio systems have, in a box
long enough that it would be seen:

    |y|²             has the fourth moment of a Gaussian     one carrier, and a phone's SC-FDMA, has less
    y[n] y*[n-k]     is nothing but for k of a few 1/width   a cyclic prefix, or a repeated field, is such a k
    spectrum of |y|² has no line                             chips and symbols have one at their rate
    spectrum of y    is flat but for echoes                  signals side by side are not

Source: W. A. Gardner, "Exploitation of spectral redundancy in cyclostationary signals", IEEE Signal Processing Magazine
8 (1991) 14 [unread].
"""

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.airinterface.impostors_features import Narrow, named, narrow, rounded
from cellwarden.airinterface.impostors_lasting import lasting
from cellwarden.measure.power import squared
from cellwarden.model import Block, Burst, Emission
from cellwarden.radio.bands import allocations_at, uplinks_at

LEAST_HZ, LEAST_S = 0.4e6, 2e-3
LEAST_PRODUCT = 7_700.0
"""Least of width × duration × (S / (S + N))²: a prefix of a fifteenth then stands 5.8 σ out."""
MOST_SAMPLES, LINE_SAMPLES, BAND_SAMPLES = 1 << 14, 1 << 16, 1 << 13
"""Looked at for an echo: 1.7 times what the least product asks; for a rhythm, which stands out less; and of all that
was recorded."""
LONGEST_LAG_S = 1.2e-3
"""Broadcast's guard intervals have the longest lag of a prefix, 1 ms (ETSI EN 300 401)."""
SHORTEST_LAG = 6.0
"""In units of 1/width: of a filter's own correlation little is left then."""
ECHOES_S = 3.1e-6
"""Echoes of 300 ns on the average end after 2.9 µs (TR 38.901 table 7.7.2-1); Wi-Fi's prefix, of all the first, returns
after 3.2 µs."""
SKIRTS = 1.4
"""A rhythm lives in what a pulse's spectrum has beyond its half-power width, which a box may cut off. Samples need
to be no faster than that: where the power's spectrum folds, a line stays a line."""
STRAY = 9.0
"""Nats by which the largest of many values may exceed what is expected of the largest."""
GAUSSIAN = 0.12
"""Most that the fourth moment may differ from 2, before what chance adds; a phone's SC-FDMA differs by 0.3."""
SLOWEST_HZ = 4e3
"""Below this the power may change as it likes: in step with the mains."""
FLAT_DB, PIECES = 16.0, 12
"""Echoes leave humps and notches in it; signals side by side return after the inverse of their spacing besides."""
FILLED = 0.75
"""Least part of a box that is filled: one over all of what was recorded may be wider than the noise."""
SCREENED_SAMPLES = 1 << 12
"""Looked at first, with twice the slack: what is no noise mostly differs by much."""
NOTCH, MORE = 0.5, 1.1
"""Widest notch that parts noise in two boxes, as a part of the box; a box that grows by less is as it was told."""
BINS = 256
WINDOW = (np.hanning(BINS) / math.sqrt(float(np.sum(np.hanning(BINS) ** 2)))).astype(np.float32)
"""Of as many samples, which leaves white noise its power."""
UMTS_HZ, UMTS_APART_HZ = (3.55e6, 5.5e6), 5e6
"""Widths of boxes around a carrier of 3.84 Mchip/s: behind echoes of 30 to 300 ns one in 400 is narrower; from one
carrier to the next."""
GAP_HZ, GAP_ASTRAY_HZ, GAP = 0.25e6, 0.7e6, 0.01
"""On both sides of each carrier 0.3 MHz is empty (TS 25.101 §6.8.1: a pulse ends 2.34 MHz beside its carrier); how far
from where a box tells it to be, and the most that it has of the power there usually is: of 60 pairs of carriers of a
dozen phones behind echoes none had 0.005 besides what the noise's error allows. A notch may be as empty, but not where
the carriers end as well."""
BAND_PART, OWN_PART, USABLE = 0.8, 0.5, 0.8
"""Least part of what is heard of a band that noise fills, and that the box itself does; the part of the rate that
receivers' filters leave flat."""
OWN_BAND, ANY_BAND = 0.9, 0.7
"""Probability that noise over a band is a jammer's, of phones' uplink or of one that nobody knows."""
WIDE_HZ, LOUD = 5e6, 2.0
"""Least of a band that tells a jammer of it from noise, and the density over the noise that is loud."""


class Heard(NamedTuple):
    """The spectrum of all that was recorded while a box lasts."""

    places_hz: NDArray[np.float64]
    """Frequencies, lowest first."""
    over: NDArray[np.float64]
    """Their density over the noise."""


class Jammed(NamedTuple):
    """What a jammer drowns."""

    band: str
    """Empty where the tuned frequency is not told."""
    low_hz: float
    high_hz: float
    sure: float
    """Probability that it is one."""


def wideband(burst: Burst, block: Block) -> Emission | None:
    """Noise that fills a box of all its width, or None."""
    width, rate = burst.high_offset_hz - burst.low_offset_hz, block.segment.rate_hz
    if width < LEAST_HZ or burst.sample_count < LEAST_S * rate:
        return None
    first = narrow(_part(burst, burst, block, SCREENED_SAMPLES / (1.25 * width)), block, width, 1.25 * width)
    if abs(_fourth_moment(first.y, first, width) - 2) > 2 * GAUSSIAN:
        return None
    heard = _heard(burst, block)
    joined = _joined(burst, heard)
    if joined is burst:
        return _noise(burst, block, heard)
    # What lies beside a box may be a phone's: it counts where all is a jammer's, or where the box alone is nothing.
    one, other = (joined, burst) if _jammed(joined, block, heard) else (burst, joined)
    return _noise(one, block, heard) or _noise(other, block, heard)


def _noise(burst: Burst, block: Block, heard: Heard) -> Emission | None:
    """A box as noise, the quickest tests first."""
    width, rate = burst.high_offset_hz - burst.low_offset_hz, block.segment.rate_hz
    carriers = _umts_carriers(burst, block)
    if carriers == 1:
        return None
    whole = lasting(burst, block)
    snr = 10 ** (burst.snr_db / 10)
    if width * whole.sample_count * (snr / (1 + snr)) ** 2 < LEAST_PRODUCT * rate:
        return None
    box = narrow(_part(whole, burst, block, MOST_SAMPLES / (1.25 * width)), block, width, 1.25 * width)
    y = box.y[:MOST_SAMPLES]
    excess = _fourth_moment(y, box, width) - 2
    if abs(excess) > GAUSSIAN:
        return None
    density = _density(y)
    if not _is_flat(density, box, width):
        return None
    if carriers and _has_gaps(density, box, rate, 10 ** (burst.floor_dbfs_hz / 10) * box.rate_hz, carriers):
        return None
    if not _is_without_echo(y, density, box.rate_hz, width):
        return None
    skirts = SKIRTS * width
    wider = narrow(_part(whole, burst, block, LINE_SAMPLES / skirts), block, skirts, skirts)
    if not _is_without_line(wider.y[:LINE_SAMPLES], wider.rate_hz):
        return None
    details: dict[str, str | int | float] = {"fourth_moment": rounded(excess + 2)}
    jammed = _jammed(burst, block, heard)
    if jammed:
        filled = replace(whole, low_offset_hz=jammed.low_hz, high_offset_hz=jammed.high_hz)
        return named("noise:jammer", filled, jammed.sure, {**details, "band": jammed.band} if jammed.band else details)
    return named("noise:wideband", whole, 0.85, details)


def _part(whole: Burst, burst: Burst, block: Block, most_s: float) -> Burst:
    """No more than `most_s` of what lasts, from the box in it on where that is enough: there it is strong."""
    count = min(whole.sample_count, math.ceil(most_s * block.segment.rate_hz))
    start = min(burst.sample_start, whole.sample_start + whole.sample_count - count)
    return replace(whole, sample_start=start, sample_count=count)


def _umts_carriers(burst: Burst, block: Block) -> int:
    """How many UMTS carriers, up to three, a box is as wide as where these may be; 0 where it is as wide as none.

    A dozen phones on one carrier are as good as Gaussian, and in one draw of some twenty their chips cancel.
    """
    width, centre = burst.high_offset_hz - burst.low_offset_hz, block.segment.centre_hz
    fits = (n for n in (1, 2, 3) if UMTS_HZ[0] < width - UMTS_APART_HZ * (n - 1) < UMTS_HZ[1])
    carriers = next(fits, 0)
    if carriers and centre is not None:
        at = centre + (burst.low_offset_hz + burst.high_offset_hz) / 2
        if not any(allocation.system.startswith("UMTS") for allocation in allocations_at(at)):
            return 0
    return carriers


def _density(y: NDArray[np.complex64]) -> NDArray[np.float64]:
    """Mean power of BINS frequencies, lowest first; of white noise, the power of a sample."""
    rows = y[: len(y) // BINS * BINS].reshape(-1, BINS) * WINDOW
    return np.asarray(np.fft.fftshift(squared(scipy.fft.fft(rows, axis=1)).mean(axis=0)), np.float64)


def _has_gaps(density: NDArray[np.float64], box: Narrow, rate_hz: float, noise: float, carriers: int) -> bool:
    """Whether it is empty, but for the noise, on both sides of each of so many carriers beside each other.

    Of what lies outside of the recording nothing is asked.
    """
    bin_hz = box.rate_hz / BINS
    wide, reach = max(1, round(GAP_HZ / bin_hz)), math.ceil(GAP_ASTRAY_HZ / bin_hz)
    least = 1.2 * noise + GAP * float(np.median(density))
    empty = np.convolve(density, np.ones(wide) / wide, "same") < least
    offsets = (np.arange(BINS) - BINS // 2) * bin_hz
    recorded = (np.abs(box.middle_hz + offsets) < (rate_hz - GAP_HZ) / 2) & (
        np.abs(offsets) < (box.rate_hz - GAP_HZ) / 2
    )
    gaps = BINS // 2 + np.round((np.arange(carriers + 1) - carriers / 2) * UMTS_APART_HZ / bin_hz).astype(int)
    places = gaps + np.arange(-reach, reach + 1)[:, None]
    fits = np.concatenate([empty | ~recorded, [True]])  # the last is what lies outside
    return bool(np.any(np.all(fits[np.where((places >= 0) & (places < BINS), places, BINS)], axis=1)))


def _fourth_moment(y: NDArray[np.complex64], box: Narrow, width_hz: float) -> float:
    """Mean of |y|⁴ over the squared mean of |y|², 2 for a Gaussian; both of pieces, so that slow changes do not show.

    In a piece of n independent values the mean of a Gaussian's ratio is 2 n / (n + 1).
    """
    piece = min(len(y), max(16, round(64 * box.rate_hz / width_hz)))
    power = squared(y[: len(y) // piece * piece].reshape(-1, piece))
    mean = power.mean(axis=1)
    clear = mean > 0.5 * float(np.mean(mean))
    ratio = (power[clear] ** 2).mean(axis=1) / mean[clear] ** 2
    independent = piece * width_hz / box.rate_hz
    return float(np.mean(ratio)) * (independent + 1) / independent


def _is_flat(density: NDArray[np.float64], box: Narrow, width_hz: float) -> bool:
    """Whether the inner four fifths of what fills a box have much the same density."""
    reach = min(BINS // 2, round(0.5 * width_hz / box.rate_hz * BINS))
    inside = density[BINS // 2 - reach : BINS // 2 + reach]
    filled = np.flatnonzero(inside > 10 ** (-FLAT_DB / 10) * np.median(inside))
    low, end = int(filled[0]), int(filled[-1]) + 1
    if end - low < FILLED * len(inside):
        return False
    edge = round((end - low) / 10)
    inner = inside[low + edge : end - edge]
    firsts = np.arange(PIECES) * len(inner) // PIECES
    parts = np.add.reduceat(inner, firsts) / np.diff(firsts, append=len(inner))
    return float(parts.max() / np.partition(parts, 1)[1]) < 10 ** (FLAT_DB / 10)  # one piece may be a notch


def _is_without_echo(y: NDArray[np.complex64], density: NDArray[np.float64], rate_hz: float, width_hz: float) -> bool:
    """Whether nothing returns after any lag, as a prefix does.

    What chance returns has a mean of ∫S² / (∫S)² over the time: more, the fewer frequencies echoes have left.
    """
    least, most = max(SHORTEST_LAG / width_hz, ECHOES_S), min(len(y) // 4, round(LONGEST_LAG_S * rate_hz))
    spectrum = scipy.fft.fft(y, scipy.fft.next_fast_len(len(y) + most))
    again = squared(scipy.fft.rfft(squared(spectrum))[: most + 1])  # of real values: as well as the inverse
    share = again[math.ceil(least * rate_hz) :] / again[0]
    filled = float(np.sum(density)) ** 2 / float(np.sum(density**2)) / BINS
    independent = len(y) * filled / _unevenness(y)
    return float(share.max()) * independent < math.log(len(share)) + STRAY


def _unevenness(y: NDArray[np.complex64]) -> float:
    """Mean of the squared power over the mean power's square, by pieces: 1 where the power is always the same.

    What changes in step with the mains has 1.5, and all the louder part tells is told by so much fewer values.
    """
    power = squared(y[: len(y) // BINS * BINS].reshape(-1, BINS)).mean(axis=1, dtype=np.float64)
    return float(np.mean(power**2)) / float(np.mean(power)) ** 2


def _is_without_line(y: NDArray[np.complex64], rate_hz: float) -> bool:
    """Whether the power has no rhythm but a slow one."""
    power = squared(y)
    power = power[: len(power) // 256 * 256]  # lengths of large prime factors are slow
    spectrum = squared(scipy.fft.rfft(power - power.mean()))
    spectrum = spectrum[max(2, round(SLOWEST_HZ / rate_hz * len(y))) :]
    near = min(len(spectrum), 512)
    level = spectrum[: len(spectrum) // near * near].reshape(-1, near)
    peaks = level.max(axis=1) / level.mean(axis=1)
    return float(peaks.max()) < math.log(len(spectrum)) + STRAY


def _heard(burst: Burst, block: Block) -> Heard:
    rate = block.segment.rate_hz
    part = _part(burst, burst, block, BAND_SAMPLES / rate)
    density = _density(narrow(part, block, rate, rate, 0.0).y)
    return Heard((np.arange(BINS) - BINS // 2) * rate / BINS, density / (10 ** (burst.floor_dbfs_hz / 10) * rate))


def _joined(burst: Burst, heard: Heard) -> Burst:
    """A box with those that lie beside it, as loud and with no more than a notch between; itself where there are none.

    Behind echoes a notch parts what is one, and fades tell each part another beginning and end.
    """
    low, high = burst.low_offset_hz, burst.high_offset_hz
    loud = heard.places_hz[heard.over > LOUD]
    while True:
        reach = NOTCH * (high - low)
        near = loud[(loud > low - reach) & (loud < high + reach)]
        grown = min([low, *near[:1].tolist()]), max([high, *near[-1:].tolist()])
        if grown == (low, high):
            break
        low, high = grown
    if high - low < MORE * (burst.high_offset_hz - burst.low_offset_hz):
        return burst
    inside = heard.over[(heard.places_hz >= low) & (heard.places_hz <= high)]
    snr = max(float(np.mean(inside)) - 1, 1e-3)
    return replace(burst, low_offset_hz=low, high_offset_hz=high, snr_db=10 * math.log10(snr))


def _jammed(burst: Burst, block: Block, heard: Heard) -> Jammed | None:
    """The phones' uplink band that noise fills as far as a receiver hears it, and little else, and its edges; or None.

    A notch may part it in two boxes: what is loud is looked for in all that was recorded. Where nobody knows which band
    that is, noise over nearly all of it drowns whatever is sent there, and less is claimed.
    """
    rate, centre = block.segment.rate_hz, block.segment.centre_hz
    clear = heard.over > LOUD
    if not np.any(clear):
        return None
    low, high = heard.places_hz[clear][[0, -1]].tolist()
    usable = USABLE * rate / 2
    bands = [("", -usable, usable, ANY_BAND)]
    if centre is not None:
        middle = centre + (burst.low_offset_hz + burst.high_offset_hz) / 2
        bands = [(f"{system} {name}", a - centre, b - centre, OWN_BAND) for system, name, a, b in uplinks_at(middle)]
    for band, band_low, band_high, sure in bands:
        first, last = max(band_low, -usable), min(band_high, usable)
        own = min(burst.high_offset_hz, last) - max(burst.low_offset_hz, first)
        if last - first < WIDE_HZ or own < OWN_PART * (last - first):
            continue
        part = float(np.mean(clear[(heard.places_hz > first) & (heard.places_hz < last)]))
        inside = min(high, last) - max(low, first)
        if part > BAND_PART and inside > BAND_PART * max(last - first, high - low):
            return Jammed(band, low, high, sure)
    return None
