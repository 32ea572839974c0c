"""From samples to sightings: what two sensors of the wing tell of a call becomes one phone, and its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmarks.week_iq import Truths, gallery, heard, scene, sighted, waves

from benchmarks import week_iq
from cellwarden.simulate.week import site

SEED, SECONDS = 30, 47.0
"""Silence costs nothing: somebody registers at 39 s, a call begins at 44 s."""
CALL = 1


@pytest.fixture(scope="module", autouse=True)
def begun_with_a_call() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(week_iq, "SEED", SEED)
        waves.cache_clear()
        yield
    waves.cache_clear()


@pytest.fixture(scope="module")
def told(begun_with_a_call: None) -> dict[str, dict]:
    return {site().sensors[n].name: heard(SECONDS, n) for n in (0, 1)}


@pytest.mark.long
def test_each_sensor_names_what_a_phone_sends(told: dict[str, dict]) -> None:
    sent = [one.kind for one in scene(SECONDS).bursts]
    for one in told.values():
        assert one["labels"]["lte:prach"] == sent.count("lte:prach") == 2
        assert one["labels"]["lte:pusch"] >= 0.95 * sent.count("lte:pusch") > 10
        assert one["labels"]["lte:pucch"] >= 0.95 * 2 * sent.count("lte:pucch")  # a slot each
        assert {train for train, _session in one["signed"]} and not one["labels"]["gsm:normal"]


@pytest.mark.long
def test_what_they_tell_is_one_phone_where_the_act_was(told: dict[str, dict], tmp_path: Path) -> None:
    air = scene(SECONDS)
    assert Truths(air).act([]) is None
    pairs = list(sighted(air, told, gallery(tmp_path / "emitters.json")))
    bursts = dict.fromkeys(range(len(air.acts)), 0)
    for sighting, truth in pairs:
        bursts[truth.act] += sum(sighting.labels.values())
        assert sighting.interface == "lte" and sighting.emitter == ""
        assert sum(p for _room, p in sighting.odds) == pytest.approx(1.0, abs=0.02)
    assert bursts[CALL] > 0.95 * len([one for one in air.bursts if one.act == CALL])
    long = [one.phone for one, truth in pairs if truth.act == CALL and sum(one.labels.values()) > 5]
    assert len(set(long)) == 1
