"""The audit log of a store that may not be written: lines in a file beside it, chained as those of the log within.

A line of the file is a line of the log, as JSON; each is on the disk before what it tells of is shown. A line that a
power cut tore was never acknowledged, and gives way to the next one. Who keeps such a file is alone with it.
"""

import fcntl
import json
import os
import threading
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from cellwarden.errors import StoreError, StoreFullError
from cellwarden.language import gettext as _
from cellwarden.language import reason_of
from cellwarden.ledger.chain import BEGINNING, Head, Line, first_broken
from cellwarden.model.store import AuditLine
from cellwarden.store.audit import body, chained

ENDING = "-views"
"""What the file is called, behind the store's name."""


class Beside:
    """The log of one file, which goes on where it ended."""

    def __init__(self, store: Path) -> None:
        """Raises StoreError where the file is another's or not as it was written, StoreFullError for no file."""
        self.path = store.with_name(store.name + ENDING)
        self._turn = threading.Lock()
        try:
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(self._file, self.path.read_bytes().rfind(b"\n") + 1)
            lines = self.lines()
            self._head = head_of(lines)
            if broken(lines, self._head) is not None:
                raise self._altered()
        except BlockingIOError as error:
            self.close()
            raise StoreError(_("{path} is in use: stop what uses it first").format(path=self.path)) from error
        except BaseException:
            self.close()
            raise

    def append(self, who: str, action: str, what: str, why: str, now_ns: int) -> AuditLine:
        """Keep a line; it is on the disk when this returns. Raises StoreFullError where it cannot be."""
        with self._turn:
            line, kept = chained(self._head, now_ns, who, action, what, why), os.fstat(self._file).st_size
            words = json.dumps(asdict(line), ensure_ascii=False).encode() + b"\n"
            try:
                if os.write(self._file, words) < len(words):
                    raise OSError(28, os.strerror(28))
                os.fsync(self._file)
            except OSError as error:
                with suppress(OSError):
                    os.ftruncate(self._file, kept)
                raise self._unwritable(error) from error
            self._head = Head(line.number, line.digest)
            return line

    def lines(self) -> list[AuditLine]:
        """All as they stand in the file now, the oldest first. Raises StoreError where one cannot be read."""
        try:
            return read(self.path)
        except (OSError, ValueError) as error:
            raise self._altered() from error

    def checked(self) -> tuple[list[AuditLine], int | None]:
        """All lines, and the number of the first that is not as it was written; None where all are."""
        with self._turn:
            lines = self.lines()
            return lines, broken(lines, self._head)

    def close(self) -> None:
        """Leave it to others."""
        os.close(self._file)

    def _altered(self) -> StoreError:
        return StoreError(_("{path} is not as it was written: put it elsewhere, ask who").format(path=self.path))

    def _unwritable(self, error: OSError) -> StoreFullError:
        return StoreFullError(
            _("{path} cannot be written: {why}: make room; what was kept before is safe").format(
                path=self.path, why=reason_of(error)
            )
        )


def read(path: Path) -> list[AuditLine]:
    """The lines of such a file, the oldest first. Raises ValueError for what is none, OSError."""
    try:
        return [AuditLine(**json.loads(line)) for line in path.read_bytes().split(b"\n") if line]
    except TypeError as error:
        raise ValueError(str(error)) from error


def head_of(lines: list[AuditLine]) -> Head:
    """Where they end."""
    return Head(lines[-1].number, lines[-1].digest) if lines else BEGINNING


def broken(lines: list[AuditLine], head: Head) -> int | None:
    """The number of the first that is not as it was written, or is missing; None where all are there."""
    return first_broken((Line(one.number, body(one), one.digest) for one in lines), head)
