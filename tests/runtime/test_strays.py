"""Unknown bursts of a receiver become lines of looks, from events and from samples; and what may not be kept is not."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.cli.conftest import two_cells

from cellwarden.locate.site import load
from cellwarden.locate.whereabouts import believing
from cellwarden.model import Emission, Segment, Stray
from cellwarden.model.span import HOUR_NS, S_NS
from cellwarden.radio.live import Tuning, open_stream
from cellwarden.radio.live.stream import Stream
from cellwarden.runtime.listen import Event, listen
from cellwarden.runtime.site import steps
from cellwarden.runtime.strays import ALIKE, LABEL, MOST, Strays
from cellwarden.simulate.scenes import Air, Placed, Truth, amplitude, write
from cellwarden.simulate.waves import gaussian

RATE_HZ, CENTRE_HZ = 2e6, 895e6
WHOLE = Segment(0, 1 << 40, RATE_HZ, CENTRE_HZ, 1_790_000_000 * S_NS)


def burst(
    at_s: float, length_s: float = 1e-3, low_hz: float = 2e5, width_hz: float = 1e5, label: str = LABEL
) -> Emission:
    return Emission(label, round(at_s * RATE_HZ), round(length_s * RATE_HZ), low_hz, low_hz + width_hz, 12.0, 0.99)


def train(number: int, at_s: list[float], **looks: float | str) -> Iterator[Event]:
    """Its bursts, and that it is over."""
    every = [burst(one, **looks) for one in at_s]  # type: ignore[arg-type]
    yield from (Event("burst", one, WHOLE, number) for one in every)
    length = every[-1].sample_start + every[-1].sample_count - every[0].sample_start
    yield Event("over", replace(every[0], sample_count=length), WHOLE, number)


def told(events: Iterator[Event], strays: Strays | None = None) -> list[Stray]:
    strays = strays or Strays("S1")
    return [one for event in events for one in strays.event(event)]


def test_a_train_is_told_by_its_looks_when_it_is_over() -> None:
    (one,) = told(train(3, [1.0, 1.02, 1.04, 1.08]))  # one was missed
    assert (one.sensor, one.bursts, one.unkept) == ("S1", 4, 0)
    assert one.start_ns - (WHOLE.start_ns or 0) == S_NS and one.end_ns - one.start_ns == 81_000_000
    assert (one.low_hz, one.high_hz) == (895.2e6, 895.3e6)
    assert one.burst_s == pytest.approx(1e-3) and one.period_s == pytest.approx(0.02)


def test_what_keeps_no_time_has_no_period_and_a_named_burst_is_none_of_these() -> None:
    (one,) = told(train(1, [1.0, 1.01, 1.05, 1.3, 1.31]))
    (short,) = told(train(1, [1.0, 1.02]))
    assert one.period_s is None and short.period_s is None
    for label in ("gsm:normal", "spur:weak", "other:fsk"):
        assert told(train(1, [1.0], label=label)) == []


def test_a_noisy_hour_keeps_a_few_of_each_look_counts_the_rest_and_the_rare_one_is_there() -> None:
    strays, kept = Strays("S1"), list[Stray]()
    for k in range(500):
        kept += told(train(k, [0.01 * k]), strays)
    kept += told(train(500, [6.0], length_s=30e-3), strays)
    assert [one.unkept for one in kept] == [0] * ALIKE + [500 - ALIKE]
    for k in range(100):
        kept += told(train(501 + k, [7.0], low_hz=-9e5 + 1.8e4 * k, length_s=1e-5 * 1.1**k), strays)
    assert len(kept) == MOST
    later = told(train(700, [HOUR_NS / S_NS + 1.0]), strays)
    assert len(later) == 1
    assert sum(one.unkept for one in kept + later) == 601 - MOST  # none is forgotten


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of noise of 180 kHz, 1 ms each 20 ms, at 895.4 MHz, 16 dB: of no standard."""
    rng, air = np.random.default_rng(7), Air(RATE_HZ, CENTRE_HZ, 1.0)
    count = round(1e-3 * RATE_HZ)
    turn = np.exp(2j * np.pi * 0.4e6 / RATE_HZ * np.arange(count))
    placed = []
    for k in range(48):
        first = round((0.02 + 0.02 * k) * RATE_HZ)
        wave = (amplitude(16.0, RATE_HZ) * gaussian(count, RATE_HZ, rng) * turn).astype(np.complex64)
        placed.append(Placed(Truth("unknown:burst", first, count, 0.3e6, 0.5e6, 16.0, 0.4e6), first, wave))
    path = tmp_path_factory.mktemp("scene") / "odd.sigmf-meta"
    write(path, air, placed, 7)
    return path


def opened(scene: Path) -> Stream:
    return open_stream(f"file:{scene}", Tuning())


def test_from_samples_come_few_lines_of_the_right_looks(scene: Path) -> None:
    strays = Strays("S1")
    begun = replace(WHOLE, sample_count=0)
    events = (
        event._replace(segment=replace(event.segment, start_ns=begun.start_ns)) for event in listen(opened(scene))
    )
    kept = [one for event in events for one in strays.event(event)]
    assert 1 <= len(kept) <= MOST
    looks = max(kept, key=lambda one: one.bursts)
    assert (looks.low_hz + looks.high_hz) / 2 == pytest.approx(895.4e6, abs=30e3)
    assert looks.high_hz - looks.low_hz == pytest.approx(180e3, rel=0.35)
    assert looks.burst_s == pytest.approx(1e-3, rel=0.25)


@pytest.mark.parametrize("private", [False, True])
def test_a_site_tells_them_but_for_sensors_in_rooms_of_privileged_talk(
    scene: Path, tmp_path: Path, private: bool
) -> None:
    plan = two_cells(60, 15)
    text = 'format = 1\nname = "Two"\n' + plan + '[[sensor]]\nname = "S1"\nplace_m = [1.5, 2.0, 2.5]\n'
    if private:
        text = text.replace('name = "01"\nkind = "cell"', 'name = "01"\nkind = "privileged"')
    (tmp_path / "site.toml").write_text(text)
    site = load(tmp_path / "site.toml")
    stream, start_ns = opened(scene), time.time_ns()
    stamped = replace(
        stream, pieces=(replace(one, start_ns=start_ns) if k == 0 else one for k, one in enumerate(stream.pieces))
    )
    found = [one for step in steps({"S1": stamped}, site, believing(site)) for one in step.strays]
    assert bool(found) != private and all(one.sensor == "S1" for one in found)
