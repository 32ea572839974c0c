"""A walk drawn over the plan of the floors that it led over: the way from fix to fix, and where it may have been.

Circles hold the phone with probability 0.9; some forty are drawn for a whole walk.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from cellwarden.document.sheet import Area, Dot, Line, Mark, Sheet, Text
from cellwarden.language import gettext as _
from cellwarden.language import number
from cellwarden.locate.plan import LETTERS_PX, Frame, plan
from cellwarden.locate.site import Floor, Site, floors_at
from cellwarden.model import Fix

CIRCLES = 40
CORNERS = 48
"""Of the polygon that stands for a circle."""
APART_PX = 50.0, 16.0
"""Ends of a way that are nearer than this in both axes have their names one above and one below."""
WAY, AROUND = "#5b21b6", "#c4b5fd"


def picture(site: Site, *ways: Sequence[Fix]) -> Sheet:
    """Plan and the way of each phone; the plan alone where there is no fix."""
    placed = [[fix for fix in way if fix.place_m is not None] for way in ways]
    heights = [np.array([fix.place_m[2] for fix in way if fix.place_m is not None]) for way in placed]
    walked = [floors_at(site, those) for those in heights]
    seen = {int(number) for those in walked for number in those}
    floors = tuple(floor for floor in site.floors if floor.number in seen) or site.floors[:1]

    def over(floor: Floor, frame: Frame) -> Iterator[Mark]:
        for way, those in zip(placed, walked, strict=True):
            here = [fix if on == floor.number else None for fix, on in zip(way, those, strict=True)]
            yield from _circles(here, frame)
            yield from _way(here, frame)

    return plan(site, floors, over)


def _circles(here: Sequence[Fix | None], frame: Frame) -> Iterator[Mark]:
    angles = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
    ring = np.column_stack((np.cos(angles), np.sin(angles)))
    for fix in here[:: max(1, len(here) // CIRCLES)]:
        if fix is not None and fix.place_m is not None:
            corners = np.array(fix.place_m[:2]) + fix.radius90_m * ring
            yield Area(tuple(frame.at((float(x), float(y))) for x, y in corners), "none", AROUND)


def _way(here: Sequence[Fix | None], frame: Frame) -> Iterator[Mark]:
    """Lines between fixes that follow each other on one floor, a dot for each, and the names of the ends."""
    for one, other in pairwise(here):
        if one is not None and other is not None and one.place_m is not None and other.place_m is not None:
            yield Line(frame.at(one.place_m), frame.at(other.place_m), WAY, 2.0)
    for fix in here:
        if fix is not None and fix.place_m is not None:
            words = _("{time} s: {cell}, within {radius} m").format(
                time=number(fix.time_s), cell="–" if fix.reason else fix.cell or "–", radius=number(fix.radius90_m, 1)
            )
            yield Dot(frame.at(fix.place_m), 3.0, WAY, words)
    began: tuple[float, float] | None = None
    for fix, words in ((here[0], _("start")), (here[-1], _("end"))) if here else ():
        if fix is not None and fix.place_m is not None:
            x, y = frame.at(fix.place_m)
            beside = began is not None and abs(x - began[0]) < APART_PX[0] and abs(y - began[1]) < APART_PX[1]
            yield Dot((x, y), 5.0, WAY)
            place = x + 9, y + (9 if beside else -9)
            yield Text(place, words, LETTERS_PX + 2, WAY, anchor="start", halo="#ffffff")
            began = x, y
