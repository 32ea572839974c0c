"""Files of samples and nothing else: the ending tells the datatype where the trade agrees on one."""

from pathlib import Path
from typing import Any

from cellwarden.errors import RecordingError
from cellwarden.language import gettext as _
from cellwarden.radio.metadata import VERSION

DATATYPES = {
    ".cs8": "ci8",
    ".sc8": "ci8",
    ".ci8": "ci8",
    ".cu8": "cu8",
    ".cs16": "ci16_le",
    ".sc16": "ci16_le",
    ".ci16": "ci16_le",
    ".cs32": "ci32_le",
    ".cf32": "cf32_le",
    ".fc32": "cf32_le",
    ".cfile": "cf32_le",
    ".complex": "cf32_le",
    ".cf64": "cf64_le",
}
UNTOLD = (".raw", ".iq", ".bin", ".dat", ".data")
"""Endings that tell nothing."""


def is_bare(path: Path, datatype: str | None) -> bool:
    """Whether a file holds samples only, by its ending, or because somebody tells their datatype."""
    return datatype is not None or path.suffix.lower() in (*DATATYPES, *UNTOLD)


def described(path: Path, *, datatype: str | None, rate_hz: float | None) -> dict[str, Any]:
    """SigMF metadata of a bare file. Raises RecordingError where its datatype or its rate is not told."""
    name = datatype or DATATYPES.get(path.suffix.lower())
    if name is None:
        raise RecordingError(_("{path} does not tell its datatype: give --datatype, such as ci16_le").format(path=path))
    if rate_hz is None:
        raise RecordingError(_("{path} does not tell its sample rate: give --rate").format(path=path))
    return {
        "global": {
            "core:datatype": name,
            "core:sample_rate": rate_hz,
            "core:version": VERSION,
            "core:dataset": path.name,
        },
        "captures": [{"core:sample_start": 0}],
        "annotations": [],
    }
