"""A curve from recordings of one's own, whose annotations are the truth.

annotations with a label of the interface   bursts to be found, at the level that `truth:snr_db` or
                                            `cellwarden:snr_db` tells, put to the nearest of the levels asked for
claims of the interface on nothing of it    false, where the recording says not that its truth is incomplete
                                            (`truth:complete` false); `truth:optional` bursts count neither way
"""

import hashlib
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from cellwarden.bench.detector import OWN, Claim, claims, detector
from cellwarden.bench.journal import Journal
from cellwarden.bench.pool import Progress, work_off
from cellwarden.bench.provenance import provenance
from cellwarden.bench.roc import Result, absence, point, reaches, result_of
from cellwarden.bench.unit import found_on, judged, own_claim
from cellwarden.errors import BenchError, DetectorError
from cellwarden.language import gettext as _
from cellwarden.measure.match import common_samples
from cellwarden.radio.recording import Recording, data_digest, open_recording
from cellwarden.simulate.scenes import Truth

ENDING = ".sigmf-meta"


@dataclass(frozen=True, slots=True)
class Known:
    """A recording with its truth."""

    recording: Recording
    truths: tuple[Truth, ...]
    """In the order of time; `snr_db` is not a number where it is not told."""
    optional: tuple[bool, ...]
    complete: bool
    digest: str
    """Of the samples, and of what is said to be true of them."""


def found_at(places: Sequence[Path]) -> list[Path]:
    """All .sigmf-meta files that are named or lie in folders that are. Raises BenchError where there is none."""
    paths: list[Path] = []
    for place in places:
        paths += sorted(place.glob(f"*{ENDING}")) if place.is_dir() else [place]
    if not paths:
        raise BenchError(
            _("{place} holds no .sigmf-meta: name recordings with their truth").format(
                place=", ".join(map(str, places))
            )
        )
    return paths


def known(path: Path) -> Known:
    """A recording with its truth. Raises RecordingError, BenchError."""
    recording = open_recording(path)
    annotations = recording.metadata.get("annotations") or []
    try:
        boxes = claims(str(path), annotations, recording)
        ordered = sorted(annotations, key=lambda a: float(a["core:sample_start"]))
        truths = tuple(_truth(box, a) for box, a in zip(boxes, ordered, strict=True))
    except (DetectorError, TypeError, ValueError, KeyError) as error:
        raise BenchError(
            _("{path}: an annotation is malformed, so it is no truth: mend it").format(path=path)
        ) from error
    optional = tuple(a.get("truth:optional") is True for a in ordered)
    complete = recording.metadata["global"].get("truth:complete") is not False
    said = data_digest(recording) + json.dumps(annotations, sort_keys=True)
    return Known(recording, truths, optional, complete, hashlib.sha256(said.encode()).hexdigest()[:16])


@contextmanager
def without_truth(recording: Recording) -> Iterator[Path]:
    """A path at which the recording lies without its annotations, so that a detector cannot read the truth."""
    if recording.path.suffix != ENDING:
        yield recording.path
        return
    with tempfile.TemporaryDirectory(prefix="cellwarden-") as folder:
        head = {**recording.metadata["global"]}
        head.pop("core:dataset", None)
        path = Path(folder) / recording.path.name
        path.with_suffix(".sigmf-data").symlink_to(recording.data_path.resolve())
        path.write_text(json.dumps({**recording.metadata, "global": head, "annotations": []}), encoding="utf-8")
        yield path


def _truth(box: Claim, annotation: Mapping[str, Any]) -> Truth:
    snr = annotation.get("truth:snr_db", annotation.get("cellwarden:snr_db"))
    middle = (box.low_offset_hz + box.high_offset_hz) / 2
    edges = box.low_offset_hz, box.high_offset_hz
    level = float("nan") if snr is None else float(snr)
    return Truth(box.label, box.sample_start, box.sample_count, *edges, level, middle)


def run(
    interface: str,
    labels: Sequence[str],
    levels: Sequence[float],
    places: Sequence[Path],
    detector_name: str,
    threshold: float | None,
    part: Path,
    *,
    processes: int = 1,
    force: bool = False,
    progress: Progress | None = None,
) -> Result:
    """The result of one detector on recordings; `part` and what follows as in `roc.run`.

    Raises RecordingError, BenchError, DetectorError, OutputError.
    """
    if detector_name != OWN:
        detector(detector_name)  # what is wrong with its name is told before any work
    paths = found_at(places)
    collection = [known(path) for path in paths]
    sought = [label for label in labels if any(t.label == label for k in collection for t in k.truths)]
    if not sought:
        raise BenchError(
            _("no annotation of these recordings has one of the labels {labels}: choose another interface").format(
                labels=", ".join(labels)
            )
        )
    scene = {
        "interface": interface,
        "labels": sought,
        "snrs_db": list(levels),
        "recordings": [{"name": p.name, "digest": k.digest} for p, k in zip(paths, collection, strict=True)],
    }
    purpose = {"scene": scene, "detector": detector_name, "provenance": provenance()}
    named = [(f"{number} {one.digest}", one.recording.path) for number, one in enumerate(collection)]
    with Journal(part, purpose, force=force) as journal:
        work_off(named, partial(_heard, name=detector_name), journal, processes=processes, progress=progress)
        said = [[Claim(*fields) for fields in journal.done[name]["claims"]] for name, _path in named]
    pairs = list(zip(collection, said, strict=True))
    return result_of(purpose, threshold, [_curve(label, levels, pairs, threshold) for label in sought])


def _heard(path: Path, name: str) -> dict[str, Any]:
    """What a detector claims of a recording, as JSON holds it."""
    with without_truth(open_recording(path)) as hidden:
        return {"claims": [astuple(claim) for claim in detector(name)(hidden)]}


def _curve(
    label: str, levels: Sequence[float], pairs: Sequence[tuple[Known, list[Claim]]], threshold: float | None
) -> Result:
    by_level: dict[float | None, list[dict[str, Any]]] = {}
    for one, said in pairs:
        mine = [t for t, free in zip(one.truths, one.optional, strict=True) if t.label == label and not free]
        for level in sorted({_nearest(t.snr_db, levels) for t in mine}, key=lambda at: (at is None, at)):
            group = [t for t in mine if _nearest(t.snr_db, levels) == level]
            by_level.setdefault(level, []).append({**judged(group, said), "elsewhere": [], "digest": one.digest})
    ordered = sorted(by_level, key=lambda at: (at is None, at or 0.0))
    points = [point(level, by_level[level], threshold) for level in ordered]
    whole = [
        {"scores": _false(one, said, label), "seconds": _seconds(one), "digest": one.digest}
        for one, said in pairs
        if one.complete
    ]
    absent = absence(whole, threshold, "recordings")
    for key in ("share", "interval", "windows"):  # claims, not windows, are counted here
        absent.pop(key, None)
    return {"label": label, "points": points, "absent": absent, "reaches": reaches(points), "time_bandwidth": None}


def _false(one: Known, said: Sequence[Claim], label: str) -> list[float]:
    """Scores of the claims of a label's interface that lie on no truth of it."""
    own, interface = own_claim(label), label.partition(":")[0]
    mine = [t for t in one.truths if t.label.partition(":")[0] == interface]
    used = {id(claim) for on in found_on(mine, said) for claim in on}
    free = [t for t, optional in zip(one.truths, one.optional, strict=True) if optional]
    return [
        round(claim.score, 6)
        for claim in said
        if own(claim)
        and (not claim.label or claim.label == label)
        and id(claim) not in used
        and not any(common_samples(t, claim) > 0 for t in free)
        and not _piece(claim, mine)
    ]


def _piece(claim: Claim, mine: Sequence[Truth]) -> bool:
    """Whether a claim lies within a truth of the same interface for its most part: a piece of it, not a false alarm."""
    return any(common_samples(t, claim) > 0.5 * claim.sample_count for t in mine)


def _nearest(snr_db: float, levels: Sequence[float]) -> float | None:
    """The level that is the nearest, None where the SNR is not told."""
    return None if snr_db != snr_db else min(levels, key=lambda level: abs(level - snr_db))


def _seconds(one: Known) -> float:
    return sum(segment.sample_count / segment.rate_hz for segment in one.recording.segments)
