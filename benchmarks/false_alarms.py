"""Lane 2: what the chain makes of noise, and how often noise would pass for a phone.

False labels are too rare to be counted, so their rate is a product:

    boxes of noise that reach the recogniser, a second   (counted in white noise; with none, its upper limit)
  × P(margin >= 0) of such a box                         (tail fitted to the margins of boxes that are Gaussian noise,
                                                          raised to the level at which noise is taken for a burst)
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any
from unittest.mock import patch

import numpy as np

from benchmarks.lane import Lane
from benchmarks.truth import heard
from benchmarks.watched import NAME, watching
from cellwarden.airinterface import gsm_match
from cellwarden.airinterface.gsm_receiver import receiver as receiver_at
from cellwarden.airinterface.gsm_waveform import CHANNEL_HZ, FORMATS, SYMBOL_RATE_HZ, Kind
from cellwarden.measure.count import poisson
from cellwarden.measure.tail import fit_tail, goodness_of_fit
from cellwarden.measure.tail_profile import exceedance_rate, shape_interval
from cellwarden.simulate.scenes import Air

SECONDS = 60.0
BOXES, PER_PART = 1_000_000, 50_000
LEVELS_DB = (-1.0, 2.0)
"""SNR to which noise is raised. White noise that looks like a burst has some -1 dB; what is stronger is a signal."""
BEYOND = 1000.0
"""Added to margins while they are gathered, so that none is refused."""
TAIL_SHARE = 0.01
"""Part of the boxes whose margins the tail is fitted to."""
ALLOWED_PER_S = 1.1e-9
SEED = 2


def noise(seconds: float) -> dict[str, Any]:
    """Bursts and phone labels in white noise, and boxes that the recogniser was asked about."""
    with watching() as watch:
        _truths, emissions = heard(Air(seconds=seconds), [], SEED)
    phones = sum(e.label.startswith("gsm:") for e in emissions)
    low, high = poisson(len(emissions))
    return {
        "seconds": seconds,
        "bursts": len(emissions),
        "phones": phones,
        "per_minute_interval": [low / seconds * 60, high / seconds * 60],
        "asked": watch.entered[NAME],
    }


@contextmanager
def _unrefused() -> Iterator[None]:
    true_margin = gsm_match.margin
    with patch.object(gsm_match, "margin", lambda match: true_margin(match) + BEYOND):
        yield


def margins(kind: Kind, boxes: int, seed: int) -> dict[str, Any]:
    """The best match's margin in each box of noise as long as a burst, and in how many a match was sought at all."""
    rng, per = np.random.default_rng([SEED, seed, kind == "normal"]), 2
    rate = per * SYMBOL_RATE_HZ
    channel = receiver_at(rate)
    around, length = 24 * per, FORMATS[kind].symbols * per
    found: list[float] = []
    sought = 0
    with _unrefused():
        for _ in range(boxes):
            wave = rng.standard_normal((length + 2 * around + len(channel.taps) - 1, 2), np.float32).view(np.complex64)
            added = 10 ** (rng.uniform(*LEVELS_DB) / 10) * CHANNEL_HZ / rate
            raised = wave[:, 0].copy()
            middle = slice(around + len(channel.taps) // 2, around + len(channel.taps) // 2 + length)
            # White noise of more power, cut to the channel below: all of it lies where the burst's would, and beyond.
            raised[middle] *= np.float32(np.sqrt(1 + added * rate / CHANNEL_HZ))
            y = np.convolve(raised, channel.taps, "valid").astype(np.complex64)
            told = [m for m in gsm_match.matches(y, channel, 2.0) if m.kind == kind]
            sought += bool(told)
            found += [max(gsm_match.margin(m) for m in told) - BEYOND] if told else []
    return {"boxes": boxes, "sought": sought, "margins": [round(m, 3) for m in found]}


def parts(scale: float) -> dict[str, Any]:
    """The noise, then boxes by the ten thousand."""
    boxes = max(1500, round(BOXES * scale))
    count = max(1, round(boxes / PER_PART))
    kinds: tuple[Kind, ...] = ("normal", "access")
    each = {f"{kind}{n}": partial(margins, kind, boxes // count, n) for n in range(count) for kind in kinds}
    return {"noise": partial(noise, max(2.0, SECONDS * scale)), **each}


def tail(found: np.ndarray) -> dict[str, Any]:
    """Fit of the margins' tail, with `per box` for its unit of time; P(margin >= 0) with its interval."""
    threshold = float(np.quantile(found, 1 - max(TAIL_SHARE, 50 / len(found))))
    fit = fit_tail(found, threshold, float(len(found)))
    shape = shape_interval(fit)
    beyond = exceedance_rate(fit, 0.0) if threshold < 0 else None
    observed = np.sort(found)[::-1]
    ranks = np.unique(np.geomspace(1, len(observed), 200).astype(int)) - 1
    return {
        "threshold": threshold,
        "shape": list(shape),
        "scale": fit.scale,
        "per_box": fit.rate_per_s,
        "fit_p_value": goodness_of_fit(fit, seed=SEED, replicates=100),
        "passes": list(beyond) if beyond else None,
        "observed_at_0": int((found >= 0).sum()),
        "boxes": len(found),
        "curve": [[float(observed[r]), (r + 1) / len(observed)] for r in ranks],
    }


def summary(done: Mapping[str, Any]) -> dict[str, Any]:
    """Counts, tails, and the rate of false labels that they promise in 10 MHz."""
    tails: dict[str, Any] = {}
    for kind in ("normal", "access"):
        of = [part for name, part in done.items() if name.startswith(kind)]
        found = np.array([m for part in of for m in part["margins"]])
        boxes = sum(part["boxes"] for part in of)
        tails[kind] = {"noise_boxes": boxes, "sought_share": len(found) / boxes, **tail(found)}
    counted = done["noise"]
    low, high = poisson(counted["asked"])
    asked = [counted["asked"] / counted["seconds"], low / counted["seconds"], high / counted["seconds"]]
    # The likelier kind of the two: a box is short or long, not both.
    pass_each = [t["passes"] or [t["observed_at_0"] / t["boxes"]] * 3 for t in tails.values()]
    worst = [max(p[i] for p in pass_each) for i in range(3)]
    rate = {"value": asked[0] * worst[0], "lower": asked[1] * worst[1], "upper": asked[2] * worst[2]}
    return {
        "seed": SEED,
        "noise": counted,
        "asked_per_s": asked,
        "tails": tails,
        "false_labels_per_s": rate,
        "allowed_per_s": ALLOWED_PER_S,
    }


LANE = Lane("false_alarms", parts, summary)
