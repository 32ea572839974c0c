"""The empty lane: what the instrument hears of itself, and what persons who carry nothing make of it.

own harmonics ─► mean and variance at each transmit power ─► subtracted from each passage, as complex numbers where
                                                             phases were recorded, otherwise as powers
persons known to carry nothing ─► their largest z, in decibels ─► tail ─► threshold of one in some thousand

A body sends the transmitter's own harmonics back to the receiver, which no empty lane shows: hence the persons.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cellwarden.errors import LaneError
from cellwarden.language import gettext as _
from cellwarden.measure.tail import excess_at, fit_tail
from cellwarden.signature.junction_fit import Heard, Place, strongest
from cellwarden.signature.junction_instrument import LANE, Instrument
from cellwarden.signature.junction_log import Log, stands_still

OUTER = 0.7
"""Of the lane's half length: beyond it, antennas hear who passes by less than a hundredth; used where no empty lane
is."""
FEWEST = 20
"""Readings at one transmit power that tell its mean and variance."""
STEP_DB = 0.3
"""Transmit powers that are nearer than this are the same step."""
BY_CHANCE = 1e-6
"""Probability below which readings that are all alike are not put down to chance."""
FEWEST_PERSONS = 40
TAIL = 0.1
"""Share of what persons bring to which a tail is fitted, FEWEST_EXCEEDING at least."""
FEWEST_EXCEEDING = 13
SHAPED = 100
"""Exceedances from which the tail's shape is fitted too."""
FALSE_ALARM = 5e-4
"""Of persons without electronics, for each harmonic: half of one in a thousand, for corroded contacts add theirs."""


@dataclass(frozen=True, slots=True, eq=False)
class Empty:
    """The instrument's own harmonics at each transmit power (and f0), and thresholds from persons."""

    mean_mw: dict[float, NDArray[np.float64]]
    """Power of the empty lane at 2f0 and 3f0, by transmit power in dBm: shape (2,)."""
    variance_mw2: dict[float, NDArray[np.float64]]
    amplitude: dict[tuple[float, float], NDArray[np.complex128]]
    """Mean amplitude at each transmit power and f0, √mW, shape (2,); empty of a meter's."""
    thresholds_db: tuple[float, float] | None = None
    """Least z at 2f0 and 3f0, in decibels, by persons who carried nothing; None where too few passed."""
    alike: tuple[float, float] = (1.0, 1.0)
    """Share of the commonest level in the empty lane, at 2f0 and 3f0: 1 of a meter that shows its floor."""
    calibrated: bool = True
    """False where only the lane's ends stand for an empty lane."""
    instrument: Instrument = LANE


def learned(logs: Sequence[Log], instrument: Instrument = LANE) -> Empty:
    """From a recording of the empty lane, with persons known to carry nothing where some passed (of a wand: of the
    air, and doors; of a scanner: of the belt, and parcels). Raises LaneError."""
    lanes = [log for log in logs if not log.person]
    if not lanes:
        raise LaneError(
            _("the empty lane is missing: lines without a person must be there, of a lane that nobody passes")
        )
    persons = [log for log in logs if log.person]
    empty = _own(lanes, instrument, calibrated=True)
    if len(persons) < FEWEST_PERSONS:
        return empty
    found = [decibels(strongest(heard(log, empty))) for log in persons]
    thresholds = tuple(threshold_db(np.array([one[row] for one in found])) for row in (0, 1))
    return replace(empty, thresholds_db=(thresholds[0], thresholds[1]))


def assumed(log: Log, instrument: Instrument = LANE) -> Empty:
    """From the ends of the lane in a passage itself, where no empty lane was recorded."""
    pick = np.flatnonzero(_far(log))
    part = Log(
        "", log.time_s[pick], log.position_m[pick], log.transmit_dbm[pick], log.power_mw[:, pick],
        None if log.amplitude is None else log.amplitude[:, pick],
        None if log.frequency_hz is None else log.frequency_hz[pick],
    )  # fmt: skip
    return _own([part], instrument, calibrated=False)


def heard(log: Log, empty: Empty) -> Heard:
    """A passage less the empty lane. Raises LaneError where powers were sent that the empty lane has not, or where
    nothing moves in readings of an instrument that moves in the empty lane."""
    if stands_still(log) and max(empty.alike) ** len(log.time_s) < BY_CHANCE:
        raise LaneError(
            _(
                "{who}: the instrument seems stuck: both levels are the same in all {count} readings, and in the empty"
                " lane they are not: check it, and record again"
            ).format(who=log.person or _("passage"), count=len(log.time_s))
        )
    excess, variance = np.empty_like(log.power_mw), np.empty_like(log.power_mw)
    power_mw = log.power_mw
    if log.amplitude is not None and empty.amplitude:
        power_mw = np.abs(net_amplitude(log, empty)) ** 2
    for key in np.unique(np.round(log.transmit_dbm, 1)):
        here = np.round(log.transmit_dbm, 1) == key
        near = _step(empty, float(key))
        excess[:, here] = power_mw[:, here] - empty.mean_mw[near][:, None]
        variance[:, here] = empty.variance_mw2[near][:, None]
    return Heard(log.position_m, log.transmit_dbm, excess, variance, empty.instrument)


def net_amplitude(log: Log, empty: Empty) -> NDArray[np.complex128]:
    """Amplitudes less the instrument's own: √mW, shape (2, n). What the empty lane has not stays as it is.

    Own harmonics drift in phase between calibration and passage: what is left of them at the lane's ends, where what
    passes is far and turns, is taken off as well.
    """
    assert log.amplitude is not None
    net = log.amplitude.copy()
    for n, (power, f0) in enumerate(_keys(log)):
        if (own := empty.amplitude.get((_step(empty, power), f0))) is not None:
            net[:, n] -= own
    far, powers = _far(log), np.round(log.transmit_dbm, 1)
    for power in np.unique(powers):
        ends = far & (powers == power)
        if ends.sum() >= FEWEST:
            net[:, powers == power] -= net[:, ends].mean(axis=1, keepdims=True)
    return net


def _far(log: Log) -> NDArray[np.bool_]:
    """Which readings are of the lane's ends, shape (n,)."""
    return np.asarray(np.abs(log.position_m) >= OUTER * np.abs(log.position_m).max(), np.bool_)


def _step(empty: Empty, power_dbm: float) -> float:
    """The empty lane's own figure for a transmit power. Raises LaneError where it has none."""
    near = min(empty.mean_mw, key=lambda key: abs(key - power_dbm))
    if abs(near - power_dbm) > STEP_DB:
        raise LaneError(
            _("a transmit power of {power} dBm is not in the empty lane: record that with the same steps").format(
                power=f"{power_dbm:g}"
            )
        )
    return near


def decibels(place: Place) -> tuple[float, float]:
    """z at 2f0 and 3f0 on the scale on which tails are fitted: 10 log10 z, 0 for less than one deviation."""
    second, third = (10 * math.log10(max(z, 1.0)) for z in place.sigmas)
    return second, third


def _own(lanes: Sequence[Log], instrument: Instrument, *, calibrated: bool) -> Empty:
    keys = np.concatenate([np.round(log.transmit_dbm, 1) for log in lanes])
    amplitude: dict[tuple[float, float], NDArray[np.complex128]] = {}
    if all(log.amplitude is not None for log in lanes):
        waves = np.concatenate([log.amplitude for log in lanes if log.amplitude is not None], axis=1)
        both = [key for log in lanes for key in _keys(log)]
        places: dict[tuple[float, float], list[int]] = {}
        for n, key in enumerate(both):
            places.setdefault(key, []).append(n)
        amplitude = {key: waves[:, at].mean(axis=1) for key, at in places.items()}
        own = np.array([amplitude[key] for key in both]).T
        power = np.abs(waves - own) ** 2
    else:
        power = np.concatenate([log.power_mw for log in lanes], axis=1)
    mean, variance = {}, {}
    for key in np.unique(keys):
        part = power[:, keys == key]
        if part.shape[1] < FEWEST:
            raise LaneError(
                _("{count} readings of the empty lane at {power} dBm are too few: record {least} or more").format(
                    count=part.shape[1], power=f"{key:g}", least=FEWEST
                )
            )
        mean[float(key)] = part.mean(axis=1)
        # Readings that are all alike are a meter's floor: what lies below may be anything from nothing to it.
        hidden = np.where(np.ptp(part, axis=1) == 0, part[:, 0] ** 2 / 12, 0.0)
        variance[float(key)] = np.maximum(part.var(axis=1, ddof=1), hidden + 1e-300)
    second, third = (float(np.unique(row, return_counts=True)[1].max()) / power.shape[1] for row in power)
    return Empty(mean, variance, amplitude, None, (second, third), calibrated, instrument)


def _keys(log: Log) -> list[tuple[float, float]]:
    f0 = np.zeros(len(log.time_s)) if log.frequency_hz is None else np.round(log.frequency_hz, -4)
    return list(zip(np.round(log.transmit_dbm, 1).tolist(), f0.tolist(), strict=True))


def threshold_db(score_db: NDArray[np.float64]) -> float:
    """The score that FALSE_ALARM of persons exceed.

    Of few persons the tail is taken for exponential, which in decibels is too long rather than too short.
    """
    at = float(np.quantile(score_db, 1 - max(TAIL, FEWEST_EXCEEDING / len(score_db))))
    exceeding = int((score_db > at).sum())
    if exceeding < FEWEST_EXCEEDING - 2:
        return 0.0  # nobody brought anything but noise, whose own threshold holds
    tail = fit_tail(score_db, at, float(len(score_db)), exponential=exceeding < SHAPED)
    return at + float(excess_at(math.log(FALSE_ALARM / tail.rate_per_s), tail.shape, tail.scale))
