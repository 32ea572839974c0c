"""What is compiled before the first sample, or as it is used, is said and shown on standard error, once."""

import sys
from pathlib import Path

import pytest
from tests.cli.conftest import Typed

from cellwarden import language
from cellwarden.cli import prepare as room
from cellwarden.runtime import ready
from cellwarden.runtime.compiling import Told
from cellwarden.simulate.wing import PLACE


@pytest.mark.parametrize(
    ("spoken", "words"), [("en", "some minutes, once"), ("fr", "quelques minutes, une seule fois")]
)
def test_it_is_said_how_long_it_takes_and_shown_how_far_it_is(
    spoken: str, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made: list[str] = []

    def make_ready(what: str, told: Told) -> None:
        told(2, 3)
        made.append(what)

    language.use(spoken)
    monkeypatch.setattr(room, "make_ready", make_ready)
    monkeypatch.setattr(room, "ready", made.__contains__)
    room.prepare()
    out, err = capsys.readouterr()
    assert out == "" and words in " ".join(err.split()) and "2/3" in err
    room.prepare()
    assert made == ["all"] and capsys.readouterr() == ("", "")


def test_who_looks_on_is_told_why_the_first_scan_takes_long(
    typed: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ready, "place", lambda what: tmp_path / "kept" / what)
    words = "scan", PLACE.with_suffix(".sigmf-meta"), "--no-hash"
    assert "the first scans" not in typed(*words)[2]  # nobody looks on
    for told in (True, False):
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
        code, _out, err = typed(*words)
        assert code == 0 and ("the first scans take minutes" in " ".join(err.split())) == told
