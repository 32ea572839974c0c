"""GSM, UMTS, LTE and NR as stretches of channels, from `band_tables`.

GSM    F = first carrier + 0.2 MHz (n - first ARFCN)        3GPP TS 45.005 §2
UMTS   F = N / 5 + offset                                   3GPP TS 25.101 §5.4.3 (FDD), TS 25.102 §5.4.3 (TDD)
LTE    F = low + 0.1 MHz (N - first EARFCN)                 3GPP TS 36.101 §5.7.3
NR     F = 5 kHz N                        below 3 GHz       3GPP TS 38.104 §5.4.2.1, the global raster
       F = 3 GHz + 15 kHz (N - 600000)    from 3 GHz on     (a band's carriers lie on every 3rd to 20th of its numbers)
"""

import math

from cellwarden.radio import band_tables as tables
from cellwarden.radio.bands_raster import Direction, Stretch, hertz

GSM_RASTER_HZ = 200_000
UTRA_RASTER_HZ = 200_000
LTE_RASTER_HZ = 100_000
NR_KNEE_HZ = 3_000_000_000
NR_KNEE_NUMBER = 600_000
NR_LOW_RASTER_HZ = 5_000
NR_HIGH_RASTER_HZ = 15_000
EUROPE = ("20", "8", "28", "3", "1", "7")
"""Uplink bands that phones use in Europe, 2G to 5G, by their LTE number; 8 and 3 are those of GSM, too."""


def gsm() -> list[Stretch]:
    """Every channel reaches half a raster to either side of its carrier."""
    found = []
    for band, first, last, uplink_mhz, duplex_mhz in tables.GSM:
        channels = range(first, last + 1)
        sides: tuple[tuple[Direction, float], ...] = (("uplink", uplink_mhz), ("downlink", uplink_mhz + duplex_mhz))
        for side, first_mhz in sides:
            low = hertz(first_mhz) - GSM_RASTER_HZ // 2
            high = low + len(channels) * GSM_RASTER_HZ
            found.append(
                Stretch("GSM", band, side, "ARFCN", low, high, channels, hertz(first_mhz), step_hz=GSM_RASTER_HZ)
            )
    return found


def umts() -> list[Stretch]:
    """Carriers keep their distance from the band's edges; the edges themselves belong to the first and last carrier."""
    found = []
    for band, up_low, up_high, up_offset, down_low, down_high, down_offset in tables.UTRA_FDD:
        found.append(_utra("UMTS FDD", band, "uplink", up_low, up_high, up_offset))
        found.append(_utra("UMTS FDD", band, "downlink", down_low, down_high, down_offset))
    found += [_utra("UMTS FDD", band, "downlink", low, high, off) for band, low, high, off in tables.UTRA_DOWNLINK]
    found += [
        _utra("UMTS TDD", band, "both", low, high, 0, tables.UTRA_TDD_EDGE) for band, low, high in tables.UTRA_TDD
    ]
    return found


def _utra(
    system: str,
    band: str,
    side: Direction,
    low_mhz: float,
    high_mhz: float,
    offset_mhz: float,
    edge_mhz: float = tables.UTRA_EDGE,
) -> Stretch:
    low, high, offset, edge = hertz(low_mhz), hertz(high_mhz), hertz(offset_mhz), hertz(edge_mhz)
    first = math.ceil((low + edge - offset) / UTRA_RASTER_HZ)
    last = math.floor((high - edge - offset) / UTRA_RASTER_HZ)
    first_hz = offset + first * UTRA_RASTER_HZ
    return Stretch(system, band, side, "UARFCN", low, high, range(first, last + 1), first_hz, step_hz=UTRA_RASTER_HZ)


def lte() -> list[Stretch]:
    """Paired bands, bands with a downlink only, and bands whose two sides take turns."""
    found = []
    for band, up_low, up_high, up_first, down_low, down_high, down_first in tables.LTE_FDD:
        found.append(_eutra(band, "uplink", up_low, up_high, up_first))
        found.append(_eutra(band, "downlink", down_low, down_high, down_first))
    found += [_eutra(band, "downlink", low, high, first) for band, low, high, first in tables.LTE_DOWNLINK]
    found += [_eutra(band, "both", low, high, first) for band, low, high, first in tables.LTE_TDD]
    return sorted(found, key=lambda stretch: int(stretch.band))


def _eutra(band: str, side: Direction, low_mhz: float, high_mhz: float, first: int) -> Stretch:
    low, high = hertz(low_mhz), hertz(high_mhz)
    channels = range(first, first + (high - low) // LTE_RASTER_HZ)
    return Stretch("LTE", band, side, "EARFCN", low, high, channels, low, step_hz=LTE_RASTER_HZ)


def nr() -> list[Stretch]:
    """Paired bands, supplementary downlinks and uplinks, and bands whose two sides take turns."""
    found = []
    for band, up_low, up_high, down_low, down_high in tables.NR_FDD:
        found += [_nr(band, "uplink", up_low, up_high), _nr(band, "downlink", down_low, down_high)]
    found += [_nr(band, "downlink", low, high) for band, low, high in tables.NR_DOWNLINK]
    found += [_nr(band, "uplink", low, high) for band, low, high in tables.NR_UPLINK]
    found += [_nr(band, "both", low, high) for band, low, high in tables.NR_TDD]
    return sorted(found, key=lambda stretch: int(stretch.band[1:]))


def _nr(band: str, side: Direction, low_mhz: float, high_mhz: float) -> Stretch:
    """Numbers of the global raster that lie in the band, both edges included; no band crosses 3 GHz."""
    low, high = hertz(low_mhz), hertz(high_mhz)
    knee_hz, knee, step = (
        (NR_KNEE_HZ, NR_KNEE_NUMBER, NR_HIGH_RASTER_HZ) if low >= NR_KNEE_HZ else (0, 0, NR_LOW_RASTER_HZ)
    )
    first = math.ceil((low - knee_hz) / step)
    last = math.floor((high - knee_hz) / step)
    channels = range(knee + first, knee + last + 1)
    return Stretch("NR", band, side, "NR-ARFCN", low, high, channels, knee_hz + first * step, step_hz=step)
