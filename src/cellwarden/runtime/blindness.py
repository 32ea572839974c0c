"""In which bands a jammer blinds a receiver, since when, and that it hears there again.

jammer      ▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂
listened    ▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔▔   of a receiver that visits several bands, the visits there alone
            since ├LASTS_S┤         ├CLEAR_S┤
                          blind ............. hears again
"""

import time
from dataclasses import dataclass

from cellwarden.model import Blind, Emission, Segment
from cellwarden.radio.bands import europes_within
from cellwarden.runtime.burst_rows import start_ns

LASTS_S = 1.0
"""A radar or a drill that sweeps for less is no jammer."""
CLEAR_S = 2.0
"""Without a jammer for so long it hears again; what was found is told by then."""
JAMMER = "noise:jammer"


@dataclass(slots=True)
class _Jam:
    since_ns: int
    lasted_s: float = 0.0
    clear_s: float = 0.0
    """Listened since it was last heard."""


class Blindness:
    """Of one receiver, as it listens."""

    def __init__(self) -> None:
        self._jams: dict[float | None, dict[str, _Jam]] = {}
        """By what it is tuned to, then by band."""

    def listened(self, segment: Segment, count: int) -> None:
        """So many samples of a segment came."""
        jams = self._jams.get(segment.centre_hz)
        if not jams:
            return
        for band, jam in list(jams.items()):
            jam.clear_s += count / segment.rate_hz
            if jam.clear_s > CLEAR_S:
                del jams[band]

    def heard(self, emission: Emission, segment: Segment) -> None:
        """An emission; what is no jammer's changes nothing."""
        if emission.label != JAMMER:
            return
        jams = self._jams.setdefault(segment.centre_hz, {})
        begun_ns = time.time_ns() if segment.start_ns is None else start_ns(emission, segment)
        for band in bands_of(emission, segment):
            jam = jams.setdefault(band, _Jam(begun_ns))
            jam.lasted_s, jam.clear_s = jam.lasted_s + emission.sample_count / segment.rate_hz, 0.0

    def now(self) -> tuple[Blind, ...]:
        """Where it is blind, since the first moment of it."""
        since: dict[str, int] = {}
        for jams in self._jams.values():
            for band, jam in jams.items():
                if jam.lasted_s >= LASTS_S:
                    since[band] = min(jam.since_ns, since.get(band, jam.since_ns))
        return tuple(Blind(band, since_ns) for band, since_ns in since.items())


def bands_of(emission: Emission, segment: Segment) -> tuple[str, ...]:
    """Names of where it lies: bands of phones, else what the receiver is tuned to, which stays the same meanwhile."""
    if segment.centre_hz is None:
        return ("",)
    edges = (segment.centre_hz + emission.low_offset_hz, segment.centre_hz + emission.high_offset_hz)
    return europes_within(*edges) or (f"{segment.centre_hz / 1e6:g} MHz",)
