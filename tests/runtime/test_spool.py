"""The spool gives back what it was given, sorted, however little memory it has."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellwarden.errors import OutputError
from cellwarden.runtime.spool import Spool

LINES = st.lists(
    st.tuples(st.integers(-5, 10**12), st.text(st.characters(blacklist_characters="\n", codec="utf-8"), max_size=9))
)


@given(lines=LINES, batch=st.integers(1, 8))
def test_lines_come_back_by_sample_and_equals_in_the_order_they_came(lines: list[tuple[int, str]], batch: int) -> None:
    with Spool(batch=batch) as spool:
        for sample, line in lines:
            spool.add(sample, line)
        assert spool.count == len(lines)
        assert list(spool) == sorted(lines, key=lambda item: item[0])
        assert list(spool) == sorted(lines, key=lambda item: item[0])  # it may be read again


def test_lines_longer_than_a_read_come_back_whole() -> None:
    lines = [(sample, "x" * 3_000_000 + str(sample)) for sample in (3, 1, 2)]
    with Spool(batch=1) as spool:
        for sample, line in lines:
            spool.add(sample, line)
        assert list(spool) == sorted(lines)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="nowhere"):
        Spool(tmp_path / "nowhere")


def test_a_full_disk_is_one_error_that_names_the_place(tmp_path: Path) -> None:
    with Spool(tmp_path, batch=1) as spool:
        spool._file.close()
        spool._file = open("/dev/full", "r+b", buffering=0)  # noqa: SIM115, PTH123
        with pytest.raises(OutputError, match=f"{tmp_path}.*No space left.*make room"):
            spool.add(0, "line")
    assert not list(tmp_path.iterdir())
