"""What no detector or estimator can beat; curves to draw beside the measured ones.

Energy in time-bandwidth product TW: twice the energy over the noise density is chi-squared with 2 TW degrees of
freedom, and non-central by 2 TW snr where a signal of fixed energy (constant envelope, as GSM's) is added:

    P_fa = Q(lambda | 2 TW)       P_d = Q'(lambda | 2 TW, 2 TW snr)       or, where the signal is itself like noise,
                                  P_d = Q(lambda / (1 + snr) | 2 TW)

Known symbols, phase unknown (Marcum's Q_1): |sum conj(s) x|² over L symbols of SNR gamma each, largest of M hypotheses

    P_fa = 1 - (1 - exp(-lambda))^M       P_d >= Q_1(sqrt(2 L gamma), sqrt(2 lambda))    (the right one alone)

Carrier frequency of N known symbols at rate R, phase unknown (Rife and Boorstyn's sigma² is the noise of one real part,
so that gamma = A² / 2 sigma²):

    var f >= 6 R² / ( (2 pi)² gamma N (N² - 1) )

Delay of a known waveform of energy E in white noise of density N0, phase unknown, beta its rms bandwidth about its
centroid:

    var tau >= 1 / ( 2 (E / N0) (2 pi beta)² )

Sources: H. Urkowitz, Proc. IEEE 55 (1967) 523; S. Kay, Fundamentals of Statistical Signal Processing II (1998) §7.6 and
I (1993) §3.11;
D. Rife and R. Boorstyn, IEEE Trans. Inf. Theory 20 (1974) 591.
"""

from collections.abc import Callable
from typing import Literal

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

SignalKind = Literal["fixed", "gaussian"]
SNR_RANGE_DB = (-80.0, 80.0)
"""Where an SNR is looked for."""


def energy_detection(
    snr_db: ArrayLike, time_bandwidth: float, false_alarm: float, signal: SignalKind = "fixed"
) -> NDArray[np.float64]:
    """P_d of the ideal energy detector that knows noise, start, length and band; snr_db: any shape, in that band."""
    snr = 10 ** (np.asarray(snr_db, np.float64) / 10)
    degrees = 2 * time_bandwidth
    threshold = scipy.stats.chi2.isf(false_alarm, degrees)
    if signal == "gaussian":
        return np.asarray(scipy.stats.chi2.sf(threshold / (1 + snr), degrees), np.float64)
    return np.asarray(scipy.stats.ncx2.sf(threshold, degrees, degrees * snr), np.float64)


def matched_filter(snr_db: ArrayLike, symbols: int, false_alarm: float, hypotheses: int = 1) -> NDArray[np.float64]:
    """P_d of the matched filter for known symbols at unknown phase; snr_db: any shape, per symbol.

    hypotheses: delays, carriers and sequences tried, independent of each other, that share `false_alarm`.
    """
    snr = 10 ** (np.asarray(snr_db, np.float64) / 10)
    each = -np.expm1(np.log1p(-false_alarm) / hypotheses)  # 1 - (1 - P_fa)^(1 / M) without cancellation
    return np.asarray(scipy.stats.ncx2.sf(-2 * np.log(each), 2, 2 * symbols * snr), np.float64)


def snr_for_energy_detection(
    detection: float, time_bandwidth: float, false_alarm: float, signal: SignalKind = "fixed"
) -> float:
    """SNR in decibels at which `energy_detection` reaches `detection`."""
    return _snr_for(detection, lambda snr_db: energy_detection(snr_db, time_bandwidth, false_alarm, signal))


def snr_for_matched_filter(detection: float, symbols: int, false_alarm: float, hypotheses: int = 1) -> float:
    """SNR per symbol in decibels at which `matched_filter` reaches `detection`."""
    return _snr_for(detection, lambda snr_db: matched_filter(snr_db, symbols, false_alarm, hypotheses))


def _snr_for(detection: float, curve: Callable[[float], NDArray[np.float64]]) -> float:
    """Where a rising curve reaches a P_d; raises ValueError where it does so nowhere (P_d below P_fa, or 1)."""
    return float(scipy.optimize.brentq(lambda snr_db: float(curve(snr_db)) - detection, *SNR_RANGE_DB))


def per_symbol_db(snr_db: float, bandwidth_hz: float, symbol_rate_hz: float) -> float:
    """SNR per symbol, E_s / N_0, of a signal whose SNR is counted in a bandwidth."""
    return float(snr_db + 10 * np.log10(bandwidth_hz / symbol_rate_hz))


def frequency_bound_hz(snr_db: ArrayLike, symbols: int, symbol_rate_hz: float) -> NDArray[np.float64]:
    """Least standard deviation of an unbiased estimate of the carrier; snr_db: any shape, per symbol."""
    snr = 10 ** (np.asarray(snr_db, np.float64) / 10)
    variance = 6 / (snr * symbols * (symbols**2 - 1))  # radians squared per symbol
    return np.asarray(np.sqrt(variance) * symbol_rate_hz / (2 * np.pi), np.float64)


def rms_bandwidth_hz(wave: NDArray[np.complexfloating], rate_hz: float) -> float:
    """Root mean square width of a waveform's spectrum about its centroid; complex, shape (n,)."""
    power = np.abs(np.fft.fft(wave)) ** 2
    frequency = np.fft.fftfreq(len(wave), 1 / rate_hz)
    middle = power @ frequency / power.sum()
    return float(np.sqrt(power @ (frequency - middle) ** 2 / power.sum()))


def delay_bound_s(snr_db: ArrayLike, time_bandwidth: float, rms_width_hz: float) -> NDArray[np.float64]:
    """Least standard deviation of an unbiased estimate of the delay; snr_db: any shape, in the bandwidth of TW."""
    energy = 10 ** (np.asarray(snr_db, np.float64) / 10) * time_bandwidth  # over the noise density
    return np.asarray(1 / (2 * np.pi * rms_width_hz * np.sqrt(2 * energy)), np.float64)
