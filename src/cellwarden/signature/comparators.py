"""The comparators that come with the program, of phones and of models for each family, and how one is written down.

`python -m benchmarks.fingerprint_learn` makes them from the simulator, for want of enough real phones: what they say is
an investigative lead. Of a family that none was made for nothing can be said.
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cellwarden.signature.compare import Comparator

LOCKED = ("carrier_ppm", "clock_ppm")
"""Left out where a phone locks to its cell: carrier and clock are the cell's."""
FAMILIES: Mapping[str, tuple[str, ...]] = {
    "gsm:normal": LOCKED,
    "gsm:8psk": LOCKED,
    "gsm:access": LOCKED,
    "lte:pusch": LOCKED,
    "lte:srs": LOCKED,
    "lte:prach": LOCKED,
    "wifi:ofdm": (),
    "wifi:dsss": (),
    "bluetooth:br": (),
    "bluetooth:edr": (),
    "ble:advertising": (),
    "ble:data": (),
    "dect:portable": (),
    "dect:base": (),
    "other:lora": (),
}
"""All that is measured, and what of it is not compared besides what never is."""
KINDS = ("phones", "models")
FOLDER = Path(__file__).parent / "learned"
DIGITS = 5
"""Significant ones of what is written."""
QUANTILES = 200
"""Of scores that are kept of a trial."""


class Trial(NamedTuple):
    """Natural logarithms of the ratios of pairs that a comparator has not learned from, by their even quantiles."""

    same: NDArray[np.float64]
    different: NDArray[np.float64]


def place(family: str, kind: str = "phones") -> Path:
    """The file of a family's comparator of `phones` or of `models`."""
    return FOLDER / f"{family.replace(':', '_')}.{kind}.json"


@lru_cache
def comparator(family: str, kind: str = "phones") -> Comparator | None:
    """The one for a family, or None where none was learned."""
    path = place(family, kind)
    return read(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None


def taught() -> list[tuple[str, str]]:
    """Families that can be compared, each with its kind."""
    return [(family, kind) for kind in KINDS for family in FAMILIES if place(family, kind).exists()]


def trial(family: str, kind: str = "phones") -> Trial:
    """How the comparator of a family did on pairs that it had not seen."""
    held = json.loads(place(family, kind).read_text(encoding="utf-8"))["trial"]
    return Trial(np.array(held["same"]), np.array(held["different"]))


def pairs(trial: Trial) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Ratios of a trial in one row, and whether each is of one source."""
    same = np.arange(len(trial.same) + len(trial.different)) < len(trial.same)
    return np.concatenate([trial.same, trial.different]), same


def written(one: Comparator, tried: Trial) -> dict[str, Any]:
    """As JSON holds it; of the covariances the lower triangle."""
    lower = np.tril_indices(len(one.names))

    def short(values: Any) -> list[float]:
        return [float(f"{v:.{DIGITS}g}") for v in values]

    return {
        "family": one.family,
        "names": list(one.names),
        "centre": short(one.centre),
        "unit": short(one.unit),
        "between": short(one.between[lower]),
        "session": short(one.session[lower]),
        "burst": short(one.burst[lower]),
        "slope": one.slope,
        "intercept": one.intercept,
        "learned_from": one.learned_from,
        "trial": {kind: short(quantiles(scores)) for kind, scores in tried._asdict().items()},
    }


def quantiles(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """QUANTILES values that spread as the scores do."""
    return np.asarray(np.quantile(scores, (np.arange(QUANTILES) + 0.5) / QUANTILES))


def read(held: dict[str, Any]) -> Comparator:
    """The comparator that `written` wrote."""
    size = len(held["names"])

    def whole(values: list[float]) -> Any:
        matrix = np.zeros((size, size))
        matrix[np.tril_indices(size)] = values
        return matrix + np.tril(matrix, -1).T

    return Comparator(
        held["family"],
        tuple(held["names"]),
        np.array(held["centre"]),
        np.array(held["unit"]),
        whole(held["between"]),
        whole(held["session"]),
        whole(held["burst"]),
        held["slope"],
        held["intercept"],
        held["learned_from"],
    )
