"""What was sent, by which standard; and what is known of the base station that it was sent to."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Emission:
    """A burst with its name: what was sent, when, where in frequency, and how sure we are. Never who, never content."""

    label: str
    """`interface:kind` of the vocabulary, e.g. `gsm:normal`."""
    sample_start: int
    """First bit or symbol, ramps lie outside."""
    sample_count: int
    low_offset_hz: float
    high_offset_hz: float
    snr_db: float
    """In the interface's nominal bandwidth (GSM 200 kHz); unknown bursts: in their box."""
    confidence: float
    """Probability that label and box are right."""
    cfo_hz: float | None = None
    """Carrier frequency minus the nearest channel's nominal one; None where neither is known."""
    carrier_offset_hz: float | None = None
    """Measured carrier relative to baseband zero, where the interface has a carrier."""
    timing_samples: float | None = None
    """Fraction of a sample by which the first symbol comes after `sample_start`."""
    direction: str = "unknown"
    """`uplink`, `downlink` or `unknown`."""
    floor_dbfs_hz: float | None = None
    details: Mapping[str, str | int | float] = field(default_factory=dict)
    """Numbers the interface has: `training_sequence`, `modulation`, … Never an identity, never payload."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What is known of a base station, so that `search` may look deeper than energy shows. Never a subscriber."""

    interface: str
    """Name of its air interface, e.g. `gsm`."""
    carriers_hz: tuple[float, ...]
    """Offsets of its uplink carriers from baseband zero, as this receiver hears them."""
    frame_start: float
    """Sample index, with its fraction, at which one of its uplink frames begins here for a phone beside the sensor."""
    frame_samples: float
    """Length of a frame in samples of this receiver's clock."""
    details: Mapping[str, str | int | float] = field(default_factory=dict)
    """What the interface uses besides: `training_sequence`, `physical_cell`, `preamble_root`, …"""
