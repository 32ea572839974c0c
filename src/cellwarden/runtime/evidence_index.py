"""The index of a folder of evidence: what was kept, what was removed and why, a file for each run, only added to.

    index-20261126T051500Z-4711.jsonl
      {"number": 1, "body": {"what": "begun", …}, "digest": …}
      {"number": 2, "body": {"what": "kept", "file": …, "sha256": …, "bytes": …}, "digest": …}
      {"number": 3, "body": {"what": "removed", "file": …, "why": "room"}, "digest": …}
      {"number": 4, "body": {"what": "ended"}, "digest": …}

Each line holds the digest of the one before (`ledger.chain`). A run that was killed has no last word, at most half a
line, and at most a file that no line tells of yet: the next run takes such files in, and says so.

The chain shows what was changed by somebody who did not write it anew from there on. Who wants to be sure of that too
notes the digest of the last line elsewhere: `verify` prints it.
"""

import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cellwarden import __version__
from cellwarden.errors import EvidenceError, OutputError
from cellwarden.language import gettext as _
from cellwarden.language import reason_of
from cellwarden.ledger.canonical import canonical
from cellwarden.ledger.chain import BEGINNING, Head, Line, appended
from cellwarden.radio.annotations import unwritable

PREFIX, SUFFIX = "index-", ".jsonl"
ENDINGS = (".sigmf-data", ".sigmf-meta", ".age")
"""Of what an index speaks of; other files are none of its business."""


class Index:
    """The index of one run, open for adding. Each line is on the disk before `add` returns."""

    def __init__(self, folder: Path, **told: str) -> None:
        """`told` stands in the first line: a mandate's reference, its expiry and key. Raises OutputError."""
        self.folder, self._head = folder, BEGINNING
        orphans = _orphans(folder)
        when = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        self.place = folder / f"{PREFIX}{when}-{os.getpid()}{SUFFIX}"
        try:
            self._file = self.place.open("xb")
        except OSError as error:
            raise OutputError(unwritable(self.place, error)) from error
        self._add("begun", software=f"cellwarden {__version__}", user=_user(), **told)
        for path in orphans:
            self._add("taken in", **_described(path))

    def kept(self, *paths: Path) -> None:
        """Files were written; all of them are told of, or none. Raises OutputError."""
        self._write(*(("kept", _described(path)) for path in paths))

    def removed(self, path: Path, why: str) -> None:
        """A file was removed. Raises OutputError."""
        self._add("removed", file=path.name, why=why)

    def noted(self, what: str, **told: str | int) -> None:
        """Something that concerns no file, as that a mandate has expired. Raises OutputError."""
        self._add(what, **told)

    def close(self) -> None:
        """The last word. Raises OutputError."""
        if not self._file.closed:
            self._add("ended")
            self._file.close()

    def _add(self, what: str, **told: str | int) -> None:
        self._write((what, told))

    def _write(self, *several: tuple[str, dict[str, str | int]]) -> None:
        head, text = self._head, b""
        for what, told in several:
            line = appended(head, {"what": what, "time_ns": time.time_ns(), **told})
            one = {"number": line.number, "body": line.body, "digest": line.digest}
            text += json.dumps(one, ensure_ascii=False).encode() + b"\n"
            head = Head(line.number, line.digest)
        before = self._file.tell()
        try:
            self._file.write(text)
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:  # half a line would break the chain, were another one added to it
            self._cut(before)
            raise OutputError(unwritable(self.place, error)) from error
        self._head = head

    def _cut(self, size: int) -> None:
        """Leave nothing of a line that did not reach the disk, in the file or waiting for it."""
        with suppress(OSError):
            self._file.close()
        os.truncate(self.place, size)
        self._file = self.place.open("ab")


@dataclass(slots=True)
class Verdict:
    """What became of a folder's evidence."""

    sound: int = 0
    """Files that are as they were written."""
    removed: int = 0
    taken_in: int = 0
    """Files of a run that was killed before it could tell of them."""
    altered: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unlisted: list[str] = field(default_factory=list)
    """Files that no line tells of."""
    broken: dict[str, int] = field(default_factory=dict)
    """Indexes by the first line that is not as it was written."""
    open: list[str] = field(default_factory=list)
    """Indexes without a last word: their runs go on, or were killed."""
    heads: dict[str, Head] = field(default_factory=dict)
    """Where each index ends."""

    @property
    def good(self) -> bool:
        """Whether nothing is wrong; a run that was killed is no fault of the evidence."""
        return not (self.altered or self.missing or self.unlisted or self.broken)


def verify(folder: Path) -> Verdict:
    """Compare a folder with its indexes. Raises EvidenceError where it has none, or cannot be read."""
    places = indexes(folder)
    if not places:
        raise EvidenceError(
            _("{path} holds no index: name the folder that --evidence or --record wrote").format(path=folder)
        )
    verdict = Verdict()
    due: dict[str, dict[str, Any]] = {}
    for place in places:
        _follow(place, verdict, due)
    for name, told in sorted(due.items()):
        path = folder / name
        if not path.is_file():
            verdict.missing.append(name)
        elif _described(path) != told:
            verdict.altered.append(name)
        else:
            verdict.sound += 1
    verdict.unlisted = [path.name for path in _evidence(folder) if path.name not in due]
    return verdict


def indexes(folder: Path) -> list[Path]:
    """A folder's indexes, the oldest first."""
    return sorted(folder.glob(f"{PREFIX}*{SUFFIX}")) if folder.is_dir() else []


def _follow(place: Path, verdict: Verdict, due: dict[str, dict[str, Any]]) -> None:
    """Read one index along its chain: which files are due is known as far as it is whole."""
    head, ended = BEGINNING, False
    for line in _lines(place):
        if line is None or (line.number, line.digest) != tuple(appended(head, line.body))[::2]:
            verdict.broken[place.name] = head.number + 1
            break
        head, ended = Head(line.number, line.digest), line.body["what"] == "ended"
        name = str(line.body.get("file"))
        if line.body["what"] in ("kept", "taken in"):
            verdict.taken_in += line.body["what"] == "taken in"
            due[name] = {key: line.body[key] for key in ("file", "sha256", "bytes")}
        elif line.body["what"] == "removed":
            verdict.removed += 1
            due.pop(name, None)
    if not ended and place.name not in verdict.broken:
        verdict.open.append(place.name)
    verdict.heads[place.name] = head


def _lines(place: Path) -> Iterator[Line | None]:
    """The lines of an index, None for one that is none. Half a line at the end is what a killed run leaves."""
    try:
        with place.open("rb") as file:
            for text in file:
                if not text.endswith(b"\n"):
                    return
                yield _line(text)
    except OSError as error:
        raise EvidenceError(_("{path} cannot be read: {why}").format(path=place, why=reason_of(error))) from error


def _line(text: bytes) -> Line | None:
    try:
        told = json.loads(text)
        body = told["body"]
        if not isinstance(body["what"], str):
            return None
        canonical(body)
        due = {"file", "sha256", "bytes"} if body["what"] in ("kept", "taken in") else set()
        inside = Path(str(body.get("file", ""))).name == body.get("file", "")
        return Line(told["number"], body, told["digest"]) if due <= set(body) and inside else None
    except (ValueError, KeyError, TypeError):
        return None


def _orphans(folder: Path) -> list[Path]:
    """Files that no index tells of, where the last run was killed; elsewhere somebody else put them there.

    Those of runs that were killed before were taken in by the run behind each.
    """
    due: dict[str, dict[str, Any]] = {}
    verdict = Verdict()
    places = indexes(folder)
    for place in places:
        _follow(place, verdict, due)
    killed = bool(places) and places[-1].name in verdict.open
    return [path for path in _evidence(folder) if path.name not in due] if killed else []


def _evidence(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix in ENDINGS and not path.name.startswith("."))


def _described(path: Path) -> dict[str, str | int]:
    """Name, digest and size of a file. Raises EvidenceError."""
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            return {"file": path.name, "sha256": digest, "bytes": file.tell()}
    except OSError as error:
        raise EvidenceError(_("{path} cannot be read: {why}").format(path=path, why=reason_of(error))) from error


def _user(environment: Mapping[str, str] = os.environ) -> str:
    """Who runs this, as the system says; nothing where it does not know."""
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError):
        return environment.get("USERNAME", "")
