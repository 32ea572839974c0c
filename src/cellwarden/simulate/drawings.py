"""One table: how each label of the vocabulary is drawn, in all its sizes, rates and formats, anew each time.

    label ─► Drawing: make(rng, sample rate, carrier) ─► samples of mean power 1, first symbol, width of the SNR

Whatever a standard leaves open (sequences, lengths, payload) is drawn by `make` from the generator it is given.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface import (
    ble_waveform,
    bluetooth_waveform,
    dect_waveform,
    gsm_waveform,
    lte_cell_waveform,
    lte_waveform,
    nr_waveform,
    umts_waveform,
    wifi_waveform,
)
from cellwarden.simulate.waves import IMPOSTORS, Wave, frequency_shift, gaussian, tone

Made: TypeAlias = tuple[Wave, float, float]
"""Samples of mean power 1 while they last, index of the first symbol, width in hertz in which the SNR is told."""
Make = Callable[[np.random.Generator, float, float], Made]
"""From a generator, the sample rate and the carrier's offset."""
EDGE = 0.2
"""Share of GSM's normal bursts that are of eight phases."""
SLOT_SYMBOLS = 156.25


@dataclass(frozen=True, slots=True)
class Drawing:
    """How one label is made, and where: sample rate, centre, raster and greatest width in hertz."""

    make: Make
    rate_hz: float
    centre_hz: float
    raster_hz: float
    width_hz: float


def _gsm(kind: gsm_waveform.Kind, rng: np.random.Generator, rate: float, carrier: float) -> Made:
    sequence = int(rng.integers(len(gsm_waveform.FORMATS[kind].known)))
    modulation: gsm_waveform.Modulation = "8psk" if kind == "normal" and rng.random() < EDGE else "gmsk"
    wave, start = gsm_waveform.generate(
        kind, rng, rate_hz=rate, sequence=sequence, modulation=modulation, carrier_offset_hz=carrier
    )
    return wave, start, gsm_waveform.CHANNEL_HZ


def _gsm_base(rng: np.random.Generator, rate: float, carrier: float) -> Made:
    """Six frames of a carrier that is sent on in every slot, its power lowered between them for a symbol or two."""
    sequence, slot = int(rng.integers(8)), SLOT_SYMBOLS * rate / gsm_waveform.SYMBOL_RATE_HZ
    wave = np.zeros(math.ceil(49 * slot), np.complex64)
    for number in range(48):
        burst, start = gsm_waveform.generate(
            "normal", rng, rate_hz=rate, sequence=sequence, carrier_offset_hz=carrier, delay_samples=(number * slot) % 1
        )
        at = int(number * slot)
        wave[at : at + len(burst)] += burst
    return wave, start, gsm_waveform.CHANNEL_HZ


def _umts(kind: str, rng: np.random.Generator, rate: float, carrier: float) -> Made:
    if kind == "prach":
        chips = umts_waveform.preamble_chips(int(rng.integers(8192)), int(rng.integers(16)))
    elif kind == "dpch":
        factor, gains = int(rng.choice([4, 8, 16, 32, 64, 128, 256])), (15, int(rng.integers(4, 16)))
        chips = umts_waveform.dedicated_chips(
            int(rng.integers(1 << 24)), 15, rng, factor=factor, data=gains[0], control=gains[1]
        )
    else:
        chips = umts_waveform.downlink_chips(int(rng.integers(15, 31)), rng)
    wave, start = umts_waveform.generate(chips, rate_hz=rate, carrier_offset_hz=carrier)
    return wave, start, umts_waveform.CHIP_RATE_HZ


def _lte(kind: lte_waveform.Kind, rng: np.random.Generator, rate: float, carrier: float) -> Made:
    blocks = {
        "pusch": int(rng.choice(lte_waveform.allowed_blocks(25))),
        "srs": 4 * int(rng.integers(1, 7)),
        "pucch": 1,
        "prach": 6,
    }[kind]
    wave = lte_waveform.generate(
        kind, rng, rate_hz=rate, blocks=blocks, preamble_format=int(rng.integers(4)), carrier_offset_hz=carrier
    )
    width = lte_waveform.PREAMBLE * lte_waveform.PREAMBLE_HZ if kind == "prach" else blocks * lte_waveform.BLOCK_HZ
    return wave, 0.0, width


def _lte_base(rng: np.random.Generator, rate: float, carrier: float) -> Made:
    """Ten milliseconds of a base station, which then is silent."""
    blocks = int(rng.choice([6, 15, 25]))
    wave = lte_cell_waveform.downlink(rng, int(rng.integers(504)), rate_hz=rate, blocks=blocks)
    return _turned(wave, rate, carrier, blocks * lte_waveform.BLOCK_HZ)


def _nr(kind: nr_waveform.Kind, rng: np.random.Generator, rate: float, carrier: float) -> Made:
    multiple = int(rng.integers(1, 3))
    blocks, symbols = int(rng.integers(2, 25 // multiple)), int(rng.choice([14, 14, 13, 12, 10, 7]))
    precoded = bool(rng.random() < 0.3)
    if precoded:
        blocks = max(n for n in lte_waveform.allowed_blocks() if n <= blocks)  # TS 38.211 §6.3.1.4
    wave = nr_waveform.generate(
        kind, rng, rate_hz=rate, multiple=multiple, blocks=blocks, symbols=symbols, precoded=precoded,
        preamble_format=str(rng.choice(list(nr_waveform.SHORT_FORMATS))), carrier_offset_hz=carrier,
    )  # fmt: skip
    subcarriers = {"prach": nr_waveform.SHORT_PREAMBLE, "pusch": 12 * blocks, "downlink": 240}[kind]
    return wave, 0.0, subcarriers * multiple * lte_waveform.SUBCARRIER_HZ


def _bluetooth(kind: bluetooth_waveform.Kind, rng: np.random.Generator, rate: float, carrier: float) -> Made:
    wave, start = bluetooth_waveform.generate(
        kind, rng, rate_hz=rate, symbols=int(rng.integers(130, 2800)), index=float(rng.uniform(0.28, 0.35)),
        carrier_offset_hz=carrier, phases=int(rng.choice([4, 8])),
    )  # fmt: skip
    return wave, start, bluetooth_waveform.CHANNEL_HZ


def _ble(phys: tuple[ble_waveform.Phy, ...], kind: str, rng: np.random.Generator, rate: float, carrier: float) -> Made:
    phy = phys[int(rng.integers(len(phys)))]
    wave, start = ble_waveform.generate(
        "data" if kind == "data" else "advertising", rng, rate_hz=rate, phy=phy, octets=int(rng.integers(6, 37)),
        spread=int(rng.choice([1, 4])), index=float(rng.uniform(0.46, 0.54)), carrier_offset_hz=carrier,
    )  # fmt: skip
    return wave, start, 1e6


def _dect(side: dect_waveform.Side, rng: np.random.Generator, rate: float, carrier: float) -> Made:
    bits = int(rng.choice([length for lengths in dect_waveform.PACKETS.values() for length in lengths]))
    deviation = float(rng.uniform(240e3, 340e3))
    wave, start = dect_waveform.generate(
        side, rng, rate_hz=rate, bits=bits, deviation_hz=deviation, carrier_offset_hz=carrier
    )
    return wave, start, dect_waveform.BIT_RATE_HZ


def _wifi(kind: str, rng: np.random.Generator, rate: float, carrier: float) -> Made:
    if kind == "ofdm":
        wave, start = wifi_waveform.generate_ofdm(
            rng, rate_hz=rate, symbols=int(rng.integers(5, 60)), prefix_s=float(rng.choice([0.4e-6, 0.8e-6])),
            order=int(rng.choice([4, 16, 64])), carrier_offset_hz=carrier,
        )  # fmt: skip
    else:
        rates: list[wifi_waveform.Rate] = ["1", "2", "5.5", "11"]
        chosen, short = rates[int(rng.integers(4))], bool(rng.random() < 0.3)
        wave, start = wifi_waveform.generate_dsss(
            rng, rate_hz=rate, rate=chosen, short=short and chosen != "1", data_octets=int(rng.integers(14, 200)),
            carrier_offset_hz=carrier,
        )  # fmt: skip
    return wave, start, 16.5e6


def _turned(wave: NDArray[np.complexfloating], rate: float, carrier: float, width: float) -> Made:
    wave = wave * np.exp(2j * np.pi * carrier / rate * np.arange(len(wave)))
    return np.asarray(wave / math.sqrt(float(np.mean(np.abs(wave) ** 2))), np.complex64), 0.0, width


ZIGBEE_ZERO = "11011001110000110101001000101110"
"""Chips of symbol 0, first chip first (IEEE 802.15.4-2015 table 12-1)."""


def _zigbee(rng: np.random.Generator, rate: float, carrier: float) -> Made:
    """Random symbols behind eight zeros: chips of symbol s < 8 are symbol 0's, turned by 4 s."""
    zero = [int(c) for c in ZIGBEE_ZERO]
    chips: list[int] = []
    for symbol in [0] * 8 + [7, 10] + rng.integers(0, 16, int(rng.integers(20, 120))).tolist():
        turned = zero[-4 * (symbol % 8) :] + zero[: -4 * (symbol % 8)] if symbol % 8 else list(zero)
        chips += [c ^ (k & 1) if symbol > 7 else c for k, c in enumerate(turned)]
    per_chip = rate / 2e6
    t = np.arange(round((len(chips) + 1) * per_chip)) / per_chip
    wave = np.zeros(len(t), np.complex128)
    for odd in (0, 1):  # the even chips on I, the odd ones half a period later on Q, each half a sine
        k = ((t - odd) // 2).astype(int) * 2 + odd
        inside = (t >= odd) & (k < len(chips))
        sign = 2 * np.array(chips)[np.clip(k, 0, len(chips) - 1)] - 1
        wave += np.where(inside, sign * np.sin(np.pi / 2 * (t - k)), 0) * (1j if odd else 1)
    return _turned(wave, rate, carrier, 2.4e6)


def _mode_s(bits: int, rng: np.random.Generator, rate: float, carrier: float) -> Made:
    halves = np.zeros(16 + 2 * bits)
    halves[[0, 2, 7, 9]] = 1
    halves[16 + 2 * np.arange(bits) + rng.integers(0, 2, bits)] = 1
    at = (np.arange(round(len(halves) * 0.5e-6 * rate)) / (0.5e-6 * rate)).astype(int)
    return _turned(halves[np.minimum(at, len(halves) - 1)].astype(np.complex128), rate, carrier, 1.9e6)


def _lora(rng: np.random.Generator, rate: float, carrier: float) -> Made:
    width, factor = float(rng.choice([125e3, 250e3, 500e3])), int(rng.integers(7, 11))
    count = round((1 << factor) / width * rate)
    shifts = [0.0] * 8 + rng.random(8).tolist()
    ramps = [(np.mod(np.arange(count) / count + shift, 1.0) - 0.5) * width for shift in shifts]
    return _turned(np.exp(2j * np.pi * np.cumsum(np.concatenate(ramps)) / rate), rate, carrier, width)


def _fsk(rng: np.random.Generator, rate: float, carrier: float) -> Made:
    """A meter's or a remote's keying: 2 to 50 kbit/s, two to six times as fast apart."""
    bits_per_s = float(np.exp(rng.uniform(np.log(2e3), np.log(50e3))))
    deviation = min(60e3, bits_per_s * float(rng.uniform(1, 3)))
    seconds = max(3e-3, 60 / bits_per_s)
    shape = (None, 0.5, 1.0)[int(rng.integers(3))]
    wave = frequency_shift(round(seconds * rate), rate, rng, bits_per_s=bits_per_s, deviation_hz=deviation, bt=shape)
    return _turned(wave, rate, carrier, 2 * deviation + bits_per_s)


def _ook(rng: np.random.Generator, rate: float, carrier: float) -> Made:
    """A remote: 24 bits, each a short or a long pulse in four."""
    unit = round(float(rng.uniform(250e-6, 500e-6)) * rate)
    pieces = [np.r_[np.ones(on * unit), np.zeros((4 - on) * unit)] for on in rng.choice([1, 3], 24)]
    wave = np.concatenate(pieces)[: -unit or None]
    ramp = np.ones(max(1, round(5e-6 * rate)))
    wave = np.convolve(wave, ramp / len(ramp), "same") / math.sqrt(0.5)
    return (wave * np.exp(2j * np.pi * carrier / rate * np.arange(len(wave)))).astype(np.complex64), 0.0, 20e3


def _voice(rng: np.random.Generator, rate: float, carrier: float) -> Made:
    count, low = round(40e-3 * rate), round(0.3e3 * 40e-3)
    spectrum = np.zeros(count // 2 + 1, np.complex128)
    part = slice(low, round(3e3 * 40e-3))
    spectrum[part] = rng.normal(size=(part.stop - low, 2)).view(np.complex128)[:, 0]
    speech = np.fft.irfft(spectrum, count)
    wave = np.exp(2j * np.pi * np.cumsum(speech / np.std(speech) * 1.5e3) / rate)
    return _turned(wave, rate, carrier, 12.5e3)


def _spur(rng: np.random.Generator, rate: float, carrier: float) -> Made:
    return _turned(tone(round(float(rng.uniform(2e-3, 20e-3)) * rate), rate, rng), rate, carrier, 20e3)


def _unknown(rng: np.random.Generator, rate: float, carrier: float) -> Made:
    """As long as a phone's burst and of no standard: noise of a band, fast keying, symbols without reference signals.

    A carrier, and a remote's slow keying, have names of their own.
    """
    names = [name for name in IMPOSTORS if name not in ("tone", "fsk")]
    made = IMPOSTORS[names[int(rng.integers(len(names)))]]
    seconds = float(rng.choice([325e-6, 547e-6, 1e-3, rng.uniform(0.25e-3, 2e-3)]))
    return _turned(made.make(round(seconds * rate), rate, rng), rate, carrier, made.width_hz)


def _supply(rng: np.random.Generator, rate: float, carrier: float) -> Made:
    """A switching supply's noise for 6 to 15 ms."""
    count = round(rng.uniform(6e-3, 15e-3) * rate)
    turn = np.exp(2j * np.pi * carrier / rate * np.arange(count)).astype(np.complex64)
    return IMPOSTORS["supply"].make(count, rate, rng) * turn, 0.0, IMPOSTORS["supply"].width_hz


JAMMED_HZ = 8e6


def _jammer(rng: np.random.Generator, rate: float, carrier: float) -> Made:
    """Noise over what is recorded of the phones' band, for 6 to 15 ms; one that sweeps has lanes of its own."""
    return _turned(gaussian(round(rng.uniform(6e-3, 15e-3) * rate), rate, rng, JAMMED_HZ), rate, carrier, JAMMED_HZ)


DRAWINGS: Mapping[str, Drawing] = {
    "gsm:normal": Drawing(partial(_gsm, "normal"), 4e6, 900e6, 200e3, 200e3),
    "gsm:access": Drawing(partial(_gsm, "access"), 4e6, 900e6, 200e3, 200e3),
    "gsm:downlink": Drawing(_gsm_base, 4e6, 945e6, 200e3, 200e3),
    "umts:prach": Drawing(partial(_umts, "prach"), 10e6, 1950e6, 200e3, 3.84e6),
    "umts:dpch": Drawing(partial(_umts, "dpch"), 10e6, 1950e6, 200e3, 3.84e6),
    "umts:downlink": Drawing(partial(_umts, "downlink"), 10e6, 2140e6, 200e3, 3.84e6),
    "lte:prach": Drawing(partial(_lte, "prach"), 7.68e6, 1747.5e6, 180e3, 1.05e6),
    "lte:pusch": Drawing(partial(_lte, "pusch"), 7.68e6, 1747.5e6, 180e3, 4.5e6),
    "lte:pucch": Drawing(partial(_lte, "pucch"), 7.68e6, 1747.5e6, 180e3, 180e3),
    "lte:srs": Drawing(partial(_lte, "srs"), 7.68e6, 1747.5e6, 180e3, 4.4e6),
    "lte:downlink": Drawing(_lte_base, 7.68e6, 1842.5e6, 100e3, 4.5e6),
    "nr:prach": Drawing(partial(_nr, "prach"), 7.68e6, 1747.5e6, 180e3, 4.2e6),
    "nr:pusch": Drawing(partial(_nr, "pusch"), 7.68e6, 1747.5e6, 180e3, 4.4e6),
    "nr:downlink": Drawing(partial(_nr, "downlink"), 15.36e6, 1842.5e6, 100e3, 7.2e6),
    "bluetooth:br": Drawing(partial(_bluetooth, "br"), 10e6, 2441e6, 1e6, 1e6),
    "bluetooth:edr": Drawing(partial(_bluetooth, "edr"), 10e6, 2441e6, 1e6, 1e6),
    "ble:advertising": Drawing(partial(_ble, ("1M", "coded"), "advertising"), 10e6, 2402e6, 10e6, 1e6),
    "ble:data": Drawing(partial(_ble, ("1M", "2M", "coded"), "data"), 10e6, 2440e6, 2e6, 2e6),
    "dect:base": Drawing(partial(_dect, "base"), 10e6, 1_888.704e6, 1.728e6, 1e6),
    "dect:portable": Drawing(partial(_dect, "portable"), 10e6, 1_881.792e6, 1.728e6, 1e6),
    "wifi:ofdm": Drawing(partial(_wifi, "ofdm"), 25e6, 2437e6, 20e6, 16.5e6),
    "wifi:dsss": Drawing(partial(_wifi, "dsss"), 25e6, 2437e6, 20e6, 16.5e6),
    "other:zigbee": Drawing(_zigbee, 10e6, 2440e6, 5e6, 2.4e6),
    "other:adsb": Drawing(partial(_mode_s, 112), 4e6, 1090e6, 10e6, 1.9e6),
    "other:mode-s": Drawing(partial(_mode_s, 56), 4e6, 1090e6, 10e6, 1.9e6),
    "other:lora": Drawing(_lora, 2e6, 868e6, 100e3, 500e3),
    "other:fsk": Drawing(_fsk, 1e6, 868e6, 50e3, 200e3),
    "other:ook": Drawing(_ook, 1e6, 433.9e6, 50e3, 20e3),
    "other:voice-fm": Drawing(_voice, 1e6, 446e6, 12.5e3, 12.5e3),
    "noise:wideband": Drawing(_supply, 10e6, 900e6, 200e3, 2.4e6),
    "noise:jammer": Drawing(_jammer, 10e6, 897.5e6, 200e3, JAMMED_HZ),
    "spur:cw": Drawing(_spur, 4e6, 900e6, 13e3, 20e3),
    "unknown:burst": Drawing(_unknown, 4e6, 900e6, 200e3, 1.2e6),
}
