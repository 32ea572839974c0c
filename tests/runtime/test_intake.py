"""What nodes tell comes in at a site: live, late, silent, and after a restart; nothing is lost, nothing comes twice."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cellwarden.associate.observe import Association
from cellwarden.model import Blind, Measured, Observation, Session
from cellwarden.runtime import intake
from cellwarden.runtime.burst_rows import bursts, row, start_ns
from cellwarden.runtime.inbox import Inbox
from cellwarden.runtime.intake import Intake, Taken
from cellwarden.runtime.outbox import Message
from cellwarden.signature.gallery_file import session_row
from cellwarden.simulate.nodes import START_NS, Ears, Said, told

S_NS = 10**9
EARS = Ears(nodes=2, clock_error_s=2e-3, missed=0.0, levels_db=(20.0, 20.0), fading_db=0.0)


def messages(said: Said, run_ns: int = 1) -> list[Message]:
    """A quarter of a second of bursts in each, told when it is over."""
    by: dict[int, list[tuple[int, list[object]]]] = {}
    for emission, segment in said.bursts:
        moment = start_ns(emission, segment)
        by.setdefault(moment // (S_NS // 4), []).append((moment, [emission, segment]))
    made = []
    for number, (quarter, several) in enumerate(by.items(), 1):
        since = min(moment for moment, _burst in several)
        body = {
            "run_ns": run_ns,
            "told_ns": (quarter + 1) * (S_NS // 4),
            "time_ns": since,
            "time_error_ns": 2e6,
            "bursts": [row(*burst, int(burst[0].details["train"]), at - since) for at, burst in several],  # type: ignore
        }
        made.append(Message(number, "bursts", body))
    return made


class Clock:
    """A steady counter that a test turns."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Intake, Inbox, Clock]]:
    inbox, clock = Inbox(tmp_path / "i"), Clock()
    yield Intake(inbox, ["A", "B"], Association(["A", "B"], START_NS), clock), inbox, clock
    inbox.close()


def late(here: Intake, clock: Clock, now_ns: int) -> list[Observation]:
    return here.late(now_ns + round(clock.now_s * S_NS)).observed


def test_a_burst_is_the_same_behind_the_line_but_for_rounding() -> None:
    (said,) = told(3, 2.0, replace(EARS, nodes=1), np.random.default_rng(1))
    for message in messages(said):
        for emission, segment in bursts(message.body, lambda run, train: train):
            (same,) = [
                (e, s)
                for e, s in said.bursts
                if start_ns(e, s) == start_ns(emission, segment) and e.details["train"] == emission.details["train"]
            ]
            assert emission.label == same[0].label and emission.snr_db == pytest.approx(same[0].snr_db, abs=0.005)
            assert emission.cfo_hz == pytest.approx(same[0].cfo_hz, abs=0.05)
            middle = (same[0].low_offset_hz + same[0].high_offset_hz) / 2 + (same[1].centre_hz or 0)
            assert segment.centre_hz == pytest.approx(middle, abs=1.0)
            assert emission.details["training_sequence"] == same[0].details["training_sequence"]


def test_bursts_of_a_cut_line_wait_for_the_other_node_and_each_is_told_once_by_both(
    site: tuple[Intake, Inbox, Clock],
) -> None:
    here, _inbox, clock = site
    here_said = told(1, 8.0, EARS, np.random.default_rng(2))
    now, done = START_NS + 60 * S_NS, START_NS + 59 * S_NS
    for message in messages(here_said[0]):
        assert here.message("A", "q", message, now, done) == Taken([])
    clock.now_s = 10.0
    assert late(here, clock, now) == []  # B may be about to call again
    for message in messages(here_said[1]):
        here.message("B", "q", message, now + 10 * S_NS, done)
    observed = late(here, clock, now)
    clock.now_s = 100.0
    observed += late(here, clock, now)
    every = max(len(one.bursts) for one in here_said)
    assert len(observed) == every
    assert np.mean([len(one.heard) == 2 for one in observed]) > 0.98
    assert [one.time_ns for one in observed] == sorted(one.time_ns for one in observed)
    assert all(abs(one.time_ns - START_NS) < 9 * S_NS for one in observed)  # their own times
    assert len({one.phone for one in observed}) == 1


def test_a_signature_is_of_the_same_train_as_the_bursts_and_what_is_none_is_let_pass(
    site: tuple[Intake, Inbox, Clock],
) -> None:
    here, _inbox, _clock = site
    (said,) = told(2, 2.0, replace(EARS, nodes=1), np.random.default_rng(5))
    fresh = [one for message in messages(said, 7) for one in here.message("A", "q", message, START_NS, 0).fresh]
    session = Session("watch", "gsm:normal", 8, 21.5, {"droop": Measured(0.02, 1e-3)}, START_NS)
    body = {"run_ns": 7, "train": 1, "session": session_row(session)}
    signed = here.message("A", "q", Message(90, "signature", body), START_NS, 0).signed
    numbers = {n for (e, _s), n in zip(fresh, (e.details["train"] for e, _s in said.bursts), strict=True) if n == 1}
    assert numbers == {1} and signed is not None and signed.session == session
    of_one = {e.details["train"] for e, s in fresh if e.details["train"] == signed.train}
    assert of_one == {signed.train}
    other = here.message("A", "q", Message(91, "signature", body | {"run_ns": 8}), START_NS, 0).signed
    assert other is not None and other.train != signed.train
    for wrong in ({}, {"session": 3}, {"session": {"features": 4}}):
        assert here.message("A", "q", Message(92, "signature", wrong), START_NS, 0) == Taken([])


def test_a_node_that_never_comes_back_holds_the_other_up_for_less_than_a_minute(
    site: tuple[Intake, Inbox, Clock],
) -> None:
    here, _inbox, clock = site
    (said,) = told(1, 2.0, replace(EARS, nodes=1), np.random.default_rng(3))
    now = START_NS + 60 * S_NS
    for message in messages(said):
        here.message("A", "q", message, now, now)
    clock.now_s = intake.HOLD_S + 1
    assert len(late(here, clock, now)) == len(said.bursts)


def test_a_late_burst_that_another_sensor_told_live_is_of_the_same_phone_and_not_counted_again(
    site: tuple[Intake, Inbox, Clock],
) -> None:
    here, _inbox, clock = site
    one, other = told(1, 6.0, EARS, np.random.default_rng(4))
    now = START_NS + 8 * S_NS
    for burst in one.bursts:
        here.remember("A", burst)
    for message in messages(other):
        here.message("B", "q", message, now, now)
    clock.now_s = intake.HOLD_S + 1
    found = here.late(now)
    both = [seen for seen in found.observed if len(seen.heard) == 2]
    assert len(both) > 0.98 * len(other.bursts)
    assert all(any(id(heard.emission) in found.known for heard in seen.heard) for seen in both)


def test_a_node_that_says_nothing_for_a_while_is_deaf_and_hears_when_it_speaks(
    site: tuple[Intake, Inbox, Clock],
) -> None:
    here, _inbox, clock = site
    body = {
        "time_ns": START_NS,
        "told_ns": START_NS,
        "faults": [],
        "floor_dbfs_hz": -120.0,
        "time_error_ns": 2e6,
        "lost": 5,
        "temperature_c": 41.5,
    }
    assert list(here.silent(START_NS)) == []
    clock.now_s = intake.SILENT_S + 1
    state = here.message("A", "q", Message(1, "state", body), START_NS, 0).state
    assert state is not None and state.reason == "" and state.lost_samples == 5 and state.clock_error_ns == 2e6
    assert state.temperature_c == 41.5
    assert [(one.sensor, one.reason) for one in here.silent(START_NS)] == [("B", "no line")]
    assert list(here.silent(START_NS)) == []  # told once
    state = here.message("B", "q", Message(1, "state", body | {"faults": ["floor fell"]}), START_NS, 0).state
    assert state is not None and state.reason == "floor fell"
    jammed = body | {"faults": ["jammed"], "blind": [["20", 5], ["8", 7]]}
    state = here.message("B", "q", Message(3, "state", jammed), START_NS, 0).state
    assert state is not None and state.reason == "jammed" and state.blind == (Blind("20", 5), Blind("8", 7))
    odd = body | {"blind": [["20"]]}
    assert here.message("B", "q", Message(4, "state", odd), START_NS, 0).state is None
    state = here.message("B", "q", Message(2, "state", body), START_NS + 60 * S_NS, 0).state
    assert state is None  # of a minute ago: how it was, not how it is


def test_what_was_not_kept_when_a_watch_ended_comes_again_and_what_was_does_not(tmp_path: Path) -> None:
    (said,) = told(1, 4.0, replace(EARS, nodes=1), np.random.default_rng(5))
    sent, now = messages(said), START_NS + 4 * S_NS
    inbox = Inbox(tmp_path / "i")
    here = Intake(inbox, ["A"], Association(["A"], START_NS))
    for message in sent:
        inbox.keep("A", "q", message)
        here.message("A", "q", message, now, 0)
    here.taken(int(sent[8].body["time_ns"]))
    assert [one.number for one in inbox.messages("A")] == [one.number for one in sent[8:]]
    for message in sent:
        inbox.keep("A", "q", message)  # as a node that does not know that they came
    assert [one.number for one in inbox.messages("A")] == [one.number for one in sent[8:]]
    inbox.close()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"run_ns": 1, "told_ns": 1, "time_ns": 1, "time_error_ns": None, "bursts": [[1]]},
        {"run_ns": 1, "told_ns": float("inf"), "time_ns": 1, "time_error_ns": None, "bursts": []},
    ],
)
def test_what_no_node_says_is_done_with(site: tuple[Intake, Inbox, Clock], body: dict[str, object]) -> None:
    here, inbox, _clock = site
    inbox.keep("A", "q", Message(1, "bursts", body))
    assert here.message("A", "q", Message(1, "bursts", body), START_NS, 0) == Taken([])
    here.taken(START_NS)
    assert inbox.messages("A") == []
