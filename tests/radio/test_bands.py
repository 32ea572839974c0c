"""GSM channels against values printed in 3GPP TS 45.005 §2."""

import pytest

from cellwarden.radio.bands import channels_at, direction_at


@pytest.mark.parametrize(
    ("mhz", "band", "side", "arfcn"),
    [
        (890.2, "GSM 900", "uplink", 1),
        (914.8, "GSM 900", "uplink", 124),
        (935.2, "GSM 900", "downlink", 1),
        (880.2, "GSM 900", "uplink", 975),
        (889.8, "GSM 900", "uplink", 1023),
        (890.0, "GSM 900", "uplink", 0),
        (1710.2, "DCS 1800", "uplink", 512),
        (1784.8, "DCS 1800", "uplink", 885),
        (1805.2, "DCS 1800", "downlink", 512),
        (1850.2, "PCS 1900", "uplink", 512),
        (824.2, "GSM 850", "uplink", 128),
        (869.2, "GSM 850", "downlink", 128),
    ],
)
def test_channels_are_those_of_the_standard(mhz: float, band: str, side: str, arfcn: int) -> None:
    assert (band, side, arfcn) in [(c.band, c.direction, c.arfcn) for c in channels_at(mhz * 1e6)]


def test_where_two_bands_disagree_the_side_is_unknown() -> None:
    assert direction_at(902.4e6) == "uplink"
    assert direction_at(941e6) == "downlink"
    assert direction_at(1860e6) == "unknown"  # downlink of DCS 1800, uplink of PCS 1900
    assert direction_at(100e6) == "unknown"
