"""Quantities as people write them: `902.4MHz`, `10M`, `2.1667e6`, `10 MS/s`; `90s`, `15m`, `1h`."""

import math
import re
from collections.abc import Callable

import click

from cellwarden.language import gettext as _
from cellwarden.language import mark

_PREFIX = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9}
_QUANTITY = re.compile(r"\s*([0-9.]+(?:[eE][+-]?[0-9]+)?)\s*([kKMG]?)\s*(?:Hz|hz|S/s|sps)?\s*")
_SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86_400.0}
_DURATION = re.compile(r"\s*([0-9]+(?:\.[0-9]*)?)\s*(s|min|m|h|d|)\s*")


def parse(text: str) -> float | None:
    """Hertz (or samples a second); None where it is no positive number with a known unit."""
    return _parsed(text, _QUANTITY, _PREFIX)


def parse_seconds(text: str) -> float | None:
    """Seconds; None where it is no positive number with a known unit."""
    return _parsed(text, _DURATION, _SECONDS)


def _parsed(text: str, form: re.Pattern[str], units: dict[str, float]) -> float | None:
    match = form.fullmatch(text)
    try:
        value = float(match[1]) * units[match[2]] if match else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) and value > 0 else None


class _Quantity(click.ParamType[float]):
    """What is read by `parse`, or refused with `remedy`."""

    parse: Callable[[str], float | None]
    remedy: str

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number = value if isinstance(value, float) else self.parse(str(value))
        if number is None:
            self.fail(_(self.remedy).format(value=repr(value)), param, ctx)
        return number


class Hertz(_Quantity):
    """A frequency or a rate on the command line."""

    name = "HZ"
    parse = staticmethod(parse)
    remedy = mark("{value}: write it as 902.4MHz, 10M or 2.1667e6")


class Seconds(_Quantity):
    """A duration on the command line."""

    name = "TIME"
    parse = staticmethod(parse_seconds)
    remedy = mark("{value}: write it as 90s, 15m or 1h")
