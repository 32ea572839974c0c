"""Lines that wait on the disk for the end of the scan, sorted by the sample they belong to.

A long recording holds more annotations than memory. They are collected in a batch, sorted, and appended to one unnamed
temporary file as a run:

    run 0: 12 40 41 97 …   run 1: 55 60 130 …   run 2: …        read back: heapq.merge(run 0, run 1, run 2, …)

A batch that begins where the last one ended prolongs its run, so that what comes in order is one run however long.
"""

import heapq
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO

from cellwarden.errors import OutputError
from cellwarden.radio.annotations import unwritable

BATCH = 10_000
"""Lines held in memory: some five megabytes."""


class Spool:
    """Sorted lines on disk. Raises OutputError where the disk is full; its file has no name and vanishes by itself."""

    def __init__(self, folder: Path | None = None, *, batch: int = BATCH) -> None:
        """`folder` is where the temporary file lies (None: where the system has such files)."""
        self._folder, self._batch = folder, batch
        self._waiting: list[tuple[int, str]] = []
        self._runs: list[list[int]] = []
        """Begin and end in bytes of each run, and the last sample in it."""
        self.count = 0
        try:
            self._file: IO[bytes] = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 – closed by __exit__
        except OSError as error:
            raise OutputError(unwritable(folder or Path(tempfile.gettempdir()), error)) from error

    def __enter__(self) -> "Spool":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with suppress(OSError):  # what a full disk would not take is not wanted any more
            self._file.close()

    def add(self, sample: int, line: str) -> None:
        """Keep a line (without line feeds) that belongs to a sample."""
        self.count += 1
        self._waiting.append((sample, line))
        if len(self._waiting) >= self._batch:
            self._flush()

    def _flush(self) -> None:
        if not self._waiting:
            return
        self._waiting.sort(key=lambda item: item[0])
        text = "".join(f"{sample}\t{line}\n" for sample, line in self._waiting).encode("utf-8", "backslashreplace")
        end = self._runs[-1][1] if self._runs else 0
        try:
            self._file.seek(end)
            self._file.write(text)
            self._file.flush()
        except OSError as error:
            raise OutputError(unwritable(self._folder or Path(tempfile.gettempdir()), error)) from error
        if self._runs and self._waiting[0][0] >= self._runs[-1][2]:
            self._runs[-1][1:] = [end + len(text), self._waiting[-1][0]]
        else:
            self._runs.append([end, end + len(text), self._waiting[-1][0]])
        self._waiting.clear()

    def __iter__(self) -> Iterator[tuple[int, str]]:
        """All lines, (sample, line) in the order of their samples; may be asked for again."""
        self._flush()
        return heapq.merge(*(self._run(begin, end) for begin, end, _last in self._runs), key=lambda item: item[0])

    def _run(self, begin: int, end: int) -> Iterator[tuple[int, str]]:
        place, rest = begin, b""
        size = max(1 << 12, (1 << 22) // len(self._runs))  # all runs together hold four megabytes
        while place < end:
            self._file.seek(place)
            data = self._file.read(min(size, end - place))
            place += len(data)
            *whole, rest = (rest + data).split(b"\n")
            for line in whole:
                sample, _tab, text = line.decode("utf-8").partition("\t")
                yield int(sample), text
