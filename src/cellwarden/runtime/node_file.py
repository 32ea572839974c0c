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
    address = "nats://10.0.0.1:4222"               # or tls://HOST:PORT, or file:PATH
    key = "A0-S1.key"                              # which `cellwarden node enrol` makes; of tls:// a private key,
                                                   # with ca = "ca.pem" and certificate = "A0-S1.pem"

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
from typing import Any, NoReturn

from cellwarden.errors import NodeError
from cellwarden.language import gettext as _
from cellwarden.language import reason_of
from cellwarden.radio.live.stream import Tuning
from cellwarden.runtime.line import Site, check
from cellwarden.runtime.tables import EVIDENCE, RECEIVER, Kinds, beside, kept, tuning, values

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


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


TABLES: dict[str, Kinds] = {
    "node": {"name": (str, True), "queue": (str, True)},
    "receiver": RECEIVER | {"clock_error_ns": (float, False)},
    "site": {"address": (str, True), "ca": (str, False), "certificate": (str, False), "key": (str, False)},
    "evidence": EVIDENCE,
}


def read(path: Path) -> Settings:
    """The settings in a file, ready to be worked by. Raises NodeError."""
    settings = parsed(path)
    check(settings.site)
    return settings


def parsed(path: Path) -> Settings:
    """The settings in a file; whether the site can be reached by them is not looked at. Raises NodeError."""
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise NodeError(_("{path} cannot be read: {why}").format(path=path, why=reason_of(error))) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise NodeError(_("{path} is no TOML ({why}): mend it").format(path=path, why=reason_of(error))) from error
    for name in told:
        if name not in TABLES:
            raise NodeError(_("{path}: [{name}] is unknown: mend it").format(path=path, name=name))
    node, receiver, site = (_table(path, told.get(name, {}), name) for name in ("node", "receiver", "site"))
    evidence = _table(path, told["evidence"], "evidence") if "evidence" in told else {}
    if not NAME.fullmatch(node["name"]):
        raise NodeError(_("{path}: name is a sensor's: letters, digits, . _ - alone").format(path=path))
    error_ns, (keep_bytes, keep_s) = receiver.get("clock_error_ns"), kept(evidence)
    return Settings(
        name=node["name"],
        queue=path.parent / node["queue"],
        source=receiver["source"],
        tuning=tuning(receiver),
        clock_error_ns=None if error_ns is None else round(error_ns),
        site=Site(_address(path, site["address"]), *(beside(path, site, name) for name in SECRETS)),
        evidence=beside(path, evidence, "folder"),
        keep_bytes=keep_bytes,
        keep_s=keep_s,
    )


def _address(path: Path, address: str) -> str:
    """That of a file is meant from the node's file, as other paths are."""
    scheme, colon, place = address.partition(":")
    return f"{scheme}{colon}{path.parent / place.removeprefix('//')}" if scheme == "file" and place else address


SECRETS = ("ca", "certificate", "key")


def _table(path: Path, table: Any, name: str) -> dict[str, Any]:
    def refuse(problem: str) -> NoReturn:
        raise NodeError(_("{path}: [{table}]: {problem}").format(path=path, table=name, problem=problem))

    return values(table, TABLES[name], refuse)
