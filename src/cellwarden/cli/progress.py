"""Progress on standard error: a line for each file at work, its samples a second and the time left, and one for all."""

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from cellwarden.language import gettext as _

MOST_LINES = 12
"""With more files than this, those that are done make room."""


class Bars:
    """Lines of progress for some recordings."""

    def __init__(self, recordings: Sequence[Path]) -> None:
        self._names = [path.name for path in recordings]
        self._lines: dict[int, TaskID] = {}
        self._parts: dict[int, float] = {}
        """How much of each recording is done, from 0 to 1."""
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
        )
        self._progress = Progress(*columns, console=Console(stderr=True))
        self._all = self._progress.add_task(_("all files"), total=len(recordings), rate="", visible=len(recordings) > 1)

    def __enter__(self) -> "Bars":
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._progress.stop()

    def told(self, number: int, samples: int, total: int) -> None:
        """So many more samples of a recording are done, of so many in all."""
        if number not in self._lines:
            self._lines[number] = self._progress.add_task(self._names[number], total=total, rate="")
        line = self._lines[number]
        self._progress.advance(line, samples)
        self._parts[number] = min(1.0, self._parts.get(number, 0.0) + samples / total)
        self._progress.update(self._all, completed=sum(self._parts.values()))
        speed = next(task.speed for task in self._progress.tasks if task.id == line)
        self._progress.update(line, rate=f"{speed / 1e6:.1f} MS/s" if speed else "")

    def ended(self, number: int) -> None:
        """A recording is done, or failed."""
        if number in self._lines and len(self._names) > MOST_LINES:
            self._progress.update(self._lines[number], visible=False)
        self._parts[number] = 1.0
        self._progress.update(self._all, completed=sum(self._parts.values()))


class Steps:
    """One line for work that is done in steps."""

    def __init__(self, name: str) -> None:
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.completed:g}/{task.total:g}"),
            TimeElapsedColumn(),  # goes on where a step takes a minute
            TimeRemainingColumn(),
        )
        self._progress = Progress(*columns, console=Console(stderr=True))
        self._line = self._progress.add_task(name, total=1)

    def __enter__(self) -> "Steps":
        self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._progress.stop()

    def told(self, done: int, total: int) -> None:
        """So many of so many are done."""
        self._progress.update(self._line, completed=done, total=total)
