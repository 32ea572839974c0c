"""Annotations in: what a scan wrote is read again as the emissions that it was written from."""

from dataclasses import replace
from pathlib import Path

from tests.radio.test_annotations import EMISSION, opened

from cellwarden.radio.annotated import emissions
from cellwarden.radio.annotations import write_annotated


def test_an_emission_cut_by_a_retune_comes_back_at_its_own_frequency(tmp_path: Path) -> None:
    """Its edge lies before the sample at which the receiver was tuned anew, its middle behind it."""
    recording = opened(tmp_path)
    for capture in recording.metadata["captures"]:
        capture.setdefault("core:datetime", "2026-11-24T12:00:01Z")
    cut = replace(EMISSION, sample_start=7, sample_count=4, details={})
    write_annotated(recording, iter([cut]), tmp_path / "o.sigmf-meta", sha512=None, force=False)
    ((read, segment),) = emissions(tmp_path / "o.sigmf-meta")
    assert segment.centre_hz == 8e8
    assert (read.low_offset_hz, read.high_offset_hz) == (cut.low_offset_hz, cut.high_offset_hz)
    assert read.sample_start == cut.sample_start
