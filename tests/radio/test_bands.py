"""Bands and channels against values printed in the standards."""

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from cellwarden.cli.bands import bands
from cellwarden.language import use
from cellwarden.radio import band_tables, bands_cellular
from cellwarden.radio.bands import allocations_at, channels_at, direction_at
from cellwarden.radio.bands_raster import Allocation, Stretch
from cellwarden.radio.bands_unlicensed import UNLICENSED

EVERYTHING = (
    *bands_cellular.gsm(),
    *bands_cellular.umts(),
    *bands_cellular.lte(),
    *bands_cellular.nr(),
    *UNLICENSED,
)


def found(mhz: float) -> list[tuple[str, str, str, int | None]]:
    return [(a.system, a.band, a.direction, a.channel) for a in allocations_at(mhz * 1e6)]


@pytest.mark.parametrize(
    ("mhz", "band", "side", "arfcn"),
    [
        (902.4, "GSM 900", "uplink", 62),
        (890.2, "GSM 900", "uplink", 1),
        (914.8, "GSM 900", "uplink", 124),
        (935.2, "GSM 900", "downlink", 1),
        (880.2, "GSM 900", "uplink", 975),
        (889.8, "GSM 900", "uplink", 1023),
        (890.0, "GSM 900", "uplink", 0),
        (876.2, "GSM-R 900", "uplink", 955),
        (873.2, "ER-GSM 900", "uplink", 940),
        (1710.2, "DCS 1800", "uplink", 512),
        (1784.8, "DCS 1800", "uplink", 885),
        (1805.2, "DCS 1800", "downlink", 512),
        (1850.2, "PCS 1900", "uplink", 512),
        (1909.8, "PCS 1900", "uplink", 810),
        (824.2, "GSM 850", "uplink", 128),
        (869.2, "GSM 850", "downlink", 128),
        (777.2, "GSM 750", "downlink", 438),
        (457.4, "GSM 450", "uplink", 293),
        (485.8, "GSM 480", "uplink", 340),
    ],
)
def test_gsm_channels_are_those_of_the_standard(mhz: float, band: str, side: str, arfcn: int) -> None:
    assert (band, side, arfcn) in [(c.band, c.direction, c.arfcn) for c in channels_at(mhz * 1e6)]
    assert ("GSM", band, side, arfcn) in found(mhz)


def test_where_two_bands_disagree_the_side_is_unknown() -> None:
    assert direction_at(902.4e6) == "uplink"
    assert direction_at(941e6) == "downlink"
    assert direction_at(1860e6) == "unknown"  # downlink of DCS 1800, uplink of PCS 1900
    assert direction_at(100e6) == "unknown"


@given(st.integers(400_000, 2_000_000).map(lambda khz: khz * 1e3 + 1.0))
def test_the_table_of_gsm_answers_as_the_formula_does(frequency_hz: float) -> None:
    # TS 45.005 §2: |f - F(n)| < 100 kHz, counted without the table; 1 Hz off the raster, so that no tie arises.
    plain = set()
    for band, first, last, uplink_mhz, duplex_mhz in band_tables.GSM:
        for side, shift_mhz in (("uplink", 0.0), ("downlink", duplex_mhz)):
            for arfcn in range(first, last + 1):
                centre = round((uplink_mhz + shift_mhz) * 1e6) + 200_000 * (arfcn - first)
                if abs(frequency_hz - centre) < 100e3:
                    plain.add((band, side, arfcn, centre))
    channels = channels_at(frequency_hz)
    assert {(c.band, c.direction, c.arfcn, c.centre_hz) for c in channels} == plain
    sides = {side for _band, side, _arfcn, _centre in plain}
    assert direction_at(frequency_hz) == (sides.pop() if len(sides) == 1 else "unknown")
    assert {a.channel for a in allocations_at(frequency_hz) if a.system == "GSM"} == {c[2] for c in plain}


@pytest.mark.parametrize(
    ("mhz", "expected"),
    [
        # TS 25.101 table 5.1 and 5.2: first and last UARFCN
        (2112.4, ("UMTS FDD", "I", "downlink", 10562)),
        (2167.6, ("UMTS FDD", "I", "downlink", 10838)),
        (1922.4, ("UMTS FDD", "I", "uplink", 9612)),
        (882.4, ("UMTS FDD", "VIII", "uplink", 2712)),
        (957.6, ("UMTS FDD", "VIII", "downlink", 3088)),
        (1752.4, ("UMTS FDD", "IX", "uplink", 8762)),
        (1877.4, ("UMTS FDD", "IX", "downlink", 9387)),
        (1430.4, ("UMTS FDD", "XI", "uplink", 3487)),
        (753.6, ("UMTS FDD", "XIII", "downlink", 4043)),
        (818.6, ("UMTS FDD", "XX", "downlink", 4638)),
        (846.6, ("UMTS FDD", "XXVI", "uplink", 5688)),
        (1454.4, ("UMTS FDD", "XXXII", "downlink", 6617)),
        # TS 25.102 §5.4.3: N = 5 F
        (1900.8, ("UMTS TDD", "a", "both", 9504)),
        (2024.2, ("UMTS TDD", "a", "both", 10121)),
        (2619.2, ("UMTS TDD", "d", "both", 13096)),
        # TS 36.101 table 5.7.3-1
        (1880.0, ("LTE", "2", "uplink", 18900)),
        (2110.0, ("LTE", "1", "downlink", 0)),
        (1979.9, ("LTE", "1", "uplink", 18599)),
        (879.9 + 2.1, ("LTE", "8", "uplink", 21470)),
        (847.0, ("LTE", "20", "uplink", 24300)),
        (806.0, ("LTE", "20", "downlink", 6300)),
        (1462.8, ("LTE", "21", "uplink", 24599)),
        (2350.0, ("LTE", "40", "both", 39150)),
        (2689.9, ("LTE", "41", "both", 41589)),
        (2199.9, ("LTE", "66", "downlink", 67335)),
        (697.9, ("LTE", "71", "uplink", 133471)),
        (716.0 - 0.1, ("LTE", "85", "uplink", 134181)),
        # TS 38.101-1 table 5.4.2.3-1, TS 38.104 §5.4.2.1
        (3489.42, ("NR", "n78", "both", 632628)),
        (3300.0, ("NR", "n77", "both", 620000)),
        (3000.0 + 1199.985, ("NR", "n77", "both", 679999)),
        (925.0, ("NR", "n8", "downlink", 185000)),
        (2496.0, ("NR", "n41", "both", 499200)),
        (717.0, ("NR", "n29", "downlink", 143400)),
        (1710.0, ("NR", "n80", "uplink", 342000)),
        (4400.01, ("NR", "n79", "both", 693334)),
        (7124.985, ("NR", "n104", "both", 874999)),
        # EN 300 175-2 §4.1.1
        (1897.344, ("DECT", "1.9 GHz", "both", 0)),
        (1881.792, ("DECT", "1.9 GHz", "both", 9)),
        (1888.704, ("DECT", "1.9 GHz", "both", 5)),
        # Bluetooth Core, volume 2 part A §2 and volume 6 part B §1.4.1
        (2402.0, ("Bluetooth", "2.4 GHz", "both", 0)),
        (2480.0, ("Bluetooth", "2.4 GHz", "both", 78)),
        (2402.0, ("Bluetooth LE", "2.4 GHz", "both", 37)),
        (2404.0, ("Bluetooth LE", "2.4 GHz", "both", 0)),
        (2424.0, ("Bluetooth LE", "2.4 GHz", "both", 10)),
        (2426.0, ("Bluetooth LE", "2.4 GHz", "both", 38)),
        (2428.0, ("Bluetooth LE", "2.4 GHz", "both", 11)),
        (2478.0, ("Bluetooth LE", "2.4 GHz", "both", 36)),
        (2480.0, ("Bluetooth LE", "2.4 GHz", "both", 39)),
        # IEEE 802.11-2020 annex E
        (2437.0, ("Wi-Fi", "2.4 GHz", "both", 6)),
        (2472.0, ("Wi-Fi", "2.4 GHz", "both", 13)),
        (2484.0, ("Wi-Fi", "2.4 GHz (Japan)", "both", 14)),
        (5180.0, ("Wi-Fi", "5 GHz", "both", 36)),
        (5500.0, ("Wi-Fi", "5 GHz", "both", 100)),
        (5825.0, ("Wi-Fi", "5 GHz", "both", 165)),
        # ERC/REC 70-03
        (433.92, ("SRD", "433 MHz", "both", None)),
        (868.3, ("SRD", "863-870 MHz", "both", None)),
    ],
)
def test_channels_of_the_other_systems_are_those_of_their_standards(
    mhz: float, expected: tuple[str, str, str, int | None]
) -> None:
    assert expected in found(mhz)


def test_a_frequency_of_gsm_900_lies_in_exactly_these_bands() -> None:
    # E-GSM, UTRA VIII, E-UTRA 8, NR n8 and those that borrow its uplink (TS 38.101-1 table 5.2-1); GSM comes first.
    assert found(902.4) == [
        ("GSM", "GSM 900", "uplink", 62),
        ("UMTS FDD", "VIII", "uplink", 2812),
        ("LTE", "8", "uplink", 21674),
        ("NR", "n8", "uplink", 180480),
        ("NR", "n81", "uplink", 180480),
        ("NR", "n93", "uplink", 180480),
        ("NR", "n94", "uplink", 180480),
    ]


@pytest.mark.parametrize("mhz", [5.0, 108.0, 1240.0, 3200.0, 8000.0])
def test_between_the_bands_lies_nothing(mhz: float) -> None:
    assert allocations_at(mhz * 1e6) == () == channels_at(mhz * 1e6)


@given(st.sampled_from(EVERYTHING), st.floats(0, 1, exclude_max=True))
def test_a_channel_lies_where_its_own_centre_says(stretch: Stretch, share: float) -> None:
    frequency_hz = stretch.low_hz + int(share * (stretch.high_hz - stretch.low_hz))
    one = stretch.at(frequency_hz)
    assert one is not None and one in allocations_at(frequency_hz)
    if one.centre_hz is None:
        return
    again = stretch.at(min(one.centre_hz, stretch.high_hz - 1))
    assert again == one  # the round trip: number to carrier to number
    inside = stretch.first_hz <= frequency_hz <= stretch.first_hz + (len(stretch.channels) - 1) * stretch.step_hz
    assert not inside or abs(one.centre_hz - frequency_hz) <= stretch.step_hz / 2


@pytest.mark.parametrize("stretch", EVERYTHING, ids=lambda s: f"{s.system} {s.band} {s.direction}")
def test_a_band_begins_at_its_lower_edge_and_ends_before_its_upper_one(stretch: Stretch) -> None:
    assert stretch.at(stretch.low_hz - 1.0) is None
    assert isinstance(stretch.at(stretch.low_hz), Allocation)
    assert isinstance(stretch.at(stretch.high_hz - 1.0), Allocation)
    assert stretch.at(stretch.high_hz) is None
    if stretch.channels:
        assert stretch.low_hz <= stretch.first_hz
        assert stretch.first_hz + (len(stretch.channels) - 1) * stretch.step_hz <= stretch.high_hz


def test_numbers_of_umts_and_lte_are_given_out_once() -> None:
    # Within a system and a side no two bands share a number (TS 25.101 table 5.2, TS 36.101 table 5.7.3-1), except
    # that UTRA counts N = 5 F wherever a band has no offset, so that its overlapping bands agree.
    for system in ("UMTS FDD", "LTE"):
        for side in ("uplink", "downlink"):
            centre_of: dict[int, int] = {}
            for s in EVERYTHING:
                if s.system == system and s.direction in (side, "both"):
                    for k, channel in enumerate(s.channels):
                        centre = s.first_hz + k * s.step_hz
                        assert centre_of.setdefault(channel, centre) == centre, (system, s.band, channel)


@pytest.mark.parametrize(
    ("language", "typed", "expected"),
    [
        ("en", "902.4MHz", ["ARFCN 62", "uplink (phones)", "NR-ARFCN 180480", "902.400 MHz"]),
        ("en", "2.426 GHz", ["Bluetooth LE", "channel 38", "both ways"]),
        ("en", "5MHz", ["5 MHz lies in no band"]),
        ("fr", "935200k", ["descendant", "centre du canal"]),
        ("fr", "1890.432M", ["porteuse 4", "dans les deux sens"]),
        ("fr", "5MHz", ["n’appartient à aucune bande"]),
    ],
)
def test_the_command_answers_in_both_languages(language: str, typed: str, expected: list[str]) -> None:
    use(language)
    try:
        answer = CliRunner().invoke(bands, [typed])
    finally:
        use("en")
    assert answer.exit_code == 0
    assert [words for words in expected if words not in answer.output] == []
