"""Below the energy floor: what phones of learned cells send, found in the chunks of a scan and merged with the rest."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface import INTERFACES, Interface
from cellwarden.airinterface.preamble_name import by_cell
from cellwarden.detect.faint import faint
from cellwarden.detect.finds import Find
from cellwarden.detect.suppress import covered, overlap
from cellwarden.model import Cell, Emission, Segment
from cellwarden.runtime.learned import Learned, here

SAME = 0.5
"""What overlaps something found by its energy by more than this is that."""
EXPLAINED = 0.25
"""A box of which this part has a name is not looked at."""
KEPT = 8
"""Emissions found last that may be in the next box, too."""
ROWS = 2
"""Rows of the spectrum between beginnings that are tried where a cell's timing is unknown."""
TIMED_S = 20e-6
APART_HZ = 50e3
"""Carriers that differ by more are two."""


class Searcher:
    """Carries what was learned of the cells from chunk to chunk."""

    def __init__(self, learned: Sequence[Learned], data_path: Path) -> None:
        self.learned, self.data_path = learned, data_path
        self.segment: Segment | None = None
        self.cells: dict[str, list[list[Cell]]] = {}

    def add(self, find: Find, named: list[Emission], rejected: Counter[str]) -> list[Emission]:
        """All emissions of a chunk, those named before among them."""
        if self.segment != find.samples.segment:
            self.segment = find.samples.segment
            self.cells = dict(here(self.learned, self.segment, self.data_path))
        near = [group[0] for groups in self.cells.values() for group in groups]
        named = [by_cell(emission, near) for emission in named]
        deep: list[Emission] = []
        for interface in INTERFACES:
            followed: list[float] = []
            for group in self.cells.get(interface.name, ()):
                carrier = group[0].carriers_hz[0]
                if all(abs(carrier - other) > APART_HZ for other in followed):  # of cells on one carrier the clearest
                    group[:] = interface.follow(group, named)
                    followed.append(carrier)
                for cell in group:
                    if interface.search is not None:
                        deep += interface.search(find.samples, cell)
                if interface.within is not None:
                    deep += _within(find, interface, group[0], _known([*named, *deep]))
        return merged(named, deep, rejected)


def _within(find: Find, interface: Interface, cell: Cell, known: list[Emission]) -> list[Emission]:
    """What lies in those of a cell's pieces that may hold more than noise, and that nothing known explains."""
    assert interface.within is not None
    found: list[Emission] = []
    boxes = faint(find.chunk, _starts(find, cell, interface.piece_s), interface.piece_s, interface.bandwidth_hz)
    for box, part in zip(boxes, covered(boxes, known), strict=True):
        if part < EXPLAINED and not any(overlap(box, other) > SAME for other in found[-KEPT:]):
            found += interface.within(box, find.samples, cell)
    return found


def _starts(find: Find, cell: Cell, piece_s: float) -> NDArray[np.float64]:
    grid, block = find.chunk.grid, find.samples
    if float(cell.details.get("timing_error_s", 0.0)) > TIMED_S:
        return block.sample_start + np.arange(0, len(find.chunk.ratio), ROWS, dtype=np.float64) * grid.size
    piece = piece_s * block.segment.rate_hz
    piece = cell.frame_samples / round(cell.frame_samples / piece)
    first = np.ceil((block.sample_start - cell.frame_start) / piece)
    last = np.floor((block.sample_start + len(block.iq) - cell.frame_start) / piece)
    return np.asarray(cell.frame_start + np.arange(first, last) * piece)


def _known(named: Sequence[Emission]) -> list[Emission]:
    """What has a name."""
    return [e for e in named if not e.label.startswith(("unknown:", "spur:"))]


def merged(named: list[Emission], deep: list[Emission], rejected: Counter[str]) -> list[Emission]:
    """What was found by energy and by search, each once: a name from energy stays, an unknown box gives way."""
    kept: list[Emission] = []
    known = _known(named)
    for emission in sorted(deep, key=lambda e: -e.confidence):
        if any(overlap(emission, other) > SAME for other in (*known, *kept)):
            rejected["twice"] += 1
        else:
            kept.append(emission)
    parts = covered(named, kept) if kept else [0.0] * len(named)
    left = [o for o, part in zip(named, parts, strict=True) if not (o.label == "unknown:burst" and part > SAME)]
    return left + kept
