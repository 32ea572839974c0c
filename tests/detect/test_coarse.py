"""The boxes that the coarse pass sums over."""

import pytest

from cellwarden.airinterface.lte_waveform import PREAMBLE, PREAMBLE_HZ
from cellwarden.detect.coarse import scales
from cellwarden.detect.spectrum import grid


@pytest.mark.parametrize("rate_hz", [3.84e6, 7.68e6, 10e6, 20e6])
def test_a_box_is_about_as_wide_as_a_preamble(rate_hz: float) -> None:
    """In one that is half as wide again it stands out by (2/3)^½ as many deviations: of 6, where 4 are asked, by 5."""
    pass_over = grid(rate_hz)
    assert any(
        abs(size.bands * pass_over.band_hz / (PREAMBLE * PREAMBLE_HZ) - 1) < 0.15
        and abs(size.frames * pass_over.frame_s / 800e-6 - 1) < 0.1
        for size in scales(pass_over)
    )
