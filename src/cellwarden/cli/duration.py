"""Durations as people write them: `90`, `90s`, `15m`, `1h`, `2d`."""

import re

import click

from cellwarden.language import gettext as _

_SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86_400.0}
_DURATION = re.compile(r"\s*([0-9]+(?:\.[0-9]*)?)\s*(s|min|m|h|d|)\s*")


def parse(text: str) -> float | None:
    """Seconds; None where it is no positive number with a known unit."""
    match = _DURATION.fullmatch(text)
    return float(match[1]) * _SECONDS[match[2]] or None if match else None


class Seconds(click.ParamType[float]):
    """A duration on the command line."""

    name = "TIME"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        seconds = value if isinstance(value, float) else parse(str(value))
        if seconds is None:
            self.fail(_("{value}: write it as 90s, 15m or 1h").format(value=repr(value)), param, ctx)
        return seconds
