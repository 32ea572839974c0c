"""A laboratory's calibration: what it is made of, in which words it lets ratios be told, and what it refuses.

The phones here are a stand-in set, made by the simulator's toy of three features. Where a test says `real` of them, it
does so to see what a laboratory with real ones would read.
"""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from benchmarks.fingerprint_learn import tried

from cellwarden.errors import GalleryError, OutputError
from cellwarden.language import use
from cellwarden.measure.likelihood import cost
from cellwarden.model import Emitter, Measured, Provenance, Session
from cellwarden.signature import calibration_file, verbal
from cellwarden.signature.calibration import (
    ENOUGH_PHONES,
    FEWEST_PHONES,
    Calibration,
    applied,
    held,
    made,
    silent,
    usable,
)
from cellwarden.signature.comparators import Trial, pairs
from cellwarden.signature.compare import Comparator

NAMES = ("a", "b", "c")
SPREAD = np.diag([0.2, 0.3, 0.2])
OVERSURE = Comparator("toy", NAMES, np.zeros(3), np.ones(3), np.eye(3), SPREAD / 9, SPREAD / 9)
"""Thinks sessions of one phone far more alike than they are, as one does that never met real phones."""
RECEIVER = "Stand-in R1"


def phones(count: int, seed: int, sessions: int = 2, receiver: str = RECEIVER) -> list[Emitter]:
    rng, every = np.random.default_rng(seed), []
    for k in range(count):
        own = rng.normal(size=3)
        heard = [own + rng.multivariate_normal(np.zeros(3), SPREAD) for _ in range(sessions)]
        told = [{n: Measured(float(v), 0.01) for n, v in zip(NAMES, x, strict=True)} for x in heard]
        several = tuple(
            Session(f"{k}-{n}", "toy", 20, 25.0, features, receiver=receiver) for n, features in enumerate(told)
        )
        every.append(Emitter(f"E-{k:04d}", several))
    return every


@pytest.fixture(scope="module")
def lab() -> Calibration:
    return made(OVERSURE, usable(phones(40, 1), "toy", RECEIVER), RECEIVER, "real", "stand-in of a test: simulated")


def ratios(one: Comparator, emitters: list[Emitter]) -> Trial:
    return tried(one, {e.name: e.sessions for e in emitters})


@pytest.mark.long
def test_ratios_of_other_phones_are_better_by_it_and_it_knows_how_good(lab: Calibration) -> None:
    others = phones(60, 2)
    before, after = (cost(*pairs(ratios(one, others))) for one in (OVERSURE, applied(OVERSURE, lab)))
    # what it says of itself, of phones that the line was not fitted to, is what it comes to on yet others
    assert after < before - 0.1 and cost(*pairs(lab.trial)) == pytest.approx(after, abs=0.12)
    assert (len(lab.trial.same), len(lab.trial.different)) == (40, 80 * 79 // 2 - 40)


def test_only_enough_real_phones_of_this_interface_and_receiver_speak(lab: Calibration) -> None:
    heard = phones(1, 3)[0].sessions
    assert silent(lab, heard) == ""
    assert silent(None, heard) == "none"
    assert silent(replace(lab, of=replace(lab.of, phones="simulated")), heard) == "simulated"
    assert silent(replace(lab, of=replace(lab.of, count=ENOUGH_PHONES - 1)), heard) == "few phones"
    assert silent(lab, [*heard, replace(heard[0], receiver="Stand-in R2")]) == "receiver"
    assert silent(lab, [replace(heard[0], receiver="")]) == "receiver"
    assert silent(lab, [replace(heard[0], receiver="  stand-in  r1 ")]) == ""
    assert silent(lab, [replace(heard[0], family="other")]) == "interface"
    assert silent(replace(lab, trial=Trial(lab.trial.different, lab.trial.same)), heard) == "misleads"


def test_what_counts_is_one_session_a_recording_by_that_receiver_that_says_something() -> None:
    one, other, elsewhere = phones(3, 4)
    twice = replace(one.sessions[0], bursts=40)
    faint = replace(other.sessions[1], snr_db=2.0)
    held_so = [
        replace(one, sessions=(*one.sessions, twice)),
        replace(other, sessions=(other.sessions[0], faint)),
        replace(elsewhere, sessions=tuple(replace(s, receiver="R2") for s in elsewhere.sessions)),
    ]
    known = usable(held_so, "toy", RECEIVER)
    assert {name: [s.bursts for s in several] for name, several in known.items()} == {
        "E-0000": [40, 20],
        "E-0001": [20],
    }
    assert usable(held_so, "gsm:normal", RECEIVER) == {}


def test_phones_heard_once_count_as_others() -> None:
    told = made(OVERSURE, usable([*phones(6, 5), *late(3)], "toy", RECEIVER), RECEIVER, "simulated")
    assert (told.of.count, told.of.others, told.of.phones) == (6, 3, "simulated")


def late(count: int) -> list[Emitter]:
    return [replace(one, name=f"E-1{k:03d}") for k, one in enumerate(phones(count, 6, sessions=1))]


def test_too_few_phones_and_another_comparator_are_refused(lab: Calibration) -> None:
    few = [*phones(FEWEST_PHONES - 1, 7), *late(20)]
    with pytest.raises(GalleryError, match=r"4 phones .* 5 are needed"):
        made(OVERSURE, usable(few, "toy", RECEIVER), RECEIVER, "real")
    for other in (replace(OVERSURE, between=2 * np.eye(3)), replace(OVERSURE, family="gsm:normal")):
        with pytest.raises(GalleryError, match="make it anew"):
            applied(other, lab)


def test_no_ratio_is_larger_than_so_many_phones_can_show() -> None:
    of = Provenance("real", "toy", RECEIVER, 30, 10)
    assert held(99.0, of) == pytest.approx(math.log(40 * 39 / 2 + 1))
    assert held(-99.0, of) == pytest.approx(-math.log(31))
    assert held(1.5, of) == 1.5


@pytest.mark.parametrize(
    ("ratio", "step", "words"),
    [
        (1.0, 0, "no support"), (1.99, 0, "no support"), (2.0, 1, "weak support for one"),
        (10.0, 2, "moderate support"),
        (100.0, 3, "moderately strong"), (1e3, 4, "strong support"), (1e4, 5, "very strong"), (9.9e5, 5, "very strong"),
        (1e6, 6, "extremely strong"), (1e300, 6, "extremely strong"),
        (1 / 150.0, 3, "moderately strong support for two"),
    ],
)  # fmt: skip
def test_the_seven_steps_of_the_verbal_scale(ratio: float, step: int, words: str) -> None:
    assert verbal.step(math.log(ratio)) == step and verbal.support(math.log(ratio)).startswith(words)


def test_the_scale_speaks_french() -> None:
    use("fr")
    try:
        said = [verbal.support(math.log(10.0) * power) for power in (0.1, 0.5, 1.5, 2.5, 3.5, 4.5, -6.5)]
    finally:
        use("en")
    assert [one.split(" en faveur")[0] for one in said] == [
        "aucun soutien, ni pour un seul émetteur ni pour deux", "soutien faible", "soutien modéré",
        "soutien modérément fort", "soutien fort", "soutien très fort", "soutien extrêmement fort",
    ]  # fmt: skip
    assert said[1].endswith("d’un seul émetteur plutôt que de deux") and said[6].endswith("plutôt que d’un seul")


def test_it_is_written_and_read_again_and_never_over_another(lab: Calibration, tmp_path: Path) -> None:
    place = tmp_path / "lab.json"
    calibration_file.save(place, lab, force=False)
    again = calibration_file.load(place)
    assert again.of == lab.of and (again.slope, again.intercept) == (lab.slope, lab.intercept)
    assert np.allclose(again.trial.same, lab.trial.same, atol=1e-4)
    with pytest.raises(OutputError):
        calibration_file.save(place, lab, force=False)


def test_a_damaged_calibration_is_refused(lab: Calibration, tmp_path: Path) -> None:
    place = tmp_path / "lab.json"
    calibration_file.save(place, lab, force=False)
    good = place.read_text()
    for bad in (
        good.replace('"count": 40', '"count": 400'), good.replace('"real"', '"simulated"'), good[:500], "", "[]", "{}",
    ):  # fmt: skip
        assert bad != good
        place.write_text(bad)
        with pytest.raises(GalleryError, match="damaged or no calibration"):
            calibration_file.load(place)
    place.write_text(good.replace('"version": 1', '"version": 9'))
    with pytest.raises(GalleryError, match="version 9, not 1"):
        calibration_file.load(place)
    with pytest.raises(GalleryError, match=r"none\.json"):
        calibration_file.load(tmp_path / "none.json")
