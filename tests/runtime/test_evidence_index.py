"""The index of evidence: what was altered, taken away, put in or cut off is told, and nothing else is."""

import json
from pathlib import Path

import pytest

from cellwarden.errors import EvidenceError
from cellwarden.runtime.evidence_index import Index, Verdict, indexes, verify


def folder_of(tmp_path: Path, count: int = 3) -> Path:
    index = Index(tmp_path)
    for number in range(count):
        index.kept(made(tmp_path, f"{number}.sigmf-data"))
    index.close()
    return tmp_path


def made(folder: Path, name: str) -> Path:
    path = folder / name
    path.write_bytes(name.encode() * 100)
    return path


def test_what_nobody_touched_is_sound(tmp_path: Path) -> None:
    verdict = verify(folder_of(tmp_path))
    assert verdict.good
    assert verdict.sound == 3 and not verdict.open
    (head,) = verdict.heads.values()
    assert head.number == 5  # begun, three files, ended


def test_one_octet_that_differs_is_told(tmp_path: Path) -> None:
    path = folder_of(tmp_path) / "1.sigmf-data"
    path.write_bytes(b"X" + path.read_bytes()[1:])
    assert verify(tmp_path) == replaced(tmp_path, sound=2, altered=["1.sigmf-data"])


def test_a_file_that_was_taken_away_is_told(tmp_path: Path) -> None:
    (folder_of(tmp_path) / "1.sigmf-data").unlink()
    assert verify(tmp_path) == replaced(tmp_path, sound=2, missing=["1.sigmf-data"])


def test_a_file_that_was_put_in_is_told_also_after_another_run(tmp_path: Path) -> None:
    made(folder_of(tmp_path), "9.sigmf-data")
    Index(tmp_path).close()
    assert verify(tmp_path).unlisted == ["9.sigmf-data"]


def test_what_was_removed_for_room_is_not_missing(tmp_path: Path) -> None:
    folder_of(tmp_path)
    later = Index(tmp_path)
    later.removed(tmp_path / "0.sigmf-data", "room")
    (tmp_path / "0.sigmf-data").unlink()
    later.close()
    verdict = verify(tmp_path)
    assert verdict.good and verdict.removed == 1 and verdict.sound == 2


@pytest.mark.parametrize("line", range(5))
def test_a_changed_line_and_a_line_taken_out_break_the_chain_there(tmp_path: Path, line: int) -> None:
    (place,) = indexes(folder_of(tmp_path))
    lines = place.read_text().splitlines(keepends=True)
    told = json.loads(lines[line])
    told["body"]["time_ns"] += 1
    place.write_text("".join([*lines[:line], json.dumps(told) + "\n", *lines[line + 1 :]]))
    assert verify(tmp_path).broken == {place.name: line + 1}
    if line < 4:
        place.write_text("".join(lines[:line] + lines[line + 1 :]))
        assert verify(tmp_path).broken == {place.name: line + 1}


def test_lines_taken_off_the_end_leave_files_that_stand_nowhere_and_no_last_word(tmp_path: Path) -> None:
    (place,) = indexes(folder_of(tmp_path))
    place.write_text("".join(place.read_text().splitlines(keepends=True)[:-2]))
    verdict = verify(tmp_path)
    assert not verdict.good
    assert verdict.unlisted == ["2.sigmf-data"] and verdict.open == [place.name]


def test_a_killed_run_leaves_half_a_line_and_a_file_that_the_next_run_takes_in(tmp_path: Path) -> None:
    killed = Index(tmp_path)
    killed.kept(made(tmp_path, "0.sigmf-data"))
    made(tmp_path, "1.sigmf-data")
    with killed.place.open("ab") as file:
        file.write(b'{"number": 3, "body": {"wha')
    assert verify(tmp_path).unlisted == ["1.sigmf-data"]
    Index(tmp_path).close()
    verdict = verify(tmp_path)
    assert verdict.good
    assert verdict.sound == 2 and verdict.taken_in == 1 and verdict.open == [killed.place.name]


def test_a_file_that_was_put_in_long_after_a_run_was_killed_is_told(tmp_path: Path) -> None:
    Index(tmp_path)  # killed
    Index(tmp_path).close()
    made(tmp_path, "9.sigmf-data")
    Index(tmp_path).close()
    assert verify(tmp_path).unlisted == ["9.sigmf-data"]


@pytest.mark.parametrize(
    "line", ["", "nonsense\n", '{"number": 2, "body": {"what": "kept", "file": "../x"}, "digest": "0"}\n', "[]\n"]
)
def test_an_index_that_holds_something_else_is_broken_and_no_traceback(tmp_path: Path, line: str) -> None:
    (place,) = indexes(folder_of(tmp_path))
    first = place.read_text().splitlines(keepends=True)[0]
    place.write_text(first + line)
    verdict = verify(tmp_path)
    assert not verdict.good
    assert verdict.broken == ({place.name: 2} if line else {})


def test_a_folder_without_an_index_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="--evidence"):
        verify(tmp_path)


def replaced(folder: Path, **told: object) -> Verdict:
    """What is told of a folder of one whole index, but for `told`."""
    whole = Verdict(heads=verify(folder).heads)
    for name, value in told.items():
        setattr(whole, name, value)
    return whole
