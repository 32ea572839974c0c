"""The demo's wing has a past and people: each page has something to show."""

import time

from sqlalchemy import Engine
from tests.store.conftest import engine, place

from cellwarden.runtime.demo import OTHERS, past, people
from cellwarden.signature.shapes import shapes
from cellwarden.store import people as persons
from cellwarden.watch import passages, strays

__all__ = ["engine", "place"]


def test_there_is_a_person_of_each_role_with_one_password(engine: Engine) -> None:
    now_ns = time.time_ns()
    people(engine, "demo", "a password of twelve", now_ns)
    with engine.connect() as c:
        assert {one.name: one.role for one in persons.persons(c)} == {"demo": "officer", **OTHERS}
    assert persons.sign_in(engine, "auditor", "a password of twelve", "", now_ns) is not None


def test_a_phone_and_a_contact_passed_the_gate_and_a_week_has_shapes_to_name(engine: Engine) -> None:
    now_ns = time.time_ns()
    past(engine, 1, now_ns)
    with engine.connect() as c:
        answers = {one.person: one.readings[0].kind for one in passages.passages(c, 0, 10)}
        found, _count = strays.strays(c, 0, now_ns, 10_000)
    assert answers["C-0038"] == "metal"
    assert answers["P-0414"] == "semiconductor" and answers["P-0412"] == answers["P-0413"] == "nothing"
    assert len(shapes(found)[0]) == 4
