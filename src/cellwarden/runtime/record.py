"""Whole samples, under a mandate alone: sealed to its key before they touch the disk, in files of some seconds.

    blocks ─► 32 MB, or a gap, or a new frequency ─► SigMF archive in memory ─► age ─► 20261126T051500.000000Z.sigmf.age

Who holds the key opens one with `age --decrypt`, and `cellwarden scan` reads what comes out. Each file stands in the
index, whose first line names the mandate.
"""

import io
import json
import tarfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cellwarden import __version__
from cellwarden.model import Block, Interleaved
from cellwarden.radio.absolute import moment
from cellwarden.radio.annotations import EXTENSION, write_bytes
from cellwarden.radio.clock import stamp
from cellwarden.runtime.evidence_index import Index
from cellwarden.runtime.mandate import Mandate, expired
from cellwarden.seal import age

MOST_BYTES = 32_000_000
"""Of samples in one file: what a killed process has not written yet."""
DAY_S = 86_400.0
FULL = 32_768
"""What full scale is in 16 bits."""


class Recorder:
    """Seals what passes, while the mandate holds."""

    def __init__(self, folder: Path, mandate: Mandate, index: Index) -> None:
        self.folder, self.mandate, self.index = folder, mandate, index
        self.ended = False
        """Whether the mandate has expired."""
        self._held: list[Block] = []
        self._bytes = 0

    def add(self, block: Block) -> None:
        """Take a block, which is copied. Raises OutputError where what is held cannot be written; it is then lost."""
        if self.ended:
            return
        if expired(self.mandate, time.time_ns()):
            self.ended = True
            self.close()
            self.index.noted("expired", reference=self.mandate.reference)
            return
        if self._held and (block.segment != self._held[0].segment or block.scale != self._held[0].scale):
            self.close()
        self._held.append(Block(block.iq.copy(), block.scale, block.sample_start, block.segment))
        self._bytes += block.iq.nbytes
        if self._bytes >= MOST_BYTES:
            self.close()

    def close(self) -> None:
        """Seal what is held, and remove what the mandate no longer lets lie. Raises OutputError."""
        held, self._held, self._bytes = self._held, [], 0
        if held:
            name = _name(held[0])
            place = self.folder / f"{name}.sigmf{age.ENDING}"
            write_bytes(place, (age.sealed(_archive(name, held, self.mandate), self.mandate.key),), force=False)
            self.index.kept(place)
        oldest = time.time() - self.mandate.keep_days * DAY_S
        for path in sorted(self.folder.glob(f"*.sigmf{age.ENDING}")):
            if path.stat().st_mtime < oldest:
                self.index.removed(path, "age")
                path.unlink(missing_ok=True)


def _name(first: Block) -> str:
    when = moment(first.segment, first.sample_start) or datetime.now(UTC)
    return f"{when:%Y%m%dT%H%M%S.%fZ}_{first.sample_start:015d}"


def _archive(name: str, blocks: list[Block], mandate: Mandate) -> bytes:
    """Blocks of one segment as a SigMF archive."""
    first, iq = blocks[0], np.concatenate([block.iq for block in blocks])
    samples, datatype = _in_full_scale(iq, first.scale)
    capture: dict[str, object] = {"core:sample_start": 0}
    if first.segment.centre_hz is not None:
        capture["core:frequency"] = first.segment.centre_hz
    when = moment(first.segment, first.sample_start)
    if when is not None:
        capture["core:datetime"] = when.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        capture |= {f"cellwarden:{name}": value for name, value in stamp(first.segment).items()}
    head = {
        "core:datatype": datatype,
        "core:sample_rate": first.segment.rate_hz,
        "core:version": "1.2.5",
        "core:description": f"Recorded under the mandate {mandate.reference}",
        "core:recorder": f"cellwarden {__version__}",
        "core:extensions": [EXTENSION],
    }
    meta = json.dumps({"global": head, "captures": [capture], "annotations": []}, indent=2).encode()
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for ending, octets in ((".sigmf-meta", meta), (".sigmf-data", samples.tobytes())):
            member = tarfile.TarInfo(f"{name}/{name}{ending}")
            member.size = len(octets)
            archive.addfile(member, io.BytesIO(octets))
    return made.getvalue()


def _in_full_scale(iq: Interleaved, scale: float) -> tuple[NDArray[np.int16] | NDArray[np.float32], str]:
    """Samples of which full scale is what the datatype says: 16 bits where nothing is lost by it, else floats."""
    factor = scale * FULL
    whole = iq.dtype == np.int16 and 1 <= factor < FULL and factor == round(factor)
    if whole and iq.max() * factor < FULL and iq.min() * factor >= -FULL:
        return (iq * np.int16(factor)).astype("<i2"), "ci16_le"
    return (iq * np.float32(scale)).astype("<f4"), "cf32_le"
