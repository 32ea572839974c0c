"""The boxes that the coarse pass sums over."""

import pytest

from cellwarden.airinterface.lte_waveform import BLOCK_HZ, PREAMBLE, PREAMBLE_HZ
from cellwarden.airinterface.nr_waveform import SHORT_PREAMBLE
from cellwarden.detect.coarse import scales
from cellwarden.detect.spectrum import grid


@pytest.mark.parametrize("rate_hz", [7.68e6, 10e6, 20e6])
@pytest.mark.parametrize("width_hz", [PREAMBLE * PREAMBLE_HZ, SHORT_PREAMBLE * 30e3, 25 * BLOCK_HZ])
def test_a_box_is_as_wide_as_what_is_faint_and_wide(rate_hz: float, width_hz: float) -> None:
    """In one that is half as wide again it stands out by (2/3)^½ as many deviations: of 6, where 4 are asked, by 5."""
    sizes = scales(grid(rate_hz))
    assert any(abs(size.bands * grid(rate_hz).band_hz / width_hz - 1) < 0.1 for size in sizes)
