"""The phones of one LTE cell, heard by a sensor in the building where they are.

    cell's frame grid ──┬─ 1 ms ─┬────────┬────────┬─►          as the sensor hears a phone that errs in nothing
    phone 0             │  ▇▇▇▇▇▇│▇       │        │            arrives 0.3 µs late, 40 Hz high, loud
    phone 1             │        │▒▒▒▒▒▒▒▒│        │            0.2 µs early, 70 Hz low, faint

Each phone has an oscillator, a timing, a place with its echoes, and habits of its own, all from `parameters`; the cell
gives its blocks away so that no two phones have the same at a time. What the sensor's clock does wrong shows in
carriers and in arrivals alike. Waves obey 3GPP TS 36.211, payload is random.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.lte_waveform import (
    BLOCK,
    BLOCK_HZ,
    FIRST_PREFIX_S,
    PREFIX_S,
    REFERENCE,
    SLOT_S,
    SUBCARRIER_HZ,
    SYMBOL_S,
    SYMBOL_STARTS_S,
    base_sequence,
    carrier_wave,
    shifted,
)
from cellwarden.simulate.channel import indoor_paths
from cellwarden.simulate.parameters import Parameters
from cellwarden.simulate.scenes import NOISE_STEPS, Air, Placed, Truth

SUBFRAME_S = 2 * SLOT_S
BLOCKS = 25
"""Of the carrier."""
ADVANCE_S = 16 / 30.72e6
"""A step of timing advance."""
LIGHT_M_S = 299_792_458.0
GRANTED = (1, 2, 3, 4, 5, 6, 8)
"""Blocks of a grant: those of speech and of a little data."""
EDGE_BLOCKS = 2
"""At either end of the carrier these are PUCCH's."""
SOUNDED = (4, 8, 20)
"""Blocks of a sounding signal (TS 36.211 table 5.5.3.2-1)."""
COVERS = np.exp(2j * np.pi * np.outer(np.arange(3), np.arange(3)) / 3)
SPREADS = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, -1, -1, 1]])
"""Orthogonal sequences of PUCCH format 1, reference and data (TS 36.211 tables 5.5.2.2.1-2 and 5.4.1-2)."""

Wave = NDArray[np.complex128]


@dataclass(frozen=True, slots=True)
class Cell:
    """What its phones share."""

    group: int
    shifts: tuple[int, ...]
    """Cyclic shift of PUSCH's reference signal in each slot of a frame."""
    centre_hz: float
    """Of its uplink carrier, from the tuned frequency; without errors."""
    start_s: float
    """Where a subframe begins."""
    pucch_db: float
    srs_db: float
    blocks: int = BLOCKS
    """Of its carrier."""
    window_s: float = 0.0
    """In which its phones let one symbol go over into the next."""


@dataclass(frozen=True, slots=True)
class Phone:
    """One of them, as the sensor hears it."""

    number: int
    cfo_hz: float
    late_s: float
    snr_db: float
    """In its blocks of PUSCH."""
    paths: tuple[tuple[float, complex], ...]
    grant_s: float
    report_s: float
    report_at: int
    """Subframe of the first report; the first sounding comes half a period later."""
    resource: int
    """Block of PUCCH, from the edge."""
    cover: int
    sounding: tuple[int, int, int]
    """Blocks, comb, cyclic shift."""


def cell(world: Parameters, rng: np.random.Generator) -> Cell:
    """A cell drawn from a world."""
    return Cell(
        group=int(rng.integers(30)),
        shifts=tuple(int(s) for s in rng.integers(12, size=20)),
        centre_hz=0.0,
        start_s=float(rng.uniform(1e-3, 2e-3)),
        pucch_db=float(rng.uniform(-1, 1) * world.control_db),
        srs_db=float(rng.uniform(-1, 1) * world.control_db),
    )


def phones(count: int, carrier_hz: float, world: Parameters, rng: np.random.Generator) -> list[Phone]:
    """Phones drawn from a world, 15 dB over the noise on the average."""
    made = []
    for number in range(count):
        metres = float(rng.uniform(0.1, 2.0)) * world.wing_m
        loss_db = 10 * world.distance_exponent * math.log10(metres / world.wing_m)
        paths = place(world, rng)
        made.append(
            Phone(
                number=number,
                cfo_hz=float(rng.uniform(-1, 1)) * world.locked_ppm * 1e-6 * carrier_hz,
                late_s=float(rng.uniform(-1, 1)) * world.phone_timing_s
                + float(rng.uniform(-0.5, 0.5)) * ADVANCE_S
                + metres / LIGHT_M_S,
                snr_db=float(np.clip(15.0 - loss_db + rng.normal() * world.shadowing_db, 3.0, 35.0)),
                paths=paths,
                grant_s=world.grant_s,
                report_s=world.report_s,
                report_at=int(rng.integers(max(1, round(world.report_s / SUBFRAME_S)))),
                resource=int(rng.integers(EDGE_BLOCKS)),
                cover=int(rng.integers(3)),
                sounding=(int(rng.choice(SOUNDED)), number % 2, int(rng.integers(8))),
            )
        )
    return made


def place(world: Parameters, rng: np.random.Generator) -> tuple[tuple[float, complex], ...]:
    """Delays in seconds and gains of the paths from a place in a building, of power 1 together."""
    delays = indoor_paths(world, rng)
    gains = [(d, (rng.normal() + 1j * rng.normal()) / math.sqrt(2) * 10 ** (p / 20)) for d, p in delays]
    direct = 10 ** (delays[0][1] / 20) * np.exp(2j * np.pi * rng.random())
    gains[0] = (0.0, complex(direct))  # the first path does not fade
    power = sum(abs(g) ** 2 for _, g in gains)
    return tuple((d, complex(g / math.sqrt(power))) for d, g in gains)


@dataclass(frozen=True, slots=True)
class Sent:
    """Symbols of one phone: `values` on neighbouring subcarriers from the first block on, shape (symbols, width)."""

    phone: Phone
    label: str
    after_s: float
    """From the subframe's start."""
    first: int
    blocks: int
    starts_s: NDArray[np.float64]
    """From there to each symbol's useful part."""
    prefixes_s: NDArray[np.float64]
    values: Wave


def emissions(
    air: Air, world: Parameters, count: int, rng: np.random.Generator, *, beside: bool = True
) -> Iterator[Placed]:
    """What `count` phones of a cell send, in the order of time. `beside`: also next to each other in one subframe.

    `emitter` in a truth's details is the phone's number.
    """
    here, clock = cell(world, rng), float(rng.uniform(-1, 1)) * world.receiver_ppm * 1e-6
    users = phones(count, air.centre_hz, world, rng)
    for number in range(math.floor((air.seconds - here.start_s) / SUBFRAME_S) - 1):
        for sent in sorted(_subframe(here, users, number, rng, beside), key=lambda s: (s.after_s, s.first)):
            yield placed(air, here, sent, number, clock, rng)


def _subframe(here: Cell, users: list[Phone], number: int, rng: np.random.Generator, beside: bool) -> list[Sent]:
    """Who sends what in a subframe: first reports and soundings, then grants next to each other."""
    period = max(2, round(users[0].report_s / SUBFRAME_S))
    reporting = {p.resource: p for p in users if (number - p.report_at) % period == 0}
    sounding = [p for p in users if (number - p.report_at - period // 2) % period == 0][:1]
    symbols = 13 if sounding else 14  # the last one is the soundings' for all
    sent = [_srs(here, p) for p in sounding]
    for p in reporting.values():
        sent += [pucch(here, p, slot, 7 - (slot and symbols == 13), rng) for slot in range(2)]
    at = EDGE_BLOCKS + int(rng.integers(4))
    for index in rng.permutation(len(users)):
        p, blocks = users[index], int(rng.choice(GRANTED))
        wanted = rng.random() < SUBFRAME_S / p.grant_s and p not in reporting.values() and p not in sounding
        if wanted and at + blocks <= here.blocks - EDGE_BLOCKS:
            sent.append(pusch(here, p, number, at, blocks, symbols, rng))
            at += blocks
            if not beside:
                break
    return sent


def _symbols(count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Starts of useful parts and lengths of prefixes of the first symbols of a subframe."""
    starts = np.array([n // 7 * SLOT_S + SYMBOL_STARTS_S[n % 7] for n in range(count)])
    return starts, np.array([FIRST_PREFIX_S if n % 7 == 0 else PREFIX_S for n in range(count)])


def pusch(
    here: Cell, phone: Phone, subframe: int, first: int, blocks: int, symbols: int, rng: np.random.Generator
) -> Sent:
    """A phone's random data in a subframe, precoded, in `blocks` blocks from `first` on, with reference symbols."""
    width = blocks * BLOCK
    points = (1 - 2 * rng.integers(0, 2, (symbols, width, 2))) / math.sqrt(2)
    values = np.fft.fft(points[..., 0] + 1j * points[..., 1], axis=1, norm="ortho")
    for slot in range(2):
        shift = here.shifts[(2 * subframe + slot) % len(here.shifts)]
        values[7 * slot + REFERENCE] = shifted(base_sequence(here.group, 0, width), shift / 12)
    return Sent(phone, "lte:pusch", 0.0, first, blocks, *_symbols(symbols), values)


def pucch(here: Cell, phone: Phone, slot: int, symbols: int, rng: np.random.Generator) -> Sent:
    """Format 1b: one data symbol, spread over the slot, and three reference symbols (TS 36.211 §5.4.1)."""
    data = np.exp(0.5j * np.pi * int(rng.integers(4)))
    spread = (data * SPREADS[phone.cover] * (1j if slot else 1)).tolist()
    sent = np.array([*spread[:2], *COVERS[phone.cover], *spread[2:]])[:symbols]
    shifts = rng.integers(12, size=symbols)  # hop from symbol to symbol, as the cell tells
    sequence = base_sequence(here.group, 0, BLOCK)
    values = np.array([x * shifted(sequence, s / 12) for x, s in zip(sent, shifts, strict=True)])
    first = phone.resource if slot else here.blocks - 1 - phone.resource
    return Sent(phone, "lte:pucch", slot * SLOT_S, first, 1, *_symbols(symbols), values)


def _srs(here: Cell, phone: Phone) -> Sent:
    blocks, comb, shift = phone.sounding
    values = np.zeros((1, blocks * BLOCK - 1), np.complex128)
    values[0, ::2] = shifted(base_sequence(here.group, 0, blocks * BLOCK // 2), shift / 8) * math.sqrt(2)
    first = EDGE_BLOCKS
    prefix = np.array([PREFIX_S])
    sent = Sent(phone, "lte:srs", SUBFRAME_S - PREFIX_S - SYMBOL_S, first, blocks, prefix, prefix, values)
    return sent if not comb else replace(sent, values=np.concatenate([np.zeros((1, 1)), values], axis=1))


def placed(air: Air, here: Cell, sent: Sent, subframe: int, clock: float, rng: np.random.Generator) -> Placed:
    """A phone's symbols on the air: at its carrier, delay and level, and what a recogniser should say of them."""
    phone, rate = sent.phone, air.rate_hz
    levels = {"lte:pusch": 0.0, "lte:pucch": here.pucch_db, "lte:srs": here.srs_db}
    snr_db = phone.snr_db + levels[sent.label]
    lowest = (sent.first - here.blocks / 2) * BLOCK_HZ  # edge of the first block, from the carrier's middle
    middle = lowest + sent.values.shape[1] / 2 * SUBCARRIER_HZ
    # a phone turns its subcarriers from the carrier's middle, anew in each symbol
    turned = sent.values * np.exp(-2j * np.pi * middle * (sent.starts_s + sent.after_s))[:, None]
    wave = carrier_wave(turned, sent.starts_s, sent.prefixes_s, SUBCARRIER_HZ, rate, here.window_s)
    at = (here.start_s + subframe * SUBFRAME_S + sent.after_s + phone.late_s) * (1 + clock) * rate
    off = here.centre_hz + middle + phone.cfo_hz - clock * air.centre_hz
    first = math.floor(at)
    heard = echoed(wave, phone.paths, middle, at - first, rate)
    heard = heard * np.exp(2j * np.pi * (off / rate * np.arange(len(heard)) + rng.random()))
    level = NOISE_STEPS * math.sqrt(2 * 10 ** (snr_db / 10) * BLOCK * SUBCARRIER_HZ / rate / BLOCK)
    low = off - sent.values.shape[1] / 2 * SUBCARRIER_HZ
    high = low + sent.values.shape[1] * SUBCARRIER_HZ
    if sent.label == "lte:srs" and phone.sounding[1]:
        low += SUBCARRIER_HZ  # the upper comb begins there
    seconds = sent.starts_s[-1] + SYMBOL_S
    truth = Truth(sent.label, at, round(seconds * rate), low, high, snr_db, (low + high) / 2, {"emitter": phone.number})
    return Placed(truth, first, np.asarray(heard * level, np.complex64))


def echoed(wave: Wave, paths: tuple[tuple[float, complex], ...], middle_hz: float, late: float, rate_hz: float) -> Wave:
    """A wave behind the paths of its place, `late` samples later; frequencies count from the carrier's middle."""
    size = 1 << math.ceil(math.log2(len(wave) + 64))
    hz = np.fft.fftfreq(size, 1 / rate_hz)
    response = sum(gain * np.exp(-2j * np.pi * (middle_hz + hz) * delay) for delay, gain in paths)
    heard = np.fft.ifft(np.fft.fft(wave, size) * response * np.exp(-2j * np.pi * hz * late / rate_hz))
    return np.asarray(heard[: len(wave) + 32])
