"""Frequencies and rates as people write them: `902.4MHz`, `10M`, `2.1667e6`, `10 MS/s`."""

import math
import re

import click

from cellwarden.language import gettext as _

_PREFIX = {"": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9}
_QUANTITY = re.compile(r"\s*([0-9.]+(?:[eE][+-]?[0-9]+)?)\s*([kKMG]?)\s*(?:Hz|hz|S/s|sps)?\s*")


def parse(text: str) -> float | None:
    """Hertz (or samples a second); None where it is no positive number with a known unit."""
    match = _QUANTITY.fullmatch(text)
    try:
        value = float(match[1]) * _PREFIX[match[2]] if match else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) and value > 0 else None


class Hertz(click.ParamType[float]):
    """A frequency or a rate on the command line."""

    name = "HZ"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        hertz = value if isinstance(value, float) else parse(str(value))
        if hertz is None:
            self.fail(_("{value}: write it as 902.4MHz, 10M or 2.1667e6").format(value=repr(value)), param, ctx)
        return hertz
