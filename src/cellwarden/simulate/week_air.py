"""The acts of `week_people` on the air: when each phone sends which burst; `week_ear` is what a sensor receives of it.

```
 act ─► place, level at each sensor, second by second
  └───► bursts, by frames of GSM and subframes of LTE

 901.8 MHz        ├─ LTE, 6 blocks ─┤  ├ GSM, four carriers ┤
```

All is of one band, so that one receiver a sensor hears it: a cell of LTE, and one carrier of GSM for each network. What
a phone's transmitter does wrong is its own, and so are the echoes of its place; a sensor's clock errs in time and
frequency alike. A receiver has 16 bits and one gain: the nearest phones overdrive it.

Sources: frames TS 45.002 §4.3 and §7 (26 and 51 frames), SACCH and SID in pauses TS 46.081; LTE TS 36.211.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from heapq import merge
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.gsm_waveform import (
    CHANNEL_HZ,
    FRAME_SYMBOLS,
    SLOT_SYMBOLS,
    SYMBOL_RATE_HZ,
)
from cellwarden.airinterface.lte_waveform import BLOCK_HZ
from cellwarden.airinterface.lte_waveform import SLOT_S as SLOT_LTE_S
from cellwarden.locate.whereabouts import LOUDEST_DBM
from cellwarden.simulate import cell
from cellwarden.simulate.levels import World, mean_levels_dbm, world
from cellwarden.simulate.parameters import Air as Between
from cellwarden.simulate.parameters import Twins, Week
from cellwarden.simulate.transmitters import Transmitter, drawn, in_session
from cellwarden.simulate.week import SETUP_S, TALKS, place_of, site
from cellwarden.simulate.week_people import Act, people

RATE_HZ, CENTRE_HZ = 3.84e6, 901.8e6
LTE_HZ, BLOCKS, EDGE_BLOCKS = -0.6e6, 6, 1
"""Middle of LTE's carrier from the tuned frequency, how wide it is, and of that, at either end, PUCCH's."""
GSM_HZ = (0.4e6, 0.6e6, 0.8e6, 1.0e6)
WINDOW_S = 1.5e-6
"""In which a phone lets symbols of LTE go over into each other: a third of a prefix. An assumption: what leaks into the
next channel must be 30 dB weaker (TS 36.101 §6.6.2.3), how is left open."""
FRAME_S, SLOT_S = FRAME_SYMBOLS / SYMBOL_RATE_HZ, SLOT_SYMBOLS / SYMBOL_RATE_HZ
STEPS = 8.0
"""Standard deviation of noise in I and in Q, in the receiver's steps."""
NOISE_DBM = -115.0
"""In a channel of GSM: thermal noise of -121 dBm and a receiver's 6 dB."""
FULL_DBM = NOISE_DBM + 10 * math.log10(RATE_HZ / CHANNEL_HZ) + 20 * math.log10(32768 / STEPS) - 10 * math.log10(2)
"""Power of a carrier that fills the converter: what is told in dBFS is this much less than in dBm."""
SPEECH_BLOCKS, SIGNALLED_BLOCKS = 2, 1
GRANT_MS, SILENCE_MS, REPORT_MS = 20, 160, 160
"""Between two packets of speech, of silence (TS 26.092), and two reports on PUCCH (TS 36.213 table 7.2.2-1A)."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A burst that a phone sends."""

    at_s: float
    act: int
    kind: str
    """A label."""
    first: int
    """Slot of GSM, first block of LTE."""
    subframe: int = 0
    blocks: int = 0


@dataclass(frozen=True, eq=False)
class Scene:
    """A stretch of the wing's life, the same for the same seed."""

    seed: int
    seconds: float
    week: Week
    midnight_s: float
    """Of the day, where it begins."""

    @cached_property
    def acts(self) -> tuple[Act, ...]:
        """All acts of phones that begin in it, by their start."""
        lead_s = 60 * self.week.registration_min  # in which each phone is heard for the first time
        each = people(self.week, site(), self.midnight_s - lead_s, np.random.default_rng([26, self.seed]))
        told = (takewhile(lambda act: act.start_s < lead_s + self.seconds, acts) for acts in each)
        late = (replace(act, start_s=act.start_s - lead_s) for act in merge(*told, key=lambda act: act.start_s))
        return tuple(act for act in late if act.start_s >= 0 and act.kind != "burst")

    @cached_property
    def world(self) -> World:
        """The wing as it is built."""
        return world(site(), np.random.default_rng([26, self.seed, 1]), CENTRE_HZ, Between())

    @cached_property
    def cell(self) -> cell.Cell:
        """LTE's."""
        rng = np.random.default_rng([26, self.seed, 2])
        shifts = tuple(int(s) for s in rng.integers(12, size=20))
        return cell.Cell(int(rng.integers(30)), shifts, LTE_HZ, 0.3e-3, 0.0, 0.0, BLOCKS, WINDOW_S)

    @cached_property
    def bursts(self) -> tuple[Sent, ...]:
        """All that is sent, in the order of time."""
        rng, slots, blocks = np.random.default_rng([26, self.seed, 3]), _Slots(), dict[int, int]()
        made: list[Sent] = []
        for number, act in enumerate(self.acts):
            told = _gsm(number, act, slots, rng) if act.interface == "gsm" else _lte(number, act, blocks, rng)
            made += (one for one in told if one.at_s < self.seconds - 0.01)
        return tuple(sorted(made, key=lambda one: one.at_s))

    def places(self, one: Sent) -> list[tuple[float, float]]:
        """When a burst begins, or each part that lies on a frequency of its own, and its middle in hertz, absolute."""
        if one.kind.startswith("gsm"):
            return [(one.at_s, CENTRE_HZ + GSM_HZ[network_of(self.acts[one.act])])]
        at_s, lowest_hz = one.at_s + self.cell.start_s, CENTRE_HZ + LTE_HZ - BLOCKS / 2 * BLOCK_HZ
        if one.kind != "lte:pucch":
            return [(at_s, lowest_hz + (one.first + one.blocks / 2) * BLOCK_HZ)]
        edges = lowest_hz + BLOCK_HZ / 2, lowest_hz + (BLOCKS - 0.5) * BLOCK_HZ
        return [(at_s + slot_s, edge) for slot_s in (0.0, SLOT_LTE_S) for edge in edges]

    @cached_property
    def levels_dbm(self) -> tuple[NDArray[np.float64], ...]:
        """Of each act, at each sensor in each of its seconds, shape (m, seconds)."""
        return tuple(self._levels_dbm(number) for number in range(len(self.acts)))

    def _levels_dbm(self, number: int) -> NDArray[np.float64]:
        act, rng = self.acts[number], np.random.default_rng([26, self.seed, 4, number])
        assert act.room is not None
        power_dbm = LOUDEST_DBM[act.interface] - rng.uniform(0, self.world.air.control_db)
        mean = mean_levels_dbm(self.world, place_of(act.room, rng)) + power_dbm
        return mean + rng.normal(0.0, self.world.air.fading_db, (len(mean), math.ceil(act.seconds) + 2))

    def transmitter(self, number: int) -> Transmitter:
        """Of the phone of an act, as it is then."""
        phone = transmitter(self.acts[number].name, self.seed)
        return in_session(phone, Twins(), np.random.default_rng([26, self.seed, 5, number]))


def transmitter(name: str, seed: int) -> Transmitter:
    """A phone's errors, by its name."""
    return drawn(Twins(), np.random.default_rng([26, seed, *name.encode()]))


class _Slots:
    """Which slots of GSM's carriers are taken until when."""

    def __init__(self) -> None:
        self._until = np.zeros((len(GSM_HZ), 8))

    def take(self, network: int, begin_s: float, end_s: float) -> int | None:
        """A slot but the first, in which phones ask for one; None where all are taken."""
        free = np.flatnonzero(self._until[network, 1:] <= begin_s)
        if not len(free):
            return None
        self._until[network, free[0] + 1] = end_s
        return int(free[0]) + 1


def network_of(act: Act) -> int:
    """Which network's phone it is."""
    return sum(act.name.encode()) % len(GSM_HZ)


def _talking(act: Act, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Whether one speaks oneself, in each second."""
    return rng.random(math.ceil(act.seconds) + 2) < TALKS


def _gsm(number: int, act: Act, slots: _Slots, rng: np.random.Generator) -> Iterator[Sent]:
    end_s = act.start_s + act.seconds
    slot, talking = slots.take(network_of(act), act.start_s, end_s), _talking(act, rng)
    if slot is None:
        return
    first = math.ceil(act.start_s / FRAME_S)
    yield Sent(first * FRAME_S, number, "gsm:access", 0)
    setup_s = SETUP_S["gsm"] if act.kind == "call" else math.inf
    for frame in range(first + 20, math.floor(end_s / FRAME_S)):
        since = frame * FRAME_S - act.start_s
        if since < setup_s:
            sent = frame % 51 in range(4) or frame % 102 in range(32, 36)
        else:
            sent = frame % 26 == 12 or frame % 104 < 8 or (frame % 26 != 25 and bool(talking[int(since)]))
        if sent:
            yield Sent(frame * FRAME_S + slot * SLOT_S, number, "gsm:normal", slot)


def _lte(number: int, act: Act, used: dict[int, int], rng: np.random.Generator) -> Iterator[Sent]:
    begin, end = math.ceil(act.start_s * 1e3), math.floor((act.start_s + act.seconds) * 1e3)
    begin += (1 - begin) % 10
    talking, grant, report = _talking(act, rng), int(rng.integers(GRANT_MS)), int(rng.integers(REPORT_MS))
    setup_ms = 1e3 * SETUP_S["lte"] if act.kind == "call" else math.inf
    used[begin] = used[begin + 1] = BLOCKS
    yield Sent(begin * 1e-3, number, "lte:prach", 0, begin, 6)
    for ms in range(begin + 20, end):
        calling = ms - begin >= setup_ms
        talks = bool(talking[int(ms * 1e-3 - act.start_s)])
        due = ms % (GRANT_MS if talks else SILENCE_MS) == grant if calling else rng.random() < 8e-3
        blocks, at = SPEECH_BLOCKS if calling else SIGNALLED_BLOCKS, used.get(ms, EDGE_BLOCKS)
        if due and at + blocks <= BLOCKS - EDGE_BLOCKS:
            used[ms] = at + blocks
            yield Sent(ms * 1e-3, number, "lte:pusch", at, ms, blocks)
        elif ms % REPORT_MS == report:
            yield Sent(ms * 1e-3, number, "lte:pucch", 0, ms, 1)
