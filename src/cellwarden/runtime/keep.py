"""What a listener keeps: snippets of what was heard, and whole samples under a mandate.

A disk that is full must not make it deaf: where something cannot be kept that is told, now and then, and it listens on.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType

from cellwarden.errors import OutputError
from cellwarden.language import gettext as _
from cellwarden.model import Block
from cellwarden.radio.annotations import unwritable
from cellwarden.runtime.alone import alone
from cellwarden.runtime.evidence import MOST_BURSTS, Cut, Cutter, Shelf
from cellwarden.runtime.evidence_index import Index
from cellwarden.runtime.listen import Event
from cellwarden.runtime.mandate import Mandate
from cellwarden.runtime.record import Recorder
from cellwarden.runtime.snippet import Snippet

AGAIN_S = 60.0
"""Between two words of a disk that is still full, and two looks for what is too old."""


class Keeper:
    """A context within which things are kept; leaving it writes the last ones. Without folders nothing is."""

    def __init__(
        self,
        evidence: Path | None,
        most_bytes: float,
        most_age_s: float,
        record: Path | None,
        mandate: Mandate | None,
        complain: Callable[[str], None],
    ) -> None:
        """Raises OutputError where a folder cannot be used, InUseError where another process keeps things in it."""
        self._complain, self._told_s, self._expiry_told = complain, -AGAIN_S, False
        self._tidied_s = -AGAIN_S
        self._indexes: list[Index] = []
        self._held = ExitStack()
        for folder in {one.resolve() for one in (evidence, record) if one is not None}:
            self._held.enter_context(alone(_made(folder)))
        self._shelf = self._recorder = None
        self._cutter = Cutter(MOST_BURSTS)
        if evidence is not None:
            self._shelf = Shelf(evidence, most_bytes, self._index(evidence), most_age_s)
        if record is not None and mandate is not None:
            told = {"reference": mandate.reference, "expires_ns": str(mandate.expires_ns), "key": mandate.key}
            self._recorder = Recorder(record, mandate, self._index(record, **told))

    def passing(self, blocks: Iterable[Block]) -> Iterator[Block]:
        """The same blocks."""
        return self._recorded(blocks if self._shelf is None else self._cutter.passing(blocks))

    def event(self, event: Event) -> None:
        """Keep what may be kept of what was heard."""
        if self._shelf is not None:
            self._keep(self._cutter.event(event))

    def put(self, snippets: Sequence[Snippet], tail: str) -> None:
        """Keep snippets that were cut elsewhere; their name ends in `tail`."""
        if self._shelf is not None:
            with self._listening_on():
                self._shelf.put(snippets, tail)

    def tidy(self) -> None:
        """Remove what is too old, also where nothing new comes."""
        if self._shelf is not None:
            with self._listening_on():
                self._shelf.make_room()

    def _keep(self, whole: Iterable[Cut]) -> None:
        for one in whole:
            self.put(one.snippets, str(one.train))

    def __enter__(self) -> "Keeper":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._held:
            self._keep(self._cutter.close())
            self._close()

    def _close(self) -> None:
        for last in (self._recorder, *self._indexes):
            if last is not None:
                with self._listening_on():
                    last.close()

    def _index(self, folder: Path, **told: str) -> Index:
        self._indexes.append(Index(folder, **told))
        return self._indexes[-1]

    def _recorded(self, blocks: Iterable[Block]) -> Iterator[Block]:
        for block in blocks:
            if time.monotonic() >= self._tidied_s + AGAIN_S:
                self._tidied_s = time.monotonic()
                self.tidy()
            if self._recorder is not None:
                with self._listening_on():
                    self._recorder.add(block)
                if self._recorder.ended and not self._expiry_told:
                    self._expiry_told = True
                    self._complain(_("the mandate has expired: whole samples are no longer recorded"))
            yield block

    @contextmanager
    def _listening_on(self) -> Iterator[None]:
        try:
            yield
        except OutputError as error:
            if time.monotonic() >= self._told_s + AGAIN_S:
                self._told_s = time.monotonic()
                self._complain(str(error))


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(unwritable(folder, error)) from error
    return folder
