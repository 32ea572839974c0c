"""Which of the known emitters is this, or a new one, or can that not be said?

    session ► nearest of the whitened means (faiss) ► exact ratios of those few ► odds against `new` ► verdict

Under one common spread the ratio falls with the distance between what the emitters' means predict and what was heard,
whitened. Of a hundred thousand emitters the nearest are found among all of them in a millisecond, so that nothing is
approximate and no graph has to be built. The exact ratios then weigh each emitter's own number of sessions and bursts.

    P(E_i | x) = π LR_i / N  /  (1 - π + Σ_j π LR_j / N)        π: prior that it is one of the N known
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import faiss
import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.model import Emitter, Identified, Session
from cellwarden.signature.compare import Comparator, Point, log_ratios, point

KNOWN_PRIOR = 0.5
"""Before anything was compared, a phone that is heard is as likely one of the known ones as not."""
SURE = 0.9
"""Least probability of a verdict."""
FEWEST_BURSTS, LEAST_SNR_DB = 4, 8.0
"""Below either nothing is said: of a burst or two the noise is as large as what phones differ by, and in a faint one
decisions go wrong, so that what was sent is not known."""
CANDIDATES = 8
"""Nearest emitters that are compared exactly."""
TYPICAL_BURSTS = 20
KEPT = 0.02
"""Directions in which emitters differ by less than this part of the spread within them are left out of the search."""


@dataclass(frozen=True, slots=True, eq=False)
class Index:
    """Emitters of one family, ready to be searched."""

    comparator: Comparator
    names: tuple[str, ...]
    sessions: tuple[Sequence[Session], ...]
    """Of each emitter."""
    basis: NDArray[np.float64]
    """From a feature vector to the whitened space, shape (k, d)."""
    means: faiss.IndexFlatL2
    """What each emitter predicts there, k numbers each."""


def index(comparator: Comparator, emitters: Sequence[Emitter]) -> Index:
    """An index of the emitters that have a session of the comparator's family."""
    held = [(e.name, [s for s in e.sessions if s.family == comparator.family]) for e in emitters]
    held = [(name, sessions) for name, sessions in held if sessions]
    at = np.array([point(comparator, sessions).at for _name, sessions in held]).reshape(-1, len(comparator.names))
    return Index(comparator, tuple(n for n, _s in held), tuple(s for _n, s in held), *placed(comparator, at))


def placed(comparator: Comparator, at: NDArray[np.float64]) -> tuple[NDArray[np.float64], faiss.IndexFlatL2]:
    """Basis and predicted means, as an index has them, of emitters' means, shape (emitters, d)."""
    basis, shorter = _whitened(comparator)
    means = faiss.IndexFlatL2(len(basis))
    means.add((at @ basis.T * shorter).astype(np.float32))
    return basis, means


def _whitened(comparator: Comparator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Directions in which a typical session's spread is 1 and emitters differ; by what a mean is drawn to 0 there."""
    within = comparator.session + comparator.burst / TYPICAL_BURSTS + 1e-3 * np.eye(len(comparator.names))
    root = np.linalg.inv(np.linalg.cholesky(within))
    values, vectors = np.linalg.eigh(root @ comparator.between @ root.T)
    kept = values >= min(KEPT, values[-1])  # the widest one always
    values, basis = values[kept], vectors[:, kept].T @ root
    shorter = values / (1 + values)
    known = shorter + 1  # spread of what is heard around what is predicted
    return basis / np.sqrt(known)[:, None], shorter


def nearest(among: Index, heard: Point, count: int = CANDIDATES) -> NDArray[np.intp]:
    """Numbers of the emitters nearest to a point, the nearest first; shape (at most count,)."""
    query = (among.basis @ heard.at).astype(np.float32)
    _far, near = among.means.search(query[None], min(count, among.means.ntotal))
    return np.asarray(near[0], np.intp)


def ratios(among: Index, session: Session, count: int = CANDIDATES) -> list[tuple[str, float]]:
    """Logarithms of the ratios of the nearest emitters, the most probable first."""
    one = among.comparator
    heard = point(one, [session])
    near = nearest(among, heard, count)
    told = log_ratios(one, [point(one, among.sessions[i]) for i in near], heard)
    return sorted(zip((among.names[i] for i in near), told.tolist(), strict=True), key=lambda pair: -pair[1])


def too_little(session: Session) -> str:
    """Why a session says nothing: `few bursts`, `faint`, or empty where it does."""
    if session.bursts < FEWEST_BURSTS:
        return "few bursts"
    return "faint" if session.snr_db < LEAST_SNR_DB else ""


def identify(among: Index, session: Session, prior: float = KNOWN_PRIOR) -> Identified:
    """The verdict on a session of the index's family; `prior`: that it is one of the index's emitters at all."""
    if reason := too_little(session):
        return Identified("cannot say", reason=reason)
    if not among.names:
        return Identified("new", probability=1.0)
    told = ratios(among, session)
    each = math.log(prior / len(among.names))
    whole = float(scipy.special.logsumexp([math.log(1 - prior), *(each + ratio for _name, ratio in told)]))
    name, ratio = told[0]
    known, new = math.exp(each + ratio - whole), math.exp(math.log(1 - prior) - whole)
    if known >= SURE:
        return Identified("known", name, known, ratio)
    if new >= SURE:
        return Identified("new", "", new, ratio)
    return Identified("cannot say", name, known, ratio, "undecided")
