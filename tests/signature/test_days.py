"""The same phones on another day: warmer, behind echoes, at another receiver, and with another carrier offset.

What a day changes is drawn by `in_session`: each error, the ramps a little, the offset to the cell wholly.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from cellwarden.model import Emitter, Session
from cellwarden.signature.comparators import comparator
from cellwarden.signature.features_gsm import measure
from cellwarden.signature.gallery import Index, identify, index, ratios
from cellwarden.signature.sessions import joined
from cellwarden.simulate.channel import Channel
from cellwarden.simulate.parameters import Twins
from cellwarden.simulate.transmitters import LOCKED_HZ, SENSORS, Sensor, Transmitter, drawn, heard, in_session

PHONES, BURSTS, SNR_DB = 12, 8, 22.0
WARMER = replace(Twins(), drift=2 * Twins().drift, ramp_drift=2 * Twins().ramp_drift)
"""A day whose warmth changes each error twice as much as days do."""
FLAT, ECHOES, LONG = (
    Channel(),
    Channel("tdl-a", fading="received"),
    Channel("tdl-c", (300e-9, 300e-9), fading="received"),
)


def day(
    phones: Sequence[Transmitter], sensor: Sensor, channel: Channel, twins: Twins, rng: np.random.Generator
) -> list[Session]:
    """A session of each phone as it is that day."""
    made = []
    for phone in phones:
        today, offset = in_session(phone, twins, rng), float(rng.uniform(-1, 1)) * LOCKED_HZ
        several = [
            measure(*heard(today, sensor, rng, snr_db=SNR_DB, channel=channel, offset_hz=offset)) for _ in range(BURSTS)
        ]
        made.append(joined([one for one in several if one]))
    return made


@pytest.fixture(scope="module")
def enrolled() -> tuple[list[Transmitter], Index]:
    """Phones, half of them enrolled on one day, at one receiver without echoes."""
    rng = np.random.default_rng(71)
    phones = [drawn(Twins(), rng) for _ in range(2 * PHONES)]
    sessions = day(phones[:PHONES], SENSORS[0], FLAT, Twins(), rng)
    one = comparator("gsm:normal")
    assert one
    return phones, index(one, [Emitter(f"E-{k:04d}", (session,)) for k, session in enumerate(sessions)])


@pytest.mark.parametrize(
    ("sensor", "channel", "twins"),
    [
        pytest.param(0, FLAT, Twins(), id="another day"),
        pytest.param(0, FLAT, WARMER, id="warmer", marks=pytest.mark.long),
        pytest.param(0, ECHOES, Twins(), id="echoes", marks=pytest.mark.long),
        pytest.param(0, LONG, Twins(), id="long echoes", marks=pytest.mark.long),
        pytest.param(1, FLAT, Twins(), id="another receiver", marks=pytest.mark.long),
        pytest.param(1, ECHOES, WARMER, id="all at once", marks=pytest.mark.long),
    ],
)
def test_a_phone_is_found_again(
    enrolled: tuple[list[Transmitter], Index], sensor: int, channel: Channel, twins: Twins
) -> None:
    phones, among = enrolled
    sessions = day(phones, SENSORS[sensor], channel, twins, np.random.default_rng(72))
    first = [ratios(among, one)[0][0] == f"E-{k:04d}" for k, one in enumerate(sessions[:PHONES])]
    assert sum(first) >= 0.8 * PHONES  # what is asked across receivers
    told = [identify(among, one) for one in sessions]
    wrong = [t for k, t in enumerate(told[:PHONES]) if t.verdict == "known" and t.name != f"E-{k:04d}"]
    strangers = [t for t in told[PHONES:] if t.verdict == "known"]
    assert not wrong and len(strangers) <= 2  # one in ten of what is said with p = 0.9
