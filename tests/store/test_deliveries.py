"""Deliveries as the store keeps them, on each kind of database."""

from dataclasses import replace

from sqlalchemy import Connection, Engine, select
from tests.store.values import SECOND, T0, alert

from cellwarden.store import tables
from cellwarden.watch import queries
from cellwarden.watch.deliveries import due_deliveries, keep_deliveries, keep_delivery, readdress, steps_begun
from cellwarden.watch.notify.queue import KEEP_NS, Delivery, begun

ONE, TWO = "https://user:secret@one.example/t", "https://two.example"
NAMES = ("A-2026-000001", "A-2026-000002", "A-2026-000003")


def kept(c: Connection, name: str, addresses: tuple[str, ...] = (ONE,), at_ns: int = T0) -> tuple[Delivery, ...]:
    """An alert on its way."""
    queries.keep_alert(c, alert(name, at_ns))
    made = begun(name, addresses, at_ns)
    assert keep_deliveries(c, made) == len(made)
    return made


def test_the_oldest_that_is_due_comes_first_and_comes_back_as_it_was_kept(engine: Engine) -> None:
    with engine.begin() as c:
        (late,) = kept(c, NAMES[0], at_ns=T0 + SECOND)
        (early,) = kept(c, NAMES[1])
        (taken,) = kept(c, NAMES[2])
        keep_delivery(c, taken, "taken")
        assert due_deliveries(c, [ONE], T0 + SECOND, 9) == [early, late]
        assert due_deliveries(c, [ONE], T0 + SECOND, 1) == [early]
        assert due_deliveries(c, [TWO], T0 + SECOND, 9) == []
        again = replace(early, next_ns=T0 + 20 * SECOND, tries=1, failure="lost")
        keep_delivery(c, again)
        assert due_deliveries(c, [ONE], T0 + 19 * SECOND, 9) == [late]
        assert due_deliveries(c, [ONE], T0 + 20 * SECOND, 9) == [again, late]


def test_a_delivery_is_begun_once_for_each_address_step_and_severity(engine: Engine) -> None:
    with engine.begin() as c:
        (first,) = kept(c, NAMES[0])
        keep_delivery(c, first, "taken")
        assert keep_deliveries(c, [first, first]) == 0
        others = [replace(first, address=TWO), replace(first, step=1), replace(first, severity="high")]
        assert keep_deliveries(c, [*others, *others]) == 3
        assert steps_begun(c, T0) == {(NAMES[0], 1)} and steps_begun(c, T0 + 1) == set()


def test_what_waits_for_a_removed_address_goes_once_to_those_that_are_left(engine: Engine) -> None:
    now = T0 + KEEP_NS + SECOND
    with engine.begin() as c:
        kept(c, NAMES[0], at_ns=T0)  # too old to help anybody
        kept(c, NAMES[1], (ONE, TWO), at_ns=now - SECOND)
        (taken,) = kept(c, NAMES[2], at_ns=now)
        keep_delivery(c, taken, "taken")
        assert readdress(c, [], now) == {}
        assert readdress(c, [TWO], now) == {"https://one.example": 2}
        assert readdress(c, [TWO], now) == {}
        assert [one.alert for one in due_deliveries(c, [ONE, TWO], now, 9)] == [NAMES[1]]
        states = list(c.execute(select(tables.deliveries.c.state).order_by(tables.deliveries.c.id)).scalars())
    assert states == ["given up", "given up", "waiting", "taken"]
