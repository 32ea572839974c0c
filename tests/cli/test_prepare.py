"""What is compiled before the first sample is said and shown on standard error, once."""

import pytest

from cellwarden import language
from cellwarden.cli import prepare as room
from cellwarden.runtime.compiling import Told


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
