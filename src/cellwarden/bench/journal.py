"""What a run has done so far: a file beside its output, a line for each unit, so that nothing is lost.

OUT.json.part     {"for": what is measured and by which code}
                  {"unit": "gsm:normal 3 present 0 50", …}
                  …                                              a line that was broken off is not read
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from cellwarden.errors import BenchError, OutputError
from cellwarden.language import gettext as _
from cellwarden.radio.annotations import unwritable


class Journal:
    """Results by unit, each on the disk before `keep` returns."""

    def __init__(self, path: Path, purpose: Mapping[str, Any], *, force: bool = False) -> None:
        """Open a journal, or go on with one that has the same purpose. Raises BenchError where it has another."""
        self.path = path
        self.done: dict[str, dict[str, Any]] = {}
        head = json.dumps({"for": purpose}, sort_keys=True)
        try:
            lines = path.read_text(encoding="utf-8", errors="replace").split("\n") if path.exists() else []
            same = bool(lines) and lines[0] == head
            if lines and lines[0] and not same and not force:
                raise BenchError(
                    _(
                        "{path} is an unfinished run with other settings or another version: finish that one, choose"
                        " another output, or give --force to begin anew"
                    ).format(path=path)
                )
            self._file = path.open("a" if same else "w", encoding="utf-8")
            if not same:
                self._write(head)
            elif lines[-1]:
                self._write("")  # ends a line that was broken off
        except OSError as error:
            raise OutputError(unwritable(path, error)) from error
        if same:
            self.done = {result["unit"]: result for result in _whole(lines[1:])}

    def keep(self, result: dict[str, Any]) -> None:
        """Add a unit's result."""
        try:
            self._write(json.dumps(result))
        except OSError as error:
            raise OutputError(unwritable(self.path, error)) from error
        self.done[result["unit"]] = result

    def _write(self, line: str) -> None:
        self._file.write(line + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def remove(self) -> None:
        """The run is done and its result written."""
        self._file.close()
        self.path.unlink(missing_ok=True)

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()


def _whole(lines: list[str]) -> list[dict[str, Any]]:
    found = []
    for line in lines:
        try:
            result = json.loads(line)
        except ValueError:
            continue
        if isinstance(result, dict) and isinstance(result.get("unit"), str):
            found.append(result)
    return found
