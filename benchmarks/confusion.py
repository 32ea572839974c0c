"""Names on what is not theirs: each interface's own signals through the whole chain, at two levels, behind echoes.

Each scene holds bursts of one label in a band of its own, tuned to a frequency that the file tells or not. What is
counted is which names lie in it: the right one,
another's, or none; a phone's name on what is no phone, or on another system's phone, weighs most.
"""

import json
import tempfile
from collections import Counter
from collections.abc import Mapping
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.lane import Lane
from benchmarks.truth import paired
from cellwarden.airinterface import is_phone
from cellwarden.model import Emission
from cellwarden.radio.recording import open_recording
from cellwarden.runtime.scan import scan
from cellwarden.simulate.channel import Channel
from cellwarden.simulate.drawings import DRAWINGS
from cellwarden.simulate.scenes import Air, Placed, Truth, write
from cellwarden.simulate.trials import Conditions, air_of, bursts

LEVELS_DB = (5.0, 15.0)
TRIALS, SEED = 200, 900
CONDITIONS = Conditions(Channel("tdl-a", fading="received"))
"""Echoes of 30 to 300 ns, any carrier offset and timing; the level is that at which each burst is received."""


def _heard(air: Air, placed: list[Placed], seed: int, told: bool) -> tuple[list[Truth], list[Emission]]:
    """What there was and what is heard of it, with the tuned frequency `told` or not."""
    with tempfile.TemporaryDirectory(prefix="cellwarden-") as folder:
        path = Path(folder) / "scene.sigmf-meta"
        truths = write(path, air, placed, seed)
        head = json.loads(path.read_text(encoding="utf-8"))
        if not told:
            del head["captures"][0]["core:frequency"]
        path.write_text(json.dumps({**head, "annotations": []}), encoding="utf-8")
        return truths, list(scan(open_recording(path)))


def confused(label: str, trials: int, snr_db: float, told: bool, seed: int) -> dict[str, Any]:
    """How many bursts were named right, and every name that lies on one."""
    rng = np.random.default_rng(seed)
    placed = list(bursts(label, trials, snr_db, CONDITIONS, rng))
    air = air_of(DRAWINGS[label], placed)
    truths, emissions = _heard(air, placed, seed, told)
    pairs = paired(truths, emissions)
    own = label.partition(":")[0]
    return {
        "placed": len(truths),
        "right": sum(pair.recognised is not None for pair in pairs),
        "found": sum(bool(pair.emissions) for pair in pairs),
        "labels": dict(Counter(e.label for e in emissions)),
        "wrong_phones": sum(is_phone(e) and e.label.partition(":")[0] != own for e in emissions),
    }


def parts(scale: float) -> dict[str, Any]:
    """One for each label and level, with the centre told and not."""
    trials = max(2, round(TRIALS * scale))
    return {
        f"{label.replace(':', '-')}-{level:g}dB{'' if told else '-untold'}": partial(
            confused, label, trials, level, told, SEED + number
        )
        for number, (label, level, told) in enumerate(product(DRAWINGS, LEVELS_DB, (True, False)))
    }


def summary(done: Mapping[str, Any]) -> dict[str, Any]:
    """As counted, and all phones' names on what is another's."""
    return {
        "seed": SEED,
        "signals": dict(done),
        "wrong_phones": sum(part["wrong_phones"] for part in done.values()),
        "placed": sum(part["placed"] for part in done.values()),
    }


LANE = Lane("confusion", parts, summary)
