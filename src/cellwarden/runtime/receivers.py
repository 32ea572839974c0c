"""Which receiver each sensor of a site has, as the site's file tells it.

```
[[receiver]]
sensor = "A0-S1"
source = "rtltcp://192.168.1.20:1234"      # as `cellwarden listen` takes it
centre_hz = 897.5e6
rate_hz = 2.4e6
gain_db = 30                               # without it the receiver sets it itself
carriers = "DOWNLINK.sigmf-meta"           # base stations, recorded by this receiver, whose clock a reference keeps
```
"""

from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from cellwarden.errors import SiteError
from cellwarden.language import gettext as _
from cellwarden.locate import site_file
from cellwarden.locate.site import Site
from cellwarden.radio.live import Tuning
from cellwarden.runtime.tables import RECEIVER, Kinds, beside, tuning, values

KINDS: Kinds = RECEIVER | {"sensor": (str, True), "carriers": (str, False)}


class Receiver(NamedTuple):
    """What a sensor's samples come from."""

    sensor: str
    source: str
    tuning: Tuning
    carriers: Path | None = None
    """Recording of base stations that tells how its clock lies beside theirs: see `runtime.carriers`."""


def read(path: Path, site: Site) -> list[Receiver]:
    """The receivers of a site's file, one for a sensor at most. Raises SiteError."""
    tables = site_file.tables(path).get("receiver", [])
    if not isinstance(tables, list):
        raise SiteError(_("{path}: write each {kind} as a table [[{kind}]]").format(path=path, kind="receiver"))
    receivers = [_receiver(path, number, table, site) for number, table in enumerate(tables, 1)]
    names = [receiver.sensor for receiver in receivers]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise SiteError(_("{path}: the sensor {name} has two receivers: remove one").format(path=path, name=twice))
    return receivers


def _receiver(path: Path, number: int, table: Any, site: Site) -> Receiver:
    def refuse(problem: str) -> NoReturn:
        raise SiteError(_("{path}: receiver {number}: {problem}").format(path=path, number=number, problem=problem))

    told = values(table, KINDS, refuse)
    if told["sensor"] not in {sensor.name for sensor in site.sensors}:
        refuse(_("the site has no sensor {name}").format(name=told["sensor"]))
    return Receiver(told["sensor"], told["source"], tuning(told), beside(path, told, "carriers"))
