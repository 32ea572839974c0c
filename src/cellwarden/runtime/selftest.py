"""Whether a node hears: from what its receiver gives, and what it gave before.

no samples     nothing comes
jammed         a jammer sends: what phones send in its band is not heard
lost samples   some do not
floor fell     the noise is 10 dB below what it has long been: an antenna or its cable came off
floor high     … above: something loud lies over the whole band
gain low       the noise is what the converter makes itself: whatever is weaker than that is not heard
clipped        samples are cut off: the gain is too high, or something stands too near
overdriven     the receiver makes bursts of its own of strong ones, for the same reasons
clock          it follows nothing, or was set, or the receiver's crystal is far off
"""

import math

from cellwarden.radio.clock import Clock
from cellwarden.runtime.listen import Health

FLOOR_DB = 10.0
MEMORY = 0.999
"""Part of its past that the usual floor keeps each second: a quarter of an hour."""
CONVERTER_DB = 3.0
"""Above the converter's own noise by less than this, a floor is that noise."""
CLIPPED = 1e-4
PRODUCTS = 5
"""In a second."""
CRYSTAL_PPM = 100.0


def faults(
    now: Health,
    before: Health | None,
    usual_db: float | None,
    rate_hz: float,
    scale: float,
    clock: Clock,
    *,
    stepped: bool = False,
    crystal_ppm: float | None = None,
) -> tuple[str, ...]:
    """Names of what is wrong, the worst first. `scale` is what a unit of a sample is worth, full scale being 1."""
    found = ["jammed"] if now.blind else []
    floor = now.floor_dbfs_hz
    if floor is not None and usual_db is not None and abs(floor - usual_db) > FLOOR_DB:
        found.append("floor fell" if floor < usual_db else "floor high")
    if floor is not None and floor + 10 * math.log10(rate_hz) < converter_db(scale) + CONVERTER_DB:
        found.append("gain low")
    if now.clipped > CLIPPED:
        found.append("clipped")
    if now.products >= PRODUCTS:
        found.append("overdriven")
    if now.lost > (before.lost if before else 0):
        found.append("lost samples")
    if clock.follows == "nothing" or stepped or abs(crystal_ppm or 0.0) > CRYSTAL_PPM:
        found.append("clock")
    return tuple(found)


def converter_db(scale: float) -> float:
    """Power in dBFS of what rounding to steps of `scale` adds to I and Q: a twelfth of a step squared, twice."""
    return 10 * math.log10(max(2 * scale**2 / 12, 1e-30))


def usual(before_db: float | None, now_db: float | None, found: tuple[str, ...]) -> float | None:
    """The floor that is usual, one second later; a floor that is wrong is not learned."""
    if now_db is None or "floor fell" in found or "floor high" in found:
        return before_db
    return now_db if before_db is None else MEMORY * before_db + (1 - MEMORY) * now_db
