"""Lane 4: how well carrier and time are measured, and how much of it hangs on what the simulation takes for granted."""

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from benchmarks.lane import Lane
from benchmarks.recognition import SPACING_S, bursts, point
from benchmarks.truth import heard, paired
from cellwarden.airinterface.gsm_waveform import CHANNEL_HZ, FORMATS, SYMBOL_RATE_HZ
from cellwarden.measure.agreement import bootstrap, interquartile_range, rmse
from cellwarden.measure.theory import frequency_bound_hz, per_symbol_db
from cellwarden.simulate.parameters import Parameters, varied
from cellwarden.simulate.scenes import Air

BURSTS = 2000
CARRIER_SNR_DB, TIME_SNR_DB = 15.0, 10.0
WORLDS = 12
SEED = 4


def errors(snr_db: float, count: int, seed: int, parameters: Parameters | None = None) -> list[tuple[float, float]]:
    """Errors of carrier in hertz and of start in microseconds of the normal bursts that were recognised."""
    air, rng = Air(seconds=(count + 0.5) * SPACING_S), np.random.default_rng([seed, round(10 * snr_db)])
    truths, emissions = heard(air, bursts("normal", snr_db, air, rng, parameters), int(rng.integers(1 << 31)))
    made = []
    for pair in paired(truths, emissions):
        if (e := pair.recognised) is not None:
            carrier = (e.carrier_offset_hz or 0.0) - pair.truth.carrier_offset_hz
            late = e.sample_start + (e.timing_samples or 0.0) - pair.truth.start
            made.append((carrier, late / air.rate_hz * 1e6))
    return made


def world(number: int, count: int) -> dict[str, Any]:
    """The figures of one world whose parameters all differ, echoes of a building included."""
    parameters = varied(Parameters(), np.random.default_rng([SEED, number]))
    carrier = np.array(errors(CARRIER_SNR_DB, count, SEED + number, parameters))
    time = np.array(errors(TIME_SNR_DB, count, SEED + number, parameters))
    return {
        "carrier_rmse_hz": rmse(carrier[:, 0]),
        "start_iqr_us": interquartile_range(time[:, 1]),
        "normal_2db": point("normal", 2.0, count, SEED + number, parameters)["share"],
        "access_3.5db": point("access", 3.5, count, SEED + number, parameters)["share"],
    }


def parts(scale: float) -> dict[str, Any]:
    """Carrier and time in the standard world, and worlds that differ from it."""
    count = max(40, round(BURSTS * scale))
    worlds = {f"world{n}": partial(world, n, max(40, count // 4)) for n in range(max(2, round(WORLDS * scale)))}
    return {
        "carrier": partial(errors, CARRIER_SNR_DB, count, SEED),
        "time": partial(errors, TIME_SNR_DB, count, SEED),
        **worlds,
    }


def summary(done: Mapping[str, Any]) -> dict[str, Any]:
    """Carrier against its bound, start times, and the ranges over all worlds."""
    symbols = FORMATS["normal"].symbols
    bound = frequency_bound_hz(per_symbol_db(CARRIER_SNR_DB, CHANNEL_HZ, SYMBOL_RATE_HZ), symbols, SYMBOL_RATE_HZ)
    carrier, time = np.array(done["carrier"]), np.array(done["time"])
    worlds = [value for name, value in done.items() if name.startswith("world")]
    return {
        "seed": SEED,
        "bursts": len(carrier),
        "carrier_rmse_hz": list(bootstrap(carrier[:, 0], rmse, seed=SEED)),
        "carrier_bound_hz": float(bound),
        "carrier_bias_hz": float(np.mean(carrier[:, 0])),
        "start_iqr_us": list(bootstrap(time[:, 1], interquartile_range, seed=SEED)),
        "start_median_us": float(np.median(time[:, 1])),
        "worlds": len(worlds),
        "ranges": {
            name: [min(w[name] for w in worlds), max(w[name] for w in worlds)]
            for name in (worlds[0] if worlds else {})
            if not any(math.isnan(w[name]) for w in worlds)
        },
    }


LANE = Lane("accuracy", parts, summary)
