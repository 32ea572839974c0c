"""Positions from differences of time: GSM bursts as samples, at sensors on the wall that agree to ten nanoseconds.

Each sensor hears the burst at its own delay in white noise; its arrival is fitted (`gsm_arrival`), the place is found
(`locate.tdoa`), and the error set against the bound of Cramér and Rao for all 148 symbols known. The same is done
behind echoes, which the bound does not know.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.lane import Lane
from cellwarden.airinterface.gsm_arrival import arrival
from cellwarden.airinterface.gsm_waveform import CHANNEL_HZ, FORMATS, SYMBOL_RATE_HZ, generate
from cellwarden.locate import tdoa
from cellwarden.locate.propagation import LIGHT_M_S
from cellwarden.locate.site import Site, rooms_at
from cellwarden.measure.agreement import bootstrap, rmse
from cellwarden.measure.theory import delay_bound_s, rms_bandwidth_hz
from cellwarden.simulate.channel import echoed, indoor_paths
from cellwarden.simulate.parameters import Parameters
from cellwarden.simulate.prison import large_prison, on_the_wall, remand_wing

RATE_HZ = 4 * SYMBOL_RATE_HZ
SNR_DB = 20.0
CLOCKS_S = 10e-9
HEIGHT_M = 1.2
BURSTS = 1000
"""At scale 1, in each case."""
PARTS = 5
NOWHERE_M = 1000.0
"""The error of a place that was not found."""
BURST_S = FORMATS["normal"].symbols / SYMBOL_RATE_HZ


SITES: Mapping[str, Callable[[], Site]] = {"remand wing": remand_wing, "large prison": large_prison}
"""Yards of 44 by 30 metres and of 85 by 134, eight sensors on the wall of each."""


def delay_bound() -> float:
    """Of one burst's arrival at one sensor, in seconds, its bandwidth a mean over payloads."""
    rng = np.random.default_rng(14)
    widths = [rms_bandwidth_hz(generate("normal", rng, rate_hz=RATE_HZ)[0], RATE_HZ) for _ in range(20)]
    return float(delay_bound_s(SNR_DB, BURST_S * CHANNEL_HZ, float(np.sqrt(np.mean(np.square(widths))))))


def located(name: str, echoes: bool, count: int, seed: int) -> dict[str, list[Any]]:
    """Errors of places and of arrivals, and the bound of each place, in metres and seconds."""
    rng = np.random.default_rng([15, seed])
    site = SITES[name]()
    sensors = np.array([sensor.place_m for sensor in on_the_wall(site)])
    each = np.hypot(delay_bound(), CLOCKS_S)
    errors, bounds, times, within = [], [], [], []
    for place in _in_the_yard(site, count, rng):
        true = np.linalg.norm(sensors - np.array([*place, HEIGHT_M]), axis=1) / LIGHT_M_S
        measured = np.array([_arrived(late, echoes, rng) for late in true])
        heard = tdoa.heard(sensors, measured + rng.normal(0.0, CLOCKS_S, len(sensors)), each)
        times += list(measured - true)
        bounds.append(tdoa.bound_m(heard, place, HEIGHT_M))
        found = tdoa.position(heard, HEIGHT_M)
        errors.append(NOWHERE_M if found is None else float(np.linalg.norm(found.place_m - place)))
        within.append(found is not None and errors[-1] <= found.radius90_m)
    return {"errors": errors, "bounds": bounds, "times": times, "within": within}


def _in_the_yard(site: Site, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Places in the yard, shape (count, 2)."""
    index, yard = next((n, room) for n, room in enumerate(site.rooms) if room.kind == "yard")
    outline = np.array(yard.outline_m)
    drawn = rng.uniform((*outline.min(axis=0), HEIGHT_M), (*outline.max(axis=0), HEIGHT_M), (20 * count, 3))
    return np.asarray(drawn[rooms_at(site, drawn) == index][:count, :2])


def _arrived(late_s: float, echoes: bool, rng: np.random.Generator) -> float:
    """When a sensor finds that a burst came, which came `late_s` after it was sent; nan where it finds none."""
    wave, start = generate("normal", rng, rate_hz=RATE_HZ, sequence=2, delay_samples=late_s * RATE_HZ + rng.random())
    if echoes:
        wave = echoed(wave, indoor_paths(Parameters(), rng), RATE_HZ, rng)
    wave = np.concatenate([wave, np.zeros(int(2 * RATE_HZ / SYMBOL_RATE_HZ))])
    deviation = np.sqrt(10 ** (-SNR_DB / 10) * RATE_HZ / CHANNEL_HZ / 2)
    noisy = wave + deviation * (rng.normal(size=len(wave)) + 1j * rng.normal(size=len(wave)))
    found = arrival(noisy, RATE_HZ, start + rng.uniform(-0.5, 0.5), rng.normal(0.0, 20.0), 2)
    return float("nan") if found is None else late_s + (found.start - start) / RATE_HZ


def parts(scale: float) -> dict[str, Any]:
    """Some parts for each site and case."""
    count = max(4, round(BURSTS * scale / PARTS))
    cases = (("noise", False), ("echoes", True))
    return {
        f"{site}-{case}-{n}": partial(located, site, echoes, count, n)
        for site in SITES
        for case, echoes in cases
        for n in range(PARTS)
    }


def summary(done: Mapping[str, Any]) -> dict[str, Any]:
    """Root mean square errors with their intervals, and their bounds."""
    made: dict[str, Any] = {"delay_bound_ns": 1e9 * delay_bound(), "snr_db": SNR_DB, "clocks_ns": 1e9 * CLOCKS_S}
    for key in dict.fromkeys(name.rpartition("-")[0] for name in done):
        site, _dash, case = key.partition("-")
        made.setdefault(site, {})[case] = _figures([part for name, part in done.items() if name.startswith(key)])
    return made


def _figures(parts_of: list[Mapping[str, Any]]) -> dict[str, Any]:
    errors, bounds, times, within = (
        [v for part in parts_of for v in part[key]] for key in ("errors", "bounds", "times", "within")
    )
    return {
        "bursts": len(errors),
        "rmse_m": bootstrap(errors, rmse, seed=1),
        "median_m": float(np.median(errors)),
        "bound_m": rmse(bounds),
        "arrival_ns": 1e9 * rmse(np.array(times)[np.isfinite(times)]),
        "within": float(np.mean(within)),
        "not_found": int(np.sum(np.array(errors) == NOWHERE_M)),
    }


LANE = Lane("tdoa", parts, summary)
