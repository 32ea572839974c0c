"""Trains made here: how often, how evenly and by which steps of power a phone sends comes out again."""

import numpy as np
import pytest

from cellwarden.signature.habits import FRAME_S, POWER_FRAMES, RHYTHMS, habits


def train(frames: int, rng: np.random.Generator, step_db: float = 0.0, share: float = 1.0, jitter_s: float = 0.0):  # type: ignore[no-untyped-def]
    sent = np.flatnonzero(rng.random(frames) < share) if share < 1 else np.arange(frames)
    start = sent * FRAME_S * (1 + 2e-6) + rng.normal(0, jitter_s, len(sent)) + 0.7
    level = 20 - step_db * (sent // POWER_FRAMES) + rng.normal(0, 0.3, len(sent))
    return start, level


@pytest.mark.parametrize("step_db", [0.0, 2.0])
def test_steps_of_power_are_told(step_db: float) -> None:
    told = habits(*train(26 * POWER_FRAMES, np.random.default_rng(1), step_db))["power_step_db"]
    # of no steps the median size of what noise makes of the difference of two means is 0.67 of its deviation
    by_noise = 0.67 * 0.3 * np.sqrt(2 / POWER_FRAMES) if not step_db else 0.0
    assert told.value == pytest.approx(step_db + by_noise, abs=0.06)


@pytest.mark.parametrize("share", [0.4, 1.0])
def test_pauses_are_told_and_a_clock_that_errs_is_no_jitter(share: float) -> None:
    told = habits(*train(2000, np.random.default_rng(2), share=share, jitter_s=0.2e-6))
    assert abs(told["busy_share"].value - share) <= 4 * told["busy_share"].deviation + 1e-3
    assert abs(told["jitter_us"].value - 0.2) < 4 * told["jitter_us"].deviation


def test_a_short_train_shows_no_habit() -> None:
    assert habits(*train(3 * POWER_FRAMES - 1, np.random.default_rng(3))) == {}
    assert habits(np.zeros(0), np.zeros(0)) == {}


def test_data_of_lte_show_theirs_by_subframes() -> None:
    rng, rhythm = np.random.default_rng(4), RHYTHMS["lte:pusch"]
    sent = np.flatnonzero(rng.random(3000) < 0.3)
    sent -= sent[0]
    start = sent * 1e-3 + rng.normal(0, 0.1e-6, len(sent))
    level = 15 + 3.0 * (sent // rhythm.power_frames % 2) + rng.normal(0, 0.2, len(sent))
    told = habits(start, level, rhythm)
    assert told["busy_share"].value == pytest.approx(0.3, abs=4 * told["busy_share"].deviation + 1e-3)
    assert told["jitter_us"].value == pytest.approx(0.1, abs=4 * told["jitter_us"].deviation)
    assert told["power_step_db"].value == pytest.approx(3.0, abs=0.1)  # steps of TS 36.213 §5.1.1.1: -1, 0, 1, 3 dB
