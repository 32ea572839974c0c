"""What a sensor receives of the wing on the air (`week_air`).

```
 act ─► wave of a phone, as a spectrum ─┐ the same for all sensors, WAVES of a kind
                                        ├─► × echoes of the place ─► sensor's clock ─► noise ─► 16 bits
 burst ─► which wave, when, how loud ───┘
```

What a phone sends is made once and heard by all sensors: a payload comes again after WAVES others, behind other noise.
Stretches in which nobody sends for longer than QUIET_S tell nothing that the lane `false_alarms` does not tell of more
noise: a sensor can leave them out, as a receiver that lost so many samples.
"""

import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import scipy
from numpy.typing import NDArray

from cellwarden.airinterface.gsm_waveform import CHANNEL_HZ, FORMATS, SYMBOL_RATE_HZ, Kind, burst_bits
from cellwarden.airinterface.lte_waveform import BLOCK_HZ, SUBCARRIER_HZ, carrier_wave, preamble
from cellwarden.simulate import cell
from cellwarden.simulate.parameters import Parameters
from cellwarden.simulate.scenes import Placed, Truth, rounded, superposed
from cellwarden.simulate.transmitters import wave
from cellwarden.simulate.week_air import (
    BLOCKS,
    CENTRE_HZ,
    EDGE_BLOCKS,
    GSM_HZ,
    LTE_HZ,
    NOISE_DBM,
    RATE_HZ,
    STEPS,
    WINDOW_S,
    Scene,
    Sent,
    network_of,
)

FAINT_DB = -12.0
"""What is fainter than this beside the noise is not drawn."""
CLOCK_S, CLOCK_PPM = 1e-3, 1.0
"""Standard deviation of a sensor's clock, and the most by which its crystal errs."""
POOL = 1 << 23
"""Samples of noise that are drawn; they come again from another place each time."""
WAVES = 16
"""Payloads of a phone's bursts of one kind and place, after which the first comes again."""
FINE = 64
"""Parts of a sample to which a burst is placed: 4 ns."""
BLOCK_SAMPLES = 1 << 18
ROOM = 64
"""Samples for echoes behind a burst."""
MARGIN = 160
"""Samples of GSM's ramps before a burst's first symbol."""
QUIET_S, BEFORE_S, AFTER_S = 1.0, 0.25, 0.5
"""A silence that may be left out is longer than this; so much of it before and after bursts is not."""

Wave = NDArray[np.complex128]


@dataclass(frozen=True, slots=True)
class Made:
    """A burst as its phone sends it, before anything happens to it."""

    spectrum: Wave
    """Of its samples and what comes behind them, shape (size,)."""
    middle_hz: float
    """From the tuned frequency."""
    before: int
    """Samples before its first symbol."""
    count: float
    """Samples of its symbols, over which its mean power is 1."""


@dataclass(frozen=True, eq=False)
class Waves:
    """What the phones of a scene send, made when it is first heard. Grows as it is asked."""

    scene: Scene

    @cached_property
    def _made(self) -> dict[tuple[int, str, int, int, int, int], Made]:
        return {}

    def of(self, one: Sent) -> Made:
        """The wave of a burst."""
        number = int(one.at_s * 1e3) % WAVES
        key = one.act, one.kind, one.first, one.blocks, one.subframe % 10, number
        if key not in self._made:
            self._made[key] = self._sent(one, np.random.default_rng([26, self.scene.seed, 10, one.act, *key[2:]]))
        return self._made[key]

    def _sent(self, one: Sent, rng: np.random.Generator) -> Made:
        if one.kind.startswith("gsm"):
            return self._gsm(one, rng)
        if one.kind == "lte:prach":  # of one root of the cell, any of whose shifts a phone may choose
            made = preamble(1 + 7 * self.scene.seed % 838, 13 * (one.act % 64), RATE_HZ)
            made /= math.sqrt(float(np.mean(np.abs(made) ** 2)))
            return _transformed(made, LTE_HZ + (one.first + 3 - BLOCKS / 2) * BLOCK_HZ, 0, len(made))
        here, (resource, cover) = self.scene.cell, self._report(one.act)
        phone = cell.Phone(one.act, 0.0, 0.0, 0.0, (), 0.0, 0.0, 0, resource, cover, (4, 0, 0))
        if one.kind == "lte:pusch":
            sent = [cell.pusch(here, phone, one.subframe, one.first, one.blocks, 14, rng)]
        else:
            sent = [cell.pucch(here, phone, slot, 7, rng) for slot in range(2)]
        made = _of_carrier(sent, rng)
        return _transformed(made, LTE_HZ, 0, len(made))

    def _gsm(self, one: Sent, rng: np.random.Generator) -> Made:
        kind: Kind = "access" if one.kind == "gsm:access" else "normal"
        network = network_of(self.scene.acts[one.act])
        bits, per = burst_bits(kind, network if kind == "normal" else 0, rng), RATE_HZ / SYMBOL_RATE_HZ
        count = 2 * MARGIN + math.ceil(len(bits) * per)
        made = wave(self.scene.transmitter(one.act), bits, np.asarray((np.arange(count) - MARGIN) / per, np.float64))
        return _transformed(made, GSM_HZ[network], MARGIN, FORMATS[kind].symbols * per)

    def _report(self, act: int) -> tuple[int, int]:
        """Block and cover of a phone's reports."""
        rng = np.random.default_rng([26, self.scene.seed, 11, act])
        return int(rng.integers(EDGE_BLOCKS)), int(rng.integers(3))


def _of_carrier(sent: list[cell.Sent], rng: np.random.Generator) -> Wave:
    """Parts of a subframe together, about the middle of LTE's carrier."""
    whole = np.zeros(0, np.complex128)
    for one in sent:
        wide = one.values.shape[1]
        middle_hz = (one.first - BLOCKS / 2) * BLOCK_HZ + wide / 2 * SUBCARRIER_HZ
        # a phone turns its subcarriers from the carrier's middle, anew in each symbol
        turned = one.values * np.exp(-2j * np.pi * middle_hz * (one.starts_s + one.after_s))[:, None]
        part = carrier_wave(turned, one.starts_s, one.prefixes_s, SUBCARRIER_HZ, RATE_HZ, WINDOW_S) / math.sqrt(wide)
        part *= np.exp(2j * np.pi * (middle_hz / RATE_HZ * np.arange(len(part)) + rng.random()))
        first = round(one.after_s * RATE_HZ)
        whole = np.concatenate([whole, np.zeros(max(0, first + len(part) - len(whole)))])
        whole[first : first + len(part)] += part
    return whole


def _transformed(made: Wave, middle_hz: float, before: int, count: float) -> Made:
    """With room behind it for echoes."""
    return Made(np.asarray(np.fft.fft(made, scipy.fft.next_fast_len(len(made) + ROOM))), middle_hz, before, count)


@cache
def _later(size: int, part: int) -> Wave:
    """What delays samples by a part of one, in FINE."""
    return np.asarray(np.exp(-2j * np.pi * np.fft.fftfreq(size) * part / FINE))


@dataclass(frozen=True, eq=False)
class Ear:
    """One sensor in a scene; `waves` may be those of other sensors of it, too."""

    waves: Waves
    number: int

    @property
    def scene(self) -> Scene:
        return self.waves.scene

    @cached_property
    def _clock(self) -> tuple[float, float]:
        rng = np.random.default_rng([26, self.scene.seed, 6, self.number])
        return float(rng.normal(0.0, CLOCK_S)), float(rng.uniform(-1, 1)) * CLOCK_PPM * 1e-6

    @property
    def late_s(self) -> float:
        """By how much its clock is wrong when it begins."""
        return self._clock[0]

    def placed(self, sent: Iterable[Sent]) -> Iterator[Placed]:
        """What of some bursts, in the order of time, can be heard here."""
        acts: dict[int, _Heard] = {}
        for one in sent:
            if one.act not in acts:
                acts[one.act] = _Heard(self.waves, self.number, one.act, self._clock[1])
            made = acts[one.act].placed(one)
            if made is not None:
                yield made

    def samples(self, block: int = BLOCK_SAMPLES) -> Iterator[NDArray[np.int16]]:
        """What its receiver gives, int16, shape (n, 2) each."""
        for _lost, iq in self._stretches([(0, round(self.scene.seconds * RATE_HZ))], block):
            yield iq

    def without_silence(self, block: int = BLOCK_SAMPLES) -> Iterator[tuple[int, NDArray[np.int16]]]:
        """The same, each with how many samples are left out before it, as nobody sent for so long."""
        spans = [(round(low * RATE_HZ), round(high * RATE_HZ)) for low, high in on_air(self.scene)]
        return self._stretches(spans, block)

    def _stretches(self, spans: Iterable[tuple[int, int]], block: int) -> Iterator[tuple[int, NDArray[np.int16]]]:
        rng = np.random.default_rng([26, self.scene.seed, 7, self.number])
        pool = rng.standard_normal((POOL, 2), np.float32) * np.float32(STEPS)
        at_s, passed = [one.at_s for one in self.scene.bursts], 0
        for low, high in spans:
            some = self.scene.bursts[bisect_left(at_s, low / RATE_HZ) : bisect_left(at_s, high / RATE_HZ)]
            lost, passed = low - passed, high
            for mixed in superposed(_noise(pool, high - low, block, rng), _after(low, self.placed(some))):
                yield lost, rounded(mixed)
                lost = 0


def on_air(scene: Scene) -> list[tuple[float, float]]:
    """From when to when somebody sends, with some silence around, in seconds of the scene."""
    spans: list[tuple[float, float]] = []
    for one in scene.bursts:
        low, high = max(0.0, one.at_s - BEFORE_S), min(scene.seconds, one.at_s + AFTER_S)
        if spans and low - spans[-1][1] < QUIET_S:
            spans[-1] = spans[-1][0], high
        else:
            spans.append((low, high))
    return spans


def _noise(
    pool: NDArray[np.float32], count: int, block: int, rng: np.random.Generator
) -> Iterator[NDArray[np.float32]]:
    for low in range(0, count, block):
        at = int(rng.integers(len(pool) - block))
        yield pool[at : at + min(block, count - low)].copy()


def _after(low: int, placed: Iterable[Placed]) -> Iterator[Placed]:
    """Placed from a sample on."""
    return (Placed(one.truth, one.first - low, one.wave) for one in placed)


class _Heard:
    """An act as a sensor hears it."""

    def __init__(self, waves: Waves, sensor: int, number: int, clock: float) -> None:
        scene = waves.scene
        self._waves, self._start_s, self._clock = waves, scene.cell.start_s, clock
        self._act, self._levels = scene.acts[number], scene.levels_dbm[number][sensor]
        self._paths = cell.place(Parameters(), np.random.default_rng([26, scene.seed, 8, number, sensor]))
        mine = np.random.default_rng([26, scene.seed, 9, number])  # alike for all sensors
        self._off_hz = float(mine.uniform(-1, 1)) * Parameters().locked_ppm * 1e-6 * CENTRE_HZ
        self._late_s = float(mine.uniform(-0.5, 0.5)) * cell.ADVANCE_S
        self._phase = np.random.default_rng([26, scene.seed, 12, number, sensor])
        self._responses: dict[tuple[float, int], tuple[Wave, Wave]] = {}

    def placed(self, one: Sent) -> Placed | None:
        """A burst of it; None where it is too faint."""
        width_hz = one.blocks * BLOCK_HZ if one.blocks else CHANNEL_HZ
        level_dbm = float(self._levels[int(one.at_s - self._act.start_s)])
        if level_dbm - NOISE_DBM - 10 * math.log10(width_hz / CHANNEL_HZ) < FAINT_DB:
            return None
        made = self._waves.of(one)
        sent_s = one.at_s if one.kind.startswith("gsm") else self._start_s + one.at_s + self._late_s
        whole, part = divmod(round(sent_s * (1 + self._clock) * RATE_HZ * FINE), FINE)
        response, turn = self._through(made.middle_hz, len(made.spectrum))
        heard = np.fft.ifft(made.spectrum * response * _later(len(made.spectrum), part)) * turn
        level = STEPS * math.sqrt(2 * CHANNEL_HZ / RATE_HZ * 10 ** ((level_dbm - NOISE_DBM) / 10))
        heard *= level * np.exp(2j * np.pi * self._phase.random())
        off_hz = made.middle_hz + self._off_hz - self._clock * CENTRE_HZ
        truth = Truth(one.kind, float(whole), round(made.count), off_hz, off_hz, level_dbm, off_hz)
        return Placed(truth, whole - made.before, heard.astype(np.complex64))

    def _through(self, middle_hz: float, size: int) -> tuple[Wave, Wave]:
        """What echoes do to a spectrum, and how its carrier turns from sample to sample."""
        if (middle_hz, size) not in self._responses:
            hz = middle_hz + np.fft.fftfreq(size, 1 / RATE_HZ)
            off_hz = middle_hz + self._off_hz - self._clock * CENTRE_HZ
            self._responses[middle_hz, size] = (
                np.asarray(sum(gain * np.exp(-2j * np.pi * hz * delay) for delay, gain in self._paths)),
                np.asarray(np.exp(2j * np.pi * off_hz / RATE_HZ * np.arange(size))),
            )
        return self._responses[middle_hz, size]
