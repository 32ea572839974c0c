"""NR cells learned from their synchronisation blocks, made by another stack and by our own generator."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cellwarden.airinterface import nr_cell
from cellwarden.model import Block, Segment
from cellwarden.radio.recording import blocks, open_recording

RECORDINGS = Path(__file__).parents[3] / "shared" / "recordings"


@pytest.mark.long
@pytest.mark.parametrize("spacing", [15, pytest.param(30, marks=pytest.mark.long)])
def test_numbers_and_places_are_those_that_another_stack_sent(spacing: int) -> None:
    """Each block is given alone: cell number, index and the sample of the half frame are told with it."""
    path = RECORDINGS / "reference" / f"nr_ssb_{spacing}.sigmf-meta"
    if not path.exists():
        pytest.skip("shared recordings are not here")
    block = next(blocks(open_recording(path), 1 << 22))
    rate, centre = block.segment.rate_hz, block.segment.centre_hz
    assert centre is not None
    for truth in json.loads(path.read_text())["annotations"][:4]:
        start, end = truth["core:sample_start"], truth["core:sample_start"] + truth["core:sample_count"]
        part = replace(block, iq=block.iq[start - 4000 : end + 4000], sample_start=start - 4000)
        (cell,) = nr_cell.learn(part)
        number, index, first = (
            int(re.search(f"{word}=(\\d+)", truth["core:comment"])[1])  # type: ignore[index]
            for word in ("pci", "ssb_idx", "first")
        )
        assert (cell.details["physical_cell"], cell.details["block_index"]) == (number, index)
        assert (start - cell.frame_start) % (cell.frame_samples / 2) / rate == pytest.approx(first / rate, abs=2e-6)


@pytest.mark.long
def test_noise_holds_no_cell() -> None:
    iq = np.random.default_rng(3).normal(size=(60000, 2)).astype(np.float32)
    assert nr_cell.learn(Block(iq, 1.0, 0, Segment(0, len(iq), 7.68e6))) == []
