"""Outputs of several recordings never overwrite each other."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellwarden.errors import OutputError
from cellwarden.runtime.places import names, place_one, places

PARTS = st.sampled_from(["a", "A", "b", "a-x", "x", "X", "index", "b-x", "x-1", "a-x-1"])
PATHS = st.lists(
    st.builds(
        lambda folder, name, end: Path(folder, name + end), PARTS, PARTS, st.sampled_from([".cs8", ".sigmf-meta"])
    )
)


@given(PATHS)
def test_no_two_recordings_share_a_name_and_none_is_the_index(paths: list[Path]) -> None:
    made = [name.casefold() for name in names(paths)]
    assert len(set(made)) == len(made) == len(paths)
    assert "index" not in made


def test_a_name_is_the_recordings_own_and_takes_the_folder_only_where_it_must() -> None:
    paths = [Path("/m/monday/yard.sigmf-meta"), Path("/m/tuesday/yard.sigmf-meta"), Path("/m/tuesday/wing.cs16")]
    assert names(paths) == ["monday-yard", "tuesday-yard", "wing"]


def test_one_recording_goes_to_the_file_asked_for_or_into_the_folder(tmp_path: Path) -> None:
    assert place_one(None, Path("r.cs8"), ".html") is None
    assert place_one(tmp_path / "x.html", Path("r.cs8"), ".html") == tmp_path / "x.html"
    assert place_one(tmp_path, Path("r.cs8"), ".html") == tmp_path / "r.html"


def test_a_file_where_the_folder_should_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "o").write_text("mine")
    with pytest.raises(OutputError, match="folder"):
        places(tmp_path / "o", [Path("a"), Path("b")], ".html")
    with pytest.raises(OutputError, match="cannot be written"):
        places(tmp_path / "o" / "deeper", [Path("a"), Path("b")], ".html")
