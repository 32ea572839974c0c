"""What leaves the rooms of UMTS: an emission, whatever of it was seen."""

import math
from functools import lru_cache

from cellwarden.airinterface.umts_carrier import Carrier
from cellwarden.airinterface.umts_waveform import BANDWIDTH_HZ, CHIP_RATE_HZ, RASTER_HZ
from cellwarden.model import Block, Burst, Emission
from cellwarden.radio.bands import allocations_at


def emission(
    label: str,
    carrier: Carrier,
    burst: Burst,
    block: Block,
    where: tuple[float, int],
    power: float,
    cfo_hz: float | None,
    confidence: float,
    details: dict[str, str | int | float],
    rough_hz: float = 0.0,
) -> Emission:
    """What leaves this room. `where`: the first chip's beginning as a sample of the block, and how many chips."""
    at, chips = where
    start = block.sample_start + at
    centre = block.segment.centre_hz
    downlink = label == "umts:downlink"
    sides = set() if centre is None else sides_at(round((centre + carrier.offset_hz) / RASTER_HZ))
    if centre is not None and not downlink and sides and "uplink" not in sides and "both" not in sides:
        confidence *= 0.5  # a phone's structure on a band that only base stations use
    return Emission(
        label=label,
        sample_start=math.floor(start),
        sample_count=round(chips * carrier.per_chip),
        low_offset_hz=carrier.offset_hz - BANDWIDTH_HZ / 2,
        high_offset_hz=carrier.offset_hz + BANDWIDTH_HZ / 2,
        snr_db=10 * math.log10(max(power / carrier.noise, 1e-3) * CHIP_RATE_HZ / BANDWIDTH_HZ),
        confidence=confidence,
        cfo_hz=cfo_hz if centre is not None else None,
        carrier_offset_hz=carrier.offset_hz + (rough_hz if cfo_hz is None else cfo_hz),
        timing_samples=start - math.floor(start),
        direction="downlink" if downlink else "uplink",
        floor_dbfs_hz=burst.floor_dbfs_hz,
        details=details,
    )


@lru_cache(maxsize=4096)
def sides_at(place: int) -> frozenset[str]:
    """Which sides send at a multiple of the raster."""
    return frozenset(a.direction for a in allocations_at(place * RASTER_HZ) if a.system.startswith("UMTS"))
