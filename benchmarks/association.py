"""Which burst is the same at several nodes, ten phones at once: purity and completeness against the clocks' error.

A cluster is what `associate` calls one burst, a class is a burst that was sent; and the same for phones and all bursts
of theirs. Beside it, the same with times taken as the clocks tell them: bursts within three standard deviations.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.lane import Lane
from cellwarden.associate.match import grouped
from cellwarden.associate.observe import observations
from cellwarden.associate.seen import joined, row, table, tabled
from cellwarden.measure.agreement import bootstrap
from cellwarden.measure.groups import completeness, purity
from cellwarden.simulate.nodes import START_NS, Ears, Said, told

PHONES = 10
CLOCKS_S = (1e-6, 1e-5, 1e-4, 3e-4, 1e-3, 2e-3, 5e-3, 1e-2, 3e-2, 1e-1)
SCENES = 20
"""For each error at scale 1; of short ones five times as many."""
CASES: Mapping[str, tuple[int, float, dict[str, Any]]] = {
    "clear": (PHONES, 8.0, {}),
    "faint": (PHONES, 0.5, {"levels_db": (-5.0, 12.0), "missed": 0.3}),
    "alone": (1, 2.0, {}),
}
"""Phones at once, seconds, and how they are heard: as `Ears` has it; or briefly, so that nodes share few bursts."""

Pairs = list[tuple[Any, Any]]


def associated(said: list[Said], clock_error_s: float) -> tuple[Pairs, Pairs]:
    """(cluster, class) of each emission: of bursts, and of phones."""
    truth = {id(e): of for one in said for (e, _s), of in zip(one.bursts, one.truth, strict=True)}
    nodes = {f"S{n}": one.bursts for n, one in enumerate(said)}
    bursts: Pairs = []
    phones: Pairs = []
    for number, found in enumerate(observations(nodes, START_NS, clock_error_s)):
        for heard in found.heard:
            of = truth[id(heard.emission)]
            bursts.append((number, of))
            phones.append((found.phone, of[0]))
    return bursts, phones


def as_told(said: list[Said], clock_error_s: float) -> Pairs:
    """The same of bursts, with clocks believed."""
    kinds: dict[tuple[str, object], int] = {}
    both = joined([tabled(table([row(*burst, START_NS, kinds) for burst in one.bursts])) for one in said])
    node = np.repeat(np.arange(len(said)), [len(one.bursts) for one in said])
    order = np.argsort(both.time_s, kind="stable")
    gate = np.full(len(order), 3 * clock_error_s / 5.0)  # the room's own gate is five of these
    columns = (both.time_s, gate, both.kind, both.frequency_hz, both.width_hz, both.cfo * np.nan, node)
    group = grouped(*(column[order] for column in columns), len(said))
    of = [truth for one in said for truth in one.truth]
    return [(int(g), of[i]) for g, i in zip(group, order, strict=True)]


def scene(case: str, clock_error_s: float, seed: int) -> dict[str, float]:
    """One scene's shares."""
    phones, seconds, kind = CASES[case]
    ears = Ears(clock_error_s=clock_error_s, **kind)
    said = told(phones, seconds, ears, np.random.default_rng([11, seed]))
    bursts, spoke = associated(said, ears.clock_error_s)
    believed = as_told(said, ears.clock_error_s)
    return {
        "purity": purity(bursts),
        "completeness": completeness(bursts),
        "phone_purity": purity(spoke),
        "phone_completeness": completeness(spoke),
        "believed_purity": purity(believed),
        "believed_completeness": completeness(believed),
    }


def _scenes(case: str, clock_error_s: float, count: int) -> list[dict[str, float]]:
    return [scene(case, clock_error_s, seed) for seed in range(count if case == "clear" else 5 * count)]


def parts(scale: float) -> dict[str, Any]:
    """A part for each case and error of the clocks."""
    count = max(2, round(SCENES * scale))
    errors = CLOCKS_S if scale >= 0.05 else (2e-3,)
    return {f"{case}-{error:g}": partial(_scenes, case, error, count) for case in CASES for error in errors}


def summary(done: Mapping[str, Any]) -> dict[str, Any]:
    """Means over scenes with their intervals, one point for each error."""
    made: dict[str, Any] = {"phones": PHONES, "nodes": Ears().nodes}
    for name, scenes in done.items():
        case, _dash, error = name.partition("-")
        means = {key: bootstrap([one[key] for one in scenes], _mean, seed=1) for key in scenes[0]}
        least = {f"least_{key}": min(one[key] for one in scenes) for key in ("purity", "phone_purity")}
        made.setdefault(case, []).append({"clock_error_s": float(error), "scenes": len(scenes), **means, **least})
    return made


def _mean(values: NDArray[np.float64]) -> float:
    return float(np.mean(values))


LANE = Lane("association", parts, summary)
