"""By which code a figure was made."""

import platform
import subprocess
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from cellwarden import __version__

LIBRARIES = ("numpy", "scipy", "numba")
SOURCE = Path(__file__).parents[1]


def provenance() -> dict[str, str]:
    """Versions of Cellwarden (with the commit where it runs from a checkout), Python and the libraries that compute."""
    made = {"cellwarden": __version__}
    if (found := commit()) is not None:
        made["commit"] = found
    return {**made, **versions()}


def versions() -> dict[str, str]:
    """Of Python and of the libraries that compute."""
    return {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}}


def commit(source: Path = SOURCE, beside: Sequence[Path] = ()) -> str | None:
    """The commit of the checkout that holds `source`, with `-changed` where its code differs; None outside of one.

    beside: folders of the same checkout whose code counts too.
    """

    def git(*words: str) -> str:
        return subprocess.run(
            ["git", *words], cwd=source, capture_output=True, text=True, check=True, timeout=20
        ).stdout.strip()

    try:
        if git("ls-files", "--error-unmatch", "__init__.py") != "__init__.py":
            return None  # installed somewhere below another project's checkout
        changed = git("status", "--porcelain", "--", "*.py", *(f"{folder}/*.py" for folder in beside))
        return git("rev-parse", "--short=10", "HEAD") + ("-changed" if changed else "")
    except (OSError, subprocess.SubprocessError):
        return None
