"""From a file to all that is written about it: annotations, report, words."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cellwarden.airinterface import is_phone
from cellwarden.language import gettext as _
from cellwarden.model import Emission
from cellwarden.radio.bands import channels_at
from cellwarden.radio.recording import (
    Recording,
    annotation,
    data_digest,
    open_recording,
    refuse_existing,
    segment_of,
    write_annotated,
)
from cellwarden.runtime.scan import scan


@dataclass(frozen=True, slots=True)
class Job:
    """One recording, and what is wanted of it."""

    path: Path
    output: Path | None
    report: Path | None
    rate_hz: float | None = None
    centre_hz: float | None = None
    min_confidence: float = 0.5
    hashed: bool = True
    force: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """What was found in a recording."""

    recording: Recording
    emissions: tuple[Emission, ...]
    rejected: Counter[str]
    sha512: str | None

    @property
    def total(self) -> int:
        """How many emissions were found."""
        return len(self.emissions)

    @property
    def phones(self) -> int:
        """How many of them a phone sent."""
        return sum(is_phone(emission) for emission in self.emissions)

    def verdict(self) -> str:
        """One sentence for somebody in a hurry."""
        calls = self.phones
        others = self.total - calls
        if calls:
            return _("A phone spoke: {calls} GSM bursts of a phone; {others} other emissions").format(
                calls=calls, others=others
            )
        return _("No phone was recognised; {others} other emissions").format(others=others)

    def rows(self, most: int) -> list[tuple[str, ...]]:
        """Cells of the table: time, frequency, channel, interface, kind, SNR, CFO, confidence."""
        return [self._row(emission) for emission in self.emissions[:most]]

    def _row(self, e: Emission) -> tuple[str, ...]:
        segment = segment_of(self.recording, e)
        centre = segment.centre_hz or 0.0
        middle = centre + (e.low_offset_hz + e.high_offset_hz) / 2
        channels = channels_at(middle) if is_phone(e) and segment.centre_hz is not None else ()
        interface, _colon, kind = e.label.partition(":")
        return (
            f"{e.sample_start / segment.rate_hz * 1e3:.3f} ms",
            f"{middle / 1e6:.4f} MHz",
            ", ".join(f"ARFCN {channel.arfcn}" for channel in channels),
            interface,
            kind,
            f"{e.snr_db:.1f} dB",
            "" if e.cfo_hz is None else f"{e.cfo_hz:+.0f} Hz",
            f"{e.confidence:.3f}",
        )

    def as_json(self) -> dict[str, Any]:
        """All that was found, for machines."""
        return {
            "recording": str(self.recording.path),
            "samples": self.recording.sample_count,
            "sha512": self.sha512,
            "rejected": dict(self.rejected),
            "annotations": [annotation(e, segment_of(self.recording, e)) for e in self.emissions],
        }


def hear(job: Job, *, progress: bool = False) -> Heard:
    """Scan a recording and write what is asked for. Outputs that may not be overwritten are refused before the work."""
    for place in (job.output, job.report):
        if place is not None and not job.force:
            refuse_existing(place)
    recording = open_recording(job.path, rate_hz=job.rate_hz, centre_hz=job.centre_hz)
    rejected: Counter[str] = Counter()
    with ThreadPoolExecutor(1) as other_core, _bar(recording.sample_count) if progress else nullcontext() as advance:
        digest = other_core.submit(data_digest, recording) if job.hashed else None
        emissions = tuple(scan(recording, min_confidence=job.min_confidence, rejected=rejected, progress=advance))
        heard = Heard(recording, emissions, rejected, digest.result() if digest else None)
    if job.output is not None:
        write_annotated(recording, emissions, job.output, sha512=heard.sha512, force=job.force)
    if job.report is not None:
        from cellwarden.runtime.report import write_report

        write_report(heard, job.report, force=job.force)
    return heard


class _bar:
    """Progress on standard error: samples a second and the time left."""

    def __init__(self, samples: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (BarColumn(), TextColumn("{task.fields[rate]}"), TimeRemainingColumn())
        self.progress = Progress(*columns, console=Console(stderr=True))
        self.task = self.progress.add_task("", total=samples, rate="")

    def __enter__(self) -> Any:
        self.progress.start()
        return self._advance

    def _advance(self, samples: int) -> None:
        self.progress.advance(self.task, samples)
        speed = self.progress.tasks[0].speed
        self.progress.update(self.task, rate=f"{(speed or 0) / 1e6:.1f} MS/s")

    def __exit__(self, *_error: object) -> None:
        self.progress.stop()
