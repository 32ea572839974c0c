"""The simulated wing on the air: what is sent keeps the clock of its standard and is as loud as it should be."""

from itertools import pairwise

import numpy as np
import pytest

from cellwarden.simulate.parameters import Week
from cellwarden.simulate.week import LIVELY, site
from cellwarden.simulate.week_air import (
    BLOCKS,
    FRAME_S,
    GSM_HZ,
    NOISE_DBM,
    RATE_HZ,
    SLOT_S,
    STEPS,
    Scene,
    network_of,
)
from cellwarden.simulate.week_ear import Ear, Waves

SCENE = Scene(29, 150.0, LIVELY, 43_200.0)


def test_calls_of_gsm_keep_their_slot_of_each_frame_and_no_two_share_one() -> None:
    sent = [one for one in SCENE.bursts if one.kind == "gsm:normal"]
    assert len(sent) > 1000
    frames = np.array([(one.at_s - one.first * SLOT_S) / FRAME_S for one in sent])
    assert np.abs(frames - np.rint(frames)).max() < 1e-6
    assert not any(round(f) % 26 == 25 for f, one in zip(frames, sent, strict=True) if _speaks(one.act, one.at_s))
    taken = [(round(f), one.first, network_of(SCENE.acts[one.act])) for f, one in zip(frames, sent, strict=True)]
    assert len(set(taken)) == len(taken)


def _speaks(number: int, at_s: float) -> bool:
    act = SCENE.acts[number]
    return act.kind == "call" and at_s - act.start_s > 4.5


def test_phones_of_lte_never_share_a_block() -> None:
    busy: dict[int, list[tuple[int, int]]] = {}
    for one in SCENE.bursts:
        if one.kind in ("lte:pusch", "lte:prach"):
            busy.setdefault(one.subframe, []).append((one.first, one.first + one.blocks))
    assert any(len(spans) > 1 for spans in busy.values())
    for spans in busy.values():
        spans.sort()
        assert all(a[1] <= b[0] for a, b in pairwise(spans)) and spans[-1][1] <= BLOCKS


def test_a_burst_is_as_loud_at_a_sensor_as_the_wing_lets_it_be() -> None:
    at = next(one for one in SCENE.bursts if one.kind == "gsm:normal")
    levels = SCENE.levels_dbm[at.act][:, int(at.at_s - SCENE.acts[at.act].start_s)]
    beside = []
    for sensor in np.flatnonzero(levels > -100.0).tolist():
        (placed,) = Ear(Waves(SCENE), sensor).placed([at])
        middle = placed.wave[400 : round(placed.truth.count)]
        told = np.mean(np.abs(middle) ** 2) / (2 * STEPS**2 * 200e3 / RATE_HZ)
        beside.append(told / 10 ** ((levels[sensor] - NOISE_DBM) / 10))
        turned = np.angle(np.mean(middle[1:] * np.conj(middle[:-1]))) / (2 * np.pi) * RATE_HZ
        assert turned == pytest.approx(GSM_HZ[network_of(SCENE.acts[at.act])], abs=20e3)
    assert len(beside) > 8 and np.mean(beside) == pytest.approx(1.0, abs=0.3)  # echoes fade within a channel


def test_a_sensor_hears_noise_of_its_level_where_nobody_sends() -> None:
    silent = Scene(1, 0.5, Week(calls_a_day=0.001, texts_a_day=0.001, cars_a_day=0.001), 0.0)
    iq = np.concatenate(list(Ear(Waves(silent), 0).samples())).astype(np.float64)
    assert iq.shape == (round(0.5 * RATE_HZ), 2) and not silent.bursts
    assert np.std(iq) == pytest.approx(STEPS, rel=0.01) and len(site().sensors) == 26
