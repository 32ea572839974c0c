"""Lane 1: share of GSM bursts that the whole chain recognises, against their SNR in 200 kHz."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np

from benchmarks.lane import Lane
from benchmarks.truth import heard, paired
from cellwarden.airinterface.gsm_waveform import CHANNEL_HZ, FORMATS, SYMBOL_RATE_HZ, Kind
from cellwarden.measure.proportion import wilson
from cellwarden.measure.theory import energy_detection, matched_filter, per_symbol_db
from cellwarden.simulate.channel import indoor_paths
from cellwarden.simulate.parameters import Parameters
from cellwarden.simulate.scenes import Air, Placed, gsm_burst

SNRS_DB = (*range(-8, 4), 3.5, *range(4, 13))
BURSTS = 2000
SPACING_S = 1.5e-3
CHANNELS = 20
"""Channels to either side of the centre that take turns, so that none looks like a base station's."""
FALSE_ALARM = 1e-7
"""At which the theory is drawn."""
TARGETS: Mapping[Kind, tuple[float, float, float]] = {"normal": (2.0, 0.99, 0.985), "access": (3.5, 0.99, 0.985)}
"""SNR at which this share is asked for, and the least lower end of its interval."""
SEED = 1


def bursts(
    kind: Kind, snr_db: float, air: Air, rng: np.random.Generator, parameters: Parameters | None = None
) -> Iterator[Placed]:
    """One burst every SPACING_S, each on another channel than the nine before it; with echoes in a world that is given.

    A burst on each of CHANNELS to either side takes its turn, in an order that changes.
    """
    channels = np.concatenate([np.arange(-CHANNELS, 0), np.arange(1, CHANNELS + 1)])
    number, order = 0, rng.permutation(channels)
    while (number + 1) * SPACING_S < air.seconds:
        if number and number % len(order) == 0:
            order = np.concatenate([rng.permutation(order[:30]), rng.permutation(order[30:])])
        paths = indoor_paths(parameters, rng) if parameters else None
        at = round((number + 0.5 + rng.uniform(-0.2, 0.2)) * SPACING_S * air.rate_hz)
        yield gsm_burst(air, at, kind, int(order[number % len(order)]), snr_db, rng, parameters=parameters, paths=paths)
        number += 1


def point(kind: Kind, snr_db: float, count: int, seed: int, parameters: Parameters | None = None) -> dict[str, Any]:
    """Found and recognised among `count` bursts of one SNR, with Wilson intervals."""
    air = Air(seconds=(count + 0.5) * SPACING_S)
    rng = np.random.default_rng([seed, round(10 * snr_db) + 1000, kind == "normal"])
    truths, emissions = heard(air, bursts(kind, snr_db, air, rng, parameters), int(rng.integers(1 << 31)))
    pairs = paired(truths, emissions)
    right = [p.recognised for p in pairs]
    hits = sum(e is not None for e in right)
    named = "training_sequence" if kind == "normal" else "synchronisation_sequence"
    on_truth = {id(e) for p in pairs for e in p.emissions}
    return {
        "kind": kind,
        "snr_db": snr_db,
        "bursts": len(pairs),
        "recognised": hits,
        "share": hits / len(pairs),
        "interval": list(wilson(hits, len(pairs))),
        "found": sum(bool(p.emissions) for p in pairs),
        "sequence_right": sum(
            e is not None and e.details.get(named) == p.truth.details["sequence"]
            for e, p in zip(right, pairs, strict=True)
        ),
        "elsewhere": sum(id(e) not in on_truth for e in emissions),
        "wrong_name": sum(e.label.startswith("gsm:") and e.label != p.truth.label for p in pairs for e in p.emissions),
        "seed": seed,
    }


def theory(kind: Kind, snr_db: np.ndarray) -> dict[str, np.ndarray]:
    """What an ideal energy detector finds, and a matched filter that knows carrier and time."""
    layout = FORMATS[kind]
    known = len(layout.known[0])
    time_bandwidth = layout.symbols / SYMBOL_RATE_HZ * CHANNEL_HZ
    per_symbol = snr_db + per_symbol_db(0.0, CHANNEL_HZ, SYMBOL_RATE_HZ)
    return {
        "energy": energy_detection(snr_db, time_bandwidth, FALSE_ALARM),
        "matched": matched_filter(per_symbol, known, FALSE_ALARM),
    }


def parts(scale: float) -> dict[str, Any]:
    """One for each kind and SNR."""
    count = max(20, round(BURSTS * scale))
    kinds: tuple[Kind, ...] = ("normal", "access")
    return {f"{kind}{snr:+.1f}": partial(point, kind, snr, count, SEED) for kind in kinds for snr in sorted(SNRS_DB)}


def summary(done: Mapping[str, Any]) -> dict[str, Any]:
    """All points, and those at which a share is asked for."""
    points = list(done.values())
    asked = {p["kind"]: p for p in points if p["snr_db"] == TARGETS[p["kind"]][0]}
    return {"points": points, "asked": asked}


LANE = Lane("recognition", parts, summary)
