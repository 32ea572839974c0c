"""A gallery's emitters added, joined and parted: from tuples of emitters to tuples of emitters."""

import re
from collections.abc import Sequence
from dataclasses import replace

from cellwarden.errors import GalleryError
from cellwarden.language import gettext as _
from cellwarden.model import Emitter, Session

NAME = re.compile(r"E-\d{4,}")

Emitters = tuple[Emitter, ...]


def named(emitters: Sequence[Emitter], name: str) -> Emitter:
    """The emitter of a name; raises GalleryError where there is none."""
    for one in emitters:
        if one.name == name:
            return one
    raise GalleryError(_("{name} is not in the gallery: `cellwarden emitter list` shows what is").format(name=name))


def next_name(emitters: Sequence[Emitter]) -> str:
    """The number after the highest that is there."""
    return f"E-{1 + max((int(e.name.partition('-')[2]) for e in emitters), default=0):04d}"


def enrolled(
    emitters: Emitters, sessions: Sequence[Session], name: str = "", model: str = ""
) -> tuple[Emitters, Emitter]:
    """With sessions added to the emitter of a name, or as a new emitter without one; and that emitter.

    model: of the phone, where it is known.
    """
    if not name:
        fresh = Emitter(next_name(emitters), tuple(sessions), model)
        return (*emitters, fresh), fresh
    grown = named(emitters, name)
    grown = replace(grown, sessions=grown.sessions + tuple(sessions), model=model or grown.model)
    return tuple(grown if e.name == name else e for e in emitters), grown


def merged(emitters: Emitters, one: str, other: str) -> tuple[Emitters, Emitter]:
    """With the sessions of the second emitter added to the first; the second is gone."""
    if one == other:
        raise GalleryError(_("{name} cannot be merged with itself: name two emitters").format(name=one))
    gone = named(emitters, other)
    model = named(emitters, one).model or gone.model
    return enrolled(tuple(e for e in emitters if e.name != other), gone.sessions, one, model)


def split(emitters: Emitters, name: str, number: int) -> tuple[Emitters, Emitter]:
    """With one session, counted from 1, taken out of an emitter as a new one."""
    whole = named(emitters, name)
    if not 1 <= number <= len(whole.sessions) or len(whole.sessions) < 2:
        raise GalleryError(
            _("{name} has {count} sessions: name one of several by its number").format(
                name=name, count=len(whole.sessions)
            )
        )
    out = whole.sessions[number - 1]
    left = replace(whole, sessions=whole.sessions[: number - 1] + whole.sessions[number:])
    return enrolled(tuple(left if e.name == name else e for e in emitters), [out], model=whole.model)
