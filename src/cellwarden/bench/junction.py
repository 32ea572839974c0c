"""The curve of a lane: persons with a phone that is off in a pocket, at levels of what it answers, and persons without.

Trials are passages (`simulate.lane`), each in a world of its own; the level is that of 2f0 opposite the antennas over
the noise of a reading's bandwidth. Results are those of `roc`, so that they stand on one page with the air interfaces'.
"""

import hashlib
import zlib
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from cellwarden.bench import roc
from cellwarden.bench.journal import Journal
from cellwarden.bench.plan import Plan, axis
from cellwarden.bench.pool import Progress, work_off
from cellwarden.bench.provenance import provenance
from cellwarden.bench.unit import Unit, units
from cellwarden.errors import BenchError
from cellwarden.language import gettext as _
from cellwarden.model import JunctionReading
from cellwarden.signature import junction, junction_empty
from cellwarden.signature.junction_log import Log
from cellwarden.simulate.junction import METAL, drawn, losses_db, received_w
from cellwarden.simulate.lane import Item, Passage, passage
from cellwarden.simulate.parameters import Junctions, varied

NAME = "junction"
LABEL = "junction:semiconductor"
HOLDS = {"noise": "persons", "others": "contacts"}
"""What passages without a phone hold, for each word of --absent: nothing, or a corroded contact."""
UNUSED: Mapping[str, Any] = {"channel": "awgn", "fading": "mean", "impairments": "", "detector": "cellwarden"}
"""Settings that a lane has not, with their defaults."""


def plan(wanted: Mapping[str, Any], absent_trials: int) -> Plan:
    """What is asked for. Raises BenchError for settings that a lane has not."""
    for name, default in UNUSED.items():
        if wanted[name] != default:
            raise BenchError(_("--{name} is not for junction, which simulates a lane: leave it out").format(name=name))
    return Plan(
        NAME, (LABEL,), axis(wanted["snr"]), wanted["trials"], absent_trials, wanted["absent"], seed=wanted["seed"]
    )


def run(
    asked: Plan, threshold: float | None, part: Path, *, processes: int, force: bool, progress: Progress | None
) -> roc.Result:
    """The result of a plan; see `roc.run`."""
    scene = {
        "interface": NAME, "labels": list(asked.labels), "snrs_db": list(asked.snrs_db), "trials": asked.trials,
        "absent_trials": asked.absent_trials, "absent": HOLDS[asked.absent], "channel": {"name": "lane"},
        "impairments": {}, "seed": asked.seed,
    }  # fmt: skip
    purpose = {"scene": scene, "detector": UNUSED["detector"], "provenance": provenance()}
    todo = units(asked)
    with Journal(part, purpose, force=force) as journal:
        work = partial(tried, plan=asked)
        work_off([(unit.name, unit) for unit in todo], work, journal, processes=processes, progress=progress)
        curves = [roc.curve(LABEL, todo, journal.done, threshold, HOLDS[asked.absent])]
    return roc.result_of(purpose, threshold, curves)


def tried(unit: Unit, plan: Plan) -> dict[str, Any]:
    """What came of a unit's passages, as JSON holds it."""
    rng = np.random.default_rng(
        [plan.seed, zlib.crc32(unit.label.encode()), round(unit.snr_db * 1000) + 1_000_000, unit.number, unit.absent]
    )
    scores, found, misnamed, seconds = [], [], [], 0.0
    whole = hashlib.sha256()
    for _window in range(unit.windows):
        world = varied(Junctions(), rng)
        items = [_phone(world, unit.snr_db, rng)] if not unit.absent else []
        if unit.absent and plan.absent == "others":
            items = [Item(METAL)]
        readings, digest = passed(world, items, rng)
        whole.update(digest)
        score = max((r.probability for r in readings if r.kind == junction.SEMICONDUCTOR), default=None)
        every = max((r.probability for r in readings if r.kind != junction.NOTHING), default=None)
        scores.append(score)
        found.append(every)
        if every is not None and score is None:
            misnamed.append(f"{NAME}:{readings[0].kind}")
        seconds += 4.0 / world.speed_m_s
    made: dict[str, Any] = {"seconds": seconds, "digest": whole.hexdigest()[:16], "scores": scores}
    if not unit.absent:
        made |= {"found": found, "misnamed": misnamed, "elsewhere": [], "time_bandwidth": 0.0}
    return made


def passed(
    world: Junctions, items: Sequence[Item], rng: np.random.Generator
) -> tuple[tuple[JunctionReading, ...], bytes]:
    """Readings of a passage after its empty lane, of a meter's log; and that log's levels."""
    empty = junction_empty.learned([log_of(passage(world, [], rng, somebody=False)[0])])
    one, _wave = passage(world, items, rng)
    return junction.examined(log_of(one), empty).readings, one.second_dbm.tobytes()


def log_of(one: Passage, person: str = "") -> Log:
    """A passage as the program reads it."""
    powers = 10 ** (np.array([one.second_dbm, one.third_dbm]) / 10)
    return Log(person, one.time_s, one.position_m, one.transmit_dbm, powers)


def _phone(world: Junctions, snr_db: float, rng: np.random.Generator) -> Item:
    """A phone in a pocket whose answer at 2f0 is moved to a level; 3f0 moves along as behind more loss, by 4/3 of
    it."""
    one = drawn("phone", world, rng)
    second, _third = received_w(one, world, losses_db("pocket", world))
    moved = world.noise_dbm + snr_db - (10 * np.log10(second) + 30)
    return Item("phone", junction=one, gain_db=(float(moved), float(moved * 4 / 3)))
