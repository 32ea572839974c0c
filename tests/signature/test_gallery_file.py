"""The gallery's file and its emitters: kept whole, refused when damaged, joined and parted."""

import json
from pathlib import Path

import pytest

from cellwarden.errors import GalleryError
from cellwarden.model import Measured, Session
from cellwarden.signature import emitters
from cellwarden.signature.gallery_file import PREVIOUS, load, save


def session(source: str = "monday") -> Session:
    return Session(source, "gsm:normal", 7, 21.5, {"droop": Measured(0.01, 0.002)}, 17)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    held, _one = emitters.enrolled((), [session(), session("tuesday")])
    save(tmp_path / "g.json", held)
    assert load(tmp_path / "g.json") == held


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[: len(text) // 2],
        lambda text: text.replace("0.01", "0.02"),
        lambda text: text.replace('"emitters"', '"emitter"'),
        lambda text: "",
        lambda text: "[]",
        lambda text: "null",
        lambda text: "[" * 100_000,
        lambda text: text.replace('"version": 1', '"version": "1"'),
        lambda text: '{"version": 1, "sha256": "x", "emitters": 3}',
    ],
)
def test_a_damaged_file_is_refused_and_the_last_good_one_stays(tmp_path: Path, spoil) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "g.json"
    first, _one = emitters.enrolled((), [session()])
    second, _one = emitters.enrolled(first, [session("tuesday")])
    save(path, first)
    save(path, second)
    spoiled = spoil(path.read_text())
    path.write_text(spoiled)
    with pytest.raises(GalleryError, match=r"damaged.*g\.json\.previous"):
        load(path)
    with pytest.raises(GalleryError):
        save(path, second)
    assert path.read_text() == spoiled
    assert load(path.with_name(path.name + PREVIOUS)) == first


def test_a_file_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "g.json"
    save(path, ())
    path.write_text(json.dumps({**json.loads(path.read_text()), "version": 99}))
    with pytest.raises(GalleryError, match="version 99"):
        load(path)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(GalleryError, match="enrol"):
        load(tmp_path / "none.json")


def test_emitters_are_merged_and_split_again() -> None:
    held, one = emitters.enrolled((), [session()])
    held, other = emitters.enrolled(held, [session("tuesday")])
    assert (one.name, other.name) == ("E-0001", "E-0002")
    held, whole = emitters.merged(held, "E-0001", "E-0002")
    assert [s.source for s in whole.sessions] == ["monday", "tuesday"] and len(held) == 1
    held, out = emitters.split(held, "E-0001", 2)
    assert out.name == "E-0002" and [s.source for s in out.sessions] == ["tuesday"]
    assert [s.source for s in emitters.named(held, "E-0001").sessions] == ["monday"]


def test_what_cannot_be_merged_or_split_is_told() -> None:
    held, _one = emitters.enrolled((), [session()])
    for wrong in (
        lambda: emitters.merged(held, "E-0001", "E-0001"),
        lambda: emitters.merged(held, "E-0001", "E-0009"),
        lambda: emitters.split(held, "E-0001", 1),
        lambda: emitters.enrolled(held, [session()], "E-0007"),
    ):
        with pytest.raises(GalleryError):
            wrong()
