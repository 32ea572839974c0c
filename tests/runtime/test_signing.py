"""Signatures while one listens: a call is measured as it comes, and told to be a known phone's, another's, or new."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cellwarden.model import Emitter, Identified, Session
from cellwarden.radio.live.stream import Address, Piece, Stream
from cellwarden.runtime.known import Known
from cellwarden.runtime.listen import listen
from cellwarden.runtime.signing import TOLD_AFTER, Signed, Signer
from cellwarden.runtime.whose import Whose
from cellwarden.signature.gallery_file import load, save
from cellwarden.simulate.parameters import Twins
from cellwarden.simulate.transmitters import SENSORS, Transmitter, call, drawn, in_session

SENSOR = SENSORS[0]
BURSTS = TOLD_AFTER[-1] + 8


def phones(count: int) -> list[Transmitter]:
    rng = np.random.default_rng(3)
    return [drawn(Twins(), rng) for _ in range(count)]


def heard(phone: Transmitter, seed: int, *, gain: float = 30.0) -> list[Signed]:
    """What a receiver of 16 bits measures of a call; `gain` is the noise's level in its steps."""
    rng = np.random.default_rng(seed)
    wave = call(in_session(phone, Twins(), rng), SENSOR, rng, BURSTS, 25.0)
    iq = np.clip(np.rint(wave.view(np.float32) * gain), -32768, 32767).astype(np.int16).reshape(-1, 2)

    def pieces() -> Iterator[Piece]:
        for first in range(0, len(iq), 5000):
            yield Piece(iq[first : first + 5000].copy(), 1 / 32768, start_ns=None, centre_hz=902.4e6)

    stream = Stream(Address("test", "test", "", {}), SENSOR.rate_hz, pieces(), lambda: None, patient=True)
    signer = Signer()
    told = (signer.event(event) for event in listen(stream, passing=signer.passing))
    return [one for one in told if one is not None]


def named(known: Known, session: Session) -> str:
    verdict = known.who(session)
    return verdict.name if verdict is not None else ""


def test_a_call_is_told_twice_and_later_with_more_bursts() -> None:
    told = heard(phones(1)[0], 1)
    assert [one.session.bursts for one in told] == list(TOLD_AFTER) and len({one.train for one in told}) == 1
    assert all(one.session.family == "gsm:normal" for one in told)
    first, last = (one.session.features["image_real"].deviation for one in told)
    assert last < first


def test_an_overdriven_receiver_measures_nothing() -> None:
    assert heard(phones(1)[0], 1, gain=30_000.0) == []


def test_a_phone_that_was_enrolled_is_known_and_its_twin_is_not(tmp_path: Path) -> None:
    one, twin = phones(2)
    place = tmp_path / "emitters.json"
    save(place, [Emitter("E-0007", tuple(signed.session for signed in heard(one, 5)[-1:]))])
    whose = Whose(Known(place, pytest.fail))
    trains = {}
    for sensor, phone, seed in (("A", one, 6), ("B", twin, 7)):
        for signed in heard(phone, seed):
            whose.signed(sensor, *signed)
            trains[sensor] = sensor, signed.train
    name, log_ratio = whose.of("P1", [trains["A"]])
    assert name == "E-0007" and log_ratio > 2
    assert whose.of("P2", [trains["B"]]) == ("", 0.0)
    assert whose.of("P3", []) == ("", 0.0)


def test_sensors_that_contradict_each_other_name_nobody(tmp_path: Path) -> None:
    said = {"A": Identified("known", "E-0001", 0.99, 9.0), "B": Identified("known", "E-0002", 0.99, 8.0)}
    whose = Whose(Known(tmp_path / "none.json", pytest.fail))
    whose._known = type("Fixed", (), {"who": lambda _self, session: said[session.source]})()  # type: ignore[assignment]
    for sensor in said:
        whose.signed(sensor, 1, Session(sensor, "gsm:normal", 32, 20.0, {}))
    assert whose.of("P1", [("A", 1)]) == ("E-0001", 9.0)
    assert whose.of("P2", [("A", 1), ("B", 1)]) == ("", 0.0)


def test_what_cannot_be_compared_does_not_take_the_place_of_what_can(tmp_path: Path) -> None:
    place = tmp_path / "emitters.json"
    session = heard(phones(1)[0], 5)[-1].session
    save(place, [Emitter("E-0007", (session,))])
    whose = Whose(Known(place, pytest.fail))
    whose.signed("A", 1, session)
    whose.signed("A", 1, replace(session, family="lte:srs", bursts=session.bursts + 1))
    assert whose.of("P1", [("A", 1)])[0] == "E-0007"


def test_what_the_law_does_not_let_pass_is_forgotten_within_a_minute(tmp_path: Path) -> None:
    now_s = 0.0
    said = Identified("known", "E-0001", 0.99, 9.0)
    whose = Whose(Known(tmp_path / "none.json", pytest.fail), lambda: now_s)
    whose._known = type("Fixed", (), {"who": lambda _self, _session: said})()  # type: ignore[assignment]
    for train in (1, 2):
        whose.signed("A", train, Session("watch", "gsm:normal", 32, 20.0, {}))
        assert whose.of(f"P{train}", [("A", train)])[0] == "E-0001"
    now_s = 40.0
    whose.passed(["P1", "P9"])
    now_s = 56.0
    assert whose.of("P1", [("A", 1)])[0] == "E-0001" and whose.of("P2", [("A", 2)]) == ("", 0.0)
    assert set(whose._said) == {("A", 1)} and set(whose._phones) == {"P1"}


def test_a_phone_that_is_new_is_enrolled_once_and_known_the_next_time(tmp_path: Path) -> None:
    place = tmp_path / "emitters.json"
    whose = Whose(Known(place, pytest.fail))
    (one,) = phones(1)
    for signed in heard(one, 8):
        whose.signed("A", 0, signed.session)
    assert whose.of("P1", [("A", 0)]) == ("", 0.0)
    assert whose.enrol("P9") == "" and whose.enrol("P1") == "E-0001"
    assert [emitter.name for emitter in load(place)] == ["E-0001"]
    for signed in heard(one, 9):
        whose.signed("A", 1, signed.session)
    assert whose.of("P2", [("A", 1)])[0] == "E-0001"
    assert whose.enrol("P2") == ""


def test_a_gallery_that_somebody_damages_is_refused_and_the_last_good_one_kept(tmp_path: Path) -> None:
    place, complaints = tmp_path / "emitters.json", list[str]()
    session = heard(phones(1)[0], 5)[-1].session
    save(place, [Emitter("E-0007", (session,))])
    known = Known(place, complaints.append)
    assert named(known, session) == "E-0007"
    good = place.read_text()
    place.write_text(good.replace("E-0007", "E-0008"))
    assert named(known, replace(session, bursts=31)) == "E-0007"
    assert len(complaints) == 1 and "damaged" in complaints[0]
    assert known.enrol([session]) == "" and len(complaints) == 2
    assert json.loads(place.read_text())["emitters"][0]["name"] == "E-0008"
    place.write_text(good)
    assert named(known, session) == "E-0007" and len(complaints) == 2


def test_of_the_gallery_go_those_that_may_and_whom_nobody_saw_but_for_the_newest(tmp_path: Path) -> None:
    (session,) = (one.session for one in heard(phones(1)[0], 1)[:1])
    place = tmp_path / "emitters.json"
    save(place, tuple(Emitter(f"E-{k:04d}", (session,), "Zanco tiny t1" if k == 2 else "") for k in range(1, 5)))
    known = Known(place, pytest.fail)
    assert known.who(session) is not None
    assert known.forget({"E-0001", "E-0002", "E-0004", "E-0009"}) == ["E-0001"]
    assert [one.name for one in load(place)] == ["E-0002", "E-0003", "E-0004"]
    assert known.forget({"E-0001"}) == []
