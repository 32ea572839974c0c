"""A plan's probabilities against contacts and visits that are simply tried out."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from cellwarden.errors import PlanError
from cellwarden.radio.band_plan import NEEDED_S, USABLE, heard, heard_within, over, plan, read, windows, written
from cellwarden.radio.bands import uplinks_at
from cellwarden.radio.bands_cellular import EUROPE


def test_windows_cover_each_uplink_and_no_more_than_needed() -> None:
    rate = 20e6
    for band in EUROPE:
        made = windows([band], rate)
        edges = [(w.centre_hz - USABLE * rate / 2, w.centre_hz + USABLE * rate / 2) for w in made]
        low, high = next((low, high) for s, b, low, high in uplinks_at(made[0].centre_hz) if (s, b) == ("LTE", band))
        assert edges[0][0] <= low
        assert edges[-1][1] >= high
        assert all(second[0] <= first[1] for first, second in pairwise(edges))
        assert len(made) - 1 < (high - low) / (USABLE * rate)


@pytest.mark.parametrize("receivers", [1, 2, 5])
@pytest.mark.parametrize("contact_s", [0.15, 0.4, 1.0, 3.0])
def test_the_probability_is_that_of_contacts_tried_out(receivers: int, contact_s: float) -> None:
    made = plan(EUROPE, receivers, 20e6)
    rng = np.random.default_rng(receivers)
    cycle, count = made.cycle_s(0), 20_000
    begin = rng.uniform(0, cycle, count)  # against visits that begin at whole cycles
    visits = np.arange(-2 - int(contact_s / cycle), 4 + int(contact_s / cycle))[:, None] * cycle
    common = np.minimum(visits + made.visit_s, begin + contact_s) - np.maximum(visits, begin)
    told = (common >= NEEDED_S - 1e-12).any(axis=0).mean()
    wanted = heard(made, 0, contact_s)
    assert abs(told - wanted) < 4 * np.sqrt(wanted * (1 - wanted) / count) + 1e-9


def test_a_longer_visit_is_no_better() -> None:
    from dataclasses import replace

    made = plan(EUROPE, 1, 20e6)
    assert heard(made, 0, 1.0) > heard(replace(made, visit_s=2 * made.visit_s), 0, 1.0)


def test_each_window_has_one_receiver_and_none_has_two_more_than_another() -> None:
    made = plan(EUROPE, 4, 20e6)
    dealt = [w for part in made.receivers for w in part]
    assert sorted(w.centre_hz for w in dealt) == sorted(w.centre_hz for w in windows(EUROPE, 20e6))
    sizes = [len(part) for part in made.receivers]
    assert max(sizes) - min(sizes) <= 1


def test_a_receiver_for_each_window_hears_all_and_what_is_missed_once_is_heard_later() -> None:
    assert heard(plan(["20"], 9, 40e6), 0, 0.5) == 1.0
    made = plan(EUROPE, 1, 5e6)
    once = heard(made, 0, 1.0)
    assert 0 < once < 1
    assert heard_within(made, 0, 3.0, 3600) == pytest.approx(1 - (1 - once) ** 3)
    assert heard_within(made, 0, 0.5, 3600) == pytest.approx(once / 2)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    made, path = plan(EUROPE, 3, 20e6), tmp_path / "plan.toml"
    path.write_text(written(made))
    for number, dealt in enumerate(made.receivers, 1):
        told = read(path, number)
        assert (told.rate_hz, told.visit_s, told.settle_s) == (20e6, NEEDED_S, made.settle_s)
        assert told.centres_hz == pytest.approx([w.centre_hz for w in dealt], abs=0.1)


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("", "bands plan -o"),
        ("receiver = 3", "bands plan -o"),
        ("rate_hz = 'much'\n[[receiver]]\ncentres_hz = [1.0]", "bands plan -o"),
        ("rate_hz = 1e6\nvisit_s = 0.1\nsettle_s = nan\n[[receiver]]\ncentres_hz = [1.0]", "bands plan -o"),
        ("[[receiver", "bands plan -o"),
        ("[[receiver]]\ncentres_hz = [1.0]", "bands plan -o"),
    ],
)
def test_a_damaged_plan_is_refused_with_its_name(tmp_path: Path, text: str, remedy: str) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(text)
    with pytest.raises(PlanError, match=remedy) as caught:
        read(path, 1)
    assert str(path) in str(caught.value)


def test_a_visit_that_holds_no_sample_is_refused(tmp_path: Path) -> None:
    """A receiver that followed it would tune for ever and hear nothing."""
    path = tmp_path / "plan.toml"
    path.write_text(written(plan(EUROPE, 2, 20e6)).replace("visit_s = 0.1", "visit_s = 1e-9"))
    with pytest.raises(PlanError, match="no sample"):
        read(path, 1)


def test_a_receiver_that_the_plan_does_not_have_is_told(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(written(plan(EUROPE, 2, 20e6)))
    with pytest.raises(PlanError, match="there are 2"):
        read(path, 3)
    with pytest.raises(PlanError, match="missing"):
        read(tmp_path / "missing.toml", 1)


@pytest.mark.parametrize(
    ("bands", "rate_hz", "schedule"),
    [
        (["gsm-900-uplink"], None, (43.5e6, (897.5e6,))),  # 880.1 to 914.9 MHz, four fifths of the rate
        (["gsm-1800-uplink"], 100e6, (100e6, (1747.5e6,))),
        (["20"], 20e6, (20e6, (839.5e6, 854.5e6))),  # 832 to 862 MHz, of which 16 at once
        (["20", "LTE-8-uplink"], None, (43.75e6, (847e6, 897.5e6))),
    ],
)
def test_a_band_by_its_name_is_one_receivers_schedule(
    bands: list[str], rate_hz: float | None, schedule: tuple[float, tuple[float, ...]]
) -> None:
    made = over(bands, rate_hz)
    assert made.rate_hz == pytest.approx(schedule[0])
    assert made.centres_hz == pytest.approx(schedule[1])


@pytest.mark.parametrize("name", ["gsm-900-downlink", "wifi", "999", ""])
def test_what_phones_do_not_send_in_is_no_band(name: str) -> None:
    with pytest.raises(KeyError):
        over([name], None)
