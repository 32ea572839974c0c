"""What is no phone: names what looks like a burst and is a remote, a meter, an aircraft, a drone, or the receiver.

Each name needs something that phones have not: a known sequence, or a shape that no cellular standard allows. One file
for each idea; here stands which of them is asked about which boxes.
"""

import math
from collections.abc import Callable

from cellwarden.airinterface.declaration import Interface
from cellwarden.airinterface.impostors_drone import drone
from cellwarden.airinterface.impostors_impulse import impulse
from cellwarden.airinterface.impostors_keyed import TONE_HZ, WIDEST_KEYED_HZ, keyed_frequency, line, one_of_two, trains
from cellwarden.airinterface.impostors_lora import chirps, frames_joined, piece_of_chirps
from cellwarden.airinterface.impostors_mode_s import frames_once, mode_s
from cellwarden.airinterface.impostors_noise import LEAST_HZ, LEAST_S, wideband
from cellwarden.airinterface.impostors_zigbee import zigbee
from cellwarden.model import Block, Burst, Emission

CLEAR_DB = 6.0
"""Least SNR of a box for names that rest on its shape."""

_LOOKS: tuple[tuple[float, float, float, float, Callable[[Burst, Block], Emission | None]], ...] = (
    (10e-6, 2e-3, 0.0, math.inf, impulse),
    (0.2e-3, 20e-3, 0.0, TONE_HZ, one_of_two),
    (4e-3, 2.0, 80e3, 700e3, chirps),
    (0.2e-3, math.inf, 0.0, 200e3, line),
    (0.3e-3, math.inf, 4e3, WIDEST_KEYED_HZ, keyed_frequency),
    (0.1e-3, 6e-3, 1.2e6, 3.5e6, zigbee),
    (0.2e-3, 2.0, 40e3, 700e3, piece_of_chirps),
    (0.3e-3, 1e-3, 6e6, 13e6, drone),
    (LEAST_S, math.inf, LEAST_HZ, math.inf, wideband),
)
"""Least and most duration and width of a box, and who looks at it; the first that gives a name ends it."""


def recognise(burst: Burst, block: Block) -> list[Emission]:
    """Name a box that is no phone's, by the first name that fits."""
    frames = mode_s(burst, block)
    if frames or burst.snr_db < CLEAR_DB:
        return frames
    width = burst.high_offset_hz - burst.low_offset_hz
    duration = burst.sample_count / block.segment.rate_hz
    for least_s, most_s, least_hz, most_hz, look in _LOOKS:
        if least_s <= duration <= most_s and least_hz <= width <= most_hz:
            found = look(burst, block)
            if found:
                return [found]
    return []


def settle(emissions: list[Emission], rate_hz: float) -> list[Emission]:
    """Pulses of one keyed carrier become one emission, and a frame found in several boxes is told once."""
    return frames_joined(frames_once(trains(emissions, rate_hz)))


INTERFACE = Interface(
    name="impostors",
    title="impostors",
    standard="IEEE 802.15.4, ICAO Annex 10, ETSI EN 300 220",
    kinds={
        "other:zigbee": "home automation (IEEE 802.15.4)",
        "other:adsb": "an aircraft tells its position (Mode S, long)",
        "other:mode-s": "an aircraft answers a radar (Mode S, short)",
        "other:ook": "a remote or a sensor, a carrier switched on and off",
        "other:fsk": "a meter, a sensor or a remote, keyed between two frequencies",
        "other:lora": "a sensor of a LoRa network",
        "other:dji-droneid": "a drone tells its position (DroneID)",
        "other:voice-fm": "a voice radio (frequency modulation)",
        "spur:cw": "a carrier without modulation, mostly of the receiver's own",
        "spur:intermodulation": "made in the receiver of signals too strong for it",
        "spur:weak": "60 dB and more below the strongest: perhaps made in the receiver",
        "noise:wideband": "noise of a band: a power supply, a lamp, a motor, or a jammer",
        "noise:jammer": "a jammer: it drowns what phones send, and hides them from this receiver",
        "noise:impulse": "a click: a switch, a motor, a spark",
    },
    is_phone=False,
    symbol_rate_hz=0.0,
    bandwidth_hz=0.0,
    least_rate_hz=0.0,
    longest_s=0.0,
    recognise=recognise,
    settle=settle,
)
