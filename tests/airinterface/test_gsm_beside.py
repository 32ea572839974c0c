"""Bursts beside stronger ones, and whose carriers are a base station's."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from cellwarden.airinterface import gsm_beside, gsm_cancel, gsm_sides, gsm_sweep
from cellwarden.airinterface.gsm_waveform import CHANNEL_HZ, SLOT_SYMBOLS, SYMBOL_RATE_HZ, burst_bits, gmsk_phase
from cellwarden.detect.finds import finds
from cellwarden.model import Emission
from cellwarden.radio.recording import blocks, open_recording
from cellwarden.simulate.scenes import Air, gsm_burst, write

RATE = 10e6
SLOT = SLOT_SYMBOLS / SYMBOL_RATE_HZ * RATE


def scene(folder: Path, weak_db: float | None) -> tuple[Path, int]:
    """Strong bursts of 26 dB in 40 slots, and a weak one on the next channel, above or below; how many weak ones."""
    air, rng = Air(seconds=0.05, centre_hz=905e6), np.random.default_rng(5)
    placed = []
    for number in range(1, 81, 2):
        channel, at = int(rng.integers(-20, 20)), round(number * SLOT)
        placed.append(gsm_burst(air, at, "normal", channel, 26.0, rng))
        if weak_db is not None:
            side = 1 if number % 4 == 1 else -1
            placed.append(gsm_burst(air, at, "normal", channel + side, weak_db, rng))
    path = folder / "beside.sigmf-meta"
    write(path, air, iter(sorted(placed, key=lambda p: p.first)), 6)
    return path, len(placed) - 40


def heard(path: Path) -> tuple[int, int]:
    """How many bursts the sweep names, and how many show beside them."""
    plain = more = 0
    for find in finds(blocks(open_recording(path), 1 << 20), Counter()):
        first = gsm_sweep.sweep(find)
        plain, more = plain + len(first), more + len(gsm_beside.beside(find, first)) - len(first)
    return plain, more


def test_bursts_sixteen_decibels_below_their_neighbour_are_heard_once_that_is_taken_away(tmp_path: Path) -> None:
    path, weak = scene(tmp_path, 10.0)
    plain, more = heard(path)
    assert plain + more >= 0.9 * (40 + weak)
    assert more >= 0.8 * weak


def test_beside_strong_bursts_alone_nothing_is_heard(tmp_path: Path) -> None:
    assert heard(scene(tmp_path, None)[0]) == (40, 0)


def test_what_is_taken_out_is_what_the_modulator_sends() -> None:
    """Off by a table's steps: 1/64 of a symbol and 1/1024 of a turn, together some 2 % of the amplitude."""
    rng = np.random.default_rng(7)
    bits = burst_bits("normal", 2, rng)
    per, start = 4.1, 11.3
    made = gsm_cancel._sent((1.0 - 2.0 * bits).astype(np.float32), 0, 640, start, 0.21, per, *gsm_cancel.tables())
    t = (np.arange(640) - start) / per
    inside = (t > 0) & (t < 148)
    wanted = np.exp(1j * (gmsk_phase(bits, t) + 0.21 * t))
    turn = np.vdot(wanted[inside], made[inside])
    assert abs(turn) / inside.sum() > 0.999
    assert np.max(np.abs(made[inside] - wanted[inside] * turn / abs(turn))) < 0.06


def bursts_of(slots: tuple[int, ...], levels: dict[int, float], side: str = "unknown") -> list[Emission]:
    """Normal bursts on one carrier in some slots of four frames, each slot at a level of its own."""
    return [
        Emission(
            label="gsm:normal",
            sample_start=round((8 * frame + slot) * SLOT),
            sample_count=5465,
            low_offset_hz=-CHANNEL_HZ / 2,
            high_offset_hz=CHANNEL_HZ / 2,
            snr_db=levels[slot],
            confidence=1.0,
            cfo_hz=10.0,
            direction=side,
        )
        for frame in range(4)
        for slot in slots
    ]


@pytest.mark.parametrize("slots", [(0, 2, 5), (0, 1, 2, 3, 4), tuple(range(8))])
def test_calls_of_many_phones_on_one_carrier_make_no_base_station(slots: tuple[int, ...]) -> None:
    levels = {slot: 6.0 + 7.0 * (slot % 3) for slot in range(8)}
    assert {e.label for e in gsm_sides.settle(bursts_of(slots, levels), RATE)} == {"gsm:normal"}


def test_a_carrier_at_one_level_in_all_slots_is_a_beacon_and_so_are_its_cells_others() -> None:
    beacon = bursts_of(tuple(range(8)), dict.fromkeys(range(8), 20.0))
    other = [
        Emission(e.label, e.sample_start, e.sample_count, e.low_offset_hz, e.high_offset_hz, 9.0, 1.0, 10.0)
        for e in bursts_of((1, 4), dict.fromkeys(range(8), 9.0))
    ]
    assert {e.label for e in gsm_sides.settle([*beacon, *other], RATE)} == {"gsm:downlink"}


def test_where_phones_alone_send_a_full_carrier_is_theirs() -> None:
    full = bursts_of(tuple(range(8)), dict.fromkeys(range(8), 20.0), "uplink")
    assert {e.label for e in gsm_sides.settle(full, RATE)} == {"gsm:normal"}
