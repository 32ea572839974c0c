"""Evidence of a site's receivers: on the disk once the law has passed what it is of, and by no other way."""

import hashlib
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.runtime.test_site import SITE, stream

from cellwarden.errors import SiteError
from cellwarden.locate.site import Floor, Room
from cellwarden.locate.whereabouts import Belief
from cellwarden.model import Emission, Odds, Segment
from cellwarden.model.span import HOUR_NS, S_NS
from cellwarden.runtime import vault as vaults
from cellwarden.runtime.evidence import Cut
from cellwarden.runtime.evidence_index import verify
from cellwarden.runtime.evidence_settings import read
from cellwarden.runtime.guard import guard
from cellwarden.runtime.keep import Keeper
from cellwarden.runtime.site import steps
from cellwarden.runtime.snippet import Snippet, digest
from cellwarden.runtime.vault import HELD_NS, Vault
from cellwarden.store.engine import opened
from cellwarden.watch import queries
from cellwarden.watch.lawful import Mandate
from cellwarden.watch.rules_file import Rules

WING = replace(
    SITE,
    floors=(Floor(0, "0", 0.0, 3.0),),
    rooms=(
        Room("01", "cell", 0, ((0, 0), (4, 0), (4, 4))),
        Room("lawyer", "privileged", 0, ((9, 9), (12, 9), (9, 12))),
    ),
)


def believed(room: str) -> Belief:
    def belief(_levels_dbm: NDArray[np.float64], _interface: str, _frequency_hz: float) -> Odds:
        return ((room, 1.0),)

    return belief


def watched(folder: Path, room: str) -> list[tuple[str, ...]]:
    """A call and an access burst of the example scene, held to be in a room; the evidence of each alert."""
    engine = opened(str(folder / "site.db"))
    kept = folder / "evidence"
    with Keeper(kept, 1e9, 1e9, None, None, pytest.fail) as keeper:
        vault = Vault(keeper, time.time_ns)
        told = steps({"A": stream(time.time_ns())}, WING, believed(room), vault=vault)
        allowed = Mandate("law", "order 7", date(2126, 1, 1))
        for _alert in guard(engine, WING, Rules(), allowed, told, vault=vault):
            pass
        assert vault.waits == 0
    with engine.connect() as c:
        evidence = [alert.evidence for alert, _decision in queries.alerts(c)]
        assert [hashes for one in queries.sightings(c, 0, 1 << 62) for hashes in one.evidence] or room != "01"
    engine.dispose()
    return evidence


def test_each_alert_points_to_samples_that_are_kept_and_sound(tmp_path: Path) -> None:
    alerts = watched(tmp_path, "01")
    folder = tmp_path / "evidence"
    hashes = {hashlib.sha256(path.read_bytes()).hexdigest(): path.name for path in folder.glob("*.sigmf-data")}
    assert alerts and all(alerts)
    assert {one for alert in alerts for one in alert} <= set(hashes)
    assert all("_A-" in name for name in hashes.values())
    verdict = verify(folder)
    assert verdict.good and verdict.sound == 2 * len(hashes)


def test_of_what_the_law_drops_nothing_was_ever_on_the_disk(tmp_path: Path) -> None:
    assert watched(tmp_path, "lawyer") == []
    (index,) = (tmp_path / "evidence").iterdir()
    assert '"kept"' not in index.read_text()


class Clock:
    now_ns = 10**18

    def __call__(self) -> int:
        return self.now_ns


def cut(train: int, samples: int = 100) -> Cut:
    burst = Emission("gsm:normal", 0, 50, -100e3, 100e3, 20.0, 1.0)
    iq = np.full(samples, train + 1, np.complex64)
    return Cut(train, [Snippet(burst, Segment(0, 1000, 400e3, 897.4e6, 10**18 + train * 10**6), iq, 400e3, 0.0)])


def held(folder: Path, clock: Clock, *cuts: Cut) -> tuple[Keeper, Vault, list[str]]:
    keeper = Keeper(folder, 1e9, 86_400.0, None, None, pytest.fail)
    vault = Vault(keeper, clock)
    for one in cuts:
        vault.hold("A/0 é", one)
    return keeper, vault, [digest(one.snippets) for one in cuts]


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.sigmf-data"))


def test_each_hash_goes_to_one_sighting_of_a_phone(tmp_path: Path) -> None:
    _keeper, vault, names = held(tmp_path, Clock(), cut(0), cut(1))
    assert vault.of("A/0 é", 1, "P1") == (names[1],) and vault.of("A/0 é", 1, "P1") == ()
    assert vault.of("A/0 é", 1, "P2") == (names[1],)  # association gave the phone another name
    assert vault.of("B", 0, "P1") == ()


def test_the_same_samples_of_two_trains_are_evidence_of_both_and_kept_once(tmp_path: Path) -> None:
    keeper, vault, names = held(tmp_path, Clock(), cut(0))
    vault.hold("B", Cut(5, cut(0).snippets))
    assert vault.of("A/0 é", 0, "P1") == vault.of("B", 5, "P2") == tuple(names) and vault.waits == 1
    vault.keep(names)
    vault.keep(names)
    with keeper:
        assert len(files(tmp_path)) == 1


def test_what_nobody_asks_for_within_a_minute_is_forgotten(tmp_path: Path) -> None:
    clock = Clock()
    keeper, vault, names = held(tmp_path, clock, cut(0))
    for _second in range(HELD_NS // S_NS - 1):
        clock.now_ns += S_NS
        vault.tidy()
    vault.hold("A/0 é", cut(1))
    clock.now_ns += S_NS
    vault.tidy()
    assert vault.of("A/0 é", 0, "P1") == ()
    vault.keep([*names, digest(cut(1).snippets)])
    with keeper:
        assert len(files(tmp_path)) == 1 and files(tmp_path)[0].endswith("_A-0---1.sigmf-data")


def test_a_machine_that_stood_still_for_an_hour_has_forgotten_nothing(tmp_path: Path) -> None:
    clock = Clock()
    _keeper, vault, names = held(tmp_path, clock, cut(0))
    clock.now_ns += HOUR_NS
    vault.tidy()
    assert vault.of("A/0 é", 0, "P1") == tuple(names) and vault.waits == 1


def test_memory_is_bounded_and_the_oldest_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vaults, "MOST_BYTES", 2 * 8 * 100)
    keeper, vault, names = held(tmp_path, Clock(), cut(0), cut(1), cut(2))
    assert vault.waits == 2
    vault.keep(names)
    with keeper:
        assert [name.partition(".sigmf")[0][-1] for name in files(tmp_path)] == ["1", "2"]


def test_what_is_too_old_goes_each_hour_though_nothing_new_is_heard(tmp_path: Path) -> None:
    import os

    clock = Clock()
    keeper, vault, names = held(tmp_path, clock, cut(0))
    vault.keep(names)
    keeper.__exit__(None, None, None)
    for path in tmp_path.glob("*.sigmf-*"):
        os.utime(path, (0, 0))
    keeper, vault, _names = held(tmp_path, clock)
    with keeper:
        vault.tidy()
        assert len(files(tmp_path)) == 1
        clock.now_ns += HOUR_NS
        vault.tidy()
        assert files(tmp_path) == []


@pytest.mark.parametrize(
    ("text", "word"),
    [("keep_mb = 5", "folder"), ('folder = "e"\nkeep_mb = "all"', "keep_mb"), ('folder = "e"\nquota = 1', "quota")],
)
def test_what_is_wrong_with_the_table_is_told(tmp_path: Path, text: str, word: str) -> None:
    path = tmp_path / "site.toml"
    path.write_text(f"[evidence]\n{text}\n")
    with pytest.raises(SiteError, match=rf"site\.toml: \[evidence\].*{word}"):
        read(path)


def test_the_folder_is_meant_from_the_files_own(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text('[evidence]\nfolder = "kept"\nkeep_mb = 5\nkeep_days = 2\n')
    assert read(path) == (tmp_path / "kept", 5e6, 2 * 86_400.0)
    path.write_text("")
    assert read(path) is None
