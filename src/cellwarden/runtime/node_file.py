"""The file that sets up a node at an antenna.

    [node]
    name = "A0-S1"                                 # the sensor's name in the site's file
    queue = "queue.sqlite"                         # what waits to be sent, beside this file

    [receiver]
    source = "rtltcp://127.0.0.1:1234"             # as `cellwarden listen` takes it
    rate_hz = 2.4e6
    centre_hz = 897.5e6
    gain_db = 30.0                                 # fixed, so that levels can be compared
    clock_error_ns = 100                           # of a receiver that stamps its samples itself, where known

    [site]
    address = "tls://10.0.0.1:7441"                # or file:PATH
    ca = "ca.pem"
    certificate = "A0-S1.pem"
    key = "A0-S1.key"

    [evidence]                                     # may be left out
    folder = "evidence"
    keep_mb = 1000.0
    keep_days = 30.0

Paths are meant from the file's own folder.
"""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cellwarden.errors import NodeError
from cellwarden.language import gettext as _
from cellwarden.radio.live.stream import Tuning
from cellwarden.runtime.line import Site, check

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Settings:
    """What a node's file says."""

    name: str
    queue: Path
    source: str
    tuning: Tuning
    clock_error_ns: int | None
    site: Site
    evidence: Path | None
    keep_bytes: float
    keep_s: float


TABLES: dict[str, dict[str, tuple[type, bool]]] = {
    "node": {"name": (str, True), "queue": (str, True)},
    "receiver": {
        "source": (str, True),
        "rate_hz": (float, False),
        "centre_hz": (float, False),
        "gain_db": (float, False),
        "clock_error_ns": (float, False),
    },
    "site": {"address": (str, True), "ca": (str, False), "certificate": (str, False), "key": (str, False)},
    "evidence": {"folder": (str, True), "keep_mb": (float, False), "keep_days": (float, False)},
}
"""Names by table: what kind each is, and whether it must be there."""


def read(path: Path) -> Settings:
    """The settings in a file. Raises NodeError."""
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise NodeError(_("{path} cannot be read: {why}").format(path=path, why=error.strerror)) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise NodeError(_("{path} is no TOML ({why}): mend it").format(path=path, why=error)) from error
    for name in told:
        if name not in TABLES:
            raise NodeError(_("{path}: [{name}] is unknown: mend it").format(path=path, name=name))
    node, receiver, site = (_table(path, told, name) for name in ("node", "receiver", "site"))
    evidence = _table(path, told, "evidence") if "evidence" in told else {}
    if not NAME.fullmatch(node["name"]):
        raise NodeError(_("{path}: name is a sensor's: letters, digits, . _ - alone").format(path=path))
    error_ns = receiver.get("clock_error_ns")
    settings = Settings(
        name=node["name"],
        queue=path.parent / node["queue"],
        source=receiver["source"],
        tuning=Tuning(receiver.get("rate_hz"), receiver.get("centre_hz"), receiver.get("gain_db")),
        clock_error_ns=None if error_ns is None else round(error_ns),
        site=Site(site["address"], *(path.parent / site[n] if n in site else None for n in SECRETS)),
        evidence=path.parent / evidence["folder"] if evidence else None,
        keep_bytes=1e6 * evidence.get("keep_mb", 1000.0),
        keep_s=DAY_S * evidence.get("keep_days", 30.0),
    )
    check(settings.site)
    return settings


SECRETS = ("ca", "certificate", "key")


def _table(path: Path, told: dict[str, Any], name: str) -> dict[str, Any]:
    """One table, each value of the kind that it must be. Raises NodeError."""
    table, kinds = told.get(name, {}), TABLES[name]
    if not isinstance(table, dict):
        raise NodeError(_("{path}: [{name}] is unknown: mend it").format(path=path, name=name))
    for key, (_kind, needed) in kinds.items():
        if needed and key not in table:
            raise NodeError(_("{path}: [{table}] needs {name}").format(path=path, table=name, name=key))
    made = {}
    for key, value in table.items():
        kind = kinds.get(key, (None, False))[0]
        fits = isinstance(value, str) if kind is str else isinstance(value, int | float) and not isinstance(value, bool)
        if kind is None or not fits or (kind is float and key != "gain_db" and not 0 < value < 1e15):
            raise NodeError(
                _("{path}: {name} in [{table}] is unknown, or not of the right kind: mend it").format(
                    path=path, table=name, name=key
                )
            )
        made[key] = float(value) if kind is float else value
    return made
