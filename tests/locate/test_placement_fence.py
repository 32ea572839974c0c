"""Sensors on the outer face of the wall."""

from dataclasses import replace

import numpy as np
import pytest

from cellwarden.errors import SiteError
from cellwarden.locate.placement_fence import fence_worth, propose_on_wall, wall_places
from cellwarden.locate.site import room_at
from cellwarden.locate.site_check import bare_wall, faults
from cellwarden.simulate.prison import large_prison, remand_wing

WING = remand_wing()


@pytest.mark.parametrize("site", [WING, large_prison()])
def test_candidates_go_all_around_on_the_outer_face(site: object) -> None:
    places = wall_places(site)  # type: ignore[arg-type]
    rooms = [room_at(site, *place) for place in places.tolist()]  # type: ignore[arg-type]
    assert {room.kind for room in rooms if room is not None} == {"outside"} and None not in rooms
    yard = np.array(next(room.outline_m for room in site.rooms if room.kind == "yard"))  # type: ignore[attr-defined]
    for axis in (0, 1):
        assert places[:, axis].min() == pytest.approx(yard[:, axis].min() - 0.3)
        assert places[:, axis].max() == pytest.approx(yard[:, axis].max() + 0.3)


def test_four_on_the_wall_let_few_be_missed_that_the_building_alone_misses() -> None:
    """With the building's sensors alone a fourth is missed (`benchmarks/geofence.py`): of 60 some 15."""
    made = propose_on_wall(WING, 4)
    assert made.sensors[:12] == WING.sensors and [one.name for one in made.sensors[12:]] == [
        "W-01",
        "W-02",
        "W-03",
        "W-04",
    ]
    assert bare_wall(WING) and not bare_wall(made) and faults(made, {}) == ()
    assert propose_on_wall(WING, 2).sensors == made.sensors[:14]
    told: list[int] = []
    before, after = fence_worth(WING, 60), fence_worth(made, 60, tell=lambda: told.append(1))
    assert len(told) == 120  # all are heard, on both sides
    assert before.missed > 0.1 and after.missed < before.missed / 2
    assert after.wrong <= 1 / 60


def test_a_site_without_an_outside_has_no_fence() -> None:
    inner = replace(WING, rooms=tuple(room for room in WING.rooms if room.kind != "outside"))
    with pytest.raises(SiteError, match="outside"):
        propose_on_wall(inner, 4)
