"""A laboratory's own calibration: what a comparator's ratios are worth on its phones, as its receiver hears them.

    enrolments of one family and receiver ► all pairs ► ratios ─┬► a line fitted to all: makes ratios believable
                                                                └► the same fitted without both phones of a pair,
                                                                   fold by fold: how far it can be believed (trial)

It carries what it was made of. Words of forensic science are for real phones, enough of them, heard by the same type
of receiver on the same interface; all else is an investigative lead. A ratio beyond what so many phones can show is
held at that: of n phones one pair in n (n - 1) / 2 + 1 at most was seen to be alike by chance, and one in n + 1 not.

Sources: ENFSI Guideline for Evaluative Reporting in Forensic Science (2015); D. Meuwly, D. Ramos and R. Haraksim,
Forensic Science International 276 (2017) 142 (validation); P. Vergeer and others, Science and Justice 56 (2016) 482
(why ratios must not be extrapolated).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cellwarden.errors import GalleryError
from cellwarden.language import gettext as _
from cellwarden.language import number
from cellwarden.measure.likelihood import cost
from cellwarden.model import Emitter, Provenance, Session
from cellwarden.signature.comparators import Trial, pairs, written
from cellwarden.signature.compare import Comparator, fitted_line, pair_ratios
from cellwarden.signature.gallery import too_little
from cellwarden.signature.gallery_file import digest

FEWEST_PHONES = 5
"""With two recordings each: from fewer no line can be tried on phones that it was not fitted to."""
ENOUGH_PHONES = 30
"""For words of forensic science. No guideline names a number: thirty leave an error of one in ten uncertain between one
in thirty and one in four (Wilson)."""
FOLDS = 10
Known = Mapping[str, Sequence[Session]]


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """The line, what it was made of, and what it was worth there."""

    of: Provenance
    comparator: str
    """Digest of the comparator whose ratios it makes believable."""
    slope: float
    intercept: float
    trial: Trial
    """Ratios of pairs whose phones the line was not fitted to."""


def named(comparator: Comparator) -> str:
    """Digest of what a comparator learned, whatever its line."""
    none = Trial(np.zeros(1), np.zeros(1))
    return digest({k: v for k, v in written(comparator, none).items() if k not in ("trial", "slope", "intercept")})


def usable(emitters: Sequence[Emitter], family: str, receiver: str) -> Known:
    """Sessions of each phone that a receiver of a type heard: of each recording the longest, if it says anything."""
    made = {}
    for one in emitters:
        own: dict[str, Session] = {}
        for session in one.sessions:
            if session.family == family and same_type(session.receiver, receiver) and not too_little(session):
                own[session.source] = max(own.get(session.source, session), session, key=lambda s: s.bursts)
        if own:
            made[one.name] = tuple(own.values())
    return made


def same_type(one: str, other: str) -> bool:
    """Whether two words name the same type of receiver: capitals and spaces do not count, and nothing is no type."""
    return one.casefold().split() == other.casefold().split() != []


def made(
    comparator: Comparator, known: Known, receiver: str, phones: Literal["real", "simulated"], note: str = ""
) -> Calibration:
    """A calibration from sessions of known phones; raises GalleryError where they are too few."""
    count = sum(len(several) > 1 for several in known.values())
    if count < FEWEST_PHONES:
        raise GalleryError(
            _(
                "{count} phones were heard twice or more on {family} by {receiver}, and {least} are needed: enrol each "
                "from recordings of its own, with --receiver"
            ).format(count=number(count), family=comparator.family, receiver=receiver, least=number(FEWEST_PHONES))
        )
    scores, whose = pair_ratios(replace(comparator, slope=1.0, intercept=0.0), known)
    same = whose[:, 0] == whose[:, 1]
    line = fitted_line(scores, same)
    held_out = _held_out(scores, whose)
    of = Provenance(phones, comparator.family, receiver, count, len(known) - count, note)
    return Calibration(of, named(comparator), *line, Trial(held_out[same], held_out[~same]))


def _held_out(scores: NDArray[np.float64], whose: NDArray[np.int64]) -> NDArray[np.float64]:
    """Each pair's ratio by the line of pairs in which no phone of its folds is. Phones are in folds by turns."""
    fold = whose % min(FOLDS, int(whose.max()) + 1)
    same, told = whose[:, 0] == whose[:, 1], np.zeros(len(scores))
    for one, other in combinations_with_replacement(range(int(fold.max()) + 1), 2):
        mine = np.all(np.sort(fold, axis=1) == (one, other), axis=1)
        rest = ~np.isin(fold, (one, other)).any(axis=1)
        if mine.any():
            slope, intercept = fitted_line(scores[rest], same[rest])
            told[mine] = slope * scores[mine] + intercept
    return told


def applied(comparator: Comparator, calibration: Calibration) -> Comparator:
    """The comparator with a calibration's line; raises GalleryError where it was made for another one."""
    if calibration.of.family != comparator.family or calibration.comparator != named(comparator):
        raise GalleryError(
            _("the calibration is of {family}, by a comparator that is not this program's: make it anew").format(
                family=calibration.of.family
            )
        )
    return replace(comparator, slope=calibration.slope, intercept=calibration.intercept)


def silent(calibration: Calibration | None, sessions: Sequence[Session]) -> str:
    """Why words of forensic science may not be used of sessions; empty where they may.

    `none`, `simulated`, `interface`, `receiver`, `few phones`, or `misleads`, as its ratios do on its own phones.
    """
    if calibration is None:
        return "none"
    of = calibration.of
    if of.phones != "real":
        return "simulated"
    if any(one.family != of.family for one in sessions):
        return "interface"
    if not all(same_type(one.receiver, of.receiver) for one in sessions):
        return "receiver"
    if of.count < ENOUGH_PHONES:
        return "few phones"
    return "misleads" if cost(*pairs(calibration.trial)) >= 1 else ""


def held(log_ratio: float, of: Provenance) -> float:
    """A ratio's natural logarithm, no further from 0 than so many phones can show."""
    phones = of.count + of.others
    return min(max(log_ratio, -math.log(of.count + 1)), math.log(phones * (phones - 1) / 2 + 1))
