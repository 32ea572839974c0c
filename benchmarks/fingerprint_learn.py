"""What the comparators of GSM bursts learn from simulated phones: `python -m benchmarks.fingerprint_learn` writes them.

Populations of ±50 % around the parameters, so that they do not know the very one that they are tried on; other seeds
than the lane's. Each is learned, then calibrated, then tried, on phones (or models) that are in one of the three only.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations

import numpy as np

from cellwarden.model import Session, Signature
from cellwarden.signature.comparators import FOLDER, Trial, place, written
from cellwarden.signature.compare import Comparator, calibrated, learn, log_ratio, point
from cellwarden.signature.models import KIND, of_model
from cellwarden.signature.sessions import joined
from cellwarden.simulate.parameters import Twins, varied
from cellwarden.simulate.transmitters import SENSORS, drawn, new_model, session

FAMILY = "gsm:normal"
SEED = 60_000
LEARNED, CALIBRATED, TRIED, POPULATION = 120, 60, 60, 10
"""Phones to learn from, others to calibrate on, yet others to be tried on, and how many come of each population."""
MODELS_LEARNED, MODELS_CALIBRATED, MODELS_TRIED = 60, 30, 30
"""The same of models, each of another population."""
LEARNING, TRYING = (4, 4, 4), (16, 8, 4)
"""Bursts of each session, or of each unit's."""

Heard = dict[str, list[list[Signature]]]


def phones(count: int, bursts: Sequence[int], rng: np.random.Generator) -> Heard:
    """Sessions of as many bursts each, at 12 to 30 dB, at the two receivers in turn."""
    made = {}
    for k in range(count):
        if k % POPULATION == 0:
            twins = varied(Twins(), rng)
        phone = drawn(twins, rng)
        made[str(k)] = [
            session(phone, SENSORS[n % 2], twins, rng, many, float(rng.uniform(12, 30)))
            for n, many in enumerate(bursts)
        ]
    return made


def models(count: int, bursts: Sequence[int], rng: np.random.Generator) -> Heard:
    """The same of models: a session of each of its units."""
    made = {}
    for k in range(count):
        twins = varied(Twins(), rng)
        of = new_model(twins, rng)
        made[str(k)] = [
            [
                of_model(one)
                for one in session(drawn(twins, rng, of), SENSORS[n % 2], twins, rng, many, float(rng.uniform(12, 30)))
            ]
            for n, many in enumerate(bursts)
        ]
    return made


def tried(comparator: Comparator, sessions: Mapping[str, Sequence[Session]]) -> Trial:
    """Ratios of all pairs of sessions."""
    points = [(name, point(comparator, [one])) for name, several in sessions.items() for one in several]
    told = [(log_ratio(comparator, a, b), x == y) for (x, a), (y, b) in combinations(points, 2)]
    scores, same = np.array([s for s, _t in told]), np.array([t for _s, t in told])
    return Trial(scores[same], scores[~same])


def main() -> None:
    """Learn, calibrate, try, write; of phones, then of models."""
    FOLDER.mkdir(exist_ok=True)
    rng = np.random.default_rng(SEED)
    kinds: dict[str, tuple[Callable[[int, Sequence[int], np.random.Generator], Heard], int, int, int]] = {
        "phones": (phones, LEARNED, CALIBRATED, TRIED),
        KIND: (models, MODELS_LEARNED, MODELS_CALIBRATED, MODELS_TRIED),
    }
    for kind, (heard, learned, others, strangers) in kinds.items():
        comparator = learn(heard(learned, LEARNING, rng))
        comparator = calibrated(comparator, _joined(heard(others, TRYING, rng)))
        trial = tried(comparator, _joined(heard(strangers, TRYING, rng)))
        path = place(FAMILY, kind)
        path.write_text(json.dumps(written(comparator, trial), indent=1) + "\n", encoding="utf-8")
        print(f"{path}: {len(comparator.names)} features, slope {comparator.slope:.3f}, {comparator.intercept:+.3f}")


def _joined(heard: Heard) -> dict[str, list[Session]]:
    return {name: [joined(one) for one in several] for name, several in heard.items()}


if __name__ == "__main__":
    main()
