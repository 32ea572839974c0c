"""`cellwarden store` as people type it."""

import io
import os
import resource
import sqlite3
import subprocess
import sys
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import text
from sqlalchemy.engine import URL
from tests.cli.conftest import Typed
from tests.postgres import empty_store
from tests.store.spoilt import spoil
from tests.store.values import alert, sighting

from cellwarden.console.photographs import kept
from cellwarden.model import Find
from cellwarden.register.queries import keep_find
from cellwarden.store.audit import audited, lines
from cellwarden.store.engine import opened, reading
from cellwarden.watch import queries


@pytest.fixture
def run(typed: Typed) -> Typed:
    return partial(typed, "store")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A store of three alerts, two sightings and a line of audit."""
    path = tmp_path / "site.db"
    fill(path)
    return path


def fill(path: Path, first: int = 1) -> None:
    engine = opened(str(path))
    with engine.begin() as c:
        for k in range(first, first + 3):
            queries.keep_alert(c, alert(f"A-2026-{k:06d}"))
        queries.keep_sightings(c, [sighting(1), sighting(2)])
        audited(c, "zoe", "looked", "alerts")
    engine.dispose()


def test_a_store_is_no_place_for_its_own_backup(run: Typed, site: Path) -> None:
    """A watch that goes on would write to a file that has no name any more."""
    before = site.stat().st_ino
    code, _out, err = run("backup", site, "-o", site, "--force")
    assert code == 2 and err == f"cellwarden: {site} is the store itself: choose another name\n"
    assert site.stat().st_ino == before


def names(path: Path) -> list[str]:
    engine = opened(str(path))
    with reading(engine) as c:
        told = sorted(one.name for one, _ in queries.alerts(c))
    engine.dispose()
    return told


def test_a_backup_restored_is_the_store_of_then_and_says_that_it_was_restored(run, site: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    kept = tmp_path / "monday.backup"
    assert run("backup", site, "-o", kept) == (0, f"{kept}: sound; 3 alerts, 2 sightings, 1 audit line\n", "")
    then = names(site)
    fill(site, 4)
    assert run("restore", kept, "-o", site)[0] == 2
    code, out, err = run("restore", kept, "-o", site, "--force")
    assert (code, out, err) == (0, f"{site}: sound; 3 alerts, 2 sightings, 2 audit lines\n", "")
    assert names(site) == then
    assert len(names(site.with_name("site.db.old"))) == 6  # what was there is not lost
    engine = opened(str(site))
    with reading(engine) as c:
        assert [line.action for line in lines(c)] == ["looked", "store restored"]
    engine.dispose()
    assert run("restore", kept, "-o", site, "--force", "--quiet") == (0, "", "")
    assert site.with_name("site.db.old-2").exists()
    assert [path for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_backup_holds_what_was_kept_while_others_write(run, site: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    engine = opened(str(site))
    with engine.begin() as c:
        queries.keep_alert(c, alert("A-2026-000009"))
        assert run("backup", site, "-o", tmp_path / "b")[0] == 0
    assert run("backup", site, "-o", tmp_path / "c")[0] == 0  # what is still in the write-ahead log too
    engine.dispose()
    assert names(tmp_path / "b") == names(site)[:-1]
    assert names(tmp_path / "c") == names(site)


def test_a_log_left_behind_by_a_crash_does_not_get_into_what_is_restored(run, site: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    kept = tmp_path / "kept"
    assert run("backup", site, "-o", kept)[0] == 0
    then = names(site)
    words = (
        "import os, sys; from cellwarden.store.engine import opened; from cellwarden.watch import queries;"
        " from tests.store.values import alert\n"
        "with opened(sys.argv[1]).begin() as c: queries.keep_alert(c, alert('A-2026-000777'))\n"
        "os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", words, site], check=False)
    assert site.with_name("site.db-wal").stat().st_size > 0
    assert run("restore", kept, "-o", site, "--force")[0] == 0
    assert names(site) == then
    assert "A-2026-000777" in names(site.with_name("site.db.old"))


def test_a_store_in_use_is_not_replaced(run, site: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    kept = tmp_path / "kept"
    assert run("backup", site, "-o", kept)[0] == 0
    engine = opened(str(site))
    with reading(engine) as c:
        queries.alerts(c)
    assert run("restore", kept, "-o", site, "--force") == (
        2,
        "",
        f"cellwarden: {site} is in use: stop what uses it first\n",
    )
    engine.dispose()
    assert run("restore", kept, "-o", site, "--force")[0] == 0


def test_a_damaged_store_is_told_in_one_line_with_the_remedy_that_works(run, site: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    kept = tmp_path / "kept"
    assert run("backup", site, "-o", kept)[0] == 0
    whole = site.read_bytes()
    site.write_bytes(whole[:8192] + b"\xa5" * (len(whole) - 8192))
    remedy = f"{site} is damaged: restore a backup by `cellwarden store restore BACKUP -o {site} --force`"
    assert run("check", site) == (2, "", f"cellwarden: {remedy}\n")
    assert run("backup", site, "-o", tmp_path / "no") == (2, "", f"cellwarden: {remedy}\n")
    assert not (tmp_path / "no").exists()
    assert run("restore", kept, "-o", site, "--force")[0] == 0
    assert run("check", site)[0] == 0


def test_a_log_with_a_hole_in_it_is_damage_that_check_and_backup_tell(run, site: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    spoil(site, "log")
    remedy = f"{site} is damaged: restore a backup by `cellwarden store restore BACKUP -o {site} --force`"
    assert run("check", site) == (2, "", f"cellwarden: {remedy}\n")
    assert run("backup", site, "-o", tmp_path / "no") == (2, "", f"cellwarden: {remedy}\n")


def test_a_damaged_backup_is_refused_and_the_store_stays(run, site: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    kept = tmp_path / "kept"
    assert run("backup", site, "-o", kept)[0] == 0
    kept.write_bytes(kept.read_bytes()[:-6000])
    code, _out, err = run("restore", kept, "-o", site, "--force")
    assert (code, err) == (2, f"cellwarden: {kept} is damaged: restore another backup\n")
    assert len(names(site)) == 3 and not site.with_name("site.db.old").exists()


def test_a_backup_of_a_newer_program_is_refused_and_the_store_stays(run, site: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    kept = tmp_path / "kept"
    assert run("backup", site, "-o", kept)[0] == 0
    with closing(sqlite3.connect(kept, isolation_level=None)) as c:
        c.execute("UPDATE alembic_version SET version_num = '9999'")
    code, _out, err = run("restore", kept, "-o", site, "--force")
    assert (code, err.partition(":")[2]) == (
        2,
        f" {kept} was written by a newer Cellwarden: use that one, or choose another file\n",
    )
    assert len(names(site)) == 3 and not site.with_name("site.db.old").exists()


def test_a_forged_audit_log_is_told_and_can_still_be_copied(run, site: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    engine = opened(str(site))
    with engine.begin() as c:
        c.execute(text("DROP TRIGGER audit_refuses_update"))
        c.execute(text("UPDATE audit SET who = 'yan'"))
    engine.dispose()
    code, _out, err = run("check", site)
    assert code == 2 and "line 1 of the audit log is not as it was written" in err and err.count("\n") == 1
    assert run("backup", site, "-o", tmp_path / "evidence")[0] == 0


@pytest.mark.parametrize("verb", ["check", "backup", "restore"])
@pytest.mark.parametrize("kind", ["missing", "empty", "text", "other", "folder", "server"])
def test_what_is_no_store_is_one_line_and_exit_code_two(run, tmp_path: Path, verb: str, kind: str) -> None:  # type: ignore[no-untyped-def]
    place: Path | str = tmp_path / "thing"
    if kind == "empty":
        Path(place).write_bytes(b"")
    elif kind == "text":
        Path(place).write_text("no database\n" * 900)
    elif kind == "other":
        sqlite3.connect(place).execute("CREATE TABLE a (b)")
    elif kind == "folder":
        Path(place).mkdir()
    elif kind == "server":
        place = "postgresql://x:secret@127.0.0.1:1/y"
    words = [] if verb == "check" else ["-o", tmp_path / "out"]
    code, out, err = run(verb, place, *words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("cellwarden: ") and "secret" not in err
    assert not (tmp_path / "out").exists()


def test_a_full_disk_is_one_line_and_leaves_nothing_behind(site: Path, tmp_path: Path) -> None:
    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))

    words = [sys.executable, "-m", "cellwarden", "store", "backup", str(site), "-o", str(tmp_path / "out")]
    done = subprocess.run(
        words, capture_output=True, text=True, check=False, preexec_fn=little_room,
        env={**os.environ, "CELLWARDEN_LANGUAGE": "en"},
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith(f"cellwarden: {tmp_path / 'out'} cannot be written: ")
    assert done.stderr.count("\n") == 1
    assert {path.name.partition("-")[0] for path in tmp_path.iterdir()} == {"site.db"}


def find_of(folder: Path, site: Path) -> Path:
    """A find with a photograph, as the console keeps it; the photograph's file."""
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(out, "PNG")
    (digest,) = kept(folder, [out.getvalue()])
    engine = opened(str(site))
    with engine.begin() as c:
        keep_find(c, Find("A-2026-000001", "A-104", 10**18, "a tiny one", "S-77", (digest,), "zoe"))
    engine.dispose()
    return folder / f"{digest}.jpg"


def test_photographs_of_finds_are_in_the_backup_and_come_back(run, site: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    photograph = find_of(tmp_path / "site.photographs", site)
    there, backup = photograph.read_bytes(), tmp_path / "kept"
    said = "sound; 3 alerts, 2 sightings, {} audit line{}, 1 photograph\n"
    assert run("backup", site, "-o", backup) == (0, f"{backup}: " + said.format(1, ""), "")
    assert run("check", backup) == (0, f"{backup}: " + said.format(1, ""), "")
    photograph.unlink()
    site.unlink()
    assert run("restore", backup, "-o", site) == (0, f"{site}: " + said.format(2, "s"), "")
    assert photograph.read_bytes() == there
    elsewhere = tmp_path / "other" / "new.db"
    elsewhere.parent.mkdir()
    assert run("restore", backup, "-o", elsewhere)[0] == 0
    assert (elsewhere.parent / "new.photographs" / photograph.name).read_bytes() == there
    with closing(sqlite3.connect(elsewhere)) as c:  # a store has no table of photographs
        assert not c.execute("SELECT 1 FROM sqlite_master WHERE name = 'kept_photographs'").fetchall()


@pytest.mark.parametrize("how", ["missing", "altered"])
def test_a_photograph_that_is_lost_is_told_and_the_rest_is_kept(run, site: Path, tmp_path: Path, how: str) -> None:  # type: ignore[no-untyped-def]
    photograph = find_of(tmp_path / "site.photographs", site)
    photograph.write_bytes(photograph.read_bytes() + b"x")
    if how == "missing":
        photograph.unlink()
    code, _out, err = run("check", site)
    assert code == 2 and photograph.name[:12] in err and err.count("\n") == 1
    code, _out, err = run("backup", site, "-o", tmp_path / "kept")
    assert (code, err) == (0, "cellwarden: photographs of finds are missing or altered: 1\n")


def test_it_speaks_french(run, site: Path) -> None:  # type: ignore[no-untyped-def]
    assert (
        run("check", site, "--language", "fr")[1]
        == f"{site}\u00a0: saine\u00a0; 3 alertes, 2 observations, 1 ligne d’audit\n"
    )


def test_a_servers_store_is_checked_and_is_copied_by_its_own_tools(run, postgres: URL, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    with empty_store(postgres) as place:
        engine = opened(place)
        with engine.begin() as c:
            audited(c, "zoe", "looked", "A-2026-000001")
        engine.dispose()
        code, out, err = run("check", place)
        assert (code, err) == (0, "") and "1" in out
        for verb in ("backup", "restore"):
            code, out, err = run(verb, place, "-o", tmp_path / "out")
            assert (code, out, err.count("\n")) == (2, "", 1) and "pg_dump and pg_restore" in err
        engine = opened(place)
        with engine.begin() as c:  # who may take the refusal away gets around it
            c.execute(text("ALTER TABLE audit DISABLE TRIGGER audit_refuses"))
            c.execute(text("UPDATE audit SET what = 'nothing'"))
        engine.dispose()
        code, _out, err = run("check", place)
        assert code == 2 and "line 1 of the audit log is not as it was written" in err and err.count("\n") == 1
