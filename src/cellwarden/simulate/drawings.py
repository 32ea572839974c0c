"""One table: each label of the vocabulary that can be drawn, and how a burst of it is made, where and how wide.

    label ─► Drawing: make(rng, sample rate, carrier) ─► samples of mean power 1, index of the first symbol

Whatever the standard leaves open (sequences, lengths, payload) is drawn by `make` from the generator it is given.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from cellwarden.airinterface import (
    ble_waveform,
    bluetooth_waveform,
    dect_waveform,
    gsm_waveform,
    lte_waveform,
    nr_waveform,
    umts_waveform,
    wifi_waveform,
)
from cellwarden.simulate.waves import Wave

Make = Callable[[np.random.Generator, float, float], tuple[Wave, float]]
"""From a generator, the sample rate and the carrier's offset to samples and the index of the first symbol."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """How one label is made, and where: sample rate, centre, raster and width in hertz."""

    make: Make
    rate_hz: float
    centre_hz: float
    raster_hz: float
    width_hz: float


def _gsm(kind: gsm_waveform.Kind, rng: np.random.Generator, rate: float, carrier: float) -> tuple[Wave, float]:
    sequence = int(rng.integers(len(gsm_waveform.FORMATS[kind].known)))
    return gsm_waveform.generate(kind, rng, rate_hz=rate, sequence=sequence, carrier_offset_hz=carrier)


def _umts(kind: str, rng: np.random.Generator, rate: float, carrier: float) -> tuple[Wave, float]:
    if kind == "prach":
        chips = umts_waveform.preamble_chips(int(rng.integers(8192)), int(rng.integers(16)))
    else:
        chips = umts_waveform.dedicated_chips(int(rng.integers(1 << 24)), 15, rng)
    return umts_waveform.generate(chips, rate_hz=rate, carrier_offset_hz=carrier)


def _lte(kind: lte_waveform.Kind, rng: np.random.Generator, rate: float, carrier: float) -> tuple[Wave, float]:
    blocks = {"pusch": 6, "srs": 8}.get(kind, 6)
    return lte_waveform.generate(kind, rng, rate_hz=rate, blocks=blocks, carrier_offset_hz=carrier), 0.0


def _nr(kind: nr_waveform.Kind, rng: np.random.Generator, rate: float, carrier: float) -> tuple[Wave, float]:
    """Subcarriers of 30 kHz, as nearly all networks at 3.5 GHz have."""
    formats = sorted(nr_waveform.SHORT_FORMATS)
    chosen, precoded = formats[int(rng.integers(len(formats)))], bool(rng.integers(2))
    wave = nr_waveform.generate(
        kind,
        rng,
        rate_hz=rate,
        multiple=2,
        precoded=precoded,
        preamble_format=chosen,
        carrier_offset_hz=carrier,
    )
    return wave, 0.0


def _bluetooth(
    kind: bluetooth_waveform.Kind, rng: np.random.Generator, rate: float, carrier: float
) -> tuple[Wave, float]:
    symbols = int(rng.integers(130, 2800))
    return bluetooth_waveform.generate(kind, rng, rate_hz=rate, symbols=symbols, carrier_offset_hz=carrier)


def _ble(kind: Any, rng: np.random.Generator, rate: float, carrier: float) -> tuple[Wave, float]:
    return ble_waveform.generate(kind, rng, rate_hz=rate, carrier_offset_hz=carrier, octets=int(rng.integers(6, 37)))


def _dect(side: dect_waveform.Side, rng: np.random.Generator, rate: float, carrier: float) -> tuple[Wave, float]:
    return dect_waveform.generate(side, rng, rate_hz=rate, carrier_offset_hz=carrier)


def _wifi(kind: str, rng: np.random.Generator, rate: float, carrier: float) -> tuple[Wave, float]:
    if kind == "ofdm":
        return wifi_waveform.generate_ofdm(
            rng, rate_hz=rate, symbols=int(rng.integers(5, 60)), carrier_offset_hz=carrier
        )
    return wifi_waveform.generate_dsss(rng, rate_hz=rate, carrier_offset_hz=carrier)


DRAWINGS: Mapping[str, Drawing] = {
    "gsm:normal": Drawing(partial(_gsm, "normal"), 4e6, 900e6, 200e3, 200e3),
    "gsm:access": Drawing(partial(_gsm, "access"), 4e6, 900e6, 200e3, 200e3),
    "umts:prach": Drawing(partial(_umts, "prach"), 10e6, 1950e6, 200e3, 3.84e6),
    "umts:dpch": Drawing(partial(_umts, "dpch"), 10e6, 1950e6, 200e3, 3.84e6),
    "lte:prach": Drawing(partial(_lte, "prach"), 7.68e6, 1747.5e6, 180e3, 1.05e6),
    "lte:pusch": Drawing(partial(_lte, "pusch"), 7.68e6, 1747.5e6, 180e3, 1.08e6),
    "lte:pucch": Drawing(partial(_lte, "pucch"), 7.68e6, 1747.5e6, 180e3, 180e3),
    "lte:srs": Drawing(partial(_lte, "srs"), 7.68e6, 1747.5e6, 180e3, 1.44e6),
    "lte:downlink": Drawing(partial(_lte, "downlink"), 7.68e6, 1842.5e6, 100e3, 1.08e6),
    "nr:prach": Drawing(partial(_nr, "prach"), 15.36e6, 3500.16e6, 360e3, 4.17e6),
    "nr:pusch": Drawing(partial(_nr, "pusch"), 15.36e6, 3500.16e6, 360e3, 2.16e6),
    "nr:downlink": Drawing(partial(_nr, "downlink"), 15.36e6, 3500.16e6, 1.44e6, 7.2e6),
    "bluetooth:br": Drawing(partial(_bluetooth, "br"), 10e6, 2441e6, 1e6, 1e6),
    "bluetooth:edr": Drawing(partial(_bluetooth, "edr"), 10e6, 2441e6, 1e6, 1e6),
    "ble:advertising": Drawing(partial(_ble, "advertising"), 10e6, 2402e6, 10e6, 1e6),
    "ble:data": Drawing(partial(_ble, "data"), 10e6, 2440e6, 2e6, 1e6),
    "dect:base": Drawing(partial(_dect, "base"), 10e6, 1_888.704e6, 1.728e6, 1e6),
    "dect:portable": Drawing(partial(_dect, "portable"), 10e6, 1_881.792e6, 1.728e6, 1e6),
    "wifi:ofdm": Drawing(partial(_wifi, "ofdm"), 25e6, 2437e6, 20e6, 16.5e6),
    "wifi:dsss": Drawing(partial(_wifi, "dsss"), 25e6, 2437e6, 20e6, 16.5e6),
}
