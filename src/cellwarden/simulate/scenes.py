"""Recordings with a truth: signals at known SNR, time and frequency in white noise, written block by block.

    signals, in the order of time ─► Placed ─┐
    seed ─► noise, block by block ───────────┴─► sum ─► rounded to 16 bits ─► SigMF with the truth as annotations

Neither the noise nor the signals are ever held whole, so a recording may be longer than memory.
"""

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.gsm_waveform import CHANNEL_HZ, FORMATS, SYMBOL_RATE_HZ, Kind, Modulation, generate
from cellwarden.simulate.channel import echoed
from cellwarden.simulate.parameters import Parameters
from cellwarden.simulate.receiver import Faults, received
from cellwarden.simulate.waves import IMPOSTORS, Wave

NOISE_STEPS = 100.0
"""Standard deviation of I and of Q in steps of the file: rounding adds 10⁻⁵ of the noise."""
BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Truth:
    """What was placed, and where."""

    label: str
    start: float
    """Sample index of the first symbol, with its fraction."""
    count: int
    low_offset_hz: float
    high_offset_hz: float
    snr_db: float
    """In 200 kHz, or in its own band where that is wider."""
    carrier_offset_hz: float
    details: dict[str, str | int | float] = field(default_factory=dict)

    @property
    def sample_start(self) -> float:
        """As emissions and other boxes have it."""
        return self.start

    @property
    def sample_count(self) -> int:
        """As emissions and other boxes have it."""
        return self.count


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A truth with its samples, in steps of the file."""

    truth: Truth
    first: int
    wave: Wave


@dataclass(frozen=True, slots=True)
class Air:
    """What a recording is tuned to."""

    rate_hz: float = 10e6
    centre_hz: float = 895e6
    seconds: float = 1.0

    @property
    def samples(self) -> int:
        return round(self.rate_hz * self.seconds)


def amplitude(snr_db: float, rate_hz: float, width_hz: float = CHANNEL_HZ) -> float:
    """Amplitude in steps of a signal of power 1 whose SNR is counted in a band."""
    return NOISE_STEPS * math.sqrt(2 * 10 ** (snr_db / 10) * max(width_hz, CHANNEL_HZ) / rate_hz)


def gsm_burst(
    air: Air,
    at: int,
    kind: Kind,
    channel: int,
    snr_db: float,
    rng: np.random.Generator,
    *,
    parameters: Parameters | None = None,
    paths: Iterable[tuple[float, float]] | None = None,
    modulation: Modulation = "gmsk",
) -> Placed:
    """A GSM burst whose ramp begins about sample `at` on a channel counted from the centre, any sequence and timing."""
    world = parameters or Parameters()
    error = rng.uniform(-1, 1) * world.receiver_ppm + rng.uniform(-1, 1) * world.locked_ppm
    offset = channel * CHANNEL_HZ + error * 1e-6 * (air.centre_hz + channel * CHANNEL_HZ)
    sequence = int(rng.integers(len(FORMATS[kind].known)))
    wave, start = generate(
        kind,
        rng,
        rate_hz=air.rate_hz,
        sequence=sequence,
        modulation=modulation,
        carrier_offset_hz=offset,
        delay_samples=rng.random(),
    )
    if paths is not None:
        wave = echoed(wave, paths, air.rate_hz, rng)
    middle = channel * CHANNEL_HZ
    truth = Truth(
        f"gsm:{kind}",
        at + start,
        round(FORMATS[kind].symbols * air.rate_hz / SYMBOL_RATE_HZ),
        middle - CHANNEL_HZ / 2,
        middle + CHANNEL_HZ / 2,
        snr_db,
        offset,
        {"sequence": sequence, "modulation": modulation},
    )
    return Placed(truth, at, wave * np.float32(amplitude(snr_db, air.rate_hz)))


def impostor(
    air: Air, at: int, name: str, offset_hz: float, snr_db: float, seconds: float, rng: np.random.Generator
) -> Placed:
    """A signal that is no phone's, from sample `at` on."""
    made = IMPOSTORS[name]
    count = round(seconds * air.rate_hz)
    wave = made.make(count, air.rate_hz, rng)
    wave = wave * np.exp(2j * np.pi * offset_hz / air.rate_hz * np.arange(count)).astype(np.complex64)
    edges = offset_hz - made.width_hz / 2, offset_hz + made.width_hz / 2
    truth = Truth(f"other:{name}", float(at), count, *edges, snr_db, offset_hz)
    return Placed(truth, at, wave * np.float32(amplitude(snr_db, air.rate_hz, made.width_hz)))


def blocks(
    air: Air, placed: Iterable[Placed], seed: int, truths: list[Truth], faults: Faults | None = None
) -> Iterator[NDArray[np.int16]]:
    """The recording, int16, shape (n, 2) each: noise and what was placed, which comes in the order of `first`.

    What was placed is appended to `truths`. What ends beyond the recording is left out.
    """
    rng = np.random.default_rng(seed)
    turned, jitter = 0.0, np.random.default_rng([seed, 1])

    def noise() -> Iterator[NDArray[np.float32]]:
        for low in range(0, air.samples, BLOCK):
            count = min(BLOCK, air.samples - low)
            yield rng.standard_normal((count, 2), np.float32) * np.float32(NOISE_STEPS)

    def held() -> Iterator[Placed]:
        for one in placed:
            if one.first >= 0 and one.first + len(one.wave) <= air.samples:
                truths.append(one.truth)
                yield one

    for mixed in superposed(noise(), held()):
        if faults is not None:
            signal = mixed.view(np.complex64)[:, 0]
            turned = received(signal, faults, NOISE_STEPS, air.rate_hz, jitter, turned)
        yield rounded(mixed)


def superposed(noise: Iterable[NDArray[np.float32]], placed: Iterable[Placed]) -> Iterator[NDArray[np.float32]]:
    """Blocks of noise, shape (n, 2) each, one after the other, and in them what was placed, in the order of `first`."""
    coming, active, low = iter(placed), list[Placed](), 0
    following = next(coming, None)
    for mixed in noise:
        signal, high = mixed.view(np.complex64)[:, 0], low + len(mixed)
        while following is not None and following.first < high:
            active.append(following)
            following = next(coming, None)
        for one in active:
            a, b = max(one.first, low), min(one.first + len(one.wave), high)
            signal[a - low : b - low] += one.wave[a - one.first : b - one.first]
        active = [one for one in active if one.first + len(one.wave) > high]
        yield mixed
        low = high


def rounded(mixed: NDArray[np.float32]) -> NDArray[np.int16]:
    """As a converter of 16 bits gives it; the array given is used up."""
    return np.clip(np.rint(mixed, out=mixed), -32768, 32767, out=mixed).astype("<i2")


def write(path: Path, air: Air, placed: Iterable[Placed], seed: int, faults: Faults | None = None) -> list[Truth]:
    """Write a recording to `path` (`.sigmf-meta`, its samples beside it); returns what is in it."""
    truths: list[Truth] = []
    with path.with_suffix(".sigmf-data").open("wb") as file:
        for block in blocks(air, placed, seed, truths, faults):
            file.write(block.tobytes())
    head = {
        "global": {"core:datatype": "ci16_le", "core:sample_rate": air.rate_hz, "core:version": "1.2.5"},
        "captures": [{"core:sample_start": 0, "core:frequency": air.centre_hz}],
    }
    with path.open("w", encoding="utf-8") as file_of_text:
        file_of_text.write(json.dumps(head)[:-1] + ', "annotations": [')
        for number, truth in enumerate(truths):
            file_of_text.write(("," if number else "") + "\n" + json.dumps(annotation(truth, air)))
        file_of_text.write("]}\n")
    return truths


def annotation(truth: Truth, air: Air) -> dict[str, Any]:
    """SigMF annotation of a truth."""
    return {
        "core:sample_start": round(truth.start),
        "core:sample_count": truth.count,
        "core:freq_lower_edge": air.centre_hz + truth.low_offset_hz,
        "core:freq_upper_edge": air.centre_hz + truth.high_offset_hz,
        "core:label": truth.label,
        "truth:snr_db": truth.snr_db,
        "truth:carrier_offset_hz": truth.carrier_offset_hz,
    }
