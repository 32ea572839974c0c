"""Names on what is not theirs: each interface's own signals through the whole chain, at two levels, behind echoes.

Each scene holds bursts of one label in a band of its own, tuned to a frequency that the file tells or not. What is
counted is which names lie in it: the right one,
another's, or none; a phone's name on what is no phone, or on another system's phone, weighs most.
"""

import json
import math
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.lane import Lane
from benchmarks.truth import paired
from cellwarden.airinterface import (
    ble_waveform,
    bluetooth_waveform,
    dect_waveform,
    gsm_waveform,
    is_phone,
    lte_waveform,
    umts_waveform,
    wifi_waveform,
)
from cellwarden.model import Emission
from cellwarden.radio.recording import open_recording
from cellwarden.runtime.scan import scan
from cellwarden.simulate.parameters import Parameters
from cellwarden.simulate.scenes import Air, Placed, Truth, Wave, amplitude, echoed, indoor_paths, write

Make = Callable[[np.random.Generator, float, float], tuple[Wave, float]]
"""From a generator, the sample rate and the carrier's offset to samples and the index of the first symbol."""
LEVELS_DB = (5.0, 15.0)
TRIALS, SEED = 200, 900
APART_S = 1.5e-3
"""Silence between bursts, at least."""
TURNED = 0.3
"""Part of the recorded band to either side of its centre in which carriers lie."""


@dataclass(frozen=True, slots=True)
class Sent:
    """How one label is made, and where: sample rate, centre, raster and width in hertz."""

    make: Make
    rate_hz: float
    centre_hz: float
    raster_hz: float
    width_hz: float


def _gsm(kind: gsm_waveform.Kind, rng: np.random.Generator, rate: float, carrier: float) -> tuple[Wave, float]:
    sequence = int(rng.integers(len(gsm_waveform.FORMATS[kind].known)))
    return gsm_waveform.generate(kind, rng, rate_hz=rate, sequence=sequence, carrier_offset_hz=carrier)


def _umts(kind: str, rng: np.random.Generator, rate: float, carrier: float) -> tuple[Wave, float]:
    if kind == "prach":
        chips = umts_waveform.preamble_chips(int(rng.integers(8192)), int(rng.integers(16)))
    else:
        chips = umts_waveform.dedicated_chips(int(rng.integers(1 << 24)), 15, rng)
    return umts_waveform.generate(chips, rate_hz=rate, carrier_offset_hz=carrier)


def _lte(kind: lte_waveform.Kind, rng: np.random.Generator, rate: float, carrier: float) -> tuple[Wave, float]:
    blocks = {"pusch": 6, "srs": 8}.get(kind, 6)
    return lte_waveform.generate(kind, rng, rate_hz=rate, blocks=blocks, carrier_offset_hz=carrier), 0.0


def _bluetooth(
    kind: bluetooth_waveform.Kind, rng: np.random.Generator, rate: float, carrier: float
) -> tuple[Wave, float]:
    symbols = int(rng.integers(130, 2800))
    return bluetooth_waveform.generate(kind, rng, rate_hz=rate, symbols=symbols, carrier_offset_hz=carrier)


def _ble(kind: Any, rng: np.random.Generator, rate: float, carrier: float) -> tuple[Wave, float]:
    return ble_waveform.generate(kind, rng, rate_hz=rate, carrier_offset_hz=carrier, octets=int(rng.integers(6, 37)))


def _dect(side: dect_waveform.Side, rng: np.random.Generator, rate: float, carrier: float) -> tuple[Wave, float]:
    return dect_waveform.generate(side, rng, rate_hz=rate, carrier_offset_hz=carrier)


def _wifi(kind: str, rng: np.random.Generator, rate: float, carrier: float) -> tuple[Wave, float]:
    if kind == "ofdm":
        return wifi_waveform.generate_ofdm(
            rng, rate_hz=rate, symbols=int(rng.integers(5, 60)), carrier_offset_hz=carrier
        )
    return wifi_waveform.generate_dsss(rng, rate_hz=rate, carrier_offset_hz=carrier)


SENT: Mapping[str, Sent] = {
    "gsm:normal": Sent(partial(_gsm, "normal"), 4e6, 900e6, 200e3, 200e3),
    "gsm:access": Sent(partial(_gsm, "access"), 4e6, 900e6, 200e3, 200e3),
    "umts:prach": Sent(partial(_umts, "prach"), 10e6, 1950e6, 200e3, 3.84e6),
    "umts:dpch": Sent(partial(_umts, "dpch"), 10e6, 1950e6, 200e3, 3.84e6),
    "lte:prach": Sent(partial(_lte, "prach"), 7.68e6, 1747.5e6, 180e3, 1.05e6),
    "lte:pusch": Sent(partial(_lte, "pusch"), 7.68e6, 1747.5e6, 180e3, 1.08e6),
    "lte:pucch": Sent(partial(_lte, "pucch"), 7.68e6, 1747.5e6, 180e3, 180e3),
    "lte:srs": Sent(partial(_lte, "srs"), 7.68e6, 1747.5e6, 180e3, 1.44e6),
    "bluetooth:br": Sent(partial(_bluetooth, "br"), 10e6, 2441e6, 1e6, 1e6),
    "bluetooth:edr": Sent(partial(_bluetooth, "edr"), 10e6, 2441e6, 1e6, 1e6),
    "ble:advertising": Sent(partial(_ble, "advertising"), 10e6, 2402e6, 10e6, 1e6),
    "ble:data": Sent(partial(_ble, "data"), 10e6, 2440e6, 2e6, 1e6),
    "dect:base": Sent(partial(_dect, "base"), 10e6, 1_888.704e6, 1.728e6, 1e6),
    "dect:portable": Sent(partial(_dect, "portable"), 10e6, 1_881.792e6, 1.728e6, 1e6),
    "wifi:ofdm": Sent(partial(_wifi, "ofdm"), 25e6, 2437e6, 20e6, 16.5e6),
    "wifi:dsss": Sent(partial(_wifi, "dsss"), 25e6, 2437e6, 20e6, 16.5e6),
}


def bursts(label: str, sent: Sent, trials: int, snr_db: float, rng: np.random.Generator) -> Iterator[Placed]:
    """Bursts of one label, one after another, each at a carrier, a timing and echoes of its own."""
    world, rate = Parameters(), sent.rate_hz
    reach = int(max(0.0, TURNED * rate - sent.width_hz / 2) / sent.raster_hz)
    at = round(2e-3 * rate)
    for _ in range(trials):
        error = rng.uniform(-1, 1) * world.receiver_ppm * 1e-6 * sent.centre_hz
        nominal = int(rng.integers(-reach, reach + 1)) * sent.raster_hz
        wave, start = sent.make(rng, rate, nominal + error)
        count = len(wave)
        wave = echoed(wave, indoor_paths(world, rng), rate, rng)
        edges = nominal - sent.width_hz / 2, nominal + sent.width_hz / 2
        truth = Truth(label, at + start, count - math.ceil(start), *edges, snr_db, nominal + error)
        yield Placed(truth, at, wave * np.float32(amplitude(snr_db, rate, sent.width_hz)))
        at += len(wave) + round((APART_S + rng.uniform(0, 1e-3)) * rate)


def _heard(air: Air, placed: list[Placed], seed: int, told: bool) -> tuple[list[Truth], list[Emission]]:
    """What there was and what is heard of it, with the tuned frequency `told` or not."""
    with tempfile.TemporaryDirectory(prefix="cellwarden-") as folder:
        path = Path(folder) / "scene.sigmf-meta"
        truths = write(path, air, placed, seed)
        head = json.loads(path.read_text(encoding="utf-8"))
        if not told:
            del head["captures"][0]["core:frequency"]
        path.write_text(json.dumps({**head, "annotations": []}), encoding="utf-8")
        return truths, list(scan(open_recording(path)))


def confused(label: str, trials: int, snr_db: float, told: bool, seed: int) -> dict[str, Any]:
    """How many bursts were named right, and every name that lies on one."""
    sent, rng = SENT[label], np.random.default_rng(seed)
    placed = list(bursts(label, sent, trials, snr_db, rng))
    seconds = (placed[-1].first + len(placed[-1].wave)) / sent.rate_hz + 2e-3
    air = replace(Air(), rate_hz=sent.rate_hz, centre_hz=sent.centre_hz, seconds=seconds)
    truths, emissions = _heard(air, placed, seed, told)
    pairs = paired(truths, emissions)
    own = label.partition(":")[0]
    return {
        "placed": len(truths),
        "right": sum(pair.recognised is not None for pair in pairs),
        "found": sum(bool(pair.emissions) for pair in pairs),
        "labels": dict(Counter(e.label for e in emissions)),
        "wrong_phones": sum(is_phone(e) and e.label.partition(":")[0] != own for e in emissions),
    }


def parts(scale: float) -> dict[str, Any]:
    """One for each label and level, with the centre told and not."""
    trials = max(2, round(TRIALS * scale))
    return {
        f"{label.replace(':', '-')}-{level:g}dB{'' if told else '-untold'}": partial(
            confused, label, trials, level, told, SEED + number
        )
        for number, (label, level, told) in enumerate(product(SENT, LEVELS_DB, (True, False)))
    }


def summary(done: Mapping[str, Any]) -> dict[str, Any]:
    """As counted, and all phones' names on what is another's."""
    return {
        "seed": SEED,
        "signals": dict(done),
        "wrong_phones": sum(part["wrong_phones"] for part in done.values()),
        "placed": sum(part["placed"] for part in done.values()),
    }


LANE = Lane("confusion", parts, summary)
