"""`cellwarden rules` as people type it."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection
from tests.cli.conftest import Typed
from tests.watch.sightings import S_NS, START_NS, many
from tests.watch.test_rules_file import FILE

from cellwarden.locate.site_write import to_toml
from cellwarden.runtime.guard import history_of
from cellwarden.simulate.week import site
from cellwarden.store import history
from cellwarden.store.engine import opened
from cellwarden.watch import queries
from cellwarden.watch.queries import keep_sightings


@pytest.fixture
def run(typed: Typed) -> Typed:
    return partial(typed, "rules")


def files(folder: Path) -> tuple[Path, Path, Path]:
    """Rules, a site, and a store with two calls of yesterday in one cell and one in a corridor."""
    rules, plan, store = folder / "rules.toml", folder / "site.toml", folder / "site.db"
    rules.write_text("format = 1\n", "utf-8")
    plan.write_text(to_toml(site()), "utf-8")
    yesterday_s = (time.time_ns() - START_NS) / S_NS - 86_400
    engine = opened(str(store))
    with engine.begin() as c:
        for n, room in enumerate(("A-101", "A-205", "A-1 corridor")):
            odds = ((room, 0.99), ("outside", 1e-6))
            plain = many(yesterday_s + 600 * n, 30, f"P-{n}", odds=odds)
            keep_sightings(c, [replace(one, labels=dict(one.labels)) for one in plain])
    engine.dispose()
    return rules, plan, store


def test_sound_rules_are_summed_up_and_a_mistake_is_one_line_with_code_two(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "rules.toml"
    path.write_text(FILE, "utf-8")
    assert run("check", path) == (0, f"{path}: 2 zones, 1 phone of staff.\n", "")
    path.write_text(FILE.replace("bursts = 8", "burst = 8"), "utf-8")
    assert run("check", path) == (2, "", f"cellwarden: {path}:6: [alert]: burst is unknown: write bursts\n")


def test_rooms_are_checked_against_the_site(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    rules, plan, _store = files(tmp_path)
    rules.write_text('format = 1\n[[zone]]\nname = "x"\nrooms = ["A-999"]\n', "utf-8")
    code, _out, err = run("check", rules, "--site", plan)
    assert code == 2 and f"{rules}:4: [zone]: room A-999 is not in the site" in err


def test_a_dry_run_says_what_rules_would_have_told_and_changes_nothing(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    rules, plan, store = files(tmp_path)
    before = store.read_bytes()
    code, out, err = run("replay", rules, store, "--site", plan, "--since", "2d")
    assert (code, err) == (0, "")
    assert out.startswith("3 alerts in 2.0 days, 1.5 a day; 90 sightings, 3 presences\n  calls: 3\n")
    rules.write_text('format = 1\n[[zone]]\nname = "x"\nrooms = ["A-1 corridor"]\nphones = "allowed"\n', "utf-8")
    assert run("replay", rules, store, "--site", plan, "--since", "2d")[1].startswith("2 alerts in 2.0 days")
    assert run("replay", rules, store, "--site", plan, "--since", "1h")[1].startswith("0 alerts")
    assert store.read_bytes() == before


def test_days_that_are_over_are_played_from_the_history(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """The store keeps a week of them: a month was told by what was heard in its last days."""
    rules, plan, store = files(tmp_path)
    engine = opened(str(store))
    with engine.begin() as c:
        _tidied(c, history_of(engine.url))
        assert not list(queries.sightings(c, 0, time.time_ns()))
    engine.dispose()
    code, out, err = run("replay", rules, store, "--site", plan, "--since", "30d")
    assert (code, err) == (0, "")
    assert out.startswith("3 alerts in 30.0 days, 0.1 a day; 90 sightings, 3 presences\n  calls: 3\n")


def _tidied(c: Connection, folder: Path) -> None:
    """As the watch does it with what is older."""
    tomorrow = datetime.fromtimestamp(time.time(), UTC).date() + timedelta(days=1)
    history.close_days(c, folder, tomorrow)
    history.thin(c, folder, tomorrow)


def test_a_past_before_all_stores_is_refused_by_its_option(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    rules, plan, store = files(tmp_path)
    code, _out, err = run("replay", rules, store, "--site", plan, "--since", "99999999d")
    assert code == 2 and err.count("\n") == 1 and "--since" in err and "write it as 7d or 90d" in err


def test_a_store_that_is_not_there_is_told_and_not_made(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    rules, plan, _store = files(tmp_path)
    missing = tmp_path / "missing.db"
    code, _out, err = run("replay", rules, missing, "--site", plan)
    assert code == 2 and err.count("\n") == 1 and str(missing) in err
    assert not missing.exists()
    missing.touch()  # a database without tables, as far as SQLite is concerned
    code, _out, err = run("replay", rules, missing, "--site", plan)
    assert code == 2 and err == f"cellwarden: {missing} is no store of Cellwarden: name another file\n"
