"""Lane 3: is the confidence a probability? Phones' bursts and impostors of every level, through the whole chain.

What is claimed is compared with what was placed: a `gsm:*` emission is right where a burst of that very kind lies under
it, an `unknown:burst` where anything at all does. Beside each claim stands the margin that it was made from, so that a
logistic map from margin to probability can be fitted to it.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
from scipy.special import logit

from benchmarks.lane import Lane
from benchmarks.truth import heard
from cellwarden.airinterface.gsm_judge import CONFIDENCE
from cellwarden.airinterface.gsm_waveform import CHANNEL_HZ
from cellwarden.measure.calibration import expected_calibration_error, fit_logistic, reliability
from cellwarden.measure.match import common_samples
from cellwarden.measure.proportion import wilson
from cellwarden.model import Emission
from cellwarden.simulate.channel import indoor_paths
from cellwarden.simulate.parameters import Parameters
from cellwarden.simulate.scenes import Air, Placed, Truth, gsm_burst, impostor
from cellwarden.simulate.waves import IMPOSTORS

PHONES = 0.5
"""Share of the placed signals that are phones': no other share is known for a wing, so neither side is preferred."""
ECHOED = 0.5
DURATIONS_S = (325e-6, 547e-6)
"""Half of the impostors last as long as a GSM burst, the others anything from 0.25 to 0.9 ms."""
SCENES, SCENE_S, SEED = 12, 10.0, 100
SURE = 0.9
SUREST = 1 - 1e-15
"""The last number before 1, which has no logarithm of odds."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One emission and whether it is right."""

    label: str
    confidence: float
    margin: float
    """NaN for what no interface named."""
    snr_db: float
    product: float
    """Of the box's duration and width."""
    right: bool
    of: str
    """Label of the truth that it lies on most, or nothing."""


def mixture(air: Air, rng: np.random.Generator, parameters: Parameters) -> Iterator[Placed]:
    """Phones and impostors in turn at random channels, levels, lengths and echoes."""
    names = list(IMPOSTORS)
    half = int(air.rate_hz / 2 / CHANNEL_HZ) - 5
    spacing = 1 / parameters.bursts_per_s
    order = rng.permutation(np.arange(-half, half + 1))
    for number in range(int(air.seconds / spacing) - 1):
        if number % len(order) == 0:
            order = rng.permutation(order)
        channel = int(order[number % len(order)])
        at = round((number + 0.3 + rng.uniform(-0.2, 0.2)) * spacing * air.rate_hz)
        snr_db = rng.uniform(parameters.snr_low_db, parameters.snr_high_db)
        if rng.random() < PHONES:
            paths = indoor_paths(parameters, rng) if rng.random() < ECHOED else None
            kind = ("normal", "access")[int(rng.integers(2))]
            yield gsm_burst(air, at, kind, channel, snr_db, rng, parameters=parameters, paths=paths)  # type: ignore[arg-type]
        else:
            lasts = rng.choice(DURATIONS_S) if rng.random() < 0.5 else rng.uniform(0.25e-3, 0.9e-3)
            offset = (channel + rng.uniform(-0.5, 0.5)) * CHANNEL_HZ
            yield impostor(air, at, names[int(rng.integers(len(names)))], offset, snr_db, lasts, rng)


def _margin(emission: Emission) -> float:
    """The margin that a GSM emission's confidence was made from: that map backwards. NaN for what has none."""
    if not emission.label.startswith("gsm:"):
        return math.nan
    slope, intercept = CONFIDENCE
    return float((logit(min(emission.confidence, SUREST)) - intercept) / slope)


def claims(seconds: float, seed: int, parameters: Parameters | None = None) -> list[Claim]:
    """All emissions of one scene, judged."""
    world, air, rng = parameters or Parameters(), Air(seconds=seconds), np.random.default_rng(seed)
    truths, emissions = heard(air, mixture(air, rng, world), int(rng.integers(1 << 31)))
    return judged(truths, emissions, air.rate_hz)


def judged(truths: list[Truth], emissions: list[Emission], rate_hz: float) -> list[Claim]:
    """Each emission with the truth that it lies on, if at least half of the shorter of the two is common to both."""
    starts = np.array([t.start for t in truths])
    longest = max((t.count for t in truths), default=0)
    made = []
    for e in emissions:
        first = int(np.searchsorted(starts, e.sample_start - longest))
        end = int(np.searchsorted(starts, e.sample_start + e.sample_count))
        near = [t for t in truths[first:end] if common_samples(t, e) >= 0.5 * min(t.count, e.sample_count)]
        best = max(near, key=lambda t: (t.label == e.label, common_samples(t, e)), default=None)
        phone = e.label.startswith("gsm:")
        made.append(
            Claim(
                e.label,
                e.confidence,
                _margin(e),
                e.snr_db,
                e.sample_count / rate_hz * (e.high_offset_hz - e.low_offset_hz),
                best is not None and (best.label == e.label or not phone),
                best.label if best else "",
            )
        )
    return made


def parts(scale: float) -> dict[str, Any]:
    """Scenes of their own seeds; a small scale has fewer, then shorter ones."""
    count = max(1, round(SCENES * scale))
    seconds = min(SCENE_S, max(0.4, SCENES * SCENE_S * scale / count))
    return {f"scene{number}": partial(_scene, seconds, SEED + number) for number in range(count)}


def _scene(seconds: float, seed: int) -> list[dict[str, Any]]:
    return [
        {**asdict(claim), "margin": None if math.isnan(claim.margin) else claim.margin}
        for claim in claims(seconds, seed)
    ]


def summary(done: Mapping[str, Any]) -> dict[str, Any]:
    """Reliability, expected calibration error, what passed for a phone, and the map that would calibrate margins."""
    every = [claim for scene in done.values() for claim in scene]
    phones = [c for c in every if c["label"] in ("gsm:normal", "gsm:access")]
    others = [c for c in every if c["label"] == "unknown:burst"]
    figures: dict[str, Any] = {"seed": SEED, "phones": _calibrated(phones), "unknown": _calibrated(others)}
    figures["wrong"] = dict(Counter(f"{c['label']} on {c['of'] or 'nothing'}" for c in phones if not c["right"]))
    margins, right = [c["margin"] for c in phones], [c["right"] for c in phones]
    if any(right) and not all(right):
        fitted = fit_logistic(margins, right)
        figures["logistic"] = {"slope": fitted.slope, "intercept": fitted.intercept}
        figures["fitted_ece"] = expected_calibration_error(reliability(fitted.probability(margins), right))
        figures["by_margin"] = by_margin(margins, right)
    return figures


def by_margin(margins: list[float], right: list[bool]) -> list[dict[str, float]]:
    """Claims, and those that are right, between margins in nats."""
    edges = (0, 0.5, 1, 2, 3, 4, 6, 8, 12, 16, 24, 40, math.inf)
    place = np.digitize(margins, edges)
    was = np.asarray(right)
    return [
        {"from": edges[k - 1], "claims": int((place == k).sum()), "right": int(was[place == k].sum())}
        for k in range(1, len(edges))
    ]


def _calibrated(claimed: list[dict[str, Any]]) -> dict[str, Any]:
    if not claimed:
        return {"claims": 0}
    bins = reliability([c["confidence"] for c in claimed], [c["right"] for c in claimed])
    sure = [c for c in claimed if c["confidence"] >= SURE]
    hits = sum(c["right"] for c in sure)
    return {
        "claims": len(claimed),
        "right": sum(c["right"] for c in claimed),
        "ece": expected_calibration_error(bins),
        "bins": [asdict(one) for one in bins],
        "sure": len(sure),
        "sure_mean": float(np.mean([c["confidence"] for c in sure])) if sure else None,
        "sure_right": hits / len(sure) if sure else None,
        "sure_interval": list(wilson(hits, len(sure))),
    }


LANE = Lane("confidence", parts, summary)
