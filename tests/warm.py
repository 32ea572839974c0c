"""Compiles the loops once, on all cores, before each of the tests' processes would do it for itself.

Those of GSM take the longest; interfaces in whose bands GSM is not asked come before others.
"""

from functools import partial

from benchmarks.confusion import confused

from cellwarden.locate.whereabouts import believing
from cellwarden.radio.bands import channels_at
from cellwarden.runtime.compiling import side_by_side
from cellwarden.runtime.ready import GSM, rehearsed
from cellwarden.simulate.drawings import DRAWINGS
from cellwarden.simulate.week import site

BURSTS, LEVEL_DB, SEED = 2, 15.0, 1


def heard(label: str, told: bool) -> None:
    """Scan a scene of a label, with the tuned frequency told or not."""
    confused(label, BURSTS, LEVEL_DB, told, SEED)


def placed() -> None:
    """Believe where a phone is."""
    rehearsed(site(), believing(site()))


def main() -> None:
    """Scan scenes of all labels."""
    gsm = [(label, told) for label in DRAWINGS if label.startswith("gsm:") for told in (True, False)]
    others = sorted(set(DRAWINGS) - {label for label, _told in gsm}, key=_asks_gsm)
    each = [*gsm, *((label, True) for label in others)]
    side_by_side([*GSM, *(partial(heard, label, told) for label, told in each), placed])


def _asks_gsm(label: str) -> tuple[bool, str]:
    return bool(channels_at(DRAWINGS[label].centre_hz)), label


if __name__ == "__main__":
    main()
