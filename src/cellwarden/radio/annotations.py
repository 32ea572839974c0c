"""Annotations out: a recording's metadata with what was found in it, written as a stream.

The file is composed from three parts, and only the first and the second are ever in memory:

    head of the recording  ─►  {"global": …, "captures": …, "annotations": [
    its own annotations    ─┐    one annotation a line,
    what was found         ─┴►   merged by core:sample_start
                               ]}

It is written under a temporary name beside the output and renamed when it is complete and on the disk, so that a full
disk or a crash leaves what was there.
"""

import heapq
import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cellwarden import __version__
from cellwarden.document.whole import write_whole
from cellwarden.errors import OutputError
from cellwarden.language import gettext as _
from cellwarden.language import reason_of
from cellwarden.model import Emission, Segment
from cellwarden.radio.recording import Recording, stored

EXTENSION = {"name": "cellwarden", "version": __version__, "optional": True}


def annotation(emission: Emission, segment: Segment) -> dict[str, Any]:
    """One SigMF annotation, with absolute frequencies where the centre is known."""
    centre = segment.centre_hz or 0.0
    made: dict[str, Any] = {
        "core:sample_start": emission.sample_start,
        "core:sample_count": emission.sample_count,
        "core:freq_lower_edge": round(centre + emission.low_offset_hz, 1),
        "core:freq_upper_edge": round(centre + emission.high_offset_hz, 1),
        "core:label": emission.label,
        "core:generator": f"cellwarden {__version__}",
        "cellwarden:snr_db": round(emission.snr_db, 2),
        "cellwarden:confidence": round(emission.confidence, 4),
        "cellwarden:direction": emission.direction,
    }
    told = {"cfo_hz": emission.cfo_hz, "timing_samples": emission.timing_samples}
    for name, value in (told | {"floor_dbfs_hz": emission.floor_dbfs_hz}).items():
        if value is not None:
            made[f"cellwarden:{name}"] = round(value, 3)
    made.update({f"cellwarden:{name}": value for name, value in emission.details.items()})
    return made


def line_of(recording: Recording, emission: Emission) -> tuple[int, str]:
    """An emission of a recording as an annotation in one line of JSON, and the sample where it starts."""
    made = annotation(*stored(recording, emission, segment_of(recording, emission)))
    return int(made["core:sample_start"]), _line(made)


def _line(made: Mapping[str, Any]) -> str:
    return json.dumps(made, ensure_ascii=False)


def write_annotated(
    recording: Recording, emissions: Iterable[Emission], output: Path, *, sha512: str | None, force: bool
) -> int:
    """Write the recording's metadata with its own annotations and ours; returns how many are ours.

    `emissions` come in the order of their start. Raises OutputError.
    """
    lines = (line_of(recording, emission) for emission in emissions)
    return write_merged(recording, lines, output, sha512=sha512, force=force)


def write_merged(
    recording: Recording,
    lines: Iterable[tuple[int, str]],
    output: Path,
    *,
    sha512: str | None,
    force: bool,
    faults: Sequence[str] = (),
) -> int:
    """As `write_annotated`, from annotations that are lines of JSON already: (sample_start, line) in order of start.

    `faults` are names of what is wrong with the samples.
    """
    ours = 0

    def counted() -> Iterator[tuple[int, str]]:
        nonlocal ours
        for line in lines:
            ours += 1
            yield line

    theirs = sorted(recording.metadata["annotations"], key=_start)
    own = ((_start(item), _line(item)) for item in theirs)
    merged = heapq.merge(own, counted(), key=lambda line: line[0])
    write_pieces(output, _pieces(recording, merged, sha512, faults), force=force)
    return ours


def _start(item: Mapping[str, Any]) -> int:
    return int(item.get("core:sample_start", 0))


def _pieces(
    recording: Recording, lines: Iterable[tuple[int, str]], sha512: str | None, faults: Sequence[str]
) -> Iterator[str]:
    """The text of the metadata, piece by piece."""
    head = dict(recording.metadata["global"])
    known = [e for e in head.get("core:extensions", []) if isinstance(e, dict) and e.get("name") != "cellwarden"]
    head["core:extensions"] = [*known, EXTENSION]
    head.setdefault("core:version", "1.2.5")
    if sha512:
        head["core:sha512"] = sha512
    head.pop("cellwarden:faults", None)
    if faults:
        head["cellwarden:faults"] = list(faults)
    captures = recording.metadata["captures"]
    yield f'{{\n"global": {json.dumps(head, indent=2, ensure_ascii=False)},\n'
    yield f'"captures": {json.dumps(captures, indent=2, ensure_ascii=False)},\n"annotations": ['
    separator = "\n"
    for _sample, line in lines:
        yield separator + line
        separator = ",\n"
    yield "\n]\n}\n"


def segment_of(recording: Recording, emission: Emission) -> Segment:
    """The segment that an emission lies in."""
    return segment_among(recording.segments, emission)


def segment_among(segments: Sequence[Segment], emission: Emission) -> Segment:
    """Of segments in their order the one that an emission lies in."""
    return segment_at(segments, emission.sample_start, emission.sample_count)


def segment_at(segments: Sequence[Segment], sample_start: int, sample_count: int) -> Segment:
    """Of segments in their order the one that holds the middle of some samples: a gap may cut off their beginning."""
    middle = max(0, sample_start + sample_count // 2)
    return segments[max(0, bisect_right(segments, middle, key=lambda segment: segment.sample_start) - 1)]


def refuse_taken(output: Path, *, force: bool) -> None:
    """Raises OutputError, before any work, where something is that may not be written over."""
    refuse_special(output)
    if not force:
        refuse_existing(output)


def refuse_existing(output: Path) -> None:
    """Raises OutputError where there is something already."""
    if output.exists():
        raise OutputError(_("{path} exists: choose another name or give --force").format(path=output))


def refuse_special(output: Path) -> None:
    """Raises OutputError for devices, pipes and folders: a file that is renamed over a device takes its place."""
    if output.exists() and not output.is_file():
        raise OutputError(_("{path} is no ordinary file: choose another name").format(path=output))


def write_text(output: Path, text: str, *, force: bool) -> None:
    """Write a file whole or not at all. Raises OutputError, also where it exists and `force` is not given."""
    write_pieces(output, (text,), force=force)


def write_pieces(output: Path, pieces: Iterable[str], *, force: bool) -> None:
    """Write a file whole or not at all from pieces of its text. Raises OutputError as `write_text` does."""
    # half a surrogate pair, which JSON may hold and UTF-8 may not, is written as JSON's own escape
    write_bytes(output, (piece.encode("utf-8", "backslashreplace") for piece in pieces), force=force)


def write_bytes(output: Path, pieces: Iterable[bytes], *, force: bool) -> None:
    """Write a file whole or not at all from pieces of what it holds. Raises OutputError as `write_text` does."""
    refuse_taken(output, force=force)
    try:
        write_whole(output, pieces)
    except OSError as error:
        raise OutputError(unwritable(output, error)) from error


def unwritable(place: Path, error: OSError) -> str:
    """What to say where the operating system refuses to write."""
    return _("{path} cannot be written: {why}: make room or choose another place").format(
        path=place, why=reason_of(error)
    )
