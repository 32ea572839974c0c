"""The mandate under which whole samples may be kept: who allowed it, until when, and to whose key it is encrypted.

[mandate]
reference = "TJ Lyon 2026/1234"
expires = 2026-12-31T23:59:59Z
key = "age1…"                   # public; its secret half lies with who gave the mandate
keep_days = 90                  # what is older is removed
"""

import tomllib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cellwarden.errors import MandateError
from cellwarden.language import gettext as _
from cellwarden.language import reason_of
from cellwarden.seal import age

NAMES = {"reference", "expires", "key", "keep_days"}


@dataclass(frozen=True, slots=True)
class Mandate:
    """As its file says."""

    reference: str
    expires_ns: int
    key: str
    keep_days: float


def read(path: Path, now_ns: int) -> Mandate:
    """The mandate in a file, which must still hold. Raises MandateError."""
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8")).get("mandate")
    except OSError as error:
        raise MandateError(_("{path} cannot be read: {why}").format(path=path, why=reason_of(error))) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MandateError(_("{path} is no TOML ({why}): mend it").format(path=path, why=reason_of(error))) from error
    if not isinstance(told, dict) or set(told) != NAMES:
        raise MandateError(
            _("{path} needs a [mandate] with {names}, and nothing else").format(
                path=path, names=", ".join(sorted(NAMES))
            )
        )
    mandate = _checked(path, told)
    if expired(mandate, now_ns):
        raise MandateError(
            _("{path}: the mandate {reference} has expired: nothing may be recorded without a new one").format(
                path=path, reference=mandate.reference
            )
        )
    age.check(mandate.key)
    return mandate


def expired(mandate: Mandate, now_ns: int) -> bool:
    """Whether nothing more may be recorded."""
    return now_ns >= mandate.expires_ns


def _checked(path: Path, told: dict[str, Any]) -> Mandate:
    """Its values, each of the kind that it must be."""
    reference, expires, key, days = (told[name] for name in ("reference", "expires", "key", "keep_days"))
    wrong = None
    if not isinstance(reference, str) or not reference.strip():
        wrong = _("reference must name the decision that allows it")
    elif not isinstance(expires, datetime) or expires.tzinfo is None:
        wrong = _("expires must be a time with its zone, as 2026-12-31T23:59:59Z")
    elif not isinstance(key, str):
        wrong = _("key must be a public key, age1…")
    elif isinstance(days, bool) or not isinstance(days, int | float) or not 0 < days < 36_525:
        wrong = _("keep_days must be a number of days")
    if wrong is not None:
        raise MandateError(_("{path}: {wrong}").format(path=path, wrong=wrong))
    return Mandate(reference.strip(), int(expires.timestamp()) * 1_000_000_000, key, float(days))
