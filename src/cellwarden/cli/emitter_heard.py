"""What the commands of `emitter` compare: sessions of recordings and of known emitters, and what is said of them."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cellwarden.cli import complain, options
from cellwarden.errors import GalleryError
from cellwarden.language import gettext as _
from cellwarden.language import ngettext, number

if TYPE_CHECKING:
    from cellwarden.model import Emitter, Session
    from cellwarden.signature.compare import Comparator

gallery_option = click.option(
    "--gallery",
    "place",
    type=options.PATH,
    default=Path("emitters.json"),
    show_default=True,
    envvar="CELLWARDEN_GALLERY",
    help=_("The file of known emitters."),
)
stations_option = click.option(
    "--learn",
    "stations",
    type=options.PATH,
    multiple=True,
    metavar="RECORDING",
    help=_("A recording of base stations by the same receiver: they tell how far its clock is off."),
)
receiver_option = click.option(
    "--receiver",
    default="",
    metavar="TYPE",
    help=_("Type of the receiver, where the recording's core:hw does not say it or says more."),
)


def heard(path: Path, stations: "Sequence[Path]", receiver: str = "") -> "tuple[Session, ...]":
    """Sessions of a recording, that of the most bursts first; raises GalleryError where there are none."""
    from cellwarden.radio.recording import open_recording
    from cellwarden.runtime.fingerprint import sessions

    taken = sessions(path, stations)
    if taken.clipped:
        told = ngettext(
            "{path}: {count} burst is clipped and was not measured: turn the gain down",
            "{path}: {count} bursts are clipped and were not measured: turn the gain down",
            taken.clipped,
        ).format(path=path, count=number(taken.clipped))
        if not taken.sessions:
            raise GalleryError(told)
        complain(told)
    if not taken.sessions:
        raise GalleryError(
            _(
                "{path} holds no burst whose transmitter can be measured: record bursts whole, at 1 MS/s or more, "
                "8-PSK at 19 dB or more"
            ).format(path=path)
        )
    if stations and taken.clock is None:
        complain(
            _("{path}: base stations were heard, but not at which frequency: its clock stays unknown").format(path=path)
        )
    elif not stations and any(map(_by_carrier, taken.sessions)):
        complain(
            _(
                "{path}: the receiver is not calibrated: of carriers only 2 millionths and more count (see --learn)"
            ).format(path=path)
        )
    said = str(open_recording(path).metadata["global"].get("core:hw", ""))
    return tuple(replace(one, receiver=" ".join((receiver or said).split())) for one in taken.sessions)


def _by_carrier(session: "Session") -> bool:
    """Whether its carrier is compared, which a receiver's own error spoils."""
    from cellwarden.signature.comparators import comparator

    one = comparator(session.family)
    return one is not None and "carrier_ppm" in one.names and "carrier_ppm" in session.features


def either(word: str, place: Path, stations: "Sequence[Path]", receiver: str) -> "Sequence[Session]":
    """Sessions of an emitter, or of a recording the longest of each family."""
    from cellwarden.signature.emitters import NAME, named
    from cellwarden.signature.gallery_file import load

    if NAME.fullmatch(word):
        return named(load(place), word).sessions
    taken = heard(Path(word), stations, receiver)
    return tuple({one.family: one for one in reversed(taken)}.values())


def compared(family: str) -> "Comparator":
    """The comparator of a family; raises GalleryError where none was trained."""
    from cellwarden.signature.comparators import comparator, taught

    if (one := comparator(family)) is None:
        known = ", ".join(sorted({name for name, _kind in taught()}))
        raise GalleryError(
            _("cannot say: no comparator was trained for {family}: use {known}").format(family=family, known=known)
        )
    return one


def log_ratio_of(comparator: "Comparator", one: "Sequence[Session]", other: "Sequence[Session]") -> float:
    """Natural logarithm of the ratio of two transmitters' sessions, of those that are of the comparator's family."""
    from cellwarden.signature.compare import log_ratio, point

    ours = [[s for s in several if s.family == comparator.family] for several in (one, other)]
    return log_ratio(comparator, *(point(comparator, several) for several in ours))


def entitled(one: "Emitter") -> str:
    """Its name, and its model where that is known."""
    return f"{one.name} ({one.model})" if one.model else one.name


def counted(sessions: "Sequence[Session]") -> str:
    """How many bursts in how many sessions."""
    bursts = sum(s.bursts for s in sessions)
    said = ngettext("{count} burst", "{count} bursts", bursts).format(count=number(bursts))
    if len(sessions) == 1:
        return said
    return said + " " + _("in {count} sessions").format(count=number(len(sessions)))


def why(reason: str) -> str:
    """Why nothing can be said of a session."""
    return {
        "few bursts": _("too few bursts"),
        "faint": _("too faint"),
        "undecided": _("neither is likely enough"),
    }[reason]


def refused(name: object, reason: str) -> GalleryError:
    """That nothing can be said of what was named, and why."""
    return GalleryError(_("{name}: cannot say: {why}").format(name=name, why=why(reason)))


def lead(silent: str = "none") -> str:
    """What ratios may be used for that no calibration on real phones speaks for, and why (`calibration.silent`)."""
    because = {
        "none": _("learned from simulated phones, not calibrated on real ones"),
        "simulated": _("calibrated on simulated phones"),
        "interface": _("the calibration is of another interface"),
        "receiver": _("the calibration is of another type of receiver, or nobody said which this one is"),
        "few phones": _("calibrated on too few phones"),
        "misleads": _("the calibration says that such ratios mislead"),
    }[silent]
    return _("investigative lead only: {why}").format(why=because)


def power(log_ratio: float) -> str:
    """A ratio's power of ten, without sign."""
    return number(abs(log_ratio) / math.log(10), 1)
