"""The file of a laboratory's calibration: versioned, with a check sum, written whole or not at all, as a gallery is."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from cellwarden.errors import GalleryError
from cellwarden.language import gettext as _
from cellwarden.language import reason_of
from cellwarden.model import Provenance
from cellwarden.radio.annotations import write_text
from cellwarden.signature.calibration import Calibration
from cellwarden.signature.comparators import Trial
from cellwarden.signature.gallery_file import digest

VERSION = 1
OF = ("phones", "family", "receiver", "count", "others", "note")
DECIMALS = 4
"""Of the ratios' logarithms that are kept."""


def load(path: Path) -> Calibration:
    """The calibration of a file; raises GalleryError, naming it and the remedy, where it cannot be trusted."""
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        version, told = held["version"], held["sha256"]
        if version == VERSION and told == digest(held["calibration"]):
            return _calibration(held["calibration"])
    except OSError as error:
        raise GalleryError(_("{path} cannot be read: {why}").format(path=path, why=reason_of(error))) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _damaged(path) from error
    if version != VERSION:
        raise GalleryError(
            _("{path} is of version {version}, not {known}: use the Cellwarden that wrote it").format(
                path=path, version=version, known=VERSION
            )
        )
    raise _damaged(path)


def save(path: Path, calibration: Calibration, *, force: bool) -> None:
    """Write a calibration. Raises OutputError as `write_text` does."""
    row = _row(calibration)
    text = json.dumps({"version": VERSION, "sha256": digest(row), "calibration": row}, indent=1, ensure_ascii=False)
    write_text(path, text + "\n", force=force)


def _damaged(path: Path) -> GalleryError:
    return GalleryError(_("{path} is damaged or no calibration: restore it, or make it anew").format(path=path))


def _row(calibration: Calibration) -> dict[str, Any]:
    return {
        **{name: getattr(calibration.of, name) for name in OF},
        "comparator": calibration.comparator,
        "slope": calibration.slope,
        "intercept": calibration.intercept,
        "trial": {kind: np.round(scores, DECIMALS).tolist() for kind, scores in calibration.trial._asdict().items()},
    }


def _calibration(row: Mapping[str, Any]) -> Calibration:
    if row["phones"] not in ("real", "simulated"):
        raise ValueError(row["phones"])
    trial = Trial(*(np.array(row["trial"][kind], np.float64) for kind in Trial._fields))
    line = float(row["slope"]), float(row["intercept"])
    return Calibration(Provenance(**{name: row[name] for name in OF}), str(row["comparator"]), *line, trial)
