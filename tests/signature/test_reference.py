"""Base stations tell a receiver's clock, and what it makes of a phone is taken off: two receivers, one transmitter."""

import math

import numpy as np
import pytest

from cellwarden.airinterface import lte_cell
from cellwarden.airinterface.lte_cell_waveform import downlink
from cellwarden.model import Block, Cell, Measured, Segment, Signature
from cellwarden.signature.features import measure
from cellwarden.signature.reference import UNKNOWN, clock, corrected
from cellwarden.simulate.families import FAMILIES, heard
from cellwarden.simulate.transmitters import Sensor, Transmitter, image_of

RATE, STATION_HZ, WIFI_HZ = 1.92e6, 1860e6, 2437e6
FAST_PPM = (1.5, -1.8)
"""Of two receivers."""
OWN_PPM = 12.0
"""Of the phone's oscillator, which makes its carrier and its clock."""


def station(fast_ppm: float, seed: int, own_ppm: float = 0.0) -> list[Cell]:
    """What a receiver learns of a base station that is itself off by `own_ppm`."""
    rng = np.random.default_rng(seed)
    wave = downlink(rng, 123, rate_hz=RATE, frames=4)
    offset = STATION_HZ * (own_ppm - fast_ppm) * 1e-6
    samples = rng.normal(size=(len(wave), 2)).view(np.complex128)[:, 0]
    samples += wave * np.exp(2j * np.pi * offset / RATE * np.arange(len(wave))) * math.sqrt(20 * 1.08e6 / RATE)
    iq = np.stack([samples.real, samples.imag], axis=1).astype(np.float32)
    return lte_cell.learn(Block(iq, 1.0, 0, Segment(0, len(iq), RATE, STATION_HZ)))


def frames(fast_ppm: float, count: int = 12) -> list[Signature]:
    phone = Transmitter(image=image_of(0.3, 1.5), clock=OWN_PPM * 1e-6)
    rng = np.random.default_rng(5)
    told = [
        measure(
            *heard(
                FAMILIES["wifi:ofdm"], phone, rng, snr_db=25.0, sensor=Sensor(clock_ppm=fast_ppm), centre_hz=WIFI_HZ,
                carrier_hz=OWN_PPM * 1e-6 * WIFI_HZ,
            )
        )
        for _ in range(count)
    ]  # fmt: skip
    return [one for one in told if one]


@pytest.mark.parametrize("fast_ppm", FAST_PPM)
def test_a_base_station_tells_a_receivers_clock(fast_ppm: float) -> None:
    told = clock(station(fast_ppm, 1))
    assert told and told.value == pytest.approx(fast_ppm, abs=0.1)
    assert 0.1 <= told.deviation < 0.2  # as far as a base station itself may be trusted


@pytest.mark.long
def test_one_phone_is_the_same_at_two_receivers_and_as_sure_as_is_said() -> None:
    raw = [np.mean([s.features["carrier_ppm"].value for s in frames(fast)]) for fast in FAST_PPM]
    assert raw[1] - raw[0] == pytest.approx(FAST_PPM[0] - FAST_PPM[1], abs=0.1)  # the receivers' own difference
    put_right = []
    for seed, fast in enumerate(FAST_PPM):
        error = clock(station(fast, seed, own_ppm=0.05))
        assert error
        put_right += [[corrected(s, error).features["carrier_ppm"] for s in frames(fast)]]
    for several in put_right:
        mean = float(np.mean([one.value for one in several]))
        assert abs(mean - OWN_PPM) < 2 * several[0].deviation
        assert several[0].deviation >= 0.1
    between = abs(np.mean([one.value for one in put_right[0]]) - np.mean([one.value for one in put_right[1]]))
    assert between < 0.1


def test_the_symbol_clock_is_put_right_too_and_what_lies_between_stays() -> None:
    both = [corrected(s, Measured(1.5, 0.1)) for s in frames(1.5)]
    for name, truth in (("clock_ppm", OWN_PPM), ("clock_beside_carrier_ppm", 0.0)):
        values = np.array([s.features[name] for s in both])
        assert abs(values[:, 0].mean() - truth) < 4 * values[:, 1].mean() / math.sqrt(len(values)), name


def test_stations_that_were_taken_for_the_wrong_channel_count_for_nothing() -> None:
    def cell(ppm: float, interface: str = "lte", carrier: int = 0) -> Cell:
        return Cell(interface, (5e6 * carrier,), 0.0, 1.0, {"clock_ppm": ppm})

    told = clock([cell(ppm, carrier=n) for n, ppm in enumerate((1.4, 1.5, 1.6, 40.0))])
    assert told and told.value == pytest.approx(1.5)
    alone, many = clock([cell(1.5)] * 3), clock([cell(1.5, carrier=n) for n in range(4)])
    assert alone and many and many.deviation == pytest.approx(alone.deviation / 2)
    gsm = clock([cell(1.5, "gsm")])
    assert gsm and gsm.deviation > alone.deviation  # its tone lasts half a millisecond
    assert clock([]) is None
    assert clock([cell(0.0)]) is None  # nobody told at which frequency it was heard


def test_a_receiver_of_which_nobody_told_is_sure_of_little() -> None:
    (one,) = frames(1.5, 1)
    assert corrected(one, UNKNOWN).features["carrier_ppm"].deviation >= UNKNOWN.deviation
    assert corrected(one, UNKNOWN).features["image_real"] == one.features["image_real"]
