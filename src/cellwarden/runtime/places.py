"""Where the outputs of several recordings go."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from cellwarden.errors import OutputError
from cellwarden.language import gettext as _
from cellwarden.radio.annotations import unwritable

INDEX = "index"


def names(recordings: Iterable[Path]) -> list[str]:
    """A name without ending for each recording, none twice, also where the file system does not tell A from a.

    It is the recording's own; where two share it, their folders' names stand before it, and at last a number after it.
    """
    paths = list(recordings)
    shared = Counter(path.stem.casefold() for path in paths)
    wanted = [
        f"{path.absolute().parent.name}-{path.stem}" if shared[path.stem.casefold()] > 1 else path.stem
        for path in paths
    ]
    taken = {INDEX} | {name.casefold() for name, count in Counter(wanted).items() if count == 1}
    seen: Counter[str] = Counter(name.casefold() for name in wanted)
    made = []
    for name in wanted:
        if seen[name.casefold()] > 1 or name.casefold() == INDEX:
            plain, digit = name, 2 if name.casefold() == INDEX else 1
            while name.casefold() in taken or name == plain:
                name, digit = f"{plain}-{digit}", digit + 1
            taken.add(name.casefold())
        made.append(name)
    return made


def place_one(asked: Path | None, recording: Path, ending: str) -> Path | None:
    """The file asked for; where that is a folder, the recording's name in it."""
    return asked / (recording.stem + ending) if asked is not None and asked.is_dir() else asked


def places(asked: Path | None, recordings: list[Path], ending: str) -> list[Path | None]:
    """A file for each of several recordings in the folder asked for, which is made. Raises OutputError."""
    if asked is None:
        return [None] * len(recordings)
    if asked.exists() and not asked.is_dir():
        raise OutputError(_("{path} is a file: several recordings need a folder").format(path=asked))
    try:
        asked.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(unwritable(asked, error)) from error
    return [asked / (name + ending) for name in names(recordings)]
