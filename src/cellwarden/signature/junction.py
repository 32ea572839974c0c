"""The semiconductor's answer: what passed a lane lit at f0 (harmonic radar, non-linear junction detector).

```
 3f0, dBm │       metal contact
          │   ·  ·  ╱                    a semiconductor answers 2f0 strongly and 3f0 weakly,
          │  ·   ╱        semiconductor  a corroded contact, whose current is nearly odd, the contrary;
          │   ╱     ×   ×                loss L of body and antenna takes 3 L from the one and 4 L from the other,
          │ nothing    ×                 so A2 - 3/4 A3 is the same behind any loss: the boundary
          └──────────────── 2f0, dBm
```

Three questions in turn. Does something answer? z of `junction_fit` against the tail of persons who carry nothing.
Does it come from here? A junction's answers grow by 2 and 3 dB per dB of transmit power, another transmitter's by
none. What is it? The logistic of A2 - 3/4 A3. Both probabilities are of the instrument
(`junction_instrument`), fitted on simulated passages, and hold where as many carry the one as the other as neither.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellwarden.errors import LaneError
from cellwarden.language import gettext as _
from cellwarden.language import mark
from cellwarden.model import JunctionReading
from cellwarden.signature import junction_empty, junction_range
from cellwarden.signature.junction_empty import Empty
from cellwarden.signature.junction_fit import Heard, Place, growth, places, slope, strongest
from cellwarden.signature.junction_instrument import LANE, Instrument
from cellwarden.signature.junction_log import Log

SEMICONDUCTOR, METAL, NOTHING = "semiconductor", "metal", "nothing"
KINDS = {SEMICONDUCTOR: mark("semiconductor"), METAL: mark("metal contact"), NOTHING: mark("nothing")}
WARNING = mark(
    "Before anybody passes: whoever wears a pacemaker, a defibrillator, an insulin pump or another electronic implant"
    " does not pass a transmitting lane but is searched by hand; ask each person. The transmitter needs a licence of"
    " its own."
)
CONFUSERS = (
    mark("watch"),
    mark("hearing aid"),
    mark("SIM card"),
    mark("electronic bracelet"),
    mark("key with a remote"),
    mark("bracelet charger"),
)
"""What else has junctions, and must be asked for before anybody is accused."""
WEAKEST = 10**-0.9
"""Of the strongest answer's level: a body that turns makes shoulders of a tenth."""
FOREIGN = 0.8
"""Decibels per decibel below which an answer does not follow the transmit power; half way to 2 or less."""
SURE = 0.35
"""Standard deviation of a slope that may say so."""
HEARD_SIGMAS = 4.0
"""From which a harmonic counts as heard: below, A2 - 3/4 A3 is only the least that it can be."""
FLOOR_SIGMAS = 2.0
"""A harmonic that is not heard counts as this many deviations of noise."""


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """An answer with what speaks for it."""

    reading: JunctionReading
    place: Place
    growth: tuple[NDArray[np.float64], NDArray[np.float64]]
    """Of 2f0 and 3f0 as `junction_fit.growth` gives them."""


@dataclass(frozen=True, slots=True, eq=False)
class Examined:
    """A passage and all that answered in it, the strongest first."""

    person: str
    answers: tuple[Answer, ...]
    """With one of `nothing`, at the likeliest place, where nothing answered."""
    limits_db: tuple[float, float]
    """Least z at 2f0 and 3f0, in decibels."""
    instrument: Instrument = LANE

    @property
    def readings(self) -> tuple[JunctionReading, ...]:
        """What is said of it."""
        return tuple(answer.reading for answer in self.answers)


def examined(log: Log, empty: Empty | None = None, instrument: Instrument = LANE) -> Examined:
    """What passed. Raises LaneError.

    empty: what was learned of the empty lane, by its instrument; without it the lane's ends stand for it, and
    thresholds are the simulator's."""
    if not np.ptp(log.position_m):
        raise LaneError(
            _("{who}: position_m is the same in all readings: an answer rises and falls along the way only").format(
                who=log.person or _("passage")
            )
        )
    own = empty or junction_empty.assumed(log, instrument)
    lit = own.instrument
    heard = junction_empty.heard(log, own)
    limits = thresholds_db(own)
    every = places(heard, 10 ** (min(limits) / 10), lit.apart_m, WEAKEST)
    found = [place for place in every if margin_db(place, limits) >= 0]
    if not found:
        best = strongest(heard)
        nothing = 1 - present(margin_db(best, limits), lit)
        reading = JunctionReading(NOTHING, nothing, log.person, instrument=lit.name)
        return Examined(log.person, (Answer(reading, best, _growth(heard, best)),), limits, lit)
    return Examined(log.person, tuple(_answer(log, own, heard, place, limits) for place in found), limits, lit)


def thresholds_db(empty: Empty) -> tuple[float, float]:
    """Least z at 2f0 and 3f0 in decibels: of this lane's persons where they passed, else of simulated ones."""
    second, third = empty.thresholds_db or empty.instrument.clean_db
    return max(second, empty.instrument.noise_db), max(third, empty.instrument.noise_db)


def margin_db(place: Place, limits: tuple[float, float]) -> float:
    """By how much an answer stands above what persons who carry nothing bring."""
    second, third = junction_empty.decibels(place)
    return max(second - limits[0], third - limits[1])


def present(margin: float, instrument: Instrument = LANE) -> float:
    """Probability that something answers."""
    return float(instrument.present.probability(margin))


def levels_dbm(place: Place) -> tuple[float, float]:
    """A2 and A3; of a harmonic that is not heard, what noise could hide."""
    pairs = zip(place.level_mw, place.error_mw, strict=True)
    second, third = (10 * math.log10(max(level, FLOOR_SIGMAS * error)) for level, error in pairs)
    return second, third


def asymmetry_db(place: Place) -> float:
    """A2 - 3/4 A3: how even the current is, whatever lies between."""
    second, third = levels_dbm(place)
    return second - 0.75 * third


def semiconductor(place: Place, instrument: Instrument = LANE) -> float:
    """Probability that what answers is a semiconductor and no metal contact."""
    told = float(instrument.semi.probability(asymmetry_db(place)))
    return max(instrument.quiet, told) if place.sigmas[1] < HEARD_SIGMAS <= place.sigmas[0] else told


def _growth(heard: Heard, place: Place) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return growth(heard, place, 0), growth(heard, place, 1)


def _answer(log: Log, empty: Empty, heard: Heard, place: Place, limits: tuple[float, float]) -> Answer:
    grown = _growth(heard, place)
    slopes = [slope(one) for one in grown]
    second, third = levels_dbm(place)
    lit = empty.instrument
    something, semi = present(margin_db(place, limits), lit), semiconductor(place, lit)
    kind, share = (SEMICONDUCTOR, semi) if semi >= 0.5 else (METAL, 1 - semi)
    probability, reason = something * share, ""
    if _foreign(slopes):
        kind, probability = NOTHING, 1 - probability
        reason = _("what was heard does not grow with the transmit power: another transmitter at this frequency")
    far = None
    if log.amplitude is not None:
        far = junction_range.ranged(
            log, junction_empty.net_amplitude(log, empty), place, _noise_mw(empty), lit.beam_deg
        )
    opposite = int(abs(log.position_m - place.position_m).argmin())
    reading = JunctionReading(
        kind, probability, log.person, float(log.time_s[opposite]), place.position_m,
        far[0] if far else None, far[1] if far else None, second, third, slopes[0], slopes[1], reason, lit.name,
    )  # fmt: skip
    return Answer(reading, place, grown)


def _noise_mw(empty: Empty) -> tuple[float, float]:
    """Noise that is left when the empty lane is taken off: the least of its powers."""
    second, third = (min(float(mean[row]) for mean in empty.mean_mw.values()) for row in (0, 1))
    return second, third


def _foreign(slopes: Sequence[tuple[float, float] | None]) -> bool:
    """Whether a slope says surely that the answer follows nothing that was sent."""
    told = [one for one in slopes if one is not None and one[1] <= SURE]
    return bool(told) and all(one[0] < FOREIGN for one in told)
