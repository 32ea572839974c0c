"""The picture in the README: `python docs/figures/report.py` makes `report.png` beside it from the bundled recording.

The report is opened in chromium, which has to be installed.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from cellwarden import language
from cellwarden.runtime.files import Job, hear
from cellwarden.simulate import wing

WIDTH, HEIGHT = 1200, 1060
PLACE = Path(__file__).with_suffix(".png")
QUIET = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--hide-scrollbars",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def main() -> None:
    """Scan, open, take the picture, and make it small enough for a repository."""
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("chromium is not installed: install it, or keep the picture that is there")
    language.use("en")
    with tempfile.TemporaryDirectory() as folder:
        page, shot = Path(folder) / "report.html", Path(folder) / "shot.png"
        hear(Job(wing.PLACE.with_suffix(".sigmf-meta"), None, page))
        rights = ["--no-sandbox"] if os.geteuid() == 0 else []  # chromium refuses to run as root otherwise
        size = f"--window-size={WIDTH},{HEIGHT}"
        subprocess.run(
            [
                chromium,
                *QUIET,
                *rights,
                f"--user-data-dir={folder}/profile",
                size,
                f"--screenshot={shot}",
                page.as_uri(),
            ],
            check=True,
            stderr=subprocess.DEVNULL,
        )
        with Image.open(shot) as picture:
            picture.convert("RGB").quantize(128, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
                PLACE, optimize=True
            )


if __name__ == "__main__":
    main()
