"""No room left: told as such, and nothing that was kept before is lost."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, event
from tests.store.values import alert

from cellwarden.errors import StoreFullError
from cellwarden.store.audit import audited, verify
from cellwarden.store.engine import opened, reading
from cellwarden.watch import queries


def filled_up(engine: Engine) -> list[str]:
    """Keep alerts until no more go in; the names of those that were acknowledged."""
    kept = []
    with pytest.raises(StoreFullError, match="make room; what was kept before is safe") as told:
        for k in range(10_000):
            name = f"A-2026-{k:06d}"
            with engine.begin() as c:
                queries.keep_alert(c, alert(name))
                audited(c, "tracker", "told", name)
            kept.append(name)
    assert "\n" not in str(told.value)
    return kept


def test_a_full_store_says_so_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    engine = opened(str(tmp_path / "site.db"))
    room = 60

    @event.listens_for(engine, "begin")
    def little_room(connection) -> None:  # type: ignore[no-untyped-def]
        connection.exec_driver_sql(f"PRAGMA max_page_count = {room}")

    kept = filled_up(engine)
    with reading(engine) as c:
        assert sorted(one.name for one, _ in queries.alerts(c)) == kept != []
        assert verify(c) is None
    room = 10_000
    with engine.begin() as c:
        queries.keep_alert(c, alert("A-2027-000001"))
        assert audited(c, "tracker", "told", "A-2027-000001").number == len(kept) + 1
        assert c.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    engine.dispose()
