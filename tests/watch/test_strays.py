"""What is kept of unknown bursts comes back, a week of too many is thinned evenly, and names only grow."""

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from cellwarden.errors import StoreError
from cellwarden.model import StrayName
from cellwarden.model.span import DAY_NS
from cellwarden.simulate.strays import strays as simulated
from cellwarden.store.engine import reading
from cellwarden.store.retention import forget
from cellwarden.watch import strays

START_NS = 1_790_000_000 * 10**9


def test_trains_come_back_as_they_were_in_the_order_of_time(engine: Engine) -> None:
    every = [one for one, _kind in simulated(1, START_NS, START_NS + 3 * DAY_NS, ("S1", "S2"))]
    with engine.begin() as c:
        strays.keep(c, every)
        strays.keep(c, [])
    with reading(engine) as c:
        found, count = strays.strays(c, START_NS, START_NS + 3 * DAY_NS, 10_000)
        assert count == len(every) and found == sorted(every, key=lambda one: one.start_ns)
        later, _count = strays.strays(c, START_NS + DAY_NS, START_NS + 2 * DAY_NS, 10_000)
        assert later == [one for one in found if DAY_NS <= one.start_ns - START_NS < 2 * DAY_NS]
        few, count = strays.strays(c, START_NS, START_NS + 3 * DAY_NS, 100)
        assert 50 <= len(few) <= 100 and count == len(every) and set(few) <= set(every)
        assert strays.unkept(c, START_NS, START_NS + DAY_NS) == 0


def test_names_are_kept_in_their_order_and_cannot_be_changed(engine: Engine) -> None:
    names = [StrayName(name, "zoe", k, "why not", 868.3e6, 9e4, 0.012) for k, name in enumerate(("gate", "door"))]
    with engine.begin() as c:
        for one in names:
            strays.name(c, one)
        assert strays.names(c) == names
    for words in ("UPDATE stray_names SET name = 'x'", "DELETE FROM stray_names"):
        with pytest.raises((StoreError, DBAPIError), match="append-only"), engine.begin() as c:
            c.execute(text(words))


def test_they_go_after_four_weeks(engine: Engine) -> None:
    every = [one for one, _kind in simulated(2, START_NS, START_NS + 3 * DAY_NS, ("S1",))]
    with engine.begin() as c:
        strays.keep(c, every)
        assert forget(c, START_NS + 31 * DAY_NS).counts["strays"] == len(every)
