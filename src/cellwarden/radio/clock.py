"""How far this machine's clock may be from the true time, as its kernel tells whoever disciplines it.

adjtimex(2) holds what chrony, ntpd or systemd-timesyncd said last: the largest error there may be, which grows by 500
millionths until the next word, and an estimate; and, where the kernel itself follows a receiver's second pulse (PPS),
its jitter. Source: Linux `include/uapi/linux/timex.h`; RFC 1589 §3 (time_maxerror, time_esterror).
"""

import ctypes
import math
import sys
from dataclasses import dataclass
from typing import Literal

from cellwarden.model import Segment

PPS_TIME, PPS_SIGNAL, UNSYNCHRONISED, NANOSECONDS = 0x0004, 0x0100, 0x0040, 0x2000
STAMP_NS = 20_000_000
"""How late the delay of a line may make a stamp that this machine gives: a piece of samples."""
ERROR = 5
"""What the call returns where the clock follows nothing."""


@dataclass(frozen=True, slots=True)
class Clock:
    """What a clock follows, and one standard deviation of its error; None where nobody can tell."""

    follows: Literal["pps", "ntp", "nothing"]
    error_ns: int | None


class Timex(ctypes.Structure):
    """`struct timex`."""

    _fields_ = [
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("constant", ctypes.c_long),
        ("precision", ctypes.c_long),
        ("tolerance", ctypes.c_long),
        ("seconds", ctypes.c_long),
        ("microseconds", ctypes.c_long),
        ("tick", ctypes.c_long),
        ("ppsfreq", ctypes.c_long),
        ("jitter", ctypes.c_long),
        ("shift", ctypes.c_int),
        ("stabil", ctypes.c_long),
        ("counts", ctypes.c_long * 4),
        ("tai", ctypes.c_int),
        ("reserved", ctypes.c_int * 11),
    ]


def stamp(segment: Segment) -> dict[str, str | int | None]:
    """What a segment's times follow and one standard deviation of their error, None where nobody can tell; nothing of
    a recording, whose own file may tell it."""
    if segment.start_ns is None or not segment.clock:
        return {}
    if segment.clock == "receiver":
        return {"clock": "receiver", "time_error_ns": None}
    now = clock()
    return {"clock": now.follows, "time_error_ns": late_ns(now)}


def late_ns(clock: Clock) -> int | None:
    """The error of a time at which this machine stamps samples that have come, where a clock follows anything."""
    return None if clock.error_ns is None else round(math.hypot(clock.error_ns, STAMP_NS))


def clock() -> Clock:
    """This machine's clock at the moment. Elsewhere than on Linux nothing is known of it."""
    if not sys.platform.startswith("linux"):
        return Clock("nothing", None)
    told = Timex()
    state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(told))
    return read(told, state)


def read(told: Timex, state: int) -> Clock:
    """What the kernel's words mean: microseconds, but a pulse's jitter in nanoseconds where it says so."""
    if state < 0 or state == ERROR or told.status & UNSYNCHRONISED:
        return Clock("nothing", None)
    if told.status & PPS_TIME and told.status & PPS_SIGNAL:
        return Clock("pps", max(1, told.jitter if told.status & NANOSECONDS else 1000 * told.jitter))
    error_us = max(float(told.esterror), told.maxerror / math.sqrt(3))  # a bound, taken as that of an even spread
    return Clock("ntp", max(1000, round(1000 * error_us)))
