"""Lane 28's phones of a cell that was learned first: preambles and data below the energy floor, and what is none.

    DOWN  │ 40 ms of a base station, stamped ─► learn ─► Cell ──┐
    UP    │ stamped by the same counter ────────────────► scan ─┴─► what bears its name, and where none was sent

Preambles: two clear ones tell root, band and subframe; of the frames that follow every other one holds a faint one, the
others none, which are the windows for false alarms. Data: a subframe in three, on any blocks, by phones up to a
kilometre away, none of them clear.
"""

import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.confusion import names_on
from cellwarden.airinterface.lte_cell_waveform import downlink, pusch
from cellwarden.airinterface.lte_waveform import BLOCK_HZ, PREAMBLE, PREAMBLE_HZ, generate
from cellwarden.model import Emission
from cellwarden.radio.recording import open_recording
from cellwarden.runtime.learned import learn
from cellwarden.runtime.scan import scan
from cellwarden.simulate.scenes import Air, Placed, Truth, amplitude, write

DOWN_HZ, UP_HZ = 1842.5e6, 1747.5e6
STAMPS = "2026-01-01T00:00:00.000000100Z", "2026-01-01T00:00:00.250000500Z"
"""Of the first samples of DOWN and of UP, to the nanosecond: a receiver's own counter."""
LATER_S = 0.2500004
FRAME_S, SUBFRAME_S = 10e-3, 1e-3
BASE_DB = 20.0
"""Level of the base station."""
CLEAR_DB = 12.0
PREAMBLE_SUBFRAME = 1
"""Of a frame."""
PREAMBLE_OFFSET_HZ = -360e3
ERROR_HZ = 200.0
"""Carrier error of a phone that is locked to its cell, at most (TS 36.101 §6.5.1: 0.1 ppm)."""
FARTHEST_S = 6.7e-6
"""Twice the way to a phone a kilometre away."""


def preambles(snr_db: float, trials: int, seed: int) -> dict[str, Any]:
    """Format 0 at one level in every other frame: how many are named, and in how many windows without one is a name."""
    air = Air(10e6, UP_HZ, (2 * trials + 4) * FRAME_S)
    rng = np.random.default_rng(seed)
    root = int(rng.integers(1, PREAMBLE))

    def sent(frame_start_s: float) -> Iterator[Placed]:
        for number in (0, 1, *range(2, 2 * trials + 2, 2)):
            level = CLEAR_DB if number < 2 else snr_db
            at = frame_start_s + number * FRAME_S + PREAMBLE_SUBFRAME * SUBFRAME_S + rng.uniform(0, FARTHEST_S)
            offset = PREAMBLE_OFFSET_HZ + rng.uniform(-ERROR_HZ, ERROR_HZ)
            wave = generate("prach", rng, rate_hz=air.rate_hz, root=root, carrier_offset_hz=offset)
            yield _placed("lte:prach", wave, at, PREAMBLE_OFFSET_HZ, PREAMBLE * PREAMBLE_HZ, level, air)

    truths, emissions, seconds = _heard(air, 6, sent, seed)
    faint = truths[2:]
    named = [e for e in emissions if e.label == "lte:prach"]
    right = sum("lte:prach" in names_on(truth, named) for truth in faint)
    false = sum(all(abs(e.sample_start - t.start) > t.count / 2 for t in truths) for e in named)
    return {"placed": len(faint), "right": right, "windows": trials, "false": false, **seconds}


def data(blocks: int, snr_db: float, trials: int, seed: int) -> dict[str, Any]:
    """Data on so many blocks at one level: how many subframes are named."""
    air = Air(7.68e6, UP_HZ, (3 * trials + 13) * SUBFRAME_S)
    rng = np.random.default_rng(seed)

    def sent(frame_start_s: float) -> Iterator[Placed]:
        for number in range(0, 3 * trials, 3):
            at = frame_start_s + number * SUBFRAME_S - rng.uniform(0, FARTHEST_S)
            nominal = (int(rng.integers(25 - blocks + 1)) + blocks / 2 - 12.5) * BLOCK_HZ
            wave = pusch(rng, seed % 504, 2 * (number % 10), rate_hz=air.rate_hz, blocks=blocks)
            turn = (nominal + rng.uniform(-ERROR_HZ, ERROR_HZ)) / air.rate_hz
            wave = wave * np.exp(2j * np.pi * turn * np.arange(len(wave)))
            yield _placed("lte:pusch", wave, at, nominal, blocks * BLOCK_HZ, snr_db, air)

    truths, emissions, seconds = _heard(air, 25, sent, seed)
    return {"placed": len(truths), "right": sum("lte:pusch" in names_on(t, emissions) for t in truths), **seconds}


def _placed(label: str, wave: Any, at_s: float, nominal_hz: float, width_hz: float, snr_db: float, air: Air) -> Placed:
    first = round(at_s * air.rate_hz)
    edges = nominal_hz - width_hz / 2, nominal_hz + width_hz / 2
    truth = Truth(label, at_s * air.rate_hz, len(wave), *edges, snr_db, nominal_hz)
    return Placed(truth, first, np.asarray(wave * amplitude(snr_db, air.rate_hz, width_hz), np.complex64))


def _heard(air: Air, blocks: int, sent: Any, seed: int) -> tuple[list[Truth], list[Emission], dict[str, float]]:
    """What was sent, what is heard of it once its cell was learned, and seconds of processor with the cell and without.

    `sent` is told when a frame of the cell begins, in seconds of UP.
    """
    rng, cell = np.random.default_rng([seed, 1]), seed % 504
    with tempfile.TemporaryDirectory(prefix="cellwarden-") as folder:
        down, up = (Path(folder) / f"{name}.sigmf-meta" for name in ("down", "up"))
        wave = downlink(rng, cell, rate_hz=air.rate_hz, frames=4, blocks=blocks)
        base = Air(air.rate_hz, DOWN_HZ, len(wave) / air.rate_hz + 1e-3)
        first = round(0.5e-3 * air.rate_hz)
        width = blocks * BLOCK_HZ
        _write(down, base, [_placed("lte:downlink", wave, first / air.rate_hz, 0.0, width, BASE_DB, base)], 0, seed)
        frame_start_s = (first / air.rate_hz - LATER_S) % FRAME_S
        truths = _write(up, air, sent(frame_start_s), 1, seed)
        cells = learn([down])
        emissions = list(scan(open_recording(up), learned=cells))  # with all loops compiled, it is timed again
        began = time.process_time()
        plain = list(scan(open_recording(up)))
        between = time.process_time()
        list(scan(open_recording(up), learned=cells))
        spent = {"plain_s": between - began, "learned_s": time.process_time() - between, "plain": len(plain)}
        return truths, emissions, spent


def _write(path: Path, air: Air, placed: Any, stamp: int, seed: int) -> list[Truth]:
    truths = write(path, air, placed, seed)
    head = json.loads(path.read_text(encoding="utf-8"))
    head["captures"][0]["core:datetime"] = STAMPS[stamp]
    path.write_text(json.dumps(head), encoding="utf-8")
    return truths
