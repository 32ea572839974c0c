"""Which receiver each sensor of a site has, as the site's file tells it.

```
[[receiver]]
sensor = "A0-S1"
source = "rtltcp://192.168.1.20:1234"      # as `cellwarden listen` takes it
centre_hz = 897.5e6
rate_hz = 2.4e6
gain_db = 30                               # without it the receiver sets it itself
```
"""

from pathlib import Path
from typing import Any, NamedTuple

from cellwarden.errors import SiteError
from cellwarden.language import gettext as _
from cellwarden.locate import site_file
from cellwarden.locate.site import Site
from cellwarden.radio.live import Tuning

NUMBERS = ("rate_hz", "centre_hz", "gain_db")
"""As `Tuning` takes them."""


class Receiver(NamedTuple):
    """What a sensor's samples come from."""

    sensor: str
    source: str
    tuning: Tuning


def read(path: Path, site: Site) -> list[Receiver]:
    """The receivers of a site's file, one for a sensor at most, one at least. Raises SiteError."""
    tables = site_file.tables(path).get("receiver", [])
    if not isinstance(tables, list) or not tables or not all(isinstance(table, dict) for table in tables):
        raise SiteError(_("{path}: no receiver is named: write a table [[receiver]] for each sensor").format(path=path))
    receivers = [_receiver(path, number, table, site) for number, table in enumerate(tables, 1)]
    names = [receiver.sensor for receiver in receivers]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise SiteError(_("{path}: the sensor {name} has two receivers: remove one").format(path=path, name=twice))
    return receivers


def _receiver(path: Path, number: int, table: dict[str, Any], site: Site) -> Receiver:
    if problem := _problem(table, site):
        raise SiteError(_("{path}: receiver {number}: {problem}").format(path=path, number=number, problem=problem))
    numbers = {name: float(table[name]) for name in NUMBERS if name in table}
    return Receiver(table["sensor"], table["source"], Tuning(**numbers))


def _problem(table: dict[str, Any], site: Site) -> str | None:
    """What is wrong with a receiver's table, in words."""
    known = {"sensor": str, "source": str} | dict.fromkeys(NUMBERS, (int, float))
    for key, value in table.items():
        if key not in known or not isinstance(value, known[key]) or isinstance(value, bool):
            return _("{key} = {value} is not understood").format(key=key, value=value)
    if missing := [key for key in ("sensor", "source") if key not in table]:
        return _("{key} is missing: add it").format(key=missing[0])
    if table["sensor"] not in {sensor.name for sensor in site.sensors}:
        return _("the site has no sensor {name}").format(name=table["sensor"])
    return None
