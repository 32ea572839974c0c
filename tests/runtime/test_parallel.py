"""Several recordings in processes of their own: what one does to its process stays with it."""

import multiprocessing
from pathlib import Path

import pytest

from cellwarden.runtime.files import Job
from cellwarden.runtime.index import write_index
from cellwarden.runtime.parallel import Outcome, hear_all
from cellwarden.simulate.wing import PLACE

WING = PLACE.with_suffix(".sigmf-meta")


def test_every_job_has_its_outcome_and_an_error_stops_no_other(tmp_path: Path) -> None:
    jobs = [Job(WING), Job(tmp_path / "none.sigmf-meta"), Job(WING, min_confidence=1.0), Job(WING, hashed=False)]
    outcomes = dict(hear_all(jobs, processes=2))
    assert sorted(outcomes) == [0, 1, 2, 3]
    assert [outcomes[number].phones for number in (0, 3)] == [51, 51]
    assert outcomes[1].error is not None and "none.sigmf-meta" in outcomes[1].error
    assert outcomes[0].seconds == pytest.approx(0.2, abs=1e-6)


@pytest.mark.long
def test_a_process_that_dies_fails_its_own_file_only(tmp_path: Path) -> None:
    long = tmp_path / "long.cs16"  # so long that its process is killed well before its end
    long.write_bytes(24 * PLACE.with_suffix(".sigmf-data").read_bytes())
    killed: list[int] = []

    def progress(number: int, _done: int, _total: int) -> None:
        if number == 0 and not killed:
            for child in multiprocessing.active_children():
                child.kill()
                killed.append(number)

    outcomes = dict(hear_all([Job(long, rate_hz=13e6 / 6), Job(WING)], processes=1, progress=progress))
    assert killed == [0]
    assert outcomes[0].error is not None and "long.cs16" in outcomes[0].error and "--jobs 1" in outcomes[0].error
    assert outcomes[1].phones == 51


def test_the_index_escapes_names_and_links_only_reports_that_exist(tmp_path: Path) -> None:
    good = Outcome(Job(Path("<b>&.cs8"), report=tmp_path / "a b#.html"), "A phone spoke", 3, 2, 1.5)
    bad = Outcome(Job(Path("bad.cs8"), report=tmp_path / "bad.html"), error="bad.cs8 is <empty>")
    write_index([good, bad], tmp_path, force=False)
    page = (tmp_path / "index.html").read_text()
    assert '<a href="a%20b%23.html">&lt;b&gt;&amp;.cs8</a>' in page
    assert "bad.html" not in page and "bad.cs8 is &lt;empty&gt;" in page
    assert "A phone was heard in 1 of 2 recordings." in page and "Not scanned: 1." in page
