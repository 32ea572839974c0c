"""Compiles the loops once, on all cores, before each of the tests' processes would do it for itself.

Those of GSM take the longest. One process makes them, while others hear the interfaces in whose bands GSM is not asked.
What two of them need one compiles, and the other waits.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.confusion import confused
from tests.compiling import in_turn

from cellwarden.locate.whereabouts import believing
from cellwarden.radio.bands import channels_at
from cellwarden.runtime.ready import rehearsed
from cellwarden.simulate.drawings import DRAWINGS
from cellwarden.simulate.week import site

BURSTS, LEVEL_DB, SEED = 2, 15.0, 1


def heard(labels: Sequence[str]) -> None:
    """Scan a scene of each label, with the tuned frequency told and, for GSM, not."""
    for label in labels:
        for told in (True, False) if label.startswith("gsm:") else (True,):
            confused(label, BURSTS, LEVEL_DB, told, SEED)


def placed() -> None:
    """Believe where a phone is."""
    rehearsed(site(), believing(site()))


def main() -> None:
    """Scan scenes of all labels."""
    gsm = [label for label in DRAWINGS if label.startswith("gsm:")]
    others = sorted(set(DRAWINGS) - set(gsm), key=lambda label: (bool(channels_at(DRAWINGS[label].centre_hz)), label))
    with (
        TemporaryDirectory(prefix="cellwarden-") as folder,
        in_turn(Path(folder, "compiling")),
        ProcessPoolExecutor(os.cpu_count()) as pool,
    ):
        located = pool.submit(placed)
        list(pool.map(heard, [gsm, *([label] for label in others)]))
        located.result()


if __name__ == "__main__":
    main()
