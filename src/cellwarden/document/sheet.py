"""Drawings of lines, areas and words, as SVG or PNG from one list of marks.

Coordinates are pixels, x to the right and y down. What stands later in the list lies above.
"""

import contextlib
import io
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from html import escape
from typing import TypeAlias

from PIL import Image, ImageDraw, ImageFont

Point: TypeAlias = tuple[float, float]
FINE = 2
"""A PNG is drawn this many times larger and made smaller, which smooths its edges."""
MOST_PIXELS = 100_000_000
FONTS = (
    "DejaVuSans.ttf",
    "LiberationSans-Regular.ttf",
    "NotoSans-Regular.ttf",
    "Verdana.ttf",
    "Arial.ttf",
    "arial.ttf",
)
"""Looked for in the system's folders; Pillow's own letters, which know no accents, stand in where none is there."""
WIDER = 1.15
"""An SVG's letters (DejaVu Sans, Verdana) are wider than Pillow's own, by which layouts are made on every system."""


@dataclass(frozen=True, slots=True)
class Area:
    """A polygon; its words are shown where it is pointed at."""

    points: tuple[Point, ...]
    fill: str
    edge: str = "none"
    words: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line, `width` wide."""

    start: Point
    end: Point
    colour: str
    width: float = 1.0


@dataclass(frozen=True, slots=True)
class Dot:
    """A disc with a white ring, so that it stands out of what lies below."""

    centre: Point
    radius: float
    fill: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """One line; `place` is its middle (or left end, for `start`), halfway up."""

    place: Point
    words: str
    size: float
    colour: str = "#1d1d1b"
    anchor: str = "middle"
    upright: bool = False
    """Read from below, turned by a quarter."""
    halo: str = "none"
    """Colour of an outline that keeps it legible over lines."""


Mark: TypeAlias = Area | Line | Dot | Text


@dataclass(frozen=True, slots=True)
class Sheet:
    """A drawing."""

    width: float
    height: float
    marks: tuple[Mark, ...]
    title: str = ""
    background: str = "#ffffff"


def text_width(words: str, size: float) -> float:
    """Width of words in pixels, to some percent and the same on every system."""
    return WIDER * float(_own(size).getlength(_plain(words)))


def svg(sheet: Sheet) -> str:
    """The drawing as one SVG file that needs nothing else."""
    return "\n".join(_svg_lines(sheet)) + "\n"


def _svg_lines(sheet: Sheet) -> Iterator[str]:
    size = f"{_n(sheet.width)} {_n(sheet.height)}"
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size}" width="{_n(sheet.width)}"'
        f' height="{_n(sheet.height)}" role="img" font-family="DejaVu Sans, Verdana, sans-serif">'
    )
    yield f"<title>{escape(sheet.title)}</title>"
    yield f'<rect width="100%" height="100%" fill="{sheet.background}"/>'
    for mark in sheet.marks:
        yield _svg_mark(mark)
    yield "</svg>"


def _svg_mark(mark: Mark) -> str:
    match mark:
        case Area(points, fill, edge, words):
            corners = " ".join(f"{_n(x)},{_n(y)}" for x, y in points)
            return f'<polygon points="{corners}" fill="{fill}" stroke="{edge}">{_svg_title(words)}</polygon>'
        case Line((x0, y0), (x1, y1), colour, width):
            return (
                f'<line x1="{_n(x0)}" y1="{_n(y0)}" x2="{_n(x1)}" y2="{_n(y1)}" stroke="{colour}"'
                f' stroke-width="{_n(width)}"/>'
            )
        case Dot((x, y), radius, fill, words):
            return (
                f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}" fill="{fill}" stroke="#ffffff"'
                f' stroke-width="1.5">{_svg_title(words)}</circle>'
            )
        case Text((x, y), words, size, colour, anchor, upright, halo):
            turn = f' transform="rotate(-90 {_n(x)} {_n(y)})"' if upright else ""
            edge = f' stroke="{halo}" stroke-width="3" paint-order="stroke"' if halo != "none" else ""
            return (
                f'<text x="{_n(x)}" y="{_n(y)}" dy="0.35em" font-size="{_n(size)}" fill="{colour}"'
                f' text-anchor="{anchor}"{edge}{turn}>{escape(words)}</text>'
            )


def _svg_title(words: str) -> str:
    return f"<title>{escape(words)}</title>" if words else ""


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def png(sheet: Sheet) -> bytes:
    """The drawing as a PNG."""
    fine = FINE if sheet.width * sheet.height * FINE**2 <= MOST_PIXELS else 1
    size = round(sheet.width * fine), round(sheet.height * fine)
    image = Image.new("RGB", size, sheet.background)
    draw = ImageDraw.Draw(image)
    for mark in sheet.marks:
        _png_mark(image, draw, mark, fine)
    out = io.BytesIO()
    image.resize((round(sheet.width), round(sheet.height)), Image.Resampling.BOX).save(out, "PNG", optimize=True)
    return out.getvalue()


def _png_mark(image: Image.Image, draw: ImageDraw.ImageDraw, mark: Mark, fine: int) -> None:
    match mark:
        case Area(points, fill, edge, _words):
            draw.polygon(_scaled(points, fine), None if fill == "none" else fill, None if edge == "none" else edge)
        case Line(start, end, colour, width):
            draw.line(_scaled((start, end), fine), colour, max(1, round(width * fine)))
        case Dot((x, y), radius, fill, _words):
            draw.circle((x * fine, y * fine), (radius + 1.5) * fine, "#ffffff")
            draw.circle((x * fine, y * fine), radius * fine, fill)
        case Text(place, words, size, colour, anchor, upright, halo):
            if upright:
                _png_upright(image, mark, fine)
            else:
                ring, font = (0, None) if halo == "none" else (round(1.5 * fine), halo), _font(size * fine)
                at, hold = _scaled((place,), fine)[0], "mm" if anchor == "middle" else "lm"
                draw.text(at, _written(words, font), colour, font, hold, stroke_width=ring[0], stroke_fill=ring[1])


def _png_upright(image: Image.Image, text: Text, fine: int) -> None:
    """Write on a strip of its own, turn that, and lay it on the picture where letters are."""
    font = _font(text.size * fine)
    words = _written(text.words, font)
    wide, high = int(font.getlength(words)) + 2 * fine, int(2 * text.size * fine)
    strip = Image.new("L", (wide, high), 0)
    ImageDraw.Draw(strip).text((wide / 2, high / 2), words, 255, font, "mm")
    turned = strip.rotate(90, expand=True)
    corner = round(text.place[0] * fine - turned.width / 2), round(text.place[1] * fine - turned.height / 2)
    image.paste(Image.new("RGB", turned.size, text.colour), corner, turned)


def _scaled(points: Iterable[Point], fine: int) -> list[Point]:
    return [(x * fine, y * fine) for x, y in points]


@cache
def _font(size: float) -> ImageFont.FreeTypeFont:
    """Letters with accents where the system has any."""
    for name in FONTS:
        with contextlib.suppress(OSError):
            return ImageFont.truetype(name, size)
    return _own(size)


@cache
def _own(size: float) -> ImageFont.FreeTypeFont:
    return ImageFont.load_default(size)  # type: ignore[return-value]  # a FreeTypeFont wherever a size is given


def _written(words: str, font: ImageFont.FreeTypeFont) -> str:
    """Words as a font can write them."""
    return _plain(words) if font.getname() == _own(10).getname() else words


def _plain(words: str) -> str:
    """Without accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", words) if not unicodedata.combining(c))
