"""What is a part of something stronger is not told beside it."""

from collections import Counter

import pytest

from cellwarden.detect.suppress import without_shadows
from cellwarden.model import Burst, Emission

RATE_HZ = 25e6
FRAME = Emission("wifi:dsss", 50_000, 7_600, -9e6, 7.5e6, 14.0, 0.99, floor_dbfs_hz=-120.0)


@pytest.mark.parametrize(
    ("box", "stays"),
    [
        (Burst(49_700, 7_800, -9.7e6, -9.3e6, 0.0, -120.0), False),  # the rim of its spectrum
        (Burst(54_000, 3_600, -9.7e6, -9.3e6, 0.0, -120.0), True),  # begins later: somebody else
        (Burst(49_700, 7_800, -9.7e6, -9.3e6, 12.0, -120.0), True),  # as strong
        (Burst(49_700, 7_800, -12.4e6, -11.9e6, 0.0, -120.0), True),  # further away
        (Burst(49_700, 7_800, -16e6, -9.3e6, 0.0, -120.0), True),  # nearly as wide
    ],
)
def test_the_rim_of_a_wide_frame_is_no_burst(box: Burst, stays: bool) -> None:
    assert without_shadows([box], [FRAME], RATE_HZ, Counter()) == [box] * stays
