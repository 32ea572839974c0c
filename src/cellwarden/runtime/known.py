"""The gallery of a site while it is watched: who is it that was heard, and whom one had not met is remembered.

    session ─► index of its family ─► Identified        the file is read anew when somebody changed it
    alert of a phone that is `new` ─► enrolled ─► file
    names that nothing kept tells of ─► gone from the file

A file that is damaged meanwhile is refused, and told; the last good one stays in force.
"""

from collections.abc import Callable, Container, Sequence
from pathlib import Path

from cellwarden.errors import CellwardenError
from cellwarden.model import Emitter, Identified, Session
from cellwarden.signature.comparators import comparator
from cellwarden.signature.emitters import enrolled
from cellwarden.signature.gallery import Index, identify, index
from cellwarden.signature.gallery_file import load, save


class Known:
    """The emitters of a file. Used by one thread."""

    def __init__(self, path: Path, complain: Callable[[str], None]) -> None:
        """Raises GalleryError where a file is there and damaged; one that is not there yet is empty."""
        self._path, self._complain = path, complain
        self._emitters: tuple[Emitter, ...] = load(path) if path.exists() else ()
        self._indices: dict[str, Index] = {}
        self._read_ns = self._changed_ns()

    def who(self, session: Session) -> Identified | None:
        """The verdict on a session; None where no comparator was made for its family."""
        self._refresh()
        if (one := comparator(session.family)) is None:
            return None
        if session.family not in self._indices:
            self._indices[session.family] = index(one, self._emitters)
        return identify(self._indices[session.family], session)

    def enrol(self, sessions: Sequence[Session]) -> str:
        """Remember a phone that is not known; returns its name, empty where it could not be written."""
        self._refresh()
        emitters, fresh = enrolled(self._emitters, sessions)
        try:
            save(self._path, emitters)
        except CellwardenError as error:
            self._complain(str(error))
            return ""
        self._take(emitters)
        return fresh.name

    def forget(self, names: Container[str]) -> list[str]:
        """Drop emitters of which nobody saw the phone; returns whom, none where it could not be written.

        The newest stays, so that its name is not given twice.
        """
        self._refresh()
        gone = [one.name for one in self._emitters[:-1] if one.name in names and not one.model]
        if not gone:
            return []
        left = tuple(one for one in self._emitters if one.name not in gone)
        try:
            save(self._path, left)
        except CellwardenError as error:
            self._complain(str(error))
            return []
        self._take(left)
        return gone

    def _refresh(self) -> None:
        """Look whether somebody changed the file."""
        if (changed_ns := self._changed_ns()) == self._read_ns:
            return
        try:
            self._take(load(self._path) if self._path.exists() else ())
        except CellwardenError as error:
            self._read_ns = changed_ns
            self._complain(str(error))

    def _take(self, emitters: tuple[Emitter, ...]) -> None:
        self._emitters, self._read_ns = emitters, self._changed_ns()
        self._indices.clear()

    def _changed_ns(self) -> int:
        return self._path.stat().st_mtime_ns if self._path.exists() else 0
