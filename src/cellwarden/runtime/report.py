"""The report of one scan: a page that needs no network, for somebody who has never seen a spectrogram."""

import base64
import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cellwarden import __version__
from cellwarden.airinterface import is_phone
from cellwarden.document import page
from cellwarden.radio.annotations import write_text
from cellwarden.radio.recording import Recording, read_samples
from cellwarden.runtime.heard import Heard

WIDTH, HEIGHT = 1024, 700
MOST_SAMPLES = 200_000_000
MOST_BOXES = 5_000
MOST_ROWS = 2_000
PALETTE = ((13, 8, 60), (71, 3, 159), (149, 33, 140), (214, 85, 93), (253, 157, 58), (240, 249, 33))


def write_report(heard: Heard, output: Path, *, force: bool) -> None:
    """Write the report; raises OutputError where it exists and `force` is not given, or the disk is full."""
    recording = heard.recording
    rate = recording.rate_hz
    boxes = [
        {
            "x": e.low_offset_hz / rate + 0.5,
            "y": e.sample_start / recording.sample_count,
            "w": (e.high_offset_hz - e.low_offset_hz) / rate,
            "h": e.sample_count / recording.sample_count,
            "label": e.label,
            "row": number,
            "phone": is_phone(e),
        }
        for number, e in enumerate(heard.emissions)
    ]
    boxes.sort(key=lambda box: not box["phone"])
    text = page.render(
        "report.html",
        name=recording.path.name,
        verdict=heard.verdict(),
        image=_png(overview(recording)),
        boxes=boxes[:MOST_BOXES],
        left_out=max(0, len(boxes) - MOST_BOXES),
        rows=heard.rows(MOST_ROWS),
        more=max(0, len(heard.emissions) - MOST_ROWS),
        seconds=recording.sample_count / rate,
        rate_mhz=rate / 1e6,
        centre_mhz=(recording.segments[0].centre_hz or 0.0) / 1e6,
        samples=recording.sample_count,
        rejected=dict(heard.rejected),
        sha512=heard.sha512,
        version=__version__,
    )
    write_text(output, text, force=force)


def overview(recording: Recording) -> NDArray[np.float32]:
    """Spectrogram of the whole recording in decibels, the strongest frame of each row: float32, shape (rows, WIDTH)."""
    size = WIDTH
    rows = max(1, min(HEIGHT, recording.sample_count // size))
    frames = max(1, min(recording.sample_count, MOST_SAMPLES) // size // rows)
    window = np.hanning(size).astype(np.float32)
    image = np.empty((rows, size), np.float32)
    for row in range(rows):
        start = row * recording.sample_count // rows
        x = read_samples(recording, start, frames * size)
        x = np.pad(x, (0, -len(x) % size)).reshape(-1, size)
        power = np.abs(np.fft.fft(x * window, axis=1)) ** 2
        image[row] = np.fft.fftshift(power.max(axis=0))
    return np.asarray(10 * np.log10(image + 1e-20), np.float32)


def _png(decibels: NDArray[np.float32]) -> str:
    """The picture as base64: dark is quiet, bright is loud."""
    low = float(np.median(decibels)) - 3.0
    high = max(low + 20.0, float(np.quantile(decibels, 0.9995)))
    level = np.clip((decibels - low) / (high - low) * 255, 0, 255).astype(np.uint8)
    picture = Image.fromarray(level, "L").convert("P")
    steps = np.linspace(0, len(PALETTE) - 1, 256)
    colours = np.array(PALETTE, float)
    table = np.stack([np.interp(steps, np.arange(len(PALETTE)), colours[:, c]) for c in range(3)], axis=1)
    picture.putpalette(table.astype(np.uint8).ravel().tolist())
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()
