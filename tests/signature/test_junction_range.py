"""The range of what passes while the frequency steps: also where levels place it wrongly and own harmonics drift."""

from dataclasses import replace

import numpy as np
import pytest

from cellwarden.signature import junction, junction_empty
from cellwarden.signature.junction_log import Log
from cellwarden.simulate.junction import F0_HZ, drawn
from cellwarden.simulate.lane import Item, passage
from cellwarden.simulate.parameters import Junctions

F0 = F0_HZ + (np.arange(21) - 10) * 1e6
READING_S = 1e-3


def stepped(world: Junctions, items: list[Item], seed: int, sway_m: float = 0.0, somebody: bool = True) -> Log:
    rng = np.random.default_rng(seed)
    one, wave = passage(
        world, items, rng, somebody=somebody, frequencies_hz=F0.tolist(), reading_s=READING_S, sway_m=sway_m
    )
    noise = np.sqrt(10 ** (world.noise_dbm / 10) / (1e3 * READING_S) / 2)
    wave = wave + noise * (rng.normal(size=wave.shape) + 1j * rng.normal(size=wave.shape))
    tuned = np.resize(F0, len(one.time_s))
    return Log("", one.time_s, one.position_m, one.transmit_dbm, np.abs(wave) ** 2, wave, tuned)


@pytest.mark.parametrize(("leak_db", "sway_m", "most_m"), [(0.0, 0.0, 0.05), (12.0, 0.0, 0.05), (0.0, 0.03, 0.3)])
def test_range_is_kept_behind_turning_bodies_drifting_harmonics_and_swaying_hips(
    leak_db: float, sway_m: float, most_m: float
) -> None:
    """Each simulated passage has its own harmonics in a phase of its own, and a body that moves the answer's middle."""
    world = replace(Junctions(), mismatch_spread_db=0.0, distance_m=1.2, aspect_db=2.0)
    world = replace(world, own_leak_dbm=world.own_leak_dbm + leak_db)
    phone = Item("phone", junction=drawn("phone", world, np.random.default_rng(1)))
    empty = junction_empty.learned([stepped(world, [], 1, somebody=False)])
    for seed in range(2, 5):
        found = junction.examined(stepped(world, [phone], seed, sway_m), empty).readings[0]
        assert found.range_m == pytest.approx(1.2, abs=most_m)
