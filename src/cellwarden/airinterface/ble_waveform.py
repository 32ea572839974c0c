"""What a Bluetooth Low Energy device sends: packets of the three physical layers, straight from the standard.

    1M, 2M  │ preamble 8 or 16 │ access address 32 │ header 16 │ payload 0…255 octets │ CRC 24 │
    coded   │ 00111100 ten times │ access address, eight symbols a bit │ CI, TERM │ the rest, S symbols a bit │

Header to CRC are whitened with the channel's number. All bits go out least significant first, the CRC most significant
first. Advertising uses one access address known to all; a connection has one of its own.

Sources: Bluetooth Core 5.4 Vol 6 Part A §2, §3.1 (channels, modulation), Part B §1.4.1, §2.1, §2.2 (channels' numbers,
packets), §2.3 (advertising), §3.1 (CRC), §3.2 (whitening), §3.3 (coding).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface import gfsk

ADVERTISING_ADDRESS = 0x8E89BED6
ADVERTISING_CRC = 0x555555
"""What the CRC's register starts with on advertising channels; a connection has its own."""
CRC_POLYNOMIAL = 0x00065B
FIRST_CHANNEL_HZ = 2402e6
CHANNEL_HZ = 2e6
CHANNELS = 40
CODED_PREAMBLE = "00111100" * 10
MAPPED = ("0011", "1100")
"""Four symbols for a coded bit where S is 8."""

Phy = Literal["1M", "2M", "coded"]
Bits = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Layer:
    """One physical layer."""

    symbol_rate_hz: float
    shortest_s: float
    longest_s: float
    preamble: int
    """Symbols before the access address."""


LAYERS: dict[Phy, Layer] = {
    "1M": Layer(1e6, 80e-6, 2120e-6, 8),
    "2M": Layer(2e6, 44e-6, 1064e-6, 16),
    "coded": Layer(1e6, 462e-6, 17_040e-6, 80),
}


def channel_number(raster: int) -> int:
    """The number of the channel at 2402 MHz + 2 MHz · raster: 37, 38 and 39 lie at the band's ends and in between."""
    special = {0: 37, 12: 38, 39: 39}
    return special.get(raster, raster - 1 if raster < 12 else raster - 2)


def octets_to_bits(octets: bytes) -> Bits:
    """Least significant bit first."""
    return np.unpackbits(np.frombuffer(octets, np.uint8), bitorder="little").astype(np.int64)


def address_bits(address: int) -> Bits:
    """The 32 bits of an access address in the order sent."""
    return octets_to_bits(address.to_bytes(4, "little"))


@lru_cache
def whitening(channel: int) -> Bits:
    """The 127 bits, repeating, of the shift register x⁷ + x⁴ + 1 that starts with a 1 and the channel's number."""
    register = [1, *(channel >> i & 1 for i in range(5, -1, -1))]
    made = []
    for _ in range(127):
        out = register[6]
        made.append(out)
        register = [out, *register[:6]]
        register[4] ^= out
    return np.array(made, np.int64)


def whitened(bits: Bits, channel: int) -> Bits:
    """Whiten bits, or undo it."""
    return bits ^ np.resize(whitening(channel), len(bits))


def whitened_octets(octet: int, first: int, channels: Sequence[int]) -> list[int]:
    """What an octet that begins at bit `first` is where its bits were whitened for each of some channels."""
    return [octet ^ _whitening_octet(first, channel) for channel in channels]


@lru_cache(maxsize=256)
def _whitening_octet(first: int, channel: int) -> int:
    return int(whitening(channel)[first : first + 8] @ (1 << np.arange(8)))


def crc(bits: Bits) -> Bits:
    """The 24 bits of an advertising packet's CRC in the order sent, of its header and payload."""
    register = ADVERTISING_CRC
    for bit in bits.tolist():
        top = register >> 23 ^ bit
        register = register << 1 & 0xFFFFFF
        if top:
            register ^= CRC_POLYNOMIAL
    return np.array([register >> i & 1 for i in range(23, -1, -1)], np.int64)


def convolved(bits: Bits) -> Bits:
    """Two bits for each, of the generators 1 + D + D² + D³ and 1 + D² + D³ (Part B §3.3.1)."""
    past = np.concatenate([np.zeros(3, np.int64), bits])
    now, one, two, three = past[3:], past[2:-1], past[1:-2], past[:-3]
    return np.stack([now ^ one ^ two ^ three, now ^ two ^ three], axis=1).reshape(-1)


def mapped(bits: Bits, spread: int) -> Bits:
    """Four symbols a bit where S is 8 (`spread` 4), one where S is 2 (`spread` 1)."""
    if spread == 1:
        return bits
    return np.array([int(s) for b in bits for s in MAPPED[b]], np.int64)


@lru_cache
def known_symbols(phy: Phy, address: int = ADVERTISING_ADDRESS) -> Bits:
    """Preamble and access address as they are sent."""
    bits = address_bits(address)
    if phy == "coded":
        preamble = np.array([int(s) for s in CODED_PREAMBLE], np.int64)
        return np.concatenate([preamble, mapped(convolved(bits), 4)])
    return np.concatenate([(np.arange(LAYERS[phy].preamble) + bits[0]) % 2, bits])


def packet(rng: np.random.Generator, phy: Phy, *, address: int, channel: int, octets: int, spread: int = 4) -> Bits:
    """The symbols of a packet with `octets` random ones as payload, and a CRC as on advertising channels."""
    header = octets_to_bits(bytes([0x02 | int(rng.integers(2)) << 6, octets]))
    pdu = np.concatenate([header, rng.integers(0, 2, 8 * octets)])
    tail = whitened(np.concatenate([pdu, crc(pdu)]), channel)
    if phy != "coded":
        return np.concatenate([known_symbols(phy, address), tail])
    indicator = np.array([0, 0 if spread == 4 else 1, 0, 0, 0], np.int64)
    first = convolved(np.concatenate([address_bits(address), indicator]))
    second = mapped(convolved(np.concatenate([tail, np.zeros(3, np.int64)])), spread)
    return np.concatenate([known_symbols(phy, address)[:80], mapped(first, 4), second])


def random_address(rng: np.random.Generator) -> int:
    """An access address such as a connection may have (Part B §2.1.2)."""
    while True:
        bits = rng.integers(0, 2, 32)
        if may_be_address(bits):
            return int(bits @ (1 << np.arange(32)))


def may_be_address(bits: Bits) -> bool:
    """Whether 32 bits in the order sent keep the standard's rules for a connection's access address."""
    changes = np.flatnonzero(np.diff(bits)) + 1
    runs = np.diff(np.concatenate([[0], changes, [32]]))
    octets = np.packbits(bits.astype(np.uint8), bitorder="little")
    return bool(
        runs.max() <= 6
        and len(changes) <= 24
        and np.count_nonzero(np.diff(bits[-6:])) >= 2
        and len(set(octets.tolist())) > 1
        and np.count_nonzero(bits != address_bits(ADVERTISING_ADDRESS)) > 1
    )


def generate(
    kind: Literal["advertising", "data"],
    rng: np.random.Generator,
    *,
    rate_hz: float,
    phy: Phy = "1M",
    channel: int = 37,
    octets: int = 20,
    spread: int = 4,
    index: float = 0.5,
    carrier_offset_hz: float = 0.0,
    delay_samples: float = 0.0,
) -> tuple[NDArray[np.complex64], float]:
    """A packet with a random payload, power 1; and the index at which its first symbol begins."""
    address = ADVERTISING_ADDRESS if kind == "advertising" else random_address(rng)
    symbols = packet(rng, phy, address=address, channel=channel, octets=octets, spread=spread)
    wave, start = gfsk.modulate(symbols, rate_hz, LAYERS[phy].symbol_rate_hz, index, delay_samples)
    turns = carrier_offset_hz / rate_hz * np.arange(len(wave)) + rng.random()
    return (wave * np.exp(2j * np.pi * turns)).astype(np.complex64), start
