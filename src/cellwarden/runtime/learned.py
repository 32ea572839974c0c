"""Cells learned from a recording of base stations, and what of them holds in another recording of the same receiver.

    downlink: cell number, frame timing, carrier ──┐  frequency: by the duplex distance of its band, with the receiver's
    uplink: tuned elsewhere, begun at another time ┴─ clock error; time: by the stamps of both, where they are exact

A stamp that is told to less than a microsecond comes from a receiver's own counter. Any other one is a computer's,
which is late by what its buffers hold: then frames are taken to begin anywhere until a phone tells.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cellwarden.airinterface import INTERFACES
from cellwarden.errors import CellwardenError
from cellwarden.language import gettext as _
from cellwarden.model import Cell, Segment
from cellwarden.radio.duplex import uplinks_of
from cellwarden.radio.recording import blocks, open_recording

HEARD_S = 0.3
"""Of each segment that is looked at."""
MOST_SAMPLES = 1 << 23
UNTIMED_S = 5e-3
"""Error of a frame's beginning of which nothing is known: half of it."""
EXACT_NS = 1000
COUNTER_S = 1e-6
"""Error of a stamp by a receiver's counter."""
CELL_ERROR, GUESSED_ERROR = 0.05e-6, 20e-6
"""Clock error left where a cell's carrier told the receiver's (TS 36.104 §6.5.1), and where it did not."""


class CellError(CellwardenError):
    """A recording that was to be learned from holds no cell: record another one."""


@dataclass(frozen=True, slots=True)
class Learned:
    """A cell, and the segment in which it was heard."""

    cell: Cell
    segment: Segment
    path: Path


def learn(paths: Iterable[Path], **given: Any) -> tuple[Learned, ...]:
    """All cells in recordings of base stations. Raises CellError for a recording without one."""
    found: list[Learned] = []
    for path in paths:
        recording, before = open_recording(path, **given), len(found)
        most = min(MOST_SAMPLES, math.ceil(HEARD_S * recording.rate_hz))
        for block in blocks(recording, most):
            if block.sample_start != block.segment.sample_start:
                continue
            for interface in INTERFACES:
                cells = interface.learn(block) if interface.learn is not None else []
                found += [Learned(cell, block.segment, recording.data_path) for cell in cells]
        if len(found) == before:
            raise CellError(
                _("{path}: no cell was found in it: record a base station's carrier for 0.3 s").format(path=path)
            )
    return tuple(found)


def placed(learned: Learned, segment: Segment, data_path: Path) -> Cell | None:
    """A cell as it stands in another segment; None where none of its uplink carriers lies in what was recorded."""
    cell, source = learned.cell, learned.segment
    error = float(cell.details.get("clock_ppm", 0.0)) * 1e-6
    rate = segment.rate_hz
    carriers = [c for c in _carriers(cell, source, segment, error) if abs(c) < rate / 2]
    if not carriers:
        return None
    frame_s = cell.frame_samples / (1 + error) / source.rate_hz
    frame = frame_s * rate * (1 + error)
    since_s, unsure_s = _apart(learned, segment, data_path, error)
    begin_s = (cell.frame_start - source.sample_start) / source.rate_hz / (1 + error) - since_s
    return replace(
        cell,
        carriers_hz=tuple(carriers),
        frame_start=segment.sample_start + (begin_s % frame_s) * rate * (1 + error),
        frame_samples=frame,
        details={**cell.details, "timing_error_s": unsure_s},
    )


def _carriers(cell: Cell, source: Segment, segment: Segment, error: float) -> list[float]:
    """Offsets of its uplink carriers; where a centre is not told, both are taken to be tuned alike."""
    if source.centre_hz is None or segment.centre_hz is None:
        return list(cell.carriers_hz)
    found: list[float] = []
    for offset in cell.carriers_hz:
        true = (source.centre_hz + offset) * (1 + error)
        found += [up / (1 + error) - segment.centre_hz for up in uplinks_of(cell.interface, true)]
    return found


def _apart(learned: Learned, segment: Segment, data_path: Path, error: float) -> tuple[float, float]:
    """Seconds from the beginning of the cell's segment to another's, and by how much that may err."""
    source = learned.segment
    if source == segment and learned.path == data_path:
        return 0.0, 0.0
    if source.start_ns is None or segment.start_ns is None:
        return 0.0, UNTIMED_S
    since = (segment.start_ns - source.start_ns) * 1e-9
    if not source.start_ns % EXACT_NS or not segment.start_ns % EXACT_NS:
        return since, UNTIMED_S
    left = CELL_ERROR if error else GUESSED_ERROR
    return since, COUNTER_S + abs(since) * left


def here(learned: Sequence[Learned], segment: Segment, data_path: Path) -> Mapping[str, list[list[Cell]]]:
    """The cells of each interface that may be heard in a segment, each with what is searched for its sake."""
    found: dict[str, list[list[Cell]]] = {}
    for one in learned:
        cell = placed(one, segment, data_path)
        if cell is not None:
            found.setdefault(cell.interface, []).append([cell])
    return found
