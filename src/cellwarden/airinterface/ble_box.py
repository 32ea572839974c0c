"""A box as a packet of one of Low Energy's physical layers would fill it: its channel around its carrier.

Where a packet's carrier lies is asked of its preamble first, as echoes move the middle of its power by a tenth of the
symbol rate and more, and with it every decision; then of the lines of its square, then of its power.

Sources: Bluetooth Core 5.4 Vol 6 Part A §2, §3.1.
"""

from collections.abc import Iterator
from typing import NamedTuple

from cellwarden.airinterface import gfsk, gfsk_lines
from cellwarden.airinterface.ble_waveform import CHANNEL_HZ, CHANNELS, FIRST_CHANNEL_HZ, Layer, Phy
from cellwarden.airinterface.gfsk import PER_SYMBOL, Heard
from cellwarden.airinterface.gfsk_echoes import between, sent_again, unevenness, without_echoes
from cellwarden.airinterface.gfsk_preamble import periodic
from cellwarden.model import Block, Burst

NOMINAL_HZ = 1e6
"""SNR is told in this bandwidth, whatever the physical layer."""
INDEX = 0.5
CFO = 0.2
"""Largest carrier offset in symbol rates: 150 kHz (Vol 6 Part A §3.1), and the error of a weak box's middle."""
REACH_SYMBOLS = 24
"""How far from the box's beginning a packet may begin."""
AROUND_SYMBOLS = REACH_SYMBOLS + 12
"""Heard before a box and after it."""
BEGUN_SYMBOLS: dict[Phy, int] = {"1M": 96, "2M": 96, "coded": 384}
"""Heard of a box's beginning: what all advertising begins with, as late as it may begin."""
HEARD_SYMBOLS = 400
"""As much of a packet is looked at, unless its CRC lies further on."""
LINE_NATS, LEAST_LINE = 20.0, 0.05
"""Of the two lines of a packet's square, and the least part that one has of both, before they tell its carrier."""
CLEAR_DB = 8.0
"""SNR of a box from which on its preamble is heard, and its echoes are worth taking out."""
LEAST_PERIODIC = 0.93
"""Part of the signal that comes again from which on a clear box's preamble tells its carrier: behind echoes of 30 to
300 ns it is 0.95 and more."""
APART = 0.02
"""Carriers further apart than this part of the symbol rate are both tried."""
EDGE, UNEVEN = 2 * PER_SYMBOL, 0.1
"""Samples of a box's ends that may be ramps, and the unevenness of the envelope between them from which on it is."""
FEWEST_ANYWHERE, SHORTEST_ANYWHERE_S = 130, 80e-6
"""Symbols and length of a packet whose echoes are taken out where the band is not told: a filter makes much of little,
and what is shorter may be an aircraft's frame or a phone's sounding signal, which lasts for 71 µs."""
ALIKE = 0.005
"""Carriers nearer to each other than this part of the symbol rate are one."""


class Box(NamedTuple):
    """One box as one physical layer would fill it."""

    burst: Burst
    block: Block
    phy: Phy
    layer: Layer
    heard: Heard
    at: int
    """Where the box begins in `heard.y`."""
    noise: float
    """Power of noise in a sample of it."""
    raster: int | None
    """Channel's place in the band, 0…39."""
    preamble_hz: float | None
    """Carrier that its preamble tells; None where it tells none."""

    @property
    def end(self) -> int:
        """Where the box ends in `heard.y`."""
        return self.at + round(self.burst.sample_count / self.heard.step)


def begun(burst: Burst, block: Block, phy: Phy, layer: Layer) -> Box | None:
    """A box's beginning in the channel that it lies in, or around its middle; None where it lies in none."""
    placed = _channel(burst, block)
    if placed is None:
        return None
    middle, raster = placed
    begin, per_symbol = burst.sample_start - block.sample_start, block.segment.rate_hz / layer.symbol_rate_hz
    first, end = (begin + round(n * per_symbol) for n in (-AROUND_SYMBOLS, BEGUN_SYMBOLS[phy]))
    heard = gfsk.hear(block, first, end, middle, layer.symbol_rate_hz)
    return None if heard is None else _box(heard, burst, block, phy, layer, raster, None)


def boxes(start: Box) -> Iterator[Box]:
    """A box around each of the carriers that a packet may have by its beginning and all of it, the likeliest first."""
    burst, block, layer = start.burst, start.block, start.layer
    per_symbol = block.segment.rate_hz / layer.symbol_rate_hz
    begin, middle = burst.sample_start - block.sample_start, start.heard.carrier_hz
    end = begin + min(burst.sample_count, round(HEARD_SYMBOLS * per_symbol))
    told = _by_preamble(start)
    for carrier in (told, _by_power(block, begin, end, middle, layer)):
        again = carrier is not told
        if carrier is None or (again and told is not None and abs(carrier - told) < APART * layer.symbol_rate_hz):
            continue
        box = whole(start, carrier)
        if box is None:
            return
        last = box.at + round((end - begin) / box.heard.step)
        heard = gfsk.steadied(box.heard, INDEX, box.at, last, layer.symbol_rate_hz)
        yield _box(heard, burst, block, start.phy, layer, start.raster, None if again else told)


def whole(start: Box, carrier_hz: float) -> Box | None:
    """All of a box that is looked at, around a carrier; None where it is too short."""
    burst, block, layer = start.burst, start.block, start.layer
    per_symbol = block.segment.rate_hz / layer.symbol_rate_hz
    begin, around = burst.sample_start - block.sample_start, round(AROUND_SYMBOLS * per_symbol)
    end = begin + min(burst.sample_count, round(HEARD_SYMBOLS * per_symbol))
    heard = gfsk.hear(block, begin - around, end + around, carrier_hz, layer.symbol_rate_hz)
    return None if heard is None else _box(heard, burst, block, start.phy, layer, start.raster, None)


def _channel(burst: Burst, block: Block) -> tuple[float, int | None] | None:
    """The middle of the channel that a box lies in and its place in the band; the box's own where that is not told."""
    centre, middle = block.segment.centre_hz, (burst.low_offset_hz + burst.high_offset_hz) / 2
    if centre is None:
        return middle, None
    raster = round((centre + middle - FIRST_CHANNEL_HZ) / CHANNEL_HZ)
    nominal = FIRST_CHANNEL_HZ + raster * CHANNEL_HZ - centre
    return (nominal, raster) if 0 <= raster < CHANNELS and abs(nominal - middle) <= 0.6 * NOMINAL_HZ else None


def _box(
    heard: Heard, burst: Burst, block: Block, phy: Phy, layer: Layer, raster: int | None, preamble_hz: float | None
) -> Box:
    at = round((burst.sample_start - block.sample_start - heard.first) / heard.step)
    noise = gfsk.noise_of(heard, burst.floor_dbfs_hz, block.segment.rate_hz)
    return Box(burst, block, phy, layer, heard, at, noise, raster, preamble_hz)


def _by_preamble(start: Box) -> float | None:
    """A clear packet's carrier by its alternating preamble; None where none is there."""
    if start.burst.snr_db < CLEAR_DB:
        return None
    told = periodic(start.heard.y, start.at, start.layer.preamble)
    if told is None or told.coherence < LEAST_PERIODIC * gfsk.signal_part(told.samples, start.noise):
        return None
    return start.heard.carrier_hz + told.carrier * start.layer.symbol_rate_hz


def _by_power(block: Block, begin: int, end: int, middle: float, layer: Layer) -> float | None:
    """A packet's carrier: by the lines of its square, which echoes leave where they are, else by its power's middle."""
    heard = gfsk.hear(block, begin, end, middle, layer.symbol_rate_hz)
    told = None if heard is None else gfsk_lines.lines(heard.y)
    if told is not None and told.nats > LINE_NATS and told.weaker > LEAST_LINE:
        return middle + told.carrier * layer.symbol_rate_hz
    return gfsk.tuned(block, begin, end, middle, layer.symbol_rate_hz, CFO * layer.symbol_rate_hz)


def is_echoed(box: Box) -> bool:
    """Whether a box has echoes that are worth taking out."""
    seconds = box.burst.sample_count / box.block.segment.rate_hz
    shortest = max(FEWEST_ANYWHERE / box.layer.symbol_rate_hz, SHORTEST_ANYWHERE_S)
    if box.burst.snr_db < CLEAR_DB or (box.raster is None and seconds < shortest):
        return False
    inside = slice(max(0, box.at + EDGE), max(0, box.end - EDGE))
    return unevenness(box.heard.y[inside], box.noise) > UNEVEN


def evened(box: Box) -> Iterator[Box]:
    """A box whose echoes are taken out, on each of the carriers that it may have: first that of its preamble.

    Where that tells none, it lies between both frequencies, where lines tell, or in its channel's middle.
    """
    echoed = is_echoed(box)
    if not echoed and box.preamble_hz is None:
        return
    rate = box.layer.symbol_rate_hz
    even, _ = without_echoes(box.heard, box.at, box.end)
    offsets = [] if box.preamble_hz is None else [(box.preamble_hz - box.heard.carrier_hz) / rate]
    offsets += _carriers(box, even) if echoed else []
    for number, offset in enumerate(offsets):
        if all(abs(offset - other) > ALIKE for other in offsets[:number]):
            heard, evener = (gfsk.turned(one, offset, rate) for one in (box.heard, even))
            heard, gain = sent_again(heard, evener, box.at, box.end, INDEX)
            told = None if number else box.preamble_hz
            yield box._replace(heard=heard, noise=box.noise * gain, preamble_hz=told)


def _carriers(box: Box, even: Heard) -> list[float]:
    """Carriers of a box without its echoes, in symbol rates beside its own."""
    told = gfsk_lines.lines(even.y[max(0, box.at) : box.end])
    offsets = [between(even, box.at, box.end)] + ([] if told is None else [told.carrier])
    if box.raster is not None and box.block.segment.centre_hz is not None:
        nominal = FIRST_CHANNEL_HZ + box.raster * CHANNEL_HZ - box.block.segment.centre_hz
        offsets.append((nominal - even.carrier_hz) / box.layer.symbol_rate_hz)
    return offsets
