"""An emission on the air: absolute time and frequency, from its samples and the segment that they lie in."""

from datetime import UTC, datetime, timedelta

from cellwarden.model import Emission, Segment


def middle_hz(emission: Emission, segment: Segment) -> float:
    """Middle of its box: absolute, or from the tuned centre where the recording does not tell that."""
    return (segment.centre_hz or 0.0) + (emission.low_offset_hz + emission.high_offset_hz) / 2


def clock_ns(segment: Segment, sample: float) -> int | None:
    """When a sample was taken, in nanoseconds since the epoch; None where the recording does not tell its start."""
    if segment.start_ns is None:
        return None
    return segment.start_ns + round((sample - segment.sample_start) / segment.rate_hz * 1e9)


def moment(segment: Segment, sample: float) -> datetime | None:
    """When a sample was taken, in UTC to the microsecond; None where the recording does not tell its start."""
    if segment.start_ns is None:
        return None
    since = (sample - segment.sample_start) / segment.rate_hz
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=segment.start_ns // 1000, seconds=since)
