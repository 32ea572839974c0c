"""Lane 28: how faint a burst may be and still bear its name, at the levels that are asked for, in white noise.

Each line of ASKED is a scene of bursts in a band of their own, with any carrier offset and timing, through the whole
chain; `sensitivity_learned` does the same for phones of a cell that was learned first.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from benchmarks import sensitivity_learned as learned
from benchmarks.confusion import names_on
from benchmarks.lane import Lane
from benchmarks.truth import heard
from cellwarden.airinterface import ble_waveform, lte_waveform
from cellwarden.airinterface.handed import PROOFS
from cellwarden.measure.proportion import wilson
from cellwarden.simulate.drawings import DRAWINGS, Drawing, Made
from cellwarden.simulate.trials import Conditions, air_of, bursts

TRIALS, PIECE, SEED = 500, 50, 2800
"""Bursts of a line in full, of which a piece is a scene of its own, so that a run goes on where it was broken off."""
SURE = 0.5
"""Least confidence of a name that counts: what a scan tells unless it is asked for more."""
FAMILIES = {
    "LTE": ("lte",),
    "UMTS, NR": ("umts", "nr"),
    "Bluetooth, DECT, Wi-Fi": ("bluetooth", "ble", "dect", "wifi"),
}
"""Rows of the README's table, and whose lines each holds."""


class Ask(NamedTuple):
    """A line of the table."""

    label: str
    snr_db: float
    """In the burst's own band, or in what `drawing` tells."""
    least: float
    """Share that must be named right."""
    drawing: Drawing
    proven: bool = False
    """Whether a name counts only where it is proven."""


def _preamble(rng: np.random.Generator, rate: float, carrier: float) -> Made:
    wave = lte_waveform.generate("prach", rng, rate_hz=rate, carrier_offset_hz=carrier)
    return wave, 0.0, lte_waveform.PREAMBLE * lte_waveform.PREAMBLE_HZ


def _data(blocks: int, rng: np.random.Generator, rate: float, carrier: float) -> Made:
    wave = lte_waveform.generate("pusch", rng, rate_hz=rate, blocks=blocks, carrier_offset_hz=carrier)
    return wave, 0.0, blocks * lte_waveform.BLOCK_HZ


def _advert(rng: np.random.Generator, rate: float, carrier: float) -> Made:
    wave, start = ble_waveform.generate(
        "advertising", rng, rate_hz=rate, octets=int(rng.integers(6, 37)), carrier_offset_hz=carrier
    )
    return wave, start, 1e6


def _in_megahertz(drawing: Drawing, rng: np.random.Generator, rate: float, carrier: float) -> Made:
    wave, start, _width = drawing.make(rng, rate, carrier)
    return wave, start, 1e6


def _asked() -> dict[str, Ask]:
    lte, drawn = DRAWINGS["lte:pusch"], DRAWINGS
    made = {
        "lte:prach format 0": Ask("lte:prach", -3.0, 0.99, replace(drawn["lte:prach"], make=_preamble)),
        **{
            f"lte:pusch {blocks} RB": Ask("lte:pusch", snr, 0.97, replace(lte, make=partial(_data, blocks)))
            for blocks, snr in ((1, 5.0), (6, 0.0), (25, -3.0))
        },
    }
    for label in ("umts:dpch", "umts:prach", "nr:prach", "nr:pusch"):
        made[label] = Ask(label, 0.0, 0.99, drawn[label])
    for label in ("bluetooth:br", "bluetooth:edr", "ble:advertising", "ble:data", "wifi:dsss", "wifi:ofdm"):
        made[label] = Ask(label, 5.0, 0.97, drawn[label])
    for label in ("dect:base", "dect:portable"):
        made[label] = Ask(label, 5.0, 0.97, replace(drawn[label], make=partial(_in_megahertz, drawn[label])))
    made["bluetooth:br proven"] = Ask("bluetooth:br", 12.0, 0.99, drawn["bluetooth:br"], proven=True)
    adverts = replace(drawn["ble:advertising"], make=_advert)
    made["ble:advertising proven"] = Ask("ble:advertising", 15.0, 0.99, adverts, proven=True)
    return made


ASKED: Mapping[str, Ask] = _asked()


def named(ask: Ask, trials: int, seed: int) -> dict[str, Any]:
    """How many of so many bursts bear their name, and a proof where that is asked for."""
    rng = np.random.default_rng(seed)
    placed = list(bursts(ask.label, trials, ask.snr_db, Conditions(), rng, drawing=ask.drawing))
    truths, emissions = heard(air_of(ask.drawing, placed), placed, seed)
    sure = [e for e in emissions if e.confidence >= SURE and (not ask.proven or e.details.get("proof") in PROOFS)]
    return {"placed": len(truths), "right": sum(ask.label in names_on(truth, sure) for truth in truths)}


Measure = Callable[[int, int], dict[str, Any]]
"""From trials and a seed to what was placed, what was named right, and what else is counted, which adds up."""


def _lines() -> Iterator[tuple[str, tuple[float, float, Measure]]]:
    for name, ask in ASKED.items():
        yield name, (ask.snr_db, ask.least, partial(named, ask))
    yield "lte:prach format 0, cell learned", (-13.0, 0.99, partial(learned.preambles, -13.0))
    for blocks, snr_db in ((1, 0.0), (6, -2.0), (25, -5.0)):
        yield f"lte:pusch {blocks} RB, cell learned", (snr_db, 0.97, partial(learned.data, blocks, snr_db))


LINES: Mapping[str, tuple[float, float, Measure]] = dict(_lines())
"""All of the table: level, least share and measurement, of phones whose cell was learned, too."""


def parts(scale: float) -> dict[str, Any]:
    """Pieces for each line."""
    trials = max(2, round(TRIALS * scale))
    made: dict[str, Any] = {}
    for number, (name, (_snr_db, _least, measure)) in enumerate(LINES.items()):
        for piece, first in enumerate(range(0, trials, PIECE)):
            made[f"{name}@{piece}"] = partial(measure, min(PIECE, trials - first), SEED + number + 1000 * piece)
    return made


def summary(done: Mapping[str, Any]) -> dict[str, Any]:
    """Each line's pieces together: share named, with its interval, beside what is asked for."""
    lines: dict[str, Any] = {}
    for name, (snr_db, least, _measure) in LINES.items():
        pieces = [one for key, one in done.items() if key.partition("@")[0] == name]
        total = {key: sum(one[key] for one in pieces) for key in pieces[0]}
        interval = list(wilson(total["right"], total["placed"]))
        lines[name] = {"snr_db": snr_db, "least": least, **total, "interval": interval}
    return {"seed": SEED, "lines": lines}


def cell(family: tuple[str, ...], figures: Mapping[str, Mapping[str, Any]]) -> str:
    """The README's cell: lines of some interfaces, each at its level."""
    told = []
    for name, one in figures["sensitivity"]["lines"].items():
        if name.partition(":")[0] in family:
            low, high = one["interval"]
            share = f"{one['right'] / one['placed']:.3f} ({low:.3f}–{high:.3f})"
            windows = f", {one['false']} false in {one['windows']} windows" if "windows" in one else ""
            told.append(f"{name} at {one['snr_db']:g} dB {share}{windows}".replace("at -", "at −"))
    return "; ".join(told)


def asked(family: tuple[str, ...]) -> str:
    """The README's target for these."""
    least = {least for name, (_snr_db, least, _measure) in LINES.items() if name.partition(":")[0] in family}
    return f"≥ {' or '.join(f'{one:g}' for one in sorted(least))}"


def extra(figures: Mapping[str, Mapping[str, Any]]) -> str:
    """The README's cell: what a learned cell costs."""
    one = figures["sensitivity"]["lines"]["lte:prach format 0, cell learned"]
    return f"{one['learned_s'] / one['plain_s'] - 1:.0%} of a scan of 10 MS/s, {one['windows']} windows"


LANE = Lane("sensitivity", parts, summary)
