"""Evidence of alerts, as `listen` and `node` keep it: snippets in SigMF beside an index, each known by its SHA-256.

```
 index-….jsonl ─ sha256 ─► 2026…_gsm-normal_897400kHz_7.sigmf-data ─► is it still what was written? ─► picture, archive
```

Payload was blanked before anything was kept, so a picture shows ramps, tails and training alone.
"""

import base64
import hashlib
import io
import json
import re
import tarfile
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

DIGEST = re.compile("[0-9a-f]{64}")
DATA, META = ".sigmf-data", ".sigmf-meta"
LARGEST = 64 << 20
"""Bytes of a snippet that is still read: those that are kept have some kilobytes."""
BINS = 64
COLUMNS = 480
HIGH = 2
"""Pixels of a bin."""
QUIET_DB = 9.0
"""At which what is quiet in a snippet stands, as noise does in live rows."""
LEAST_DB = 15.0
"""Between the darkest and the brightest, so that noise alone stays dark."""


@dataclass(frozen=True, slots=True)
class Snippet:
    """One recording of evidence."""

    digest: str
    path: Path
    """Of its samples."""
    rate_hz: float
    seconds: float
    label: str
    bursts: int
    frequency_hz: float | None
    snr_db: float | None


def snippet(folder: Path | None, digest: str) -> Snippet | None:
    """The one of that hash; None where it is not kept (any more), or is no longer what was written."""
    if folder is None or not DIGEST.fullmatch(digest):
        return None
    name = _NAMES.of(folder, digest)
    path = folder / name if name else None
    if path is None or not path.is_file() or path.stat().st_size > LARGEST:
        return None
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != digest:
            return None
    return _described(digest, path)


class _Names:
    """Files of samples by their hash. Indexes are only added to, so that of each only what is new is read."""

    def __init__(self) -> None:
        self._read: dict[Path, int] = {}
        self._found: dict[tuple[Path, str], str] = {}
        self._hashes: dict[Path, str] = {}
        self._turn = threading.Lock()

    def of(self, folder: Path, digest: str) -> str | None:
        """The name in a folder; None where no index tells it."""
        with self._turn:
            for place in sorted(folder.glob("index-*.jsonl")) if folder.is_dir() else ():
                self._more(place)
            return self._found.get((folder, digest))

    def _more(self, place: Path) -> None:
        read = self._read.get(place, 0)
        if place.stat().st_size <= read:
            return
        with place.open("rb") as file:
            file.seek(read)
            whole, end, _half = file.read().rpartition(b"\n")
        self._read[place] = read + len(whole) + len(end)
        for line in whole.splitlines():
            try:
                body = json.loads(line)["body"]
                name, what = str(body.get("file", "")), body["what"]
            except (ValueError, KeyError, TypeError, AttributeError):
                continue
            if what in ("kept", "taken in") and name == Path(name).name and name.endswith(DATA):
                digest = str(body.get("sha256"))
                self._found[place.parent, digest], self._hashes[place.parent / name] = name, digest
            elif what == "removed":
                self._found.pop((place.parent, self._hashes.pop(place.parent / name, "")), None)


_NAMES = _Names()


def _described(digest: str, path: Path) -> Snippet | None:
    try:
        told = json.loads(path.with_suffix(META).read_bytes())
        rate, notes = float(told["global"]["core:sample_rate"]), told["annotations"]
        first = notes[0]
        capture = told["captures"][0].get("core:frequency")
        snr = first.get("cellwarden:snr_db")
        seconds = path.stat().st_size / 8 / rate
        return Snippet(
            digest, path, rate, seconds, str(first.get("core:label", "")), len(notes),
            None if capture is None else float(capture), None if snr is None else float(snr),
        )  # fmt: skip
    except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError, ZeroDivisionError):
        return None


def rows(one: Snippet) -> dict[str, object]:
    """Its spectrogram as rows that a page plays: half decibels above what is quiet in it, 0 where it was blanked."""
    power = spectrogram(np.fromfile(one.path, "<c8"))
    heard = power[power > -190.0]
    low = float(np.quantile(heard, 0.3)) - QUIET_DB if len(heard) else 0.0
    values = np.where(power > -190.0, np.clip(2.0 * (power - low), 1, 255), 0).astype(np.uint8)
    middle = one.frequency_hz or 0.0
    return {
        "count": len(values),
        "parts": BINS,
        "seconds": one.seconds,
        "low": middle - one.rate_hz / 2,
        "high": middle + one.rate_hz / 2,
        "label": one.label,
        "levels": base64.b64encode(values.tobytes()).decode(),
    }


def picture(one: Snippet) -> bytes:
    """Its spectrogram as PNG: time to the right, frequency upwards; what was blanked is black."""
    levels = spectrogram(np.fromfile(one.path, "<c8"))
    top = float(levels.max(initial=-200.0))
    heard = levels[levels > -190.0]
    low = min(float(np.quantile(heard, 0.3)), top - LEAST_DB) if len(heard) else top - LEAST_DB
    bright = np.clip((levels - low) / (top - low), 0.0, 1.0)
    image = Image.fromarray(_coloured(bright[:, ::-1].T)).resize((COLUMNS, BINS * HIGH), Image.Resampling.NEAREST)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def spectrogram(samples: NDArray[np.complex64], bins: int = BINS, columns: int = COLUMNS) -> NDArray[np.float64]:
    """Power in dB, shape (at most columns, bins), frequency growing; −200 where there are only zeros."""
    count = max(1, min(columns, len(samples) // (bins // 2)))
    starts = np.linspace(0, max(0, len(samples) - bins), count).astype(np.int64)
    padded = np.concatenate([samples, np.zeros(max(0, bins - len(samples)), samples.dtype)])
    frames = padded[starts[:, None] + np.arange(bins)] * np.hanning(bins)
    power = np.abs(np.fft.fftshift(np.fft.fft(frames, axis=1), axes=1)) ** 2
    return 10.0 * np.log10(np.maximum(power, 1e-20))


def _coloured(bright: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Black over blue and orange to white: it grows in lightness, so that it reads in grey as well."""
    stops = np.array([[0, 0, 0], [40, 50, 140], [190, 80, 110], [250, 170, 60], [255, 255, 230]], np.float64)
    at = np.linspace(0.0, 1.0, len(stops))
    return np.stack([np.interp(bright, at, stops[:, c]) for c in range(3)], axis=-1).astype(np.uint8)


def archive(one: Snippet) -> bytes:
    """As a SigMF archive: a tar with its samples and what is said of them."""
    out, stem = io.BytesIO(), one.path.stem
    with tarfile.open(fileobj=out, mode="w") as tar:
        for path in (one.path.with_suffix(META), one.path):
            data = path.read_bytes()
            entry = tarfile.TarInfo(f"{stem}/{path.name}")
            entry.size, entry.mode = len(data), 0o600
            tar.addfile(entry, io.BytesIO(data))
    return out.getvalue()
