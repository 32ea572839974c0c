"""Frames of one device come out as one emitter by their signatures, those of two as two."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cellwarden.model import Signature
from cellwarden.radio.annotations import segment_of
from cellwarden.radio.recording import open_recording
from cellwarden.runtime.fingerprint import around
from cellwarden.runtime.scan import scan
from cellwarden.signature.alike import grouped
from cellwarden.signature.comparators import comparator
from cellwarden.signature.features import measure
from cellwarden.simulate import families
from cellwarden.simulate.parameters import Stations, Twins
from cellwarden.simulate.transmitters import SENSORS

REAL = Path(__file__).parents[3] / "shared" / "recordings" / "real"
FAMILY = "wifi:ofdm"
DEVICES = sorted(REAL.glob("wifi_*.sigmf-meta"))
"""Each of one device, whose frames another one may answer from afar."""


def frames(path: Path) -> list[Signature]:
    recording = open_recording(path)
    heard = [emission for emission in scan(recording) if emission.label == FAMILY]
    told = (measure(one, around(recording, segment_of(recording, one), one)) for one in heard)
    return [one for one in told if one is not None]


@pytest.mark.parametrize("path", DEVICES, ids=lambda path: path.stem)
def test_all_frames_of_a_real_device_are_one_emitters(path: Path) -> None:
    told, one = frames(path), comparator(FAMILY)
    assert one and len(told) >= 5
    assert [len(group) for group in grouped(one, told)] == [len(told)]


@pytest.mark.parametrize("pairs", [3, pytest.param(8, marks=pytest.mark.long)])
def test_frames_of_two_devices_are_two_emitters(pairs: int) -> None:
    # what was learned reckons with receivers that are 3 millionths apart: crystals closer than that tell little
    one, rng = comparator(FAMILY), np.random.default_rng(41)
    assert one
    populations, right = (Twins(), Stations()), 0
    for _ in range(pairs):
        heard = [
            families.session(
                families.FAMILIES[FAMILY], replace(families.station(*populations, rng), clock=ppm * 1e-6), SENSORS[0],
                populations, rng, 6, 25.0,
            )
            for ppm in (-6.0, 6.0)
        ]  # fmt: skip
        whose = [k for k, several in enumerate(heard) for _one in several]
        groups = grouped(one, [s for several in heard for s in several])
        right += len(groups) == 2 and all(len({whose[n] for n in group}) == 1 for group in groups)
    assert right >= pairs - 1
