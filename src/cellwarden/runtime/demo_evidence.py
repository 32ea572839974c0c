"""Evidence of the demonstration's phones: what a receiver would have cut out of their first bursts.

Waves of our own in noise go through the same `cut` as those of a receiver, so what is kept of them is blanked alike.
What LTE phones send when they talk is content, and nothing of it is kept: of those there is their preamble.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from cellwarden.airinterface import gsm_waveform, lte_waveform
from cellwarden.airinterface.gsm_waveform import CHANNEL_HZ, FORMATS, FRAME_SYMBOLS, SYMBOL_RATE_HZ
from cellwarden.model import Block, Emission, Segment, Sighting
from cellwarden.runtime.evidence import MOST_BURSTS, PARTS, Cut
from cellwarden.runtime.site import Step
from cellwarden.runtime.snippet import Snippet, cut
from cellwarden.runtime.vault import Vault

RATE_HZ = 4e6
BURSTS = {"gsm:normal": MOST_BURSTS, "lte:prach": 1}
"""What is cut, and how many of each."""
PREAMBLE_HZ = lte_waveform.PREAMBLE * lte_waveform.PREAMBLE_HZ
AROUND_S = 200e-6
NOISE, SCALE = 30.0, 2.0**-15
"""Of each of I and Q, in units of 16 bits; and what a unit is worth."""
SNR_DB = 18.0
MOST_KNOWN = 1000
"""Phones whose bursts were cut; a name is never given twice."""


def evidenced(steps: Iterable[Step], vault: Vault, seed: int) -> Iterator[Step]:
    """The same steps; of each phone the first sighting points to what its loudest sensor cut."""
    known: dict[str, None] = {}
    for step in steps:
        yield step._replace(sightings=tuple(_evidenced(one, vault, known, seed) for one in step.sightings))


def _evidenced(one: Sighting, vault: Vault, known: dict[str, None], seed: int) -> Sighting:
    label = next((label for label in BURSTS if label in one.labels), None)
    if label is None or not one.sensors or one.phone in known:
        return one
    known[one.phone] = None
    while len(known) > MOST_KNOWN:
        del known[next(iter(known))]
    train = int(one.phone.rpartition("-")[2])
    rng = np.random.default_rng([11, seed, train])
    bursts = [_burst(one, label, number, rng) for number in range(min(BURSTS[label], one.labels[label]))]
    vault.hold(one.sensors[0], Cut(train, [burst for burst in bursts if burst is not None]))
    return replace(one, evidence=vault.of(one.sensors[0], train, one.phone))


def _burst(one: Sighting, label: str, number: int, rng: np.random.Generator) -> Snippet | None:
    """The number-th burst of a train, a frame of GSM after the one before."""
    sequence = int(one.frequency_hz / CHANNEL_HZ) % 8
    if label == "lte:prach":
        wave, start, width_hz = lte_waveform.generate("prach", rng, rate_hz=RATE_HZ), 0.0, PREAMBLE_HZ
        count = len(wave)
    else:
        wave, start = gsm_waveform.generate("normal", rng, rate_hz=RATE_HZ, sequence=sequence)
        count, width_hz = round(FORMATS["normal"].symbols * RATE_HZ / SYMBOL_RATE_HZ), CHANNEL_HZ
    around = round(AROUND_S * RATE_HZ)
    noise = rng.normal(0.0, NOISE, (len(wave) + 2 * around, 2))
    power = 2 * NOISE**2 * width_hz / RATE_HZ * 10 ** (SNR_DB / 10)
    noise[around : around + len(wave)] += math.sqrt(power) * np.stack([wave.real, wave.imag], axis=1)
    emission = Emission(
        label, around + math.floor(start), count, -width_hz / 2, width_hz / 2, SNR_DB, one.confidence, cfo_hz=0.0,
        timing_samples=start % 1.0, direction="uplink",
        details={"training_sequence": sequence} if label == "gsm:normal" else {},
    )  # fmt: skip
    begins_ns = one.start_ns + round(number * FRAME_SYMBOLS / SYMBOL_RATE_HZ * 1e9)
    segment = Segment(0, len(noise), RATE_HZ, one.frequency_hz, begins_ns)
    block = Block(np.round(noise).astype(np.int16), SCALE, 0, segment)
    return cut(block, emission, segment, PARTS[label])
