"""The file of known emitters: versioned, with a check sum, written whole or not at all.

What cannot be read is refused and left as it is. Each time the file is written, the one before it, where it was good,
stays beside it with the ending `.previous`. It holds numbers of transmitters, which are personal data: no name of a
person, no number of a phone.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cellwarden.errors import GalleryError
from cellwarden.language import gettext as _
from cellwarden.language import reason_of
from cellwarden.model import Emitter, Measured, Session
from cellwarden.radio.annotations import write_text

VERSION = 1
PREVIOUS = ".previous"


def load(path: Path) -> tuple[Emitter, ...]:
    """All emitters of a file; raises GalleryError, naming it and the remedy, where it cannot be trusted."""
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        version, told = held["version"], held["sha256"]
    except FileNotFoundError as error:
        raise GalleryError(_("{path} does not exist: enrol an emitter first").format(path=path)) from error
    except OSError as error:
        raise GalleryError(_("{path} cannot be read: {why}").format(path=path, why=reason_of(error))) from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _damaged(path) from error
    if type(version) is not int:
        raise _damaged(path)
    if version != VERSION:
        raise GalleryError(
            _("{path} is of version {version}, not {known}: use the Cellwarden that wrote it").format(
                path=path, version=version, known=VERSION
            )
        )
    try:
        if told != digest(held["emitters"]):
            raise _damaged(path)
        return tuple(_emitter(one) for one in held["emitters"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _damaged(path) from error


def save(path: Path, emitters: Sequence[Emitter]) -> None:
    """Write a gallery in place of the one that is there, which must be good and is kept beside it.

    Raises GalleryError where what is there is damaged: it is not written over. Raises OutputError as `write_text`.
    """
    if path.exists():
        load(path)
        write_text(_previous(path), path.read_text(encoding="utf-8"), force=True)
    rows = [_row(one) for one in emitters]
    text = json.dumps({"version": VERSION, "sha256": digest(rows), "emitters": rows}, indent=1)
    write_text(path, text + "\n", force=True)


def _previous(path: Path) -> Path:
    return path.with_name(path.name + PREVIOUS)


def _damaged(path: Path) -> GalleryError:
    if _previous(path).exists():
        return GalleryError(
            _("{path} is damaged: put the last good one, {previous}, in its place").format(
                path=path, previous=_previous(path)
            )
        )
    return GalleryError(_("{path} is damaged or no gallery: restore it, or choose another file").format(path=path))


def digest(rows: Any) -> str:
    """SHA-256 of what JSON holds, however it is spaced."""
    return hashlib.sha256(json.dumps(rows, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def session_row(session: Session) -> dict[str, Any]:
    """A session as JSON holds it."""
    return {
        "source": session.source,
        "family": session.family,
        "bursts": session.bursts,
        "snr_db": session.snr_db,
        "start_ns": session.start_ns,
        "receiver": session.receiver,
        "features": {name: list(one) for name, one in session.features.items()},
    }


def session_in(row: Any) -> Session:
    """A session out of what JSON held. Raises KeyError, TypeError, ValueError or AttributeError where it is none."""
    return Session(
        str(row["source"]),
        str(row["family"]),
        int(row["bursts"]),
        float(row["snr_db"]),
        {str(k): Measured(float(v), float(d)) for k, (v, d) in row["features"].items()},
        row["start_ns"],
        str(row.get("receiver", "")),
    )


def _row(emitter: Emitter) -> dict[str, Any]:
    sessions = [session_row(one) for one in emitter.sessions]
    return {"name": emitter.name, "model": emitter.model, "sessions": sessions}


def _emitter(row: dict[str, Any]) -> Emitter:
    return Emitter(str(row["name"]), tuple(map(session_in, row["sessions"])), str(row.get("model", "")))
