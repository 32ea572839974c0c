"""Fixes: what is said of a phone's place, and when nothing is.

    time_s,x_m,y_m,z_m,radius90_m,cell,probability
    1,11.42,4.31,1.85,2.61,A-014,0.82
    61,,,,,unknown,
    95,11.90,6.02,1.85,14.3,unknown,

A fix is never a wrong cell with confidence: where too few sensors heard the phone, it is `unknown`, with the reason. So
are the seconds in which nobody has heard it for a minute, up to the next reading, or for `LONGEST_GAP_S`. Where it was
placed and fewer sensors have heard it since, the place stands there, with the radius that has grown, and no cell.
"""

import math
from collections.abc import Iterable, Iterator

import numpy as np

from cellwarden.document.table import quoted
from cellwarden.language import gettext as _
from cellwarden.locate.readings import Readings
from cellwarden.locate.site import NOWHERE, Site
from cellwarden.locate.solve import FIX_S, LONGEST_SILENCE_S, Estimate
from cellwarden.model import Fix

HEAD = "time_s,x_m,y_m,z_m,radius90_m,cell,probability"
UNKNOWN = "unknown"
"""The cell of a fix that says nothing, in files; people read it in their language."""
FEWEST_SENSORS = 3
"""Fewer cannot tell a place in a plane."""
LONGEST_GAP_S, MOST_IN_GAPS = 3600.0, 250_000
"""Rows of one silence, and of all silences of a phone: a clock that jumps by a year would make thirty millions."""


def fixes(site: Site, readings: Readings, estimates: Iterable[Estimate]) -> Iterator[Fix]:
    """A fix for each estimate; one unknown fix where there is nothing to estimate from."""
    if not len(readings.time_s):
        yield Fix(readings.first_s, None, 0.0, UNKNOWN, 0.0, _("no sensor heard anything"))
        return
    before, longest = math.inf, longest_gap_s(readings)
    for one in estimates:
        yield from _silence(before, min(one.time_s, before + longest))
        before = one.time_s
        if one.sensors < FEWEST_SENSORS:
            why = _("fewer than {least} sensors heard it").format(least=FEWEST_SENSORS)
            yield Fix(one.time_s, None, 0.0, UNKNOWN, 0.0, why)
            continue
        x, y, z = map(float, one.place_m)
        if one.lately < FEWEST_SENSORS:
            why = _("fewer than {least} sensors heard it within a minute").format(least=FEWEST_SENSORS)
            yield Fix(one.time_s, (x, y, z), one.radius90_m, UNKNOWN, 0.0, why)
            continue
        name = "" if one.room == NOWHERE else site.rooms[one.room].name
        yield Fix(one.time_s, (x, y, z), one.radius90_m, name, one.probability)


def longest_gap_s(readings: Readings) -> float:
    """For how long a silence is told second by second: an hour, or less where a phone is silent very often."""
    gaps = int((np.diff(readings.time_s) > LONGEST_SILENCE_S).sum())
    return min(LONGEST_GAP_S, float(MOST_IN_GAPS // max(gaps, 1)))


def cut_gaps(readings: Readings) -> int:
    """How many silences are longer than what is told of them."""
    return int((np.diff(readings.time_s) > LONGEST_SILENCE_S + longest_gap_s(readings)).sum())


def _silence(after_s: float, until_s: float) -> Iterator[Fix]:
    """An unknown fix for each second between two estimates."""
    why = _("nobody heard it for a minute")
    for n in range(1, round((until_s - after_s) / FIX_S) if math.isfinite(after_s) else 0):
        yield Fix(after_s + n * FIX_S, None, 0.0, UNKNOWN, 0.0, why)


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
    probability = "" if fix.reason else f"{fix.probability:.3f}"
    return f"{time},{x:.2f},{y:.2f},{z:.2f},{fix.radius90_m:.2f},{quoted(fix.cell)},{probability}"
