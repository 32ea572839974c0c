"""What is wrong with those tables of a site's file that are not its plan, before a watch finds out."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

from cellwarden.errors import CellwardenError
from cellwarden.locate import site_file
from cellwarden.locate.site import Site
from cellwarden.runtime import (
    addresses,
    evidence_settings,
    ldap_settings,
    nodes_file,
    openid_settings,
    retention_settings,
    signature_settings,
)
from cellwarden.watch.lawful import mandate


def problems(path: Path, site: Site) -> list[str]:
    """A line for each table that is there and that a watch would refuse; a plan alone needs none."""
    there = site_file.others(path)
    asked: list[tuple[tuple[str, ...], Callable[[], object]]] = [
        (("legal",), lambda: mandate(path, date.today())),
        (("receiver", "node", "nodes"), lambda: nodes_file.sources(path, site)),
        (("notify",), lambda: addresses.read(path)),
        (("evidence",), lambda: evidence_settings.read(path)),
        (("signatures",), lambda: signature_settings.read(path)),
        (("retention",), lambda: retention_settings.read(path)),
        (("console",), lambda: (openid_settings.read(path), ldap_settings.read(path))),
    ]
    found = []
    for names, read in asked:
        if any(name in there for name in names):
            try:
                read()
            except CellwardenError as error:
                found.append(str(error))
    return found
