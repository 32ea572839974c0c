"""Photographs of finds in a folder beside the store, each a JPEG named by its SHA-256."""

import hashlib
import re
from pathlib import Path

from cellwarden.document.whole import write_whole

NAME = re.compile("[0-9a-f]{64}")


def folder_of(store: Path) -> Path:
    """Where a store's photographs lie."""
    return store.with_suffix(".photographs")


def picture(folder: Path, digest: str) -> bytes | None:
    """The JPEG of that hash; None where there is none."""
    path = place(folder, digest)
    return path.read_bytes() if NAME.fullmatch(digest) and path.is_file() else None


def keep(folder: Path, jpeg: bytes) -> str:
    """Its hash; a find never points to half a picture. Raises OSError."""
    digest = hashlib.sha256(jpeg).hexdigest()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(place(folder, digest), (jpeg,))
    return digest


def place(folder: Path, digest: str) -> Path:
    """The file of a hash."""
    return folder / f"{digest}.jpg"
