"""Of which model is the phone that was heard, even one that was never heard before?

    what tells a phone from another   =   what tells its model from others   +   what tells units of a model apart

The comparator of models takes the second for what differs from session to session, and so is learned and asked as that
of phones is: its "emitters" are models, their "sessions" units of which somebody has seen what they are.

The sign and the angle of an error are a unit's own. How large errors are is rather a model's: a polar transmitter has
no image, a quadrature modulator no loop. So models are told by powers of errors, from which the noise's is taken off.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from cellwarden.model import Emitter, Identified, Measured, Session, Signature
from cellwarden.signature.comparators import comparator
from cellwarden.signature.gallery import identify, index

Heard = TypeVar("Heard", Signature, Session)
KIND = "models"
POWERS = {
    "image_power": ("image_real", "image_imag"),
    "leak_power": ("leak_real", "leak_imag"),
    "loop_low_power": ("loop_low",),
    "loop_high_power": ("loop_high",),
}
KEPT = "ramp_", "phase_rms"
"""Features that are a model's as they stand."""


def of_model(one: Heard) -> Heard:
    """What a burst, or a session, shows of its phone's model."""
    made = {name: told for name, told in one.features.items() if name.startswith(KEPT)}
    made |= {
        name: _power([one.features[p] for p in parts]) for name, parts in POWERS.items() if parts[0] in one.features
    }
    return replace(one, features=made)


def _power(parts: Sequence[Measured]) -> Measured:
    """Sum of the squares of some values without what their noise adds to it."""
    variance = sum(max(4 * v**2 * d**2 - 2 * d**4, 2 * d**4) for v, d in parts)
    return Measured(sum(v**2 - d**2 for v, d in parts), math.sqrt(variance))


def by_model(emitters: Iterable[Emitter], family: str) -> list[Emitter]:
    """An emitter for each model that is known of any: the longest session of each unit."""
    units: dict[str, list[Session]] = {}
    for one in emitters:
        heard = [session for session in one.sessions if session.family == family]
        if one.model and heard:
            units.setdefault(one.model, []).append(of_model(max(heard, key=lambda session: session.bursts)))
    return [Emitter(model, tuple(sessions)) for model, sessions in units.items()]


def likely_model(emitters: Sequence[Emitter], session: Session) -> Identified | None:
    """Which of the known models a session is rather of; None where no model is known, or the family has none.

    `known` is a model of the gallery, `new` one that is not in it.
    """
    one, models = comparator(session.family, KIND), by_model(emitters, session.family)
    return identify(index(one, models), of_model(session)) if one is not None and models else None
