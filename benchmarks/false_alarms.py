"""Lane 2: what the chain makes of noise, and how often noise would pass for a phone.

False labels are too rare to be counted, so their rate is a product of two things that can be measured:

    stretches of noise a second that pass the recogniser's gate   white noise through the whole chain; the tail of the
                                                                  gate's evidence, fitted, carried on to the gate
  × share of such stretches that are then named as a phone's      noise raised over a burst's length until it just
                                                                  passes the gate, through the whole chain; counted

White noise that has come to much energy in a stretch is, given that energy, white noise of more power (the conditional
limit theorem: T. Cover and J. Thomas, Elements of Information Theory (2006) §11.6), which is why it may be raised.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np

from benchmarks.gate import LEAST_NATS, watching_gate
from benchmarks.lane import Lane
from benchmarks.truth import heard
from cellwarden.airinterface.gsm_waveform import CHANNEL_HZ, SYMBOL_RATE_HZ
from cellwarden.measure.count import poisson
from cellwarden.measure.match import common_samples
from cellwarden.measure.proportion import wilson
from cellwarden.measure.tail import fit_tail, goodness_of_fit
from cellwarden.measure.tail_profile import exceedance_rate, scale_interval, shape_interval
from cellwarden.simulate.scenes import Air, Placed, impostor

SECONDS, PART_S = 2880.0, 20.0
STRETCHES, PER_PART = 100_000, 5_000
EVERY_S = 2e-3
"""A raised stretch begins so often, each long over before the next."""
SYMBOLS = (60, 150)
"""Length of what is raised. The gate looks at no less than 60; noise that has most evidence has some 60 to 130."""
TILT_NATS = (22.0, 36.0)
"""Evidence that a stretch is raised to; its own noise moves it by some 8 to either side."""
JUST_PASSED_NATS = 6.0
"""How far above the gate a stretch is counted. Beyond lies one in a hundred of what passes: 1.3 nats are one in e."""
TAIL_SHARE, FEWEST = 0.05, 30
"""Part of the boxes that the tail is fitted to, and how many at least."""
CELLS_PER_S = 10e6 / CHANNEL_HZ * 1733
"""Slots on all channels of 10 MHz (1,733 a second on each, TS 45.002 §4.3): chances that noise has to be a burst."""
ALLOWED_PER_S = 1.1e-9
SEED = 2


def noise(seconds: float, part: int) -> dict[str, Any]:
    """Bursts and phone labels in white noise, and the evidence of each box that the recogniser was asked about."""
    with watching_gate() as asked:
        _truths, emissions = heard(Air(seconds=seconds), [], SEED + 1000 * part)
    return {
        "seconds": seconds,
        "bursts": len(emissions),
        "phones": sum(e.label.startswith("gsm:") for e in emissions),
        "nats": [round(box.nats, 3) for box in asked],
    }


def _ratio(nats: float, freedom: float) -> float:
    """Power over noise r with f (r - 1 - ln r) = nats, by Newton's method."""
    r = 1.0 + np.sqrt(2 * nats / freedom)
    for _ in range(20):
        r -= (r - 1.0 - np.log(r) - nats / freedom) / (1.0 - 1.0 / r)
    return float(r)


def _raised(air: Air, count: int, rng: np.random.Generator) -> Iterator[Placed]:
    """Stretches of noise of more power, one after the other, anywhere in the middle nine tenths of the band."""
    for number in range(count):
        symbols = rng.uniform(*SYMBOLS)
        freedom = symbols * CHANNEL_HZ / SYMBOL_RATE_HZ
        snr_db = 10 * np.log10(_ratio(rng.uniform(*TILT_NATS), freedom) - 1.0)
        at = round((number + 0.5) * EVERY_S * air.rate_hz)
        offset = rng.uniform(-0.45, 0.45) * air.rate_hz
        yield impostor(air, at, "gaussian", offset, snr_db, symbols / SYMBOL_RATE_HZ, rng)


def raised(count: int, part: int) -> dict[str, Any]:
    """For each raised stretch with evidence for the gate: its nats, and whether a phone was named there."""
    rng = np.random.default_rng([SEED, part])
    air = Air(seconds=(count + 1) * EVERY_S)
    with watching_gate() as asked:
        truths, emissions = heard(air, _raised(air, count, rng), SEED + 1000 * part + 1)
    phones = [e for e in emissions if e.label.startswith("gsm:")]
    nats = [max((b.nats for b in asked if common_samples(t, b.burst) > 0), default=0.0) for t in truths]
    named = [any(common_samples(t, e) > 0 for e in phones) for t in truths]
    return {"nats": [round(n, 2) for n in nats], "named": named}


def parts(scale: float) -> dict[str, Any]:
    """White noise in pieces, then raised noise in pieces."""
    seconds, stretches = max(8.0, SECONDS * scale), max(400, round(STRETCHES * scale))
    quiet, loud = max(1, round(seconds / PART_S)), max(1, round(stretches / PER_PART))
    return {
        **{f"noise{n}": partial(noise, seconds / quiet, n) for n in range(quiet)},
        **{f"raised{n}": partial(raised, stretches // loud, n) for n in range(loud)},
    }


def gate(nats: np.ndarray, seconds: float) -> dict[str, Any]:
    """How often noise passes the gate: the fitted tail of its evidence, with intervals, and the curve observed.

    The tail is held to be exponential. By Chernoff's bound evidence of x nats is as rare as a polynomial of x times
    e^-x, whose logarithm bends downwards, and what the coarse pass overlooks of the weaker ones bends it more: so the
    exponential that fits where there is something to fit lies above the truth beyond. The shape that is fitted beside
    it says whether that holds: its interval must not lie above zero. (Held free it would promise no false label ever.)
    """
    boxes = np.sort(nats[nats > 0])[::-1]
    wanted = min(len(boxes) - 1, max(FEWEST, round(TAIL_SHARE * len(boxes))))
    threshold = float(boxes[wanted])
    fit, free = (fit_tail(boxes, threshold, seconds, exponential=held) for held in (True, False))
    ranks = np.unique(np.geomspace(1, len(boxes), 200).astype(int)) - 1
    return {
        "boxes": len(boxes),
        "most_nats": float(boxes[0]),
        "threshold": threshold,
        "exceedances": int(fit.excesses.size),
        "exceedances_per_s": fit.rate_per_s,
        "scale": list(scale_interval(fit)),
        "free_shape": list(shape_interval(free)),
        "free_fit_p_value": goodness_of_fit(free, seed=SEED, replicates=100),
        "observed_to": 1 / seconds / CELLS_PER_S,
        "least_nats": LEAST_NATS,
        "passes_per_s": list(exceedance_rate(fit, LEAST_NATS)),
        "curve": [[float(boxes[r]), (r + 1) / seconds] for r in ranks],
        "fit": [[float(x), *exceedance_rate(fit, float(x))] for x in np.linspace(threshold, LEAST_NATS, 40)],
    }


def passed(nats: np.ndarray, named: np.ndarray) -> dict[str, Any]:
    """Share named as a phone's of the stretches that just passed the gate; and by evidence, to show how it goes on."""
    just = (nats >= LEAST_NATS) & (nats < LEAST_NATS + JUST_PASSED_NATS)
    edges = LEAST_NATS + np.arange(0.0, 24.0, 3.0)
    return {
        "stretches": int(just.sum()),
        "named": int(named[just].sum()),
        "interval": list(wilson(int(named[just].sum()), int(just.sum()))),
        "below_the_gate": [int((nats < LEAST_NATS).sum()), int(named[nats < LEAST_NATS].sum())],
        "by_nats": [
            [
                float(low),
                int(((nats >= low) & (nats < low + 3)).sum()),
                int(named[(nats >= low) & (nats < low + 3)].sum()),
            ]
            for low in edges
        ],
    }


def summary(done: Mapping[str, Any]) -> dict[str, Any]:
    """Counts, the tail, the share, and the rate of false labels that they promise in 10 MHz."""
    quiet = [part for name, part in done.items() if name.startswith("noise")]
    loud = [part for name, part in done.items() if name.startswith("raised")]
    seconds, bursts = sum(p["seconds"] for p in quiet), sum(p["bursts"] for p in quiet)
    low, high = poisson(bursts)
    at_gate = gate(np.concatenate([p["nats"] for p in quiet]), seconds)
    after = passed(np.concatenate([p["nats"] for p in loud]), np.concatenate([p["named"] for p in loud]))
    share = after["named"] / max(after["stretches"], 1)
    value, least, most = at_gate["passes_per_s"]
    return {
        "seed": SEED,
        "noise": {
            "seconds": seconds,
            "bursts": bursts,
            "phones": sum(p["phones"] for p in quiet),
            "per_minute_interval": [low / seconds * 60, high / seconds * 60],
            "asked": sum(len(p["nats"]) for p in quiet),
        },
        "gate": at_gate,
        "passed": after,
        # Lower times lower and upper times upper end: wider than 95 %, never narrower.
        "false_labels_per_s": {
            "value": value * share,
            "lower": least * after["interval"][0],
            "upper": most * after["interval"][1],
        },
        "allowed_per_s": ALLOWED_PER_S,
    }


LANE = Lane("false_alarms", parts, summary)
