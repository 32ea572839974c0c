"""Photographs of finds: decoded and written anew, so that nothing but a picture is kept, named by their SHA-256."""

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from cellwarden.errors import StoreError
from cellwarden.language import gettext as _
from cellwarden.language import reason_of
from cellwarden.store import photographs

MOST = 4
LARGEST_PX = 2400
"""On the longer side."""
MOST_PIXELS = 60_000_000
"""Of what is decoded: a small file can claim to be a vast picture."""


def kept(folder: Path, pictures: Sequence[bytes]) -> tuple[str, ...]:
    """Keep pictures; their hashes. Raises StoreError where one cannot be read, or cannot be kept."""
    if len(pictures) > MOST:
        raise StoreError(_("{count} photographs at most: leave some out").format(count=MOST))
    return tuple(_kept(folder, _anew(picture)) for picture in pictures)


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
    try:
        return photographs.keep(folder, made)
    except OSError as error:
        path = photographs.place(folder, hashlib.sha256(made).hexdigest())
        raise StoreError(
            _("{path} cannot be written: {why}: make room").format(path=path, why=reason_of(error))
        ) from error
