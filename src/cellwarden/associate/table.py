"""Observations as the table that `cellwarden locate` reads: a line for each sensor that heard a burst.

    time_s,sensor,rssi_dbm,phone,label,frequency_hz,arrival_ns,arrival_error_ns
    1780000000.003009,A0-S1,-71.20,P1,gsm:normal,901800000,0,210

Levels are what the sensor reports, in dBFS: its calibration in the site's file (`offset_db`) makes them dBm. Bursts
without a level, of a scan that told no noise floor, have an empty cell, which is no reading.
"""

import math
from collections.abc import Iterable, Iterator

from cellwarden.document.table import quoted
from cellwarden.model import Observation

HEAD = "time_s,sensor,rssi_dbm,phone,label,frequency_hz,arrival_ns,arrival_error_ns"


def lines(observations: Iterable[Observation]) -> Iterator[str]:
    """The table's text, line by line."""
    yield HEAD + "\n"
    for one in observations:
        seconds, rest = divmod(one.time_ns, 10**9)
        head = f"{seconds}.{rest // 1000:06d}"
        tail = f"{one.phone},{one.label},{one.frequency_hz:.0f}"
        for heard in one.heard:
            level = "" if math.isnan(heard.level_dbfs) else f"{heard.level_dbfs:.2f}"
            error = f"{heard.arrival_error_ns:.0f}" if math.isfinite(heard.arrival_error_ns) else ""
            yield f"{head},{quoted(heard.sensor)},{level},{tail},{heard.arrival_ns:.0f},{error}\n"
