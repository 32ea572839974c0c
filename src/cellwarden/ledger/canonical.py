"""One spelling of a value, so that two who hash it get the same digest.

The form of RFC 8785 (JSON Canonicalization Scheme) for what a ledger's line may hold: text, whole numbers with all
their digits, true, false, nothing, lists and tables of these. Fractions have many spellings and are refused: write them
as text.
"""

import json
from typing import TypeAlias

Plain: TypeAlias = "str | int | bool | list[Plain] | dict[str, Plain] | None"


def canonical(value: Plain) -> bytes:
    """UTF-8 JSON without spaces, keys in the order of their UTF-16 code units (RFC 8785 §3.2.3)."""
    return json.dumps(_ordered(value), ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def _ordered(value: Plain) -> Plain:
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise TypeError("keys of a ledger's line are text")
        return {key: _ordered(value[key]) for key in sorted(value, key=lambda key: key.encode("utf-16-be"))}
    if isinstance(value, list):
        return [_ordered(one) for one in value]
    if value is None or isinstance(value, str | int):
        return value
    raise TypeError(f"{type(value).__name__} has no place in a ledger's line")
