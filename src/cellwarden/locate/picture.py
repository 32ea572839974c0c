"""A walk drawn over the plan of its floor, as SVG that any browser opens.

A floor below the other, each with its rooms and sensors, the way from fix to fix (pale where it began), and a circle
in which the phone lay with probability 0.9 every few seconds.
"""

from collections.abc import Iterable, Iterator, Sequence
from html import escape

import numpy as np

from cellwarden.language import gettext as _
from cellwarden.language import number
from cellwarden.locate.site import Floor, Site, floors_at
from cellwarden.model import Fix

PIXELS_A_METRE = 24.0
WIDEST = 1400.0
MARGIN = 46.0
CIRCLES = 40
"""Circles drawn at most on all floors together."""
STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#333}.room{fill:#fff;stroke:#999}.way{fill:none;stroke:#b00020;"
    "stroke-width:2.5;stroke-linejoin:round}.near{fill:#b00020;fill-opacity:.05;stroke:#b00020;stroke-opacity:.25}"
    ".sensor{fill:#1455a0}.name{fill:#777;font-size:10px;text-anchor:middle}"
)


def drawn(site: Site, found: Sequence[Fix]) -> Iterator[str]:
    """The picture's text, piece by piece."""
    placed = [fix for fix in found if fix.place_m is not None]
    floors = _floors(site, placed)
    low, high = _extent(site, placed)
    scale = min(PIXELS_A_METRE, WIDEST / float(high[0] - low[0]))
    width, height = (high - low) * scale + 2 * MARGIN
    title = _("Where the phone was: {count} fixes").format(count=number(len(placed)))
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height * len(floors):.0f}" role="img">'
        f"<title>{escape(title)}</title><style>{STYLE}</style>"
        f'<rect width="100%" height="100%" fill="#f4f4f4"/>\n'
    )
    for number_of, floor in enumerate(floors):
        yield f'<g transform="translate({MARGIN - low[0] * scale:.1f},{height * (number_of + 1) - MARGIN + low[1] * scale:.1f})">\n'
        yield f'<text x="{low[0] * scale:.1f}" y="{-high[1] * scale - 16:.1f}">{escape(_heading(floor, title))}</text>\n'
        yield from _plan(site, floor, scale)
        yield from _way(site, floor, placed, scale)
        yield _ruler(low, scale)
        yield "</g>\n"
    yield "</svg>\n"


def _heading(floor: Floor, title: str) -> str:
    return _("{title} · floor {floor}").format(title=title, floor=floor.name)


def _floors(site: Site, placed: Sequence[Fix]) -> list[Floor]:
    """The floors that were walked on; the lowest where there was no fix."""
    heights = np.array([fix.place_m[2] for fix in placed if fix.place_m])
    walked = set(floors_at(site, heights).tolist())
    return [floor for floor in site.floors if floor.number in walked] or list(site.floors[:1])


def _extent(site: Site, placed: Sequence[Fix]) -> tuple[np.ndarray, np.ndarray]:
    corners = [corner for room in site.rooms for corner in room.outline_m]
    corners += [sensor.place_m[:2] for sensor in site.sensors]
    corners += [fix.place_m[:2] for fix in placed if fix.place_m]
    places = np.array(corners)
    return places.min(axis=0), np.maximum(places.max(axis=0), places.min(axis=0) + 1)


def _plan(site: Site, floor: Floor, scale: float) -> Iterator[str]:
    for room in site.rooms:
        if room.floor != floor.number:
            continue
        corners = " ".join(f"{x * scale:.1f},{-y * scale:.1f}" for x, y in room.outline_m)
        yield f'<polygon class="room" points="{corners}"><title>{escape(room.name)}</title></polygon>\n'
    heights = np.array([sensor.place_m[2] for sensor in site.sensors])
    for sensor, on in zip(site.sensors, floors_at(site, heights), strict=True):
        if on == floor.number:
            x, y = sensor.place_m[0] * scale, -sensor.place_m[1] * scale
            yield f'<path class="sensor" d="M{x:.1f} {y - 6:.1f}l6 10h-12z"><title>{escape(sensor.name)}</title></path>\n'
            yield f'<text class="name" x="{x:.1f}" y="{y + 16:.1f}">{escape(sensor.name)}</text>\n'


def _way(site: Site, floor: Floor, placed: Sequence[Fix], scale: float) -> Iterator[str]:
    """The fixes on one floor: circles first, then the line over them."""
    on = floors_at(site, np.array([fix.place_m[2] for fix in placed if fix.place_m]))
    here = [fix if number_of == floor.number else None for fix, number_of in zip(placed, on, strict=True)]
    apart = max(1, len(placed) // CIRCLES)
    for fix in here[::apart]:
        if fix is not None and fix.place_m is not None:
            x, y = fix.place_m[0] * scale, -fix.place_m[1] * scale
            words = _("{time} s: {cell}, within {radius} m").format(
                time=number(fix.time_s), cell=fix.cell or "–", radius=number(fix.radius90_m, 1)
            )
            yield f'<circle class="near" cx="{x:.1f}" cy="{y:.1f}" r="{fix.radius90_m * scale:.1f}"><title>{escape(words)}</title></circle>\n'
    for piece in _pieces(here):
        points = " ".join(f"{fix.place_m[0] * scale:.1f},{-fix.place_m[1] * scale:.1f}" for fix in piece if fix.place_m)
        yield f'<polyline class="way" points="{points}"/>\n'
    ends = [fix for fix in (placed[:1] + placed[-1:]) if fix in here and fix.place_m]
    for word, fix in zip((_("start"), _("end")), ends, strict=False):
        if fix.place_m:
            x, y = fix.place_m[0] * scale, -fix.place_m[1] * scale
            yield f'<circle class="sensor" style="fill:#b00020" cx="{x:.1f}" cy="{y:.1f}" r="4"/>\n'
            yield f'<text x="{x + 7:.1f}" y="{y - 5:.1f}">{escape(word)}</text>\n'


def _pieces(here: Iterable[Fix | None]) -> Iterator[list[Fix]]:
    """Stretches without a stay on another floor."""
    piece: list[Fix] = []
    for fix in here:
        if fix is not None:
            piece.append(fix)
        elif piece:
            yield piece
            piece = []
    if piece:
        yield piece


def _ruler(low: np.ndarray, scale: float) -> str:
    """Five metres, in the corner."""
    x, y = low[0] * scale, -low[1] * scale + 24
    return f'<path d="M{x:.1f} {y:.1f}h{5 * scale:.1f}" stroke="#333" stroke-width="3"/><text x="{x + 5 * scale + 6:.1f}" y="{y + 4:.1f}">{escape(_("{metres} m").format(metres=5))}</text>\n'
