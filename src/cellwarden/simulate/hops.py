"""Links that hop: GSM calls over a cell's carriers, Bluetooth piconets, Low Energy connections.

    GSM         one burst every frame of 60/13 ms, on the carrier that frame number, HSN and MAIO tell
    Bluetooth   central in even slots of 625 µs, peripheral in the next odd one, each time on another channel
    LE          an event every interval: central, 150 µs later peripheral, on one channel; the next by an increment on

`emitter` in a truth's details is the link's number. Sources: 3GPP TS 45.002 §6.2.3; Bluetooth Core 5.4 Vol 2 Part B
§2.2, Vol 6 Part B §4.5.
"""

import math
from collections.abc import Iterator

import numpy as np

from cellwarden.airinterface import ble_waveform, bluetooth_waveform, gsm_waveform
from cellwarden.airinterface.gsm_waveform import CHANNEL_HZ, FORMATS, FRAME_SYMBOLS, SLOT_SYMBOLS, SYMBOL_RATE_HZ
from cellwarden.simulate.cell import ADVANCE_S
from cellwarden.simulate.parameters import Parameters
from cellwarden.simulate.scenes import Air, Placed, Truth, amplitude

RANDOM = (
    *(
        48,
        98,
        63,
        1,
        36,
        95,
        78,
        102,
        94,
        73,
        0,
        64,
        25,
        81,
        76,
        59,
        124,
        23,
        104,
        100,
        101,
        47,
        118,
        85,
        18,
        56,
        96,
        86,
    ),
    *(
        54,
        2,
        80,
        34,
        127,
        13,
        6,
        89,
        57,
        103,
        12,
        74,
        55,
        111,
        75,
        38,
        109,
        71,
        112,
        29,
        11,
        88,
        87,
        19,
        3,
        68,
        110,
        26,
    ),
    *(
        33,
        31,
        8,
        45,
        82,
        58,
        40,
        107,
        32,
        5,
        106,
        92,
        62,
        67,
        77,
        108,
        122,
        37,
        60,
        66,
        121,
        42,
        51,
        126,
        117,
        114,
        4,
        90,
    ),
    *(
        43,
        52,
        53,
        113,
        120,
        72,
        16,
        49,
        7,
        79,
        119,
        61,
        22,
        84,
        9,
        97,
        91,
        15,
        21,
        24,
        46,
        39,
        93,
        105,
        65,
        70,
        125,
        99,
    ),
    *(17, 123),
)
"""RNTABLE (TS 45.002 table 6)."""
FRAME_S, SLOT_S = FRAME_SYMBOLS / SYMBOL_RATE_HZ, SLOT_SYMBOLS / SYMBOL_RATE_HZ
DEVICE_HZ = 75e3
"""Carrier offset of a Bluetooth device (Vol 2 Part A §3.1.3)."""
CLOCK = 20e-6
"""Of a Bluetooth device (Vol 2 Part A §2)."""


def hop(frame: int, hsn: int, maio: int, carriers: int) -> int:
    """Index of the carrier in a frame (TS 45.002 §6.2.3)."""
    if hsn == 0:
        return (frame + maio) % carriers
    t1, t2, t3 = frame // 1326 % 64, frame % 26, frame % 51
    bits = 1 << carriers.bit_length()
    m = (t2 + RANDOM[(hsn ^ t1) + t3]) % bits
    s = m if m < carriers else (m + t3 % bits) % carriers
    return (s + maio) % carriers


def gsm_calls(air: Air, world: Parameters, count: int, rng: np.random.Generator) -> Iterator[Placed]:
    """Calls of one cell that hop over the same carriers, two of them in the same slot."""
    reach = int(air.rate_hz / 2 / CHANNEL_HZ) - 2
    channels = sorted(rng.choice(np.arange(-reach, reach + 1), 6, replace=False).tolist())
    hsn, sequence, start = int(rng.integers(64)), int(rng.integers(8)), float(rng.uniform(0, FRAME_S))
    frame, clock = int(rng.integers(2_000_000)), float(rng.uniform(-1, 1)) * world.receiver_ppm * 1e-6
    slots = rng.permutation(8)[: max(1, count - 1)].tolist()
    calls = [
        (slots[n % len(slots)], n, float(rng.uniform(-1, 1)) * world.locked_ppm * 1e-6, float(rng.uniform(8, 25)),
         float(rng.uniform(-0.5, 0.5)) * ADVANCE_S * 2)
        for n in range(count)
    ]  # fmt: skip
    made = []
    for step in range(math.floor((air.seconds - start) / FRAME_S) - 1):
        for slot, maio, error, snr_db, late in calls:
            if (frame + step) % 26 == 25:  # idle (TS 45.002 §6.3)
                continue
            channel = channels[hop(frame + step, hsn, maio, len(channels))]
            middle = channel * CHANNEL_HZ
            offset = middle + (error - clock) * (air.centre_hz + middle)
            at = (start + step * FRAME_S + slot * SLOT_S + late) * (1 + clock) * air.rate_hz
            wave, begin = gsm_waveform.generate(
                "normal", rng, rate_hz=air.rate_hz, sequence=sequence, carrier_offset_hz=offset,
                delay_samples=at - math.floor(at),
            )  # fmt: skip
            samples = round(FORMATS["normal"].symbols * air.rate_hz / SYMBOL_RATE_HZ)
            edges = middle - CHANNEL_HZ / 2, middle + CHANNEL_HZ / 2
            first = math.floor(at)
            truth = Truth("gsm:normal", first + begin, samples, *edges, snr_db, offset, {"emitter": maio})
            made.append(Placed(truth, first, wave * np.float32(amplitude(snr_db, air.rate_hz))))
    yield from sorted(made, key=lambda p: p.first)


def _packet(
    air: Air,
    link: int,
    label: str,
    at_s: float,
    channel: int,
    offset_hz: float,
    snr_db: float,
    rng: np.random.Generator,
) -> Placed | None:
    """A packet on a channel of 1 MHz; None where the recording does not hold that channel."""
    middle = 2402e6 + channel * 1e6 - air.centre_hz
    if abs(middle) > air.rate_hz / 2 - 1e6:
        return None
    at = at_s * air.rate_hz
    late = at - math.floor(at)
    if label == "bluetooth:br":
        symbols = int(rng.choice([0, 100, 240]))
        wave, begin = bluetooth_waveform.generate(
            "br", rng, rate_hz=air.rate_hz, symbols=symbols, carrier_offset_hz=middle + offset_hz, delay_samples=late
        )
        seconds = (bluetooth_waveform.HEADER_END + symbols) / 1e6
    else:
        octets = int(rng.integers(0, 28))
        wave, begin = ble_waveform.generate(
            "data", rng, rate_hz=air.rate_hz, octets=octets, carrier_offset_hz=middle + offset_hz, delay_samples=late
        )
        seconds = (len(wave) - 2 * begin) / air.rate_hz
    first = math.floor(at) - math.floor(begin)
    truth = Truth(
        label, first + begin, round(seconds * air.rate_hz), middle - 5e5, middle + 5e5, snr_db, middle + offset_hz,
        {"emitter": link},
    )  # fmt: skip
    return Placed(truth, first, wave * np.float32(amplitude(snr_db, air.rate_hz, 1e6)))


def piconets(air: Air, count: int, rng: np.random.Generator) -> Iterator[Placed]:
    """Piconets that talk in most of their slots, both sides in turn."""
    made: list[Placed | None] = []
    for link in range(count):
        start, clock = float(rng.uniform(0, 1e-3)), float(rng.uniform(-1, 1)) * CLOCK
        sides = [(float(rng.uniform(-1, 1)) * DEVICE_HZ, float(rng.uniform(12, 28)), late) for late in (0.0, 3e-6)]
        for slot in range(0, math.floor(air.seconds / 625e-6) - 4, 2):
            for side, (offset, snr_db, late) in enumerate(sides):
                if rng.random() < 0.7:
                    at = (start + (slot + side) * 625e-6 * (1 + clock)) + late + float(rng.normal()) * 0.3e-6
                    channel = int(rng.integers(79))
                    made.append(_packet(air, link, "bluetooth:br", at, channel, offset, snr_db, rng))
    yield from sorted((p for p in made if p is not None and p.first >= 0), key=lambda p: p.first)


def connections(air: Air, count: int, rng: np.random.Generator) -> Iterator[Placed]:
    """Low Energy connections: in each event central and peripheral once."""
    made: list[Placed | None] = []
    for link in range(count):
        interval = int(rng.integers(6, 25)) * 1.25e-3
        start, clock = float(rng.uniform(0, interval)), float(rng.uniform(-1, 1)) * CLOCK
        channel, increment = int(rng.integers(37)), int(rng.integers(5, 17))
        sides = [(float(rng.uniform(-1, 1)) * DEVICE_HZ, float(rng.uniform(14, 28))) for _ in range(2)]
        for event in range(math.floor((air.seconds - start) / interval)):
            at, index = start + event * interval * (1 + clock), (channel + event * increment) % 37
            raster = 2 * (index + 1 if index < 11 else index + 2)
            for offset, snr_db in sides:
                packet = _packet(air, link, "ble:data", at, raster, offset, snr_db, rng)
                if packet is None:
                    break
                made.append(packet)
                at += packet.truth.count / air.rate_hz + 150e-6
    yield from sorted((p for p in made if p is not None and p.first >= 0), key=lambda p: p.first)
