"""How samples lie in a file: SigMF's `core:datatype`, and the two types that the detector takes.

    c f 32 _le          c complex, I then Q; r real       f float, i integer, u offset binary
    │ │ │   └── order of the bytes; where it is left out, little-endian (one byte has none)
    │ │ └────── bits of one component
    │ └──────── kind
    └────────── domain

Source: SigMF 1.2, "Dataset Format".
"""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_DATATYPE = re.compile(r"([cr])(?:(f32|f64|i32|i16|u32|u16)(_le|_be)?|(i8|u8))")


@dataclass(frozen=True, slots=True)
class Datatype:
    """One sample, as it lies in the file."""

    component: np.dtype[Any]
    """Of one I or Q, or of one real value."""
    real: bool

    @property
    def sample_bytes(self) -> int:
        """Bytes of one sample."""
        return self.component.itemsize * (1 if self.real else 2)


def named(name: object) -> Datatype | None:
    """The datatype that SigMF calls `name`; None where there is none of that name."""
    match = _DATATYPE.fullmatch(name) if isinstance(name, str) else None
    if match is None:
        return None
    kind = match[2] or match[4]
    order = "|" if match[4] else ">" if match[3] == "_be" else "<"
    return Datatype(np.dtype(f"{order}{kind[0]}{int(kind[1:]) // 8}"), match[1] == "r")


def widened(raw: NDArray[Any]) -> tuple[NDArray[Any], float]:
    """Components as int16 or float32 of this machine's byte order, and what one unit is worth.

    Unsigned samples are offset binary; 2 x - (2ⁿ - 1) makes them symmetrical without loss. What is no number in
    float32 becomes infinite or stays NaN.
    """
    kind, bits = raw.dtype.kind, raw.dtype.itemsize * 8
    if kind == "i" and bits <= 16:
        return raw.astype(np.int16, copy=False), 2.0 ** (1 - bits)
    if kind == "u" and bits == 8:
        return raw.astype(np.int16) * np.int16(2) - np.int16(255), 1 / 256
    if kind == "u":
        return (raw.astype(np.float64) - (2.0 ** (bits - 1) - 0.5)).astype(np.float32), 2.0 ** (1 - bits)
    with np.errstate(over="ignore", invalid="ignore"):
        return raw.astype(np.float32, copy=False), 2.0 ** (1 - bits) if kind == "i" else 1.0
