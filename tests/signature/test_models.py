"""Models of phones: what is a model's, and whose a phone is that was never heard before."""

from dataclasses import replace

import numpy as np
import pytest

from cellwarden.model import Emitter, Measured, Session, Signature
from cellwarden.signature.models import by_model, likely_model, of_model
from cellwarden.signature.sessions import joined
from cellwarden.simulate.parameters import Twins
from cellwarden.simulate.transmitters import SENSORS, Model, drawn, session

QUICK, SLOW = Model((9e-6, 8e-6, 0.8), polar=False), Model((18e-6, 20e-6, 1.6), polar=True)
STRANGE = Model((9e-6, 20e-6, 1.6), polar=False)


def heard(of: Model, rng: np.random.Generator, bursts: int = 8) -> Session:
    """A unit of a model that nobody has heard before."""
    return joined(session(drawn(Twins(), rng, of), SENSORS[0], Twins(), rng, bursts, 22.0))


@pytest.fixture(scope="module")
def gallery() -> list[Emitter]:
    rng = np.random.default_rng(3)
    return [
        Emitter(f"E-{k:04d}", (heard(of, rng),), name)
        for k, (name, of) in enumerate([("quick", QUICK), ("slow", SLOW)] * 3)
    ]


def test_a_phone_never_heard_is_of_its_model_whatever_its_own_errors(gallery: list[Emitter]) -> None:
    rng = np.random.default_rng(4)
    for name, of in (("quick", QUICK), ("slow", SLOW)) * 3:
        told = likely_model(gallery, heard(of, rng))
        assert told is not None and told.name == name and told.verdict != "new"


def test_a_phone_of_another_model_is_not_taken_for_a_known_one(gallery: list[Emitter]) -> None:
    rng = np.random.default_rng(5)
    told = [likely_model(gallery, heard(STRANGE, rng)) for _ in range(4)]
    assert all(one is not None and one.verdict != "known" for one in told)


def test_a_session_of_too_few_bursts_says_nothing_and_neither_does_a_gallery_without_models(
    gallery: list[Emitter],
) -> None:
    one = heard(QUICK, np.random.default_rng(6), bursts=2)
    told = likely_model(gallery, one)
    assert told is not None and told.verdict == "cannot say" and told.reason == "few bursts"
    assert likely_model([replace(e, model="") for e in gallery], one) is None
    assert likely_model(gallery, replace(one, family="other:lora")) is None


def test_a_model_has_a_session_of_each_of_its_units(gallery: list[Emitter]) -> None:
    short = replace(gallery[0].sessions[0], bursts=2)
    twice = [replace(gallery[0], sessions=(short, *gallery[0].sessions)), *gallery[1:]]
    assert [(e.name, len(e.sessions), e.sessions[0].bursts) for e in by_model(twice, "gsm:normal")] == [
        ("quick", 3, 8),
        ("slow", 3, 8),
    ]


def test_noise_adds_nothing_to_the_power_of_an_error() -> None:
    rng, true, deviation = np.random.default_rng(7), (0.02, -0.01), 0.03
    told = []
    for _ in range(4000):
        parts = {
            name: Measured(value + deviation * float(rng.normal()), deviation)
            for name, value in zip(("image_real", "image_imag"), true, strict=True)
        }
        told.append(of_model(Signature("gsm:normal", 0, 20.0, parts)).features["image_power"])
    values, deviations = np.array(told).T
    assert values.mean() == pytest.approx(true[0] ** 2 + true[1] ** 2, abs=4 * values.std() / np.sqrt(len(told)))
    assert np.sqrt(np.mean(deviations**2)) == pytest.approx(values.std(), rel=0.35)
