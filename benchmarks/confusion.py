"""Names on what is not theirs: each interface's own signals through the whole chain, at 15 dB, behind echoes.

Each scene holds bursts of one label in a band of its own, tuned to a frequency that the file tells or not. What is
counted is which names lie on a burst: the right one, another's, or none. Worst are a phone that bears the name of what
is none, and what is no phone and bears a phone's.
"""

import json
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.lane import Lane
from cellwarden.airinterface import PHONES, is_phone
from cellwarden.measure.match import NEAR, common_samples
from cellwarden.measure.proportion import wilson
from cellwarden.model import Emission
from cellwarden.radio.recording import open_recording
from cellwarden.runtime.scan import scan
from cellwarden.simulate.channel import Channel
from cellwarden.simulate.drawings import DRAWINGS
from cellwarden.simulate.scenes import Air, Placed, Truth, write
from cellwarden.simulate.trials import Conditions, air_of, bursts

LEVEL_DB = 15.0
TRIALS, PIECE, SEED = 500, 100, 900
"""Bursts of a label in full, of which a piece is a scene of its own, so that a run goes on where it was broken off."""
ACCEPTED = {("nr:pusch", "lte:pusch")}
"""With 15 kHz and precoding the two have prefix and spacing in common; counted apart."""
TARGET = 0.98
ERRORS = {"phones_hidden": "phone called no phone", "called_phones": "no phone called phone"}
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
    on = [names_on(truth, emissions) for truth in truths]
    wrong = Counter("+".join(sorted(names)) or "nothing" for names in on if label not in names)
    sent_by_phone = is_phone_label(label)
    return {
        "placed": len(truths),
        "right": sum(label in names for names in on),
        "found": sum(bool(names) for names in on),
        "accepted": sum(label not in names and any((label, name) in ACCEPTED for name in names) for names in on),
        "hidden": sum(sent_by_phone and bool(_sure(names)) and not any(map(is_phone_label, names)) for names in on),
        "called_phone": sum(not sent_by_phone and any(map(is_phone_label, names)) for names in on),
        "instead": dict(wrong),
        "labels": dict(Counter(e.label for e in emissions)),
        "wrong_phones": sum(is_phone(e) and e.label.partition(":")[0] != label.partition(":")[0] for e in emissions),
    }


def names_on(truth: Truth, emissions: Sequence[Emission]) -> set[str]:
    """Names of which the pieces together cover half of a truth's time, as a base station's carrier is told by slots."""
    lasting: Counter[str] = Counter()
    for emission in emissions:
        lasting[emission.label] += round(common_samples(truth, emission))
    return {name for name, samples in lasting.items() if samples >= NEAR * truth.count}


def is_phone_label(label: str) -> bool:
    """Whether a label is one of phones'."""
    interface, _, kind = label.partition(":")
    return interface in PHONES and kind != "downlink"


def _sure(names: set[str]) -> set[str]:
    """Names that say who sent it: what is unknown is looked into."""
    return {name for name in names if not name.startswith("unknown")}


def parts(scale: float) -> dict[str, Any]:
    """Pieces for each label, with the centre told and not."""
    trials = max(2, round(TRIALS * scale))
    made = {}
    for number, (told, label) in enumerate(product((True, False), DRAWINGS)):
        for piece, first in enumerate(range(0, trials, PIECE)):
            name = f"{label.replace(':', '-')}{'' if told else '-untold'}-{piece}"
            count, seed = min(PIECE, trials - first), SEED + number + 1000 * piece
            made[name] = partial(confused, label, count, LEVEL_DB, told, seed)
    return made


def summary(done: Mapping[str, Any]) -> dict[str, Any]:
    """Each signal's pieces together, with intervals, and both errors that weigh most over all signals."""
    signals: dict[str, Any] = {}
    for name, part in done.items():
        total = signals.setdefault(name.rpartition("-")[0], {"instead": {}, "labels": {}})
        for key, value in part.items():
            counted = isinstance(value, dict)
            total[key] = dict(Counter(total[key]) + Counter(value)) if counted else total.get(key, 0) + value
    for one in signals.values():
        one["right_interval"] = wilson(one["right"], one["placed"])
    phones = [one for name, one in signals.items() if is_phone_label(_label(name))]
    others = [one for name, one in signals.items() if not is_phone_label(_label(name))]
    return {
        "seed": SEED,
        "signals": signals,
        "phones_hidden": _rate(phones, "hidden"),
        "called_phones": _rate(others, "called_phone"),
        "wrong_phones": sum(one["wrong_phones"] for one in signals.values()),
        "placed": sum(one["placed"] for one in signals.values()),
    }


def _label(name: str) -> str:
    return name.removesuffix("-untold").replace("-", ":", 1)


def _rate(signals: Sequence[Mapping[str, Any]], key: str) -> dict[str, Any]:
    count, of = sum(one[key] for one in signals), sum(one["placed"] for one in signals)
    return {"count": count, "of": of, "interval": wilson(count, of)}


def cell(figures: Mapping[str, Mapping[str, Any]]) -> str:
    """The README's cell: labels below the target by name, and the two errors."""
    lane = figures["confusion"]
    if "phones_hidden" not in lane:
        return ""
    below = [
        f"{_label(name)}{' untold' if name.endswith('-untold') else ''} {one['right'] / one['placed']:.3f}"
        for name, one in lane["signals"].items()
        if one["right"] + one["accepted"] < TARGET * one["placed"]
    ]
    counts = sorted({one["placed"] for one in lane["signals"].values()})
    errors = (f"{words} {lane[key]['count']} of {lane[key]['of']}" for key, words in ERRORS.items())
    return f"{'; '.join(errors)}; of {counts[0]} each below {TARGET}: {', '.join(below) or 'none'}"


LANE = Lane("confusion", parts, summary)
