"""Bands without a licence in which phones and their accessories send as well, or that are mistaken for them.

DECT          F_c = 1897.344 MHz - 1.728 MHz c, c = 0…9      ETSI EN 300 175-2 §4.1.1
Bluetooth BR  f = 2402 + k MHz, k = 0…78                     Bluetooth Core 5.4, volume 2, part A §2
Bluetooth LE  f = 2402 + 2 k MHz, k = 0…39; index 37 at 2402, 38 at 2426, 39 at 2480 MHz (advertising), 0…36 on the rest
                                                             Bluetooth Core 5.4, volume 6, part B §1.4.1
Wi-Fi         f = 2407 + 5 n MHz, n = 1…13; 2484 MHz is 14 (Japan); f = 5000 + 5 n MHz
                                                             IEEE 802.11-2020 §15.4.4.3, §17.3.8.4 and annex E
SRD, ISM      433.05-434.79, 863-870, 2400-2483.5 MHz        CEPT ERC/REC 70-03 annex 1, ETSI EN 300 220-2
"""

from cellwarden.radio.bands_raster import Stretch, hertz

BLE_INDICES = (37, *range(11), 38, *range(11, 37), 39)
"""Channel index of each carrier, upwards from 2402 MHz."""

UNLICENSED = (
    Stretch(
        "DECT",
        "1.9 GHz",
        "both",
        "carrier",
        hertz(1880),
        hertz(1900),
        channels=range(9, -1, -1),
        first_hz=hertz(1897.344 - 9 * 1.728),
        step_hz=hertz(1.728),
    ),
    Stretch(
        "Bluetooth",
        "2.4 GHz",
        "both",
        "channel",
        hertz(2401.5),
        hertz(2480.5),
        channels=range(79),
        first_hz=hertz(2402),
        step_hz=hertz(1),
    ),
    Stretch(
        "Bluetooth LE",
        "2.4 GHz",
        "both",
        "channel",
        hertz(2401),
        hertz(2481),
        channels=BLE_INDICES,
        first_hz=hertz(2402),
        step_hz=hertz(2),
    ),
    # The widest signal of a channel, 22 MHz of the spread spectrum modes, reaches 11 MHz to either side.
    Stretch(
        "Wi-Fi",
        "2.4 GHz",
        "both",
        "channel",
        hertz(2401),
        hertz(2483),
        channels=range(1, 14),
        first_hz=hertz(2412),
        step_hz=hertz(5),
    ),
    Stretch("Wi-Fi", "2.4 GHz (Japan)", "both", "channel", hertz(2473), hertz(2495), (14,), hertz(2484)),
    *(
        Stretch(
            "Wi-Fi",
            "5 GHz",
            "both",
            "channel",
            hertz(5000 + 5 * first - 10),
            hertz(5000 + 5 * last + 10),
            channels=range(first, last + 1, 4),
            first_hz=hertz(5000 + 5 * first),
            step_hz=hertz(20),
        )
        for first, last in ((36, 64), (100, 144), (149, 177))
    ),
    Stretch("SRD", "433 MHz", "both", "", hertz(433.05), hertz(434.79)),
    Stretch("SRD", "863-870 MHz", "both", "", hertz(863), hertz(870)),
    Stretch("ISM", "2.4 GHz", "both", "", hertz(2400), hertz(2483.5)),
)
