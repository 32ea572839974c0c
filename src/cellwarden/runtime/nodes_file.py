"""Which nodes speak to a site, as the site's file tells it.

```
[nodes]
address = "nats://127.0.0.1:4222"     # where their messages come: a server of NATS; or tls://HOST:PORT, tcp://127.0.0.1:PORT
state = "nodes.sqlite"                # their keys, and what they said that is not taken in yet; this name if left out

[[node]]
sensor = "A0-S1"                      # the sensor that it is, by the name of both

[[node]]
sensor = "A0-S2"
file = "carried/A0-S2.jsonl"          # its messages come in this file, carried by other means
```

Paths are meant from the file's own folder. With `tls://`, `ca`, `certificate` and `key` of the site stand in [nodes].
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from cellwarden.errors import NodeError, SiteError
from cellwarden.language import gettext as _
from cellwarden.locate import site_file
from cellwarden.locate.site import Site
from cellwarden.runtime import receivers
from cellwarden.runtime.line import Site as Place
from cellwarden.runtime.line import check_place
from cellwarden.runtime.receivers import Receiver
from cellwarden.runtime.tables import Kinds, beside, values

STATE = "nodes.sqlite"
NODES: Kinds = {
    "address": (str, False),
    "state": (str, False),
    "ca": (str, False),
    "certificate": (str, False),
    "key": (str, False),
}
NODE: Kinds = {"sensor": (str, True), "file": (str, False)}


class Nodes(NamedTuple):
    """A site's nodes and the way that their messages come."""

    place: Place | None
    """Where they come; None where all come in files."""
    state: Path
    files: dict[str, Path | None]
    """By sensor the file that its messages come in; None where they come by the line."""


def sources(path: Path, site: Site) -> tuple[list[Receiver], Nodes | None]:
    """A site's receivers and nodes: one for a sensor at most, one in all at least. Raises SiteError."""
    here, there = receivers.read(path, site), read(path, site)
    if not here and there is None:
        raise SiteError(
            _("{path}: nothing is named that hears: write a table [[receiver]] or [[node]] for each sensor").format(
                path=path
            )
        )
    if there and (both := next((one.sensor for one in here if one.sensor in there.files), None)):
        raise SiteError(
            _("{path}: the sensor {name} has a receiver and a node: remove one").format(path=path, name=both)
        )
    return here, there


def read(path: Path, site: Site) -> Nodes | None:
    """The nodes of a site's file; None where there are none. Raises SiteError."""
    told = site_file.tables(path)
    if "node" not in told and "nodes" not in told:
        return None
    way = values(told.get("nodes", {}), NODES, _refusal(path, "[nodes]"))
    files = _files(path, told.get("node", []), site)
    if None in files.values() and "address" not in way:
        raise SiteError(
            _("{path}: nodes without a file need [nodes] with address, as nats://127.0.0.1:4222").format(path=path)
        )
    place = None
    if "address" in way:
        place = Place(way["address"], *(beside(path, way, key) for key in ("ca", "certificate", "key")))
        try:
            check_place(place)
        except NodeError as error:
            raise SiteError(_("{path}: {problem}").format(path=path, problem=error)) from error
    return Nodes(place, path.parent / way.get("state", STATE), files)


def _files(path: Path, tables: Any, site: Site) -> dict[str, Path | None]:
    if not isinstance(tables, list) or not tables:
        raise SiteError(_("{path}: write each {kind} as a table [[{kind}]]").format(path=path, kind="node"))
    files: dict[str, Path | None] = {}
    for number, table in enumerate(tables, 1):
        refuse = _refusal(path, _("node {number}").format(number=number))
        told = values(table, NODE, refuse)
        name = told["sensor"]
        if name not in {sensor.name for sensor in site.sensors}:
            refuse(_("the site has no sensor {name}").format(name=name))
        if name in files:
            refuse(_("the sensor {name} has two nodes: remove one").format(name=name))
        files[name] = beside(path, told, "file")
    return files


def _refusal(path: Path, where: str) -> Callable[[str], NoReturn]:
    def refuse(problem: str) -> NoReturn:
        raise SiteError(_("{path}: {where}: {problem}").format(path=path, where=where, problem=problem))

    return refuse
