"""What comparators learn from simulated phones: `python -m benchmarks.fingerprint_learn [FAMILY…]` writes them.

Populations of ±50 % around the parameters, so that they do not know the very one that they are tried on; other seeds
than the lane's. Each is learned, then calibrated, then tried, on phones (or models) that are in one of the three only.
"""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from cellwarden.model import Session, Signature
from cellwarden.signature.comparators import FAMILIES, FOLDER, Trial, place, written
from cellwarden.signature.compare import LEFT_OUT, Comparator, calibrated, learn, pair_ratios
from cellwarden.signature.models import KIND, of_model
from cellwarden.signature.sessions import joined
from cellwarden.simulate import families
from cellwarden.simulate.parameters import Stations, Twins, varied
from cellwarden.simulate.transmitters import SENSORS, drawn, new_model, session

FAMILY = "gsm:normal"
SEED = 60_000
LEARNED, CALIBRATED, TRIED, POPULATION = 120, 60, 60, 10
"""Phones to learn from, others to calibrate on, yet others to be tried on, and how many come of each population."""
STATIONS = (80, 40, 40)
"""The same of other families, whose bursts take longer."""
MODELS_LEARNED, MODELS_CALIBRATED, MODELS_TRIED = 60, 30, 30
"""The same of models, each of another population."""
LEARNING, TRYING = (4, 4, 4), (12, 8, 4)
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


def stations(family: str) -> Callable[[int, Sequence[int], np.random.Generator], Heard]:
    """Sessions of transmitters of another family, as of phones."""
    waves = families.BESIDE if family == families.BESIDE.label else families.FAMILIES[family]

    def made(count: int, bursts: Sequence[int], rng: np.random.Generator) -> Heard:
        heard: Heard = {}
        for k in range(count):
            if k % POPULATION == 0:
                other = varied(Stations(), rng)
                populations = varied(Twins(), rng), replace(Stations(), gain_step=other.gain_step, swing=other.swing)
            one = families.station(*populations, rng)
            several = [
                families.session(waves, one, SENSORS[n % 2], populations, rng, many, float(rng.uniform(12, 35)))
                for n, many in enumerate(bursts)
            ]
            if told := [one for one in several if one]:  # echoes may hide all of one
                heard[str(k)] = told
        return heard

    return made


def tried(comparator: Comparator, sessions: Mapping[str, Sequence[Session]]) -> Trial:
    """Ratios of all pairs of sessions."""
    scores, whose = pair_ratios(comparator, sessions)
    same = whose[:, 0] == whose[:, 1]
    return Trial(scores[same], scores[~same])


def main() -> None:
    """Learn, calibrate, try, write: of phones, then of models; or of each other family that is named."""
    FOLDER.mkdir(exist_ok=True)
    for family in sys.argv[1:]:
        rng = np.random.default_rng(SEED)
        _learned(family, "phones", stations(family), STATIONS, rng)
    if not sys.argv[1:]:
        rng = np.random.default_rng(SEED)
        _learned(FAMILY, "phones", phones, (LEARNED, CALIBRATED, TRIED), rng)
        _learned(FAMILY, KIND, models, (MODELS_LEARNED, MODELS_CALIBRATED, MODELS_TRIED), rng)


def _learned(
    family: str,
    kind: str,
    heard: Callable[[int, Sequence[int], np.random.Generator], Heard],
    counts: tuple[int, int, int],
    rng: np.random.Generator,
) -> None:
    comparator = learn(heard(counts[0], LEARNING, rng), left_out=(*LEFT_OUT, *FAMILIES[family]))
    comparator = calibrated(comparator, _joined(heard(counts[1], TRYING, rng)))
    trial = tried(comparator, _joined(heard(counts[2], TRYING, rng)))
    path = place(family, kind)
    path.write_text(json.dumps(written(comparator, trial), indent=1) + "\n", encoding="utf-8")
    print(f"{path}: {len(comparator.names)} features, slope {comparator.slope:.3f}, {comparator.intercept:+.3f}")


def _joined(heard: Heard) -> dict[str, list[Session]]:
    return {name: [joined(one) for one in several] for name, several in heard.items()}


if __name__ == "__main__":
    main()
