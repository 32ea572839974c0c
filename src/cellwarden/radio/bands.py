"""Which bands hold a frequency, which side of a band that is, and which channel.

`channels_at` and `direction_at` answer for GSM alone (3GPP TS 45.005 §2) and are asked once or more for every burst:
all GSM carriers lie on multiples of 200 kHz, so that each is one look-up in a table made beforehand.
`allocations_at` answers for every system there is a table of, one line per band.
"""

from dataclasses import dataclass

from cellwarden.radio import bands_cellular
from cellwarden.radio.bands_raster import Allocation, Stretch
from cellwarden.radio.bands_unlicensed import UNLICENSED

RASTER_HZ = bands_cellular.GSM_RASTER_HZ


@dataclass(frozen=True, slots=True)
class Channel:
    """A GSM channel that a frequency belongs to."""

    band: str
    direction: str
    """`uplink` or `downlink`."""
    arfcn: int
    centre_hz: int


def _by_raster(stretches: list[Stretch]) -> dict[int, tuple[Channel, ...]]:
    """GSM channels by their carrier in units of 200 kHz."""
    found: dict[int, tuple[Channel, ...]] = {}
    for s in stretches:
        for arfcn, centre_hz in zip(s.channels, range(s.first_hz, s.high_hz, s.step_hz), strict=True):
            place = centre_hz // RASTER_HZ
            found[place] = (*found.get(place, ()), Channel(s.band, s.direction, arfcn, centre_hz))
    return found


_GSM = bands_cellular.gsm()
_CHANNELS = _by_raster(_GSM)
_DIRECTIONS = {
    place: channels[0].direction if len({channel.direction for channel in channels}) == 1 else "unknown"
    for place, channels in _CHANNELS.items()
}
_CELLULAR = (*_GSM, *bands_cellular.umts(), *bands_cellular.lte(), *bands_cellular.nr())
_EVERYTHING = (*_CELLULAR, *UNLICENSED)


def _by_name() -> dict[str, tuple[float, float]]:
    """Edges of where phones send, of all stretches of one name: system, band and side; of LTE also the number alone."""
    found: dict[str, tuple[float, float]] = {}
    for s in _CELLULAR:
        if s.direction == "downlink":
            continue
        bands = (
            [s.band, s.band.replace("DCS", "GSM").replace("PCS", "GSM")]
            if s.system == "GSM"
            else [f"{s.system} {s.band}"]
        )
        names = [f"{band}-{s.direction}".lower().replace(" ", "-") for band in bands]
        for name in {*names, *([s.band] if s.system == "LTE" else [])}:
            low, high = found.get(name, (s.low_hz, s.high_hz))
            found[name] = float(min(low, s.low_hz)), float(max(high, s.high_hz))
    return found


_UPLINKS = _by_name()


def channels_at(frequency_hz: float) -> tuple[Channel, ...]:
    """All GSM channels whose 200 kHz hold a frequency; more than one where bands overlap."""
    return _CHANNELS.get(int(frequency_hz / RASTER_HZ + 0.5), ())


def direction_at(frequency_hz: float) -> str:
    """`uplink`, `downlink`, or `unknown` where no GSM band lies or two bands disagree."""
    return _DIRECTIONS.get(int(frequency_hz / RASTER_HZ + 0.5), "unknown")


def allocations_at(frequency_hz: float) -> tuple[Allocation, ...]:
    """Every band that holds a frequency: GSM, UMTS, LTE, NR by band number, then what needs no licence."""
    found = (stretch.at(frequency_hz) for stretch in _EVERYTHING)
    return tuple(allocation for allocation in found if allocation is not None)


def europes_within(low_hz: float, high_hz: float) -> tuple[str, ...]:
    """Numbers of Europe's bands in whose uplink some of this lies, in the order of frequency."""
    met = [
        s
        for s in bands_cellular.lte()
        if s.band in bands_cellular.EUROPE and s.direction == "uplink" and s.low_hz < high_hz and low_hz < s.high_hz
    ]
    return tuple(s.band for s in sorted(met, key=lambda s: s.low_hz))


def uplink(name: str) -> tuple[float, float]:
    """Edges in hertz of where a band's phones send: `20` or `lte-20-uplink`, `gsm-900-uplink`, `nr-n78-both`.

    Raises KeyError for a name that no such band has.
    """
    return _UPLINKS[name.strip().lower()]


def uplinks_at(frequency_hz: float) -> list[tuple[str, str, float, float]]:
    """System, band, and edges in hertz of every band that holds a frequency and in which phones alone send."""
    return [
        (s.system, s.band, float(s.low_hz), float(s.high_hz))
        for s in _EVERYTHING
        if s.direction == "uplink" and s.low_hz <= frequency_hz < s.high_hz
    ]
