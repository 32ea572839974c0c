"""Tables of the files that set something up: each value of the kind that it must be, and none that nobody knows."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from cellwarden.language import gettext as _
from cellwarden.radio.live.stream import Tuning

Kinds = dict[str, tuple[type, bool]]
"""By name: `str` or `float`, and whether it must be there."""

MOST = 1e15
SIGNED = ("gain_db",)
"""Numbers that may be zero or less."""
RECEIVER: Kinds = {
    "source": (str, True),
    "rate_hz": (float, False),
    "centre_hz": (float, False),
    "gain_db": (float, False),
}
"""What a receiver is, wherever it stands."""
EVIDENCE: Kinds = {"folder": (str, True), "keep_mb": (float, False), "keep_days": (float, False)}
"""Where snippets are kept, at a node as at a site."""
KEEP_MB, KEEP_DAYS, DAY_S = 1000.0, 30.0, 86_400.0
"""Of snippets, where the table does not tell."""


def values(table: Any, kinds: Kinds, refuse: Callable[[str], NoReturn]) -> dict[str, Any]:
    """The values of a table. `refuse` is told in words what is wrong, and raises."""
    if not isinstance(table, dict):
        refuse(_("it must be a table of names and values"))
    for key, value in table.items():
        kind = kinds.get(key, (None, False))[0]
        if kind is None or not _fits(key, value, kind):
            refuse(_("{key} = {value} is not understood").format(key=key, value=value))
    for key, (_kind, needed) in kinds.items():
        if needed and key not in table:
            refuse(_("{key} is missing: add it").format(key=key))
    return {key: float(value) if kinds[key][0] is float else value for key, value in table.items()}


def _fits(key: str, value: Any, kind: type) -> bool:
    if kind is str:
        return isinstance(value, str) and bool(value.strip()) and value.isprintable()
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and -MOST < value < MOST and (key in SIGNED or value > 0)


def tuning(told: Mapping[str, Any]) -> Tuning:
    """What a receiver's table asks of it."""
    return Tuning(told.get("rate_hz"), told.get("centre_hz"), told.get("gain_db"))


def beside(path: Path, told: Mapping[str, Any], key: str) -> Path | None:
    """A path that a file tells, meant from the file's own folder."""
    return path.parent / told[key] if key in told else None


def kept(evidence: Mapping[str, Any]) -> tuple[float, float]:
    """How many octets and seconds a table of EVIDENCE lets stay."""
    return 1e6 * evidence.get("keep_mb", KEEP_MB), DAY_S * evidence.get("keep_days", KEEP_DAYS)
