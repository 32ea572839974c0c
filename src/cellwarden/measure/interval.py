"""A range that holds the truth with a stated probability, and an estimate with such a range."""

from typing import NamedTuple


class Interval(NamedTuple):
    """Lower and upper end."""

    lower: float
    upper: float


class Estimate(NamedTuple):
    """A value with the ends of its confidence interval."""

    value: float
    lower: float
    upper: float
