"""A likelihood ratio in words, in seven steps from no support to extremely strong support.

    ratio    below 2 │ 2 to 10 │ to 100   │ to 1,000          │ to 10,000 │ to 1,000,000 │ above
    support  none    │ weak    │ moderate │ moderately strong │ strong    │ very strong  │ extremely strong

for one source; below 1 the same of 1 / ratio, for two. Only what was calibrated on real phones may speak so
(`calibration.silent`).

Source: ENFSI Guideline for Evaluative Reporting in Forensic Science (2015), verbal equivalents.
"""

import math
from bisect import bisect_right

from cellwarden.language import gettext as _

FROM = (2.0, 1e1, 1e2, 1e3, 1e4, 1e6)
"""Ratio from which each step but the first is used."""


def step(log_ratio: float) -> int:
    """0 to 6, whichever side a ratio's natural logarithm supports."""
    return bisect_right(FROM, math.exp(min(abs(log_ratio), 700.0)) * (1 + 1e-12))


def support(log_ratio: float) -> str:
    """What a ratio supports, and how strongly, in the reader's language."""
    if not (strength := step(log_ratio)):
        return _("no support for one transmitter or for two")
    words = (
        _("weak support"),
        _("moderate support"),
        _("moderately strong support"),
        _("strong support"),
        _("very strong support"),
        _("extremely strong support"),
    )
    said = (
        _("{support} for one transmitter against two")
        if log_ratio > 0
        else _("{support} for two transmitters against one")
    )
    return said.format(support=words[strength - 1])
