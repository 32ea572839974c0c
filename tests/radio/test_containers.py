"""One recording in many containers: the same samples, the same emissions, the same little memory."""

import struct
import tarfile
import tracemalloc
from pathlib import Path

import numpy as np

from cellwarden.radio import recording as room
from cellwarden.runtime.scan import scan
from cellwarden.simulate.wing import PLACE

WING = PLACE.with_suffix(".sigmf-meta")


def test_an_archive_a_wav_and_a_bare_file_tell_the_same_as_the_pair(tmp_path: Path) -> None:
    pair = room.open_recording(WING)
    emissions = list(scan(pair))
    samples = np.concatenate([block.iq.copy() for block in room.blocks(pair)])
    assert len(emissions) > 40

    with tarfile.open(tmp_path / "a.sigmf", "w") as tar:
        tar.add(WING, "wing/wing.sigmf-meta")
        tar.add(WING.with_suffix(".sigmf-data"), "wing/wing.sigmf-data")
    rate, centre, data = int(pair.rate_hz), pair.segments[0].centre_hz, samples.astype("<i2").tobytes()
    auxi = struct.pack("<8H8HI", *(2026, 11, 2, 24, 12, 0, 0, 0) * 2, int(centre or 0))
    (tmp_path / "w.wav").write_bytes(
        struct.pack("<4sI4s4sIHHIIHH", b"RIFF", 0, b"WAVE", b"fmt ", 16, 1, 2, rate, rate * 4, 4, 16)
        + struct.pack("<4sI", b"auxi", len(auxi))
        + auxi
        + struct.pack("<4sI", b"data", len(data))
        + data
    )
    (tmp_path / "b.cs16").write_bytes(data)

    archived = room.open_recording(tmp_path / "a.sigmf")
    assert list(scan(archived)) == emissions
    assert room.data_digest(archived) == room.data_digest(pair)
    bare = room.open_recording(tmp_path / "b.cs16", rate_hz=pair.rate_hz, centre_hz=centre)
    assert list(scan(bare)) == emissions
    sound = room.open_recording(tmp_path / "w.wav")  # whose header rounds the rate to a whole number
    assert sound.segments[0].centre_hz == centre
    assert sound.rate_hz == rate
    for theirs, ours in zip(scan(sound), emissions, strict=True):
        assert theirs.label == ours.label and abs(theirs.sample_start - ours.sample_start) <= 1


def test_memory_does_not_grow_with_the_recording(tmp_path: Path) -> None:
    block, peaks = 4096, []
    for samples in (1 << 16, 1 << 20):
        with tarfile.open(tmp_path / "a.sigmf", "w") as tar:
            (tmp_path / "r.sigmf-meta").write_text('{"global": {"core:datatype": "ri16_le", "core:sample_rate": 1e6}}')
            (tmp_path / "r.sigmf-data").write_bytes(b"\x01\x02" * samples)
            tar.add(tmp_path / "r.sigmf-meta", "r/r.sigmf-meta")
            tar.add(tmp_path / "r.sigmf-data", "r/r.sigmf-data")
        tracemalloc.start()
        opened = room.open_recording(tmp_path / "a.sigmf")
        assert sum(len(b.iq) for b in room.blocks(opened, block)) == samples // 2
        room.data_digest(opened)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 2 * block  # sixteen times the samples, not even two bytes for each of a block
