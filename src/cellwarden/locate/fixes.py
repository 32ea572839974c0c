"""Fixes: what is said of a phone's place, and when nothing is.

    time_s,x_m,y_m,z_m,radius90_m,cell,probability
    1,11.42,4.31,1.85,2.61,A-014,0.82
    61,,,,,unknown,

A fix is never a wrong cell with confidence: where too few sensors heard the phone, it is `unknown`, with the reason.
"""

from collections.abc import Iterable, Iterator

from cellwarden.document.table import quoted
from cellwarden.language import gettext as _
from cellwarden.locate.readings import Readings
from cellwarden.locate.site import NOWHERE, Site
from cellwarden.locate.solve import Estimate
from cellwarden.model import Fix

HEAD = "time_s,x_m,y_m,z_m,radius90_m,cell,probability"
UNKNOWN = "unknown"
"""The cell of a fix that says nothing, in files; people read it in their language."""
FEWEST_SENSORS = 3
"""Fewer cannot tell a place in a plane."""


def fixes(site: Site, readings: Readings, estimates: Iterable[Estimate]) -> Iterator[Fix]:
    """A fix for each estimate; one unknown fix where there is nothing to estimate from."""
    if not len(readings.time_s):
        yield Fix(readings.first_s, None, 0.0, UNKNOWN, 0.0, _("no sensor heard anything"))
        return
    for one in estimates:
        if one.sensors < FEWEST_SENSORS:
            why = _("fewer than {least} sensors heard it").format(least=FEWEST_SENSORS)
            yield Fix(one.time_s, None, 0.0, UNKNOWN, 0.0, why)
            continue
        x, y, z = map(float, one.place_m)
        name = "" if one.room == NOWHERE else site.rooms[one.room].name
        yield Fix(one.time_s, (x, y, z), one.radius90_m, name, one.probability)


def lines(found: Iterable[Fix]) -> Iterator[str]:
    """The table's text, line by line."""
    yield HEAD + "\n"
    for fix in found:
        yield line(fix) + "\n"


def line(fix: Fix) -> str:
    """A fix as a line of the table."""
    time = f"{fix.time_s:.3f}".rstrip("0").rstrip(".")
    if fix.place_m is None:
        return f"{time},,,,,{fix.cell},"
    x, y, z = fix.place_m
    return f"{time},{x:.2f},{y:.2f},{z:.2f},{fix.radius90_m:.2f},{quoted(fix.cell)},{fix.probability:.3f}"
