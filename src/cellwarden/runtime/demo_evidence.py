"""Evidence of the demonstration's phones: what a receiver would have cut out of the first bursts of a call of GSM.

Waves of our own in noise go through the same `cut` as those of a receiver, so what is kept of them is blanked alike.
Of what LTE phones say nothing may be kept, here as there.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from cellwarden.airinterface.gsm_waveform import CHANNEL_HZ, FORMATS, FRAME_SYMBOLS, SYMBOL_RATE_HZ, generate
from cellwarden.model import Block, Emission, Segment, Sighting
from cellwarden.runtime.evidence import MOST_BURSTS, PARTS, Cut
from cellwarden.runtime.site import Step
from cellwarden.runtime.snippet import Snippet, cut
from cellwarden.runtime.vault import Vault

LABEL = "gsm:normal"
RATE_HZ = 4 * SYMBOL_RATE_HZ
AROUND_S = 200e-6
NOISE, SCALE = 30.0, 2.0**-15
"""Of each of I and Q, in units of 16 bits; and what a unit is worth."""
SNR_DB = 18.0
MOST_KNOWN = 1000
"""Phones whose bursts were cut; a name is never given twice."""


def evidenced(steps: Iterable[Step], vault: Vault, seed: int) -> Iterator[Step]:
    """The same steps; of each phone of GSM the first sighting points to what its loudest sensor cut."""
    known: dict[str, None] = {}
    for step in steps:
        yield step._replace(sightings=tuple(_evidenced(one, vault, known, seed) for one in step.sightings))


def _evidenced(one: Sighting, vault: Vault, known: dict[str, None], seed: int) -> Sighting:
    if LABEL not in one.labels or not one.sensors or one.phone in known:
        return one
    known[one.phone] = None
    while len(known) > MOST_KNOWN:
        del known[next(iter(known))]
    train = int(one.phone.rpartition("-")[2])
    rng = np.random.default_rng([11, seed, train])
    bursts = [_burst(one, number, rng) for number in range(min(MOST_BURSTS, one.labels[LABEL]))]
    vault.hold(one.sensors[0], Cut(train, [burst for burst in bursts if burst is not None]))
    return replace(one, evidence=vault.of(one.sensors[0], train, one.phone))


def _burst(one: Sighting, number: int, rng: np.random.Generator) -> Snippet | None:
    """The number-th burst of a call, a frame after the one before."""
    sequence = int(one.frequency_hz / CHANNEL_HZ) % 8
    wave, start = generate("normal", rng, rate_hz=RATE_HZ, sequence=sequence, delay_samples=float(rng.random()))
    around = round(AROUND_S * RATE_HZ)
    noise = rng.normal(0.0, NOISE, (len(wave) + 2 * around, 2))
    power = 2 * NOISE**2 * CHANNEL_HZ / RATE_HZ * 10 ** (SNR_DB / 10)
    noise[around : around + len(wave)] += math.sqrt(power) * np.stack([wave.real, wave.imag], axis=1)
    first = around + math.floor(start)
    count = round(FORMATS["normal"].symbols * RATE_HZ / SYMBOL_RATE_HZ)
    emission = Emission(
        LABEL, first, count, -CHANNEL_HZ / 2, CHANNEL_HZ / 2, SNR_DB, one.confidence, cfo_hz=0.0,
        timing_samples=start % 1.0, direction="uplink", details={"training_sequence": sequence},
    )  # fmt: skip
    begins_ns = one.start_ns + round(number * FRAME_SYMBOLS / SYMBOL_RATE_HZ * 1e9)
    segment = Segment(0, len(noise), RATE_HZ, one.frequency_hz, begins_ns)
    block = Block(np.round(noise).astype(np.int16), SCALE, 0, segment)
    return cut(block, emission, segment, PARTS[LABEL])
