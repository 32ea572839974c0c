"""The lane on the research bench: results of the same form as the air interfaces'."""

from dataclasses import replace
from pathlib import Path

import pytest

from cellwarden.bench import junction, view_roc
from cellwarden.bench.unit import Unit, units
from cellwarden.errors import BenchError

WANTED = {"snr": "40:40", "trials": 3, "absent": "noise", "seed": 5, **junction.UNUSED}


def test_loud_phones_are_called_and_persons_without_are_not(tmp_path: Path) -> None:
    plan = junction.plan(WANTED, 4)
    result = junction.run(plan, 0.5, tmp_path / "r.part", processes=1, force=False, progress=None)
    (curve,) = result["curves"]
    assert curve["points"][0]["named"] == 3 and curve["points"][0]["snr_db"] == 40.0
    assert (curve["absent"]["windows"], curve["absent"]["holds"]) == (4, "persons")
    view = view_roc.view(result)
    assert any("persons without electronics" in sentence for sentence in view.sentences)


def test_what_a_unit_finds_depends_on_the_seed_alone() -> None:
    plan = junction.plan(WANTED, 2)
    unit = Unit(junction.LABEL, 25.0, False, 0, 2)
    one = junction.tried(unit, plan)
    assert junction.tried(unit, plan) == one
    assert junction.tried(unit, replace(plan, seed=6))["digest"] != one["digest"]
    assert sum(u.windows for u in units(plan) if u.absent) == 2


def test_settings_that_a_lane_has_not_are_refused() -> None:
    with pytest.raises(BenchError, match="--channel is not for junction"):
        junction.plan({**WANTED, "channel": "tdl-a"}, 2)
