"""Where phones answer a base station: the uplink carriers that belong to a downlink carrier.

In paired bands both carriers have the same place in their side of the band; where the sides take turns they are one.
"""

from cellwarden.radio import band_tables as tables


def uplinks_of(system: str, downlink_hz: float) -> tuple[float, ...]:
    """Uplink carriers for a downlink carrier of `gsm`, `lte` or `nr`: one for each band that holds it."""
    mhz = downlink_hz / 1e6
    found: list[float] = []
    if system == "gsm":
        found += [
            mhz - duplex
            for _band, first, last, uplink, duplex in tables.GSM
            if uplink + duplex - 0.1 <= mhz < uplink + duplex + 0.2 * (last - first) + 0.1
        ]
    elif system == "lte":
        paired = ((up, low, high) for _b, up, _u, _n, low, high, _d in tables.LTE_FDD)
        found += [mhz - low + up for up, low, high in paired if low <= mhz < high]
        found += [mhz for _band, low, high, _number in tables.LTE_TDD if low <= mhz < high]
    elif system == "nr":
        found += [mhz - low + up for _b, up, _u, low, high in tables.NR_FDD if low <= mhz < high]
        found += [mhz for _band, low, high in tables.NR_TDD if low <= mhz < high]
    return tuple(dict.fromkeys(round(value * 1e6, 3) for value in found))
