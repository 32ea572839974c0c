"""From a file to all that is written about it: annotations, report, words. Memory does not grow with its length.

scan ─► emission ─┬─► Tally, Best          counts, and the few that are shown
                  ├─► Spool                each burst's annotation, a line on the disk
                  └─► Grouper ─► Spool     each train's
end:  Spool + the recording's own annotations ─► .sigmf-meta, JSON
"""

import os
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from typing import Any

from cellwarden.errors import OutputError, RecordingError
from cellwarden.language import gettext as _
from cellwarden.language import number
from cellwarden.model import Emission
from cellwarden.radio.annotations import (
    line_of,
    refuse_taken,
    segment_of,
    write_merged,
    write_pieces,
)
from cellwarden.radio.iq import aligned, swapped
from cellwarden.radio.recording import Recording, check_digest, data_digest, open_recording
from cellwarden.runtime.faults import cannot_show, sentences, too_slow
from cellwarden.runtime.garbage import seldom
from cellwarden.runtime.heard import Best, Heard, Tally
from cellwarden.runtime.learned import Learned, learn
from cellwarden.runtime.scan import scan
from cellwarden.runtime.spool import Spool
from cellwarden.signature.group import Grouper

MOST_ANNOTATIONS = 100_000
"""With more than this, bursts are merged into trains unless it is asked not to."""

Progress = Callable[[int, int], None]
"""Is told how many samples were done since the last call, and how many there are in all."""


@dataclass(frozen=True, slots=True)
class Job:
    """One recording, and what is wanted of it."""

    path: Path
    output: Path | None = None
    report: Path | None = None
    json: Path | None = None
    """Where to write what `Heard.json_pieces` says; overwritten."""
    rate_hz: float | None = None
    centre_hz: float | None = None
    datatype: str | None = None
    min_confidence: float = 0.5
    trains: bool | None = None
    """One annotation for each train instead of each burst; None: where there are more than MOST_ANNOTATIONS."""
    hashed: bool = True
    swap_iq: bool = False
    align_iq: bool = False
    only_i: bool = False
    strict: bool = False
    """Refuse a recording whose samples are not those that its metadata was written for."""
    force: bool = False
    learn: tuple[Path, ...] = ()
    """Recordings of base stations whose phones are searched below the energy floor."""


class _Collector:
    """Takes emissions as they come, and keeps of them what does not grow, or lies on the disk."""

    def __init__(self, recording: Recording, bursts: Spool | None, trains: Spool | None) -> None:
        self.recording = recording
        self.tally, self.grouper = Tally(), Grouper()
        self.best, self.best_trains = Best(), Best()
        self.spool, self.train_spool = bursts, trains
        self.trains = 0

    def add(self, emission: Emission) -> None:
        segment = segment_of(self.recording, emission)
        self.tally.add(emission, segment)
        self._told(*self.grouper.add(emission, segment))

    def close(self) -> None:
        self._told(*self.grouper.close())

    def _told(self, numbered: list[tuple[Emission, int]], over: list[Emission]) -> None:
        for emission, train in numbered:
            emission = replace(emission, details={**emission.details, "train": train})
            self.best.add(emission)
            self._keep(self.spool, emission)
        self._ended(over)

    def _ended(self, trains: list[Emission]) -> None:
        for train in trains:
            self.trains += 1
            self.best_trains.add(train)
            self._keep(self.train_spool, train)

    def _keep(self, spool: Spool | None, emission: Emission) -> None:
        if spool is not None:
            spool.add(*line_of(self.recording, emission))


def hear(job: Job, progress: Progress | None = None) -> Heard:
    """Scan a recording and write what is asked for. Outputs that may not be overwritten are refused before the work."""
    _check_places(job)
    recording = _opened(job)
    _refuse_input(job, recording)
    learned = learn(job.learn)
    with ExitStack() as stack:
        bursts, trains = _spools(job, stack)
        collector, rejected = _Collector(recording, bursts, trains), Counter[str]()
        digest = _scanned(recording, job, collector, rejected, progress, learned)
        merged, warnings = _merged(job, collector), _warnings(job, recording, digest, collector)
        wrong = sentences(recording, collector.best.in_order())
        kept = collector.best_trains if merged else collector.best
        heard = Heard(
            recording,
            kept.in_order(),
            rejected,
            digest,
            tally=collector.tally,
            trains=collector.trains,
            merged=merged,
            warnings=(*wrong.values(), *warnings),
            faults=tuple(wrong),
        )
        _write(job, heard, trains if merged else bursts)
    return heard


def _check_places(job: Job) -> None:
    """Raises OutputError, before the long work, for a place where nothing may or can be written."""
    places = [place for place in (job.output, job.report) if place is not None]
    for place in places:
        refuse_taken(place, force=job.force)
        folder = place.parent
        if not folder.is_dir():
            raise OutputError(_("{path}: there is no folder {folder}: make it first").format(path=place, folder=folder))
        if not os.access(folder, os.W_OK | os.X_OK):
            raise OutputError(
                _("{path}: the folder {folder} may not be written to: choose another one").format(
                    path=place, folder=folder
                )
            )
    if len({place.resolve() for place in places}) < len(places):
        raise OutputError(_("{path} is to be two outputs at once: give each a name").format(path=places[0]))


def _refuse_input(job: Job, recording: Recording) -> None:
    """Raises OutputError where an output would take a recording's place, `force` or not.

    One may be written over: metadata that lie in a file of their own are kept in what is written, with ours.
    """
    for place in (job.output, job.report):
        if place is None or not place.exists():
            continue
        own = place.samefile(recording.path) and not (place == job.output and recording.path != recording.data_path)
        if own or place.samefile(recording.data_path):
            raise OutputError(_("{path} is the recording itself: choose another name").format(path=place))


def _opened(job: Job) -> Recording:
    given: dict[str, Any] = {} if job.datatype is None else {"datatype": job.datatype}
    recording = open_recording(job.path, rate_hz=job.rate_hz, centre_hz=job.centre_hz, only_i=job.only_i, **given)
    recording = aligned(recording) if job.align_iq else recording
    return swapped(recording) if job.swap_iq else recording


def _spools(job: Job, stack: ExitStack) -> tuple[Spool | None, Spool | None]:
    """Where bursts and trains wait, beside the output; None for what nobody asked for."""
    place = job.output or job.json
    if place is None:
        return None, None
    bursts = stack.enter_context(Spool(place.parent)) if job.trains is not True else None
    trains = stack.enter_context(Spool(place.parent)) if job.trains is not False else None
    return bursts, trains


def _scanned(
    recording: Recording,
    job: Job,
    collector: _Collector,
    rejected: Counter[str],
    progress: Progress | None,
    learned: tuple[Learned, ...],
) -> str | None:
    """Feed all emissions to the collector; the hash of the samples is computed beside it."""
    told = None if progress is None else lambda samples: progress(samples, recording.sample_count)
    stop = Event()
    with seldom(), ThreadPoolExecutor(1) as other_core:
        digest = other_core.submit(data_digest, recording, stop.is_set) if job.hashed else None
        try:
            for emission in scan(
                recording, min_confidence=job.min_confidence, rejected=rejected, progress=told, learned=learned
            ):
                collector.add(emission)
            collector.close()
            return digest.result() if digest else None
        finally:
            stop.set()  # whoever breaks off need not wait for the hash of a long file


def _merged(job: Job, collector: _Collector) -> bool:
    many = collector.tally.kinds.total() > MOST_ANNOTATIONS
    return many if job.trains is None else job.trains


def _warnings(job: Job, recording: Recording, digest: str | None, collector: _Collector) -> tuple[str, ...]:
    """What a person should know. Raises RecordingError where `strict` makes it an error."""
    warnings = []
    mismatch = check_digest(recording, digest) if digest is not None else None
    if mismatch is not None:
        if job.strict:
            raise RecordingError(mismatch)
        warnings.append(mismatch)
    if job.trains is None and _merged(job, collector):
        warnings.append(
            _("{path}: {count} bursts were merged into {trains} trains: give --no-trains to keep each").format(
                path=recording.path,
                count=number(collector.tally.kinds.total()),
                trains=number(collector.trains),
            )
        )
    missing = [interface for interface in cannot_show(recording.rate_hz) if interface.is_phone]
    if missing and not collector.tally.phones:
        told = too_slow(recording.rate_hz, missing)
        warnings.append(_("{path}: {what}").format(path=recording.path, what=told))
    return tuple(warnings)


def _write(job: Job, heard: Heard, spool: Spool | None) -> None:
    if job.output is not None and spool is not None:
        write_merged(heard.recording, spool, job.output, sha512=heard.sha512, force=job.force, faults=heard.faults)
    if job.json is not None and spool is not None:
        write_pieces(job.json, heard.json_pieces(spool), force=True)
    if job.report is not None:
        from cellwarden.runtime.report import write_report

        write_report(heard, job.report, force=job.force)
