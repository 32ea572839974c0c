"""What one process alone may have: an advisory lock of the system, which goes with the process, however that ends.

    a folder ─► the folder itself is locked        a file ─► an empty file beside it, whose name ends in ENDING

Where the system knows no such locks, as on some network drives, there is none.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cellwarden.errors import InUseError, OutputError
from cellwarden.language import gettext as _
from cellwarden.radio.annotations import unwritable

ENDING = "-lock"


@contextmanager
def alone(place: Path) -> Iterator[None]:
    """Within this no other process has the file or folder. Raises InUseError where one does, OutputError."""
    folder = place.is_dir()
    lock = place if folder else place.with_name(place.name + ENDING)
    try:
        held = os.open(lock, os.O_RDONLY if folder else os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise OutputError(unwritable(lock, error)) from error
    try:
        with suppress(OSError):
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise InUseError(_("{path} is in use: stop what uses it first").format(path=place)) from error
        yield
    finally:
        os.close(held)
