"""Results of a lane as a table: a line for each object, with room for what officers find."""

import csv
import io
from collections.abc import Iterable

from cellwarden.model import Passage

HEAD = (
    *("person", "result", "probability", "time_s", "position_m", "range_m", "range_error_m", "second_dbm", "third_dbm"),
    *("second_slope", "third_slope", "calibrated", "warning_read", "second_check", "outcome"),
)


def table(passages: Iterable[Passage]) -> str:
    """CSV with a head."""
    made = io.StringIO()
    rows = csv.writer(made, lineterminator="\n")
    rows.writerow(HEAD)
    for one in passages:
        for r in one.readings:
            slopes = ["" if s is None else f"{s[0]:.2f}" for s in (r.second_slope, r.third_slope)]
            values = (r.time_s, r.position_m, r.range_m, r.range_error_m, r.second_dbm, r.third_dbm)
            told = ["" if value is None else f"{value:.2f}" for value in values]
            flags = ["yes" if flag else "no" for flag in (one.calibrated, one.warning_read)]
            ends = (one.second_check, one.outcome)
            rows.writerow([one.person, r.kind, f"{r.probability:.4f}", *told, *slopes, *flags, *ends])
    return made.getvalue()
