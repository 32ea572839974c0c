"""Files that are there as a whole or not at all."""

import os
from collections.abc import Iterable
from pathlib import Path


def write_whole(place: Path, pieces: Iterable[bytes]) -> None:
    """Under another name first and onto the disk: who reads meanwhile, or after a crash, finds the old one whole.

    Raises OSError; nothing is left then but what was there.
    """
    draft = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        with draft.open("wb") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(place)
    finally:
        draft.unlink(missing_ok=True)  # where it was renamed there is nothing left to remove
