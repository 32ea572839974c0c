"""One unit of a run: a scene of some windows is made from its own seed, given to a detector, and judged.

Units depend on nothing but the plan, so figures are the same on any number of cores and however often a run was broken
off.
"""

import hashlib
import json
import math
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cellwarden.bench.detector import Claim, Detect
from cellwarden.bench.plan import Plan
from cellwarden.measure.match import lying_on
from cellwarden.simulate.drawings import DRAWINGS
from cellwarden.simulate.scenes import Air, Placed, Truth, write
from cellwarden.simulate.trials import air_of, bursts, windows

CHUNK = 50
"""Windows of a unit: a tenth of a second or so of recording."""
LARGEST = 4.0
"""A claim that is more times as large as a burst has not found it (the shared scores' rule)."""
SILENT = ("spur:", "noise:", "image:")
"""Names by which a detector says that no signal is there."""
FITS = 0.8
"""Part of a recording's rate that another interface's signal may fill."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Some windows of one label: with it at one level, or without it."""

    label: str
    snr_db: float
    absent: bool
    number: int
    windows: int

    @property
    def name(self) -> str:
        """None twice in a plan."""
        return f"{self.label} {self.snr_db:g} {'absent' if self.absent else 'present'} {self.number} {self.windows}"


def units(plan: Plan) -> list[Unit]:
    """All units of a plan. Windows without the label take its levels in turn."""
    made = []
    for label in plan.labels:
        for snr in plan.snrs_db:
            made += [Unit(label, snr, False, n, count) for n, count in enumerate(_chunks(plan.trials))]
        made += [
            Unit(label, plan.snrs_db[n % len(plan.snrs_db)], True, n, count)
            for n, count in enumerate(_chunks(plan.absent_trials))
        ]
    return made


def _chunks(trials: int) -> Iterator[int]:
    while trials > 0:
        yield min(CHUNK, trials)
        trials -= CHUNK


def tried(unit: Unit, plan: Plan, detect: Detect) -> dict[str, Any]:
    """What the detector made of a unit, as JSON holds it."""
    rng = np.random.default_rng(
        [plan.seed, zlib.crc32(unit.label.encode()), round(unit.snr_db * 1000) + 1_000_000, unit.number, unit.absent]
    )
    drawing = DRAWINGS[unit.label]
    placed = list(bursts(unit.label, unit.windows, unit.snr_db, plan.conditions, rng))
    air, sent = air_of(drawing, placed), placed
    if unit.absent:
        sent = [] if plan.absent == "noise" else _others(unit, placed, plan, rng)
    claims, digest = _claimed(air, sent, plan, int(rng.integers(1 << 31)), detect)
    found = {"seconds": air.seconds, "digest": digest}
    if unit.absent:
        return {**found, "scores": false_scores(claims, windows(placed, air), unit.label)}
    truths = [one.truth for one in placed]
    area = sum(t.count * (t.high_offset_hz - t.low_offset_hz) for t in truths) / len(truths) / air.rate_hz
    return {**found, **judged(truths, claims), "time_bandwidth": area}


def _others(unit: Unit, placed: list[Placed], plan: Plan, rng: np.random.Generator) -> list[Placed]:
    """A burst of another interface in each window, at the same level; those that the recording is too slow for not."""
    own, place = unit.label.partition(":")[0], DRAWINGS[unit.label]
    labels = [
        label
        for label, drawing in DRAWINGS.items()
        if label.partition(":")[0] != own and drawing.width_hz < FITS * place.rate_hz
    ]
    made = []
    for one, (_first, end) in zip(placed, windows(placed, air_of(place, placed)), strict=True):
        other = labels[int(rng.integers(len(labels)))]
        drawn = next(bursts(other, 1, unit.snr_db, plan.conditions, rng, within=place))
        made.append(Placed(drawn.truth, one.first, drawn.wave[: end - one.first]))
    return made


def _claimed(air: Air, sent: Sequence[Placed], plan: Plan, seed: int, detect: Detect) -> tuple[list[Claim], str]:
    """The detector's claims on a scene that does not tell its truth, and a digest of the scene's samples."""
    with tempfile.TemporaryDirectory(prefix="cellwarden-") as folder:
        path = Path(folder) / "scene.sigmf-meta"
        write(path, air, sent, seed, plan.conditions.faults)
        head = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps({**head, "annotations": []}), encoding="utf-8")
        digest = hashlib.sha256(path.with_suffix(".sigmf-data").read_bytes()).hexdigest()[:16]
        return detect(path), digest


def found_on(truths: Sequence[Truth], claims: Sequence[Claim]) -> list[tuple[Claim, ...]]:
    """For each truth the claims that have found it: those that lie on it and are not far larger."""
    return [
        tuple(claim for claim in on if _size(claim, truth) <= LARGEST)
        for truth, on in zip(truths, lying_on(truths, claims), strict=True)
    ]


def _size(claim: Claim, truth: Truth) -> float:
    """A claim's size in truths; of one that says nothing of frequency, its length."""
    lasting = claim.sample_count / truth.count if truth.count else math.inf
    width = truth.high_offset_hz - truth.low_offset_hz
    return lasting * ((claim.high_offset_hz - claim.low_offset_hz) / width if claim.banded and width else 1.0)


def judged(truths: Sequence[Truth], claims: Sequence[Claim]) -> dict[str, Any]:
    """Scores by which each truth was named right and by which it was found at all, and what else was said.

    None where there is no claim. `elsewhere`: scores of claims of the truths' interface that lie on none of them;
    `misnamed`: labels, other than the right one, of the surest claim on each truth that was not named right.
    """
    on = found_on(truths, claims)
    named, found, misnamed = [], [], []
    for truth, lying in zip(truths, on, strict=True):
        loud = [claim for claim in lying if not claim.label.startswith(SILENT)]
        right = [claim for claim in loud if claim.label in ("", truth.label)]
        named.append(_best(right))
        found.append(_best(loud))
        if loud and not right:
            misnamed.append(max(loud, key=lambda claim: claim.score).label)
    used = {id(claim) for lying in on for claim in lying}
    own = own_claim(truths[0].label) if truths else (lambda claim: False)
    elsewhere = [round(claim.score, 6) for claim in claims if id(claim) not in used and own(claim)]
    return {"scores": named, "found": found, "misnamed": misnamed, "elsewhere": elsewhere}


def false_scores(claims: Sequence[Claim], tiles: Sequence[tuple[int, int]], label: str) -> list[float | None]:
    """The largest score with which each window, that holds none, is said to hold this interface; None where it is not.

    A claim is that window's in which its middle lies.
    """
    own = own_claim(label)
    return [
        _best([c for c in claims if own(c) and first <= c.sample_start + c.sample_count / 2 < end])
        for first, end in tiles
    ]


def own_claim(label: str) -> Callable[[Claim], bool]:
    """Whether a claim speaks of a label's interface: by its name, or because it has no name at all."""
    interface = label.partition(":")[0]
    return lambda claim: not claim.label or claim.label.partition(":")[0] == interface


def _best(claims: Sequence[Claim]) -> float | None:
    return round(max(claim.score for claim in claims), 6) if claims else None
