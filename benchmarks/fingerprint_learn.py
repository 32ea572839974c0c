"""What the comparator of GSM bursts learns from simulated twins: `python -m benchmarks.fingerprint_learn` writes it.

Populations of ±50 % around the parameters, so that it does not know the very one that it is tried on; other seeds than
the lane's.
"""

import json

import numpy as np

from cellwarden.model import Signature
from cellwarden.signature.comparators import FOLDER, written
from cellwarden.signature.compare import calibrated, learn
from cellwarden.signature.sessions import joined
from cellwarden.simulate.parameters import Twins, varied
from cellwarden.simulate.transmitters import SENSORS, drawn, session

SEED = 60_000
LEARNED, CALIBRATED, POPULATION = 120, 60, 10
"""Phones to learn from, others to calibrate on, and how many come of each population."""


def phones(count: int, bursts: tuple[int, ...], rng: np.random.Generator) -> dict[str, list[list[Signature]]]:
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


def main() -> None:
    """Learn, calibrate on other phones, write."""
    rng = np.random.default_rng(SEED)
    comparator = learn(phones(LEARNED, (4, 4, 4), rng))
    others = phones(CALIBRATED, (16, 8, 4), rng)
    comparator = calibrated(comparator, {name: [joined(s) for s in several] for name, several in others.items()})
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{comparator.family.replace(':', '_')}.json"
    path.write_text(json.dumps(written(comparator), indent=1) + "\n", encoding="utf-8")
    print(f"{path}: {len(comparator.names)} features, slope {comparator.slope:.3f}, {comparator.intercept:+.3f}")


if __name__ == "__main__":
    main()
