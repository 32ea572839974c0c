"""GSM bands and channels (3GPP TS 45.005 §2): which side of a band a frequency lies on, and which ARFCN it is.

Fl(n) = first + 0.2 MHz (n - offset) is the uplink carrier of channel n, and the downlink lies a duplex spacing higher.
"""

from dataclasses import dataclass

RASTER_HZ = 200_000


@dataclass(frozen=True, slots=True)
class Band:
    """One stretch of channels of a band."""

    name: str
    first_arfcn: int
    last_arfcn: int
    first_uplink_hz: int
    duplex_hz: int


BANDS = (
    Band("GSM 450", 259, 293, 450_600_000, 10_000_000),
    Band("GSM 480", 306, 340, 479_000_000, 10_000_000),
    Band("GSM 850", 128, 251, 824_200_000, 45_000_000),
    Band("GSM 900", 0, 124, 890_000_000, 45_000_000),
    Band("GSM 900", 975, 1023, 880_200_000, 45_000_000),
    Band("GSM-R 900", 955, 974, 876_200_000, 45_000_000),
    Band("DCS 1800", 512, 885, 1_710_200_000, 95_000_000),
    Band("PCS 1900", 512, 810, 1_850_200_000, 80_000_000),
)


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel that a frequency belongs to."""

    band: str
    direction: str
    """`uplink` or `downlink`."""
    arfcn: int
    centre_hz: int


def channels_at(frequency_hz: float) -> tuple[Channel, ...]:
    """All GSM channels whose 200 kHz hold a frequency; more than one where bands overlap."""
    found = []
    for band in BANDS:
        for direction, shift in (("uplink", 0), ("downlink", band.duplex_hz)):
            number = round((frequency_hz - band.first_uplink_hz - shift) / RASTER_HZ)
            if 0 <= number <= band.last_arfcn - band.first_arfcn:
                centre = band.first_uplink_hz + shift + number * RASTER_HZ
                found.append(Channel(band.name, direction, band.first_arfcn + number, centre))
    return tuple(found)


def direction_at(frequency_hz: float) -> str:
    """`uplink`, `downlink`, or `unknown` where no GSM band lies or two bands disagree."""
    sides = {channel.direction for channel in channels_at(frequency_hz)}
    return sides.pop() if len(sides) == 1 else "unknown"
