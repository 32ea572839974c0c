"""The demonstration's rows show a phone where and when it sends, to the sensors that hear it."""

from dataclasses import replace

import numpy as np

from cellwarden.model import Sighting
from cellwarden.model.span import S_NS
from cellwarden.simulate.waterfall import EACH_DB, PARTS, rows

AT_NS = 10**18
CALL = Sighting(
    AT_NS, AT_NS + S_NS, "P-000007", "gsm", {"gsm:normal": 200, "gsm:access": 1}, 897.4e6, 0.99, (("A-101", 0.9),),
    ("A1-S1", "A1-S2"),
)  # fmt: skip


def test_a_phone_stands_in_its_channel_louder_where_it_is_heard_best() -> None:
    rng = np.random.default_rng(1)
    loud, second, deaf = (rows(name, AT_NS, AT_NS + S_NS // 5, [CALL], rng)[0] for name in ("A1-S1", "A1-S2", "A0-S1"))
    levels = np.frombuffer(loud.levels, np.uint8) / 2
    at = int((897.4e6 - loud.low_hz) / (loud.high_hz - loud.low_hz) * PARTS)
    assert abs(int(np.argmax(levels)) - at) <= 1 and levels.max() > np.median(levels) + 15
    assert levels.max() - np.frombuffer(second.levels, np.uint8).max() / 2 > EACH_DB - 4 * 2.0 * 2**0.5
    (box,) = loud.heard
    assert (box.label, box.phone, box.train) == ("gsm:normal", True, 7) and box.low_hz < 897.4e6 < box.high_hz
    assert deaf.heard == ()


def test_before_and_after_it_there_is_noise() -> None:
    for start in (AT_NS - S_NS, AT_NS + S_NS):
        gsm, lte = rows("A1-S1", start, start + S_NS // 5, [CALL], np.random.default_rng(2))
        assert gsm.heard == lte.heard == ()
        assert max(gsm.levels) / 2 < 8.8 + 5 * 0.6


def test_a_sensor_that_hardly_hears_it_does_not_name_it() -> None:
    far = replace(CALL, sensors=tuple(f"S{n}" for n in range(20)))
    faint = rows("S19", AT_NS, AT_NS + S_NS // 5, [far], np.random.default_rng(3))[0]
    assert faint.heard == ()
