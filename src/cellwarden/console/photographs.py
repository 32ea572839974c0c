"""Photographs of finds: decoded and written anew, so that nothing but a picture is kept, named by their SHA-256."""

import hashlib
import io
import os
import re
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from cellwarden.errors import StoreError
from cellwarden.language import gettext as _

MOST = 4
LARGEST_PX = 2400
"""On the longer side."""
MOST_PIXELS = 60_000_000
"""Of what is decoded: a small file can claim to be a vast picture."""
NAME = re.compile("[0-9a-f]{64}")


def kept(folder: Path, pictures: Sequence[bytes]) -> tuple[str, ...]:
    """Keep pictures; their hashes. Raises StoreError where one cannot be read, or cannot be kept."""
    if len(pictures) > MOST:
        raise StoreError(_("{count} photographs at most: leave some out").format(count=MOST))
    return tuple(_kept(folder, _anew(picture)) for picture in pictures)


def picture(folder: Path, digest: str) -> bytes | None:
    """The JPEG of that hash; None where there is none."""
    path = folder / f"{digest}.jpg"
    return path.read_bytes() if NAME.fullmatch(digest) and path.is_file() else None


def _anew(given: bytes) -> bytes:
    """As JPEG, upright, without what the camera wrote beside the picture (its place, its owner)."""
    try:
        with Image.open(io.BytesIO(given), formats=("JPEG", "PNG")) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise StoreError(_("this photograph is too large: take a smaller one"))
            upright = ImageOps.exif_transpose(opened).convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise StoreError(_("this photograph cannot be read: give a JPEG or a PNG")) from error
    upright.thumbnail((LARGEST_PX, LARGEST_PX))
    out = io.BytesIO()
    upright.save(out, "JPEG", quality=88)
    return out.getvalue()


def _kept(folder: Path, made: bytes) -> str:
    """Written under another name first and onto the disk: a find never points to half a picture."""
    digest = hashlib.sha256(made).hexdigest()
    path = folder / f"{digest}.jpg"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = folder / f".{digest}.{os.getpid()}"
        with draft.open("wb") as file:
            file.write(made)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise StoreError(
            _("{path} cannot be written: {why}: make room").format(path=path, why=error.strerror)
        ) from error
    return digest
