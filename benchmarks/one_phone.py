"""Lane 9: which bursts are one phone's.

Carrier and arrival of LTE's bursts beside their bounds; phones of a cell, calls, piconets and connections put together
again, each scene written, scanned and grouped through the whole chain.
"""

import math
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.lane import Lane
from cellwarden.airinterface import lte
from cellwarden.airinterface.lte_waveform import BLOCK_HZ, Kind, generate
from cellwarden.measure.agreement import bootstrap, rmse
from cellwarden.measure.groups import completeness, purity
from cellwarden.model import Block, Burst, Emission, Segment
from cellwarden.radio.annotations import segment_of
from cellwarden.radio.recording import open_recording
from cellwarden.runtime.scan import scan
from cellwarden.signature.group import Grouper
from cellwarden.simulate import cell, hops
from cellwarden.simulate.parameters import Parameters, varied
from cellwarden.simulate.scenes import Air, Placed, Truth, write

SEED = 8
RATE_HZ = 7.68e6
MARGIN_S = 1.5e-3
BURSTS = 300
ESTIMATED: tuple[tuple[Kind, int, float], ...] = (
    ("pusch", 1, 10.0),
    ("pusch", 6, 10.0),
    ("pusch", 25, 10.0),
    ("pucch", 1, 10.0),
    ("srs", 4, 10.0),
    ("srs", 20, 10.0),
)
GROSS = 8.0
"""Times the bound: a shift or a multiple was mistaken for another one."""
PHONES, WORLDS = 5, 10
SCENES = 6
NEAR = 0.5

Scene = Callable[[np.random.Generator], tuple[Air, Iterator[Placed]]]


def errors(kind: Kind, blocks: int, snr_db: float, count: int) -> list[list[float]]:
    """Of each burst that is named with its width: errors of carrier in hertz and start in seconds, and their bounds."""
    made = []
    for number in range(count):
        rng = np.random.default_rng([SEED, number, blocks, len(kind)])
        width_hz = blocks * BLOCK_HZ
        offset_hz, late = float(rng.uniform(-1e6, 1e6)), float(rng.random())
        wave = generate(kind, rng, rate_hz=RATE_HZ, blocks=blocks, carrier_offset_hz=0.0)
        padded = np.fft.fft(wave, len(wave) + 16)
        padded = np.fft.ifft(padded * np.exp(-2j * np.pi * np.fft.fftfreq(len(padded)) * late))
        padded *= np.exp(2j * np.pi * offset_hz / RATE_HZ * (np.arange(len(padded)) - late))
        margin = round(MARGIN_S * RATE_HZ)
        mixed = rng.normal(size=(len(padded) + 2 * margin, 2)).view(np.complex128)[:, 0].copy()
        mixed[margin : margin + len(padded)] += padded * math.sqrt(10 ** (snr_db / 10) * 2 / RATE_HZ * width_hz)
        iq = np.stack([mixed.real, mixed.imag], axis=1).astype(np.float32)
        box = Burst(
            margin + int(rng.integers(-5e-6 * RATE_HZ, 5e-6 * RATE_HZ)),
            len(wave),
            offset_hz - width_hz / 2 - 8e3,
            offset_hz + width_hz / 2 + 8e3,
            snr_db,
            10 * math.log10(2 / RATE_HZ),
        )
        found = lte.recognise(box, Block(iq, 1.0, 0, Segment(0, len(iq), RATE_HZ)))
        if len(found) == 1 and found[0].label == f"lte:{kind}" and found[0].details["blocks"] == blocks:
            made.append(_error(found[0], offset_hz, margin + late, snr_db))
    return made


def _error(e: Emission, offset_hz: float, start: float, snr_db: float) -> list[float]:
    """Errors, and the bounds that an emission tells of them, for the SNR that it truly had."""
    carrier = (e.carrier_offset_hz or 0.0) - offset_hz
    if e.label == "lte:srs":  # on the lower or the upper comb
        carrier = min(carrier - 7.5e3, carrier + 7.5e3, key=abs)
    late_s = (e.sample_start + (e.timing_samples or 0.0) - start) / RATE_HZ
    told = 10 ** ((e.snr_db - snr_db) / 20)
    bounds = float(e.details["carrier_error_hz"]) * told, float(e.details["start_error_us"]) * 1e-6 * told
    return [carrier, late_s, *bounds]


def _of(e: Emission, truths: list[Truth]) -> Truth | None:
    """The truth of an emission's label that it covers half of in time and band, if any."""
    best: tuple[float, Truth] | None = None
    for t in truths:
        common = min(t.start + t.count, e.sample_start + e.sample_count) - max(t.start, e.sample_start)
        band = min(t.high_offset_hz, e.high_offset_hz) - max(t.low_offset_hz, e.low_offset_hz)
        width = t.high_offset_hz - t.low_offset_hz
        if t.label == e.label and common > NEAR * t.count and band > NEAR * width and (best is None or band > best[0]):
            best = band, t
    return None if best is None else best[1]


def grouped(air: Air, placed: Iterator[Placed], seed: int) -> dict[str, float]:
    """How a scene's emitters were put together again."""
    with tempfile.TemporaryDirectory(prefix="cellwarden-") as folder:
        path = Path(folder) / "scene.sigmf-meta"
        truths = write(path, air, placed, seed)
        recording, grouper = open_recording(path), Grouper()
        told = [pair for e in scan(recording) for pair in grouper.add(e, segment_of(recording, e))[0]]
        told += grouper.close()[0]
    pairs = [(number, t.details["emitter"]) for e, number in told if (t := _of(e, truths)) is not None]
    return {
        "purity": purity(pairs),
        "completeness": completeness(pairs),
        "recognised": len(pairs) / len(truths),
        "bursts": len(pairs),
        "emitters": len({emitter for _, emitter in pairs}),
    }


def phones(number: int) -> dict[str, float]:
    """Five phones of an LTE cell in a world that differs from the standard one in all that may vary."""
    rng = np.random.default_rng([SEED, 1000 + number])
    world, air = varied(Parameters(), rng), Air(5.76e6, 1.75e9, 0.4)
    return grouped(air, cell.emissions(air, world, PHONES, rng), number)


def links(kind: str, number: int) -> dict[str, float]:
    """Three calls, piconets or connections that hop."""
    rng = np.random.default_rng([SEED, 2000 + number])
    if kind == "gsm":
        air = Air(5e6, 895e6, 0.4)
        return grouped(air, hops.gsm_calls(air, varied(Parameters(), rng), 3, rng), number)
    if kind == "bluetooth":
        air = Air(10e6, 2441e6, 0.25)
        return grouped(air, hops.piconets(air, 3, rng), number)
    air = Air(20e6, 2441e6, 0.8)
    return grouped(air, hops.connections(air, 3, rng), number)


def parts(scale: float) -> dict[str, Any]:
    """Errors of each kind of burst; worlds of phones; scenes of links."""
    count, worlds, scenes = max(20, round(BURSTS * scale)), max(1, round(WORLDS * scale)), max(1, round(SCENES * scale))
    return {
        **{f"{k}-{b}-{s:g}": partial(errors, k, b, s, count) for k, b, s in ESTIMATED},
        **{f"phones{n}": partial(phones, n) for n in range(worlds)},
        **{f"{k}{n}": partial(links, k, n) for k in ("gsm", "bluetooth", "ble") for n in range(scenes)},
    }


def summary(done: Mapping[str, Any]) -> dict[str, Any]:
    """RMSE beside the bound, without gross errors, whose share is told; purity and completeness as ranges."""
    estimates = {}
    for kind, blocks, snr_db in ESTIMATED:
        values = np.array(done[f"{kind}-{blocks}-{snr_db:g}"])
        carrier, late = values[:, 0] / values[:, 2], values[:, 1] / values[:, 3]
        good = (np.abs(carrier) < GROSS) & (np.abs(late) < GROSS)
        estimates[f"{kind} {blocks} {snr_db:g} dB"] = {
            "bursts": len(values),
            "gross": 1 - float(np.mean(good)),
            "carrier_rmse_hz": list(bootstrap(values[good, 0], rmse, seed=SEED)),
            "carrier_over_bound": rmse(carrier[good]),
            "start_rmse_us": [x * 1e6 for x in bootstrap(values[good, 1], rmse, seed=SEED)],
            "start_over_bound": rmse(late[good]),
        }
    together = {}
    for kind in ("phones", "gsm", "bluetooth", "ble"):
        scenes = [v for name, v in done.items() if name.rstrip("0123456789") == kind]
        together[kind] = {
            "scenes": len(scenes),
            **{
                name: [f([s[name] for s in scenes]) for f in (lambda v: sum(v) / len(v), min, max)]
                for name in ("purity", "completeness", "recognised")
            },
        }
    return {"seed": SEED, "estimates": estimates, "together": together}


LANE = Lane("one_phone", parts, summary)
