"""What is no phone: names what looks like a burst and is a remote, a meter, an aircraft, a drone, or the receiver.

    keyed carrier   |████  █ █ ████  |   other:ook      frequency keyed  ▔▁▔▔▁▁▔▁      other:fsk
    Mode S          ▌▌ ▌▌  ▐▌▌▐▐▌…       other:adsb     chirps           ╱╱╱╱╱╱╱╱      other:lora
    IEEE 802.15.4   32 chips of 2 MHz, 8 times symbol 0: other:zigbee
    DroneID         Zadoff–Chu symbols of 601 among 15 kHz OFDM: other:dji-droneid
    voice           slow frequency, steady envelope: other:voice-fm
    a line          spur:cw;    all energy in a few samples of the whole band: noise:impulse


Each name needs something that phones have not: a known sequence, or a shape that no cellular standard allows.

Sources: IEEE 802.15.4-2015 §12 (chips), ICAO Annex 10 vol. IV §3.1.2 (Mode S), Semtech AN1200.22 (LoRa), Schiller et
al., NDSS 2023 (DroneID: roots 600 and 147 of length 601).
"""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from cellwarden.airinterface.declaration import Interface
from cellwarden.airinterface.impostors_features import (
    Narrow,
    envelope_spread,
    frequency,
    levels,
    line_share,
    narrow,
    resampled,
    rounded,
    switches_hz,
    template_match,
)
from cellwarden.airinterface.impostors_kernels import pulse_contrasts
from cellwarden.model import Block, Burst, Emission

WIDEST_KEYED_HZ = 300e3
"""Remotes and meters of the ISM bands below 1 GHz are narrower (ETSI EN 300 220)."""
LINE_SHARE = 0.85
CLEAR_DB = 6.0
"""Least SNR of a box for names that rest on its shape."""
FAINT_DB, MODE_S_LEAST_S, MODE_S_LEAST_HZ = 2.0, 45e-6, 0.4e6
MODE_S_MOST_HZ = 12e6
"""Of a box: the power of pulses of half a microsecond has fallen by 20 dB at 6 MHz."""
STEADY = 0.15
"""Most spread of the power of a constant envelope behind a filter."""
TWO_LEVELS = 0.8
"""Least part of a keyed frequency near its two levels; GMSK of BT 0.3 or 0.5 has less than 0.7."""
FASTEST_KEYED_HZ = 60e3
"""Switches a second; GSM has some 135,000."""
VOICE_HZ = 4e3
ZIGBEE_CHIPS = "11011001110000110101001000101110"
"""Symbol 0, first chip first (IEEE 802.15.4-2015 table 12-1)."""
ZIGBEE_RATE_HZ = 8e6
ZIGBEE_MATCH = 0.45
MODE_S_HZ, MODE_S_SLACK_HZ = 1090e6, 1.3e6
MODE_S_RATIO, MODE_S_CONTRAST = 1.5, 0.42
"""Least ratio of the preamble's pulses to its gaps, and least contrast of the halves of a bit; noise has 1 and 0.3."""
MODE_S_US = {"other:adsb": 120, "other:mode-s": 64}
MODE_S_PULSES, MODE_S_GAPS = (0.0, 1.0, 3.5, 4.5), (0.5, 2.0, 2.5, 5.5, 6.5)
"""Microseconds at which half a microsecond of the preamble is on, or off."""
LORA_WIDTHS_HZ = (125e3, 250e3, 500e3)
LORA_FACTORS = range(7, 13)
DRONE_RATE_HZ, DRONE_SIZE, DRONE_LENGTH, DRONE_ROOTS = 15.36e6, 1024, 601, (600, 147)
DRONE_MATCH = 0.25
IMPULSE_RATIO, IMPULSE_EXCESS, IMPULSE_SHARE = 10.0, 0.15, 0.6
"""A peak's least power over the usual one (noise: one sample in 20,000), the least that all power exceeds the usual
one's, and the least part of that excess that lies in peaks."""
MOST_CLICKS, MOST_PEAKS, LONGEST_PEAK_S = 3, 0.25, 3e-6


def recognise(burst: Burst, block: Block) -> list[Emission]:
    """Name a box that is no phone's, by the first name that fits."""
    width = burst.high_offset_hz - burst.low_offset_hz
    duration = burst.sample_count / block.segment.rate_hz
    if burst.snr_db >= FAINT_DB and duration >= MODE_S_LEAST_S and MODE_S_LEAST_HZ <= width <= MODE_S_MOST_HZ:
        frames = _mode_s(burst, block)
        if frames:
            return frames
    if burst.snr_db < CLEAR_DB:
        return []
    for least_s, most_s, least_hz, most_hz, look in _LOOKS:
        if least_s <= duration <= most_s and least_hz <= width <= most_hz:
            found = look(burst, block)
            if found:
                return [found]
    return []


def _named(
    label: str, burst: Burst, confidence: float, details: dict[str, str | int | float], middle_hz: float | None = None
) -> Emission:
    return Emission(
        label=label,
        sample_start=burst.sample_start,
        sample_count=burst.sample_count,
        low_offset_hz=burst.low_offset_hz,
        high_offset_hz=burst.high_offset_hz,
        snr_db=burst.snr_db,
        confidence=confidence,
        carrier_offset_hz=middle_hz,
        floor_dbfs_hz=burst.floor_dbfs_hz,
        details=details,
    )


def _impulse(burst: Burst, block: Block) -> Emission | None:
    """Nearly all energy of the whole band lies in few and short peaks."""
    first = max(0, burst.sample_start - block.sample_start)
    iq = block.iq[first : burst.sample_start - block.sample_start + burst.sample_count].astype(np.float32)
    power = np.sum(iq * iq, axis=1)
    middle = [(len(power) - 1) // 2, len(power) // 2]
    usual = float(np.mean(np.partition(power, middle)[middle])) / math.log(2)
    strong = power > IMPULSE_RATIO * usual
    peaks = np.count_nonzero(np.diff(np.concatenate([[False], strong]).astype(np.int8)) == 1)
    above = float(np.sum(power)) - len(power) * usual
    if not 1 <= peaks <= MOST_CLICKS or above < IMPULSE_EXCESS * len(power) * usual or np.mean(strong) > MOST_PEAKS:
        return None
    share = min(1.0, float(np.sum(power[strong] - usual)) / above)
    peak_s = float(np.count_nonzero(strong)) / peaks / block.segment.rate_hz
    if share < IMPULSE_SHARE or peak_s > LONGEST_PEAK_S:
        return None
    return _named("noise:impulse", burst, 0.8, {"peak_share": rounded(share)})


def _line(burst: Burst, block: Block) -> Emission | None:
    """A carrier without modulation; `settle` tells a keyed one by its many pulses."""
    width = burst.high_offset_hz - burst.low_offset_hz
    share, middle = line_share(narrow(burst, block, 2 * width, 4 * width))
    if share < LINE_SHARE:
        return None
    return _named("spur:cw", burst, 0.5 + 0.25 * min(1.0, (share - LINE_SHARE) / 0.1), {}, middle)


def _keyed_frequency(burst: Burst, block: Block) -> Emission | None:
    """Two frequencies, each held for longer than its edges take; or the slow frequency of a voice."""
    width = burst.high_offset_hz - burst.low_offset_hz
    box = narrow(burst, block, 2.0 * width, 6 * width)
    box = _loud(box)
    if len(box.y) < 64 or envelope_spread(box) > STEADY:
        return None
    turns = frequency(box.y)
    low, high, near = levels(turns)
    switches = switches_hz(turns, (low + high) / 2, box.rate_hz)
    apart = (high - low) / (2 * np.pi) * box.rate_hz
    held = apart / max(switches, 1.0)
    if near > TWO_LEVELS and switches < FASTEST_KEYED_HZ and held > 0.5:
        details: dict[str, str | int | float] = {
            "deviation_hz": rounded(apart / 2),
            "switches_hz": rounded(switches),
        }
        return _named("other:fsk", burst, min(0.97, 0.6 + 2 * (near - TWO_LEVELS)), details)
    if width < 30e3 and len(box.y) / box.rate_hz > 20e-3 and _is_voice(turns, box.rate_hz):
        return _named(
            "other:voice-fm", burst, 0.8, {"deviation_hz": rounded(float(np.std(turns)) * box.rate_hz / 6.28)}
        )
    return None


def _loud(box: Narrow) -> Narrow:
    """Without what lies before and after the burst in a box that is a little long."""
    power = np.convolve(np.abs(box.y) ** 2, np.ones(9) / 9, "same")
    loud = np.flatnonzero(power > 0.25 * float(np.quantile(power, 0.7)))
    return replace(box, y=box.y[loud[0] : loud[-1] + 1]) if len(loud) else box


def _is_voice(turns: NDArray[np.float32], rate_hz: float) -> bool:
    """Whether nearly all of the frequency's movement lies below what speech has."""
    spectrum = np.abs(np.fft.rfft(turns - turns.mean())) ** 2
    voice = round(VOICE_HZ / rate_hz * len(turns))
    return float(np.sum(spectrum[1:voice])) > 0.9 * float(np.sum(spectrum[1:]))


@lru_cache
def _zigbee_preamble() -> NDArray[np.complex64]:
    """Eight times symbol 0: even chips on I, odd ones half a period later on Q, each half a sine."""
    per_chip = round(ZIGBEE_RATE_HZ / 2e6)
    chips = [1.0 if c == "1" else -1.0 for c in ZIGBEE_CHIPS * 8]
    pulse = np.sin(np.pi * np.arange(2 * per_chip) / (2 * per_chip))
    wave = np.zeros((len(chips) + 1) * per_chip, np.complex128)
    for k, chip in enumerate(chips):
        wave[k * per_chip : (k + 2) * per_chip] += chip * pulse * (1j if k & 1 else 1)
    return (wave / math.sqrt(float(np.sum(np.abs(wave) ** 2)))).astype(np.complex64)


def _zigbee(burst: Burst, block: Block) -> Emission | None:
    """The preamble of eight zeros; the turns from sample to sample know no carrier."""
    middle = (burst.low_offset_hz + burst.high_offset_hz) / 2
    values = resampled(narrow(burst, block, 2.4e6, 2 * ZIGBEE_RATE_HZ, middle), ZIGBEE_RATE_HZ)
    template = _zigbee_preamble()
    if len(values) <= len(template) + 2:
        return None
    values = values[: 1 << 17]
    at, share = template_match(_turns(values), _turns(template, unit=True))
    if share < ZIGBEE_MATCH:
        return None
    start = round(at / ZIGBEE_RATE_HZ * block.segment.rate_hz)
    rest = replace(burst, sample_start=burst.sample_start + start, sample_count=burst.sample_count - start)
    return _named("other:zigbee", rest, min(0.99, 0.5 + share), {"preamble": rounded(share)}, middle)


def _turns(values: NDArray[np.complex64], *, unit: bool = False) -> NDArray[np.complex64]:
    """Each sample times the conjugate of the one half a microsecond before, all of one size."""
    lag = round(ZIGBEE_RATE_HZ * 0.5e-6)
    product = values[lag:] * values[:-lag].conj()
    product /= np.maximum(np.abs(product), 1e-30)
    return np.asarray(product / math.sqrt(len(product)) if unit else product, np.complex64)


def _mode_s(burst: Burst, block: Block) -> list[Emission]:
    """Pulses of half a microsecond: four of the preamble, then one or the other half of each bit."""
    rate, centre = block.segment.rate_hz, block.segment.centre_hz
    middle = (burst.low_offset_hz + burst.high_offset_hz) / 2 if centre is None else MODE_S_HZ - centre
    if not burst.low_offset_hz - MODE_S_SLACK_HZ < middle < burst.high_offset_hz + MODE_S_SLACK_HZ:
        return []
    slack = round(10e-6 * rate)
    wider = replace(burst, sample_start=burst.sample_start - slack, sample_count=burst.sample_count + 2 * slack)
    box = narrow(wider, block, 2 * MODE_S_SLACK_HZ, 8e6, middle)
    half = 0.5e-6 * box.rate_hz
    total = np.cumsum(np.concatenate([[0.0], np.abs(box.y)]))
    found: list[Emission] = []
    taken: list[tuple[float, float]] = []
    places = _preambles(total, half)
    contrasts = {label: _contrasts(total, places, half, us) for label, us in MODE_S_US.items()}
    likely = np.flatnonzero(np.max(list(contrasts.values()), axis=0) > MODE_S_CONTRAST)
    for number, at in zip(likely.tolist(), places[likely].tolist(), strict=True):
        if any(first - 1 < at < last for first, last in taken):
            continue
        for label, length_us in MODE_S_US.items():  # the long one first
            last, contrast = at + 2 * length_us * half, float(contrasts[label][number])
            if contrast > MODE_S_CONTRAST and not any(at < b and a < last - 1 for a, b in taken):
                start = block.sample_start + box.first + round(at * box.step)
                frame = replace(burst, sample_start=start, sample_count=round(length_us * 1e-6 * rate))
                sure = min(0.97, 0.35 + contrast)
                found.append(_named(label, frame, sure, {"contrast": rounded(contrast)}, middle))
                taken.append((at, last))
                break
    return found


def _contrasts(
    total: NDArray[np.float64], places: NDArray[np.int64], half: float, length_us: int
) -> NDArray[np.float64]:
    """How different the halves of a frame's bits are at each place; 0 where it does not fit in."""
    contrasts = np.zeros(len(places))
    pulse_contrasts(total, places, half, length_us, contrasts)
    return contrasts


def _preambles(total: NDArray[np.float64], half: float) -> NDArray[np.int64]:
    """Samples at which a preamble may begin, the clearest first; total: float64, the running sum of magnitudes."""
    count = len(total) - 1 - math.ceil(17 * half)
    if count <= 0:
        return np.empty(0, np.int64)
    wide = max(1, round(half))

    def mean(times: tuple[float, ...]) -> NDArray[np.float64]:
        starts = [round(2 * t * half) for t in times]
        sums = [total[s + wide : s + wide + count] - total[s : s + count] for s in starts]
        return np.asarray(sum(sums[1:], sums[0]) / (len(sums) * wide))

    on, off = mean(MODE_S_PULSES), mean(MODE_S_GAPS)
    clear = on - off
    peaks = np.flatnonzero((on > MODE_S_RATIO * off) & (clear >= maximum_filter1d(clear, 5)))
    return peaks[np.argsort(-clear[peaks], kind="stable")]


def _chirps(burst: Burst, block: Block) -> Emission | None:
    """LoRa: behind the right opposite chirp every symbol is one line."""
    width = burst.high_offset_hz - burst.low_offset_hz
    bandwidth = min(LORA_WIDTHS_HZ, key=lambda b: abs(math.log(b / width)))
    if not 0.7 < width / bandwidth < 1.4:
        return None
    box = narrow(burst, block, 1.2 * bandwidth, 4 * bandwidth)
    values = resampled(box, bandwidth)
    best = (0.0, 0)
    for factor in LORA_FACTORS:
        count = 1 << factor
        symbols = min(16, len(values) // count)
        if symbols < 6:
            break
        n = np.arange(count)
        down = np.exp(-1j * np.pi * (n * n / count - n)).astype(np.complex64)
        rows = values[: symbols * count].reshape(symbols, count) * down
        spectrum = np.abs(np.fft.fft(rows, axis=1)) ** 2
        total = spectrum.sum(axis=1)
        share = np.max(spectrum + np.roll(spectrum, 1, axis=1), axis=1) / np.maximum(total, 1e-30)
        best = max(best, (float(np.median(share)), factor))
    share, factor = best
    if share < 0.6:
        return None
    return _named(
        "other:lora",
        burst,
        min(0.98, 0.4 + share * 0.6),
        {"spreading_factor": factor, "bandwidth_hz": bandwidth, "chirp_share": rounded(share)},
    )


@lru_cache
def _drone_symbol(root: int) -> NDArray[np.complex64]:
    """One DroneID synchronisation symbol at 15.36 MHz, of unit energy."""
    n = np.arange(DRONE_LENGTH)
    sequence = np.exp(-1j * np.pi * root * n * (n + 1) / DRONE_LENGTH)
    sequence[DRONE_LENGTH // 2] = 0
    spectrum = np.zeros(DRONE_SIZE, np.complex128)
    spectrum[(n - DRONE_LENGTH // 2) % DRONE_SIZE] = sequence
    wave = np.fft.ifft(spectrum)
    return (wave / math.sqrt(float(np.sum(np.abs(wave) ** 2)))).astype(np.complex64)


def _drone(burst: Burst, block: Block) -> Emission | None:
    box = narrow(burst, block, 10e6, 2 * DRONE_RATE_HZ)
    values = resampled(box, DRONE_RATE_HZ)
    if len(values) < 2 * DRONE_SIZE:
        return None
    shares = [template_match(values, _drone_symbol(root))[1] for root in DRONE_ROOTS]
    if min(shares) < DRONE_MATCH:
        return None
    return _named("other:dji-droneid", burst, min(0.98, 0.6 + min(shares)), {"synchronisation": rounded(min(shares))})


_LOOKS: tuple[tuple[float, float, float, float, Callable[[Burst, Block], Emission | None]], ...] = (
    (10e-6, 2e-3, 0.0, math.inf, _impulse),
    (0.2e-3, math.inf, 0.0, 200e3, _line),
    (0.3e-3, math.inf, 4e3, WIDEST_KEYED_HZ, _keyed_frequency),
    (0.1e-3, 6e-3, 1.2e6, 3.5e6, _zigbee),
    (4e-3, 2.0, 80e3, 700e3, _chirps),
    (0.3e-3, 1e-3, 6e6, 13e6, _drone),
)
"""Least and most duration and width of a box, and who looks at it; the first that gives a name ends it."""


def settle(emissions: list[Emission], rate_hz: float) -> list[Emission]:
    """Many short lines on one frequency are one keyed carrier: a remote's, not the receiver's spur.

    Its pulses become one emission, from the first to the last.
    """
    lines = sorted(
        (e for e in emissions if e.label == "spur:cw" and e.sample_count < KEYED_S * rate_hz),
        key=lambda e: e.sample_start,
    )
    settled = [e for e in emissions if e not in lines]
    while lines:
        train = [lines[0]]
        for e in lines[1:]:
            gap = e.sample_start - train[-1].sample_start - train[-1].sample_count
            if (
                gap < KEYED_S * rate_hz
                and abs((e.carrier_offset_hz or 0) - (train[0].carrier_offset_hz or 0)) < KEYED_HZ
            ):
                train.append(e)
        lines = [e for e in lines if e not in train]
        settled += [_keyed(train)] if len(train) >= FEWEST_PULSES else train
    return _frames_once(settled)


def _keyed(train: list[Emission]) -> Emission:
    end = max(e.sample_start + e.sample_count for e in train)
    return replace(
        train[0],
        label="other:ook",
        sample_count=end - train[0].sample_start,
        low_offset_hz=min(e.low_offset_hz for e in train),
        high_offset_hz=max(e.high_offset_hz for e in train),
        confidence=0.9,
        details={"pulses": len(train)},
    )


def _frames_once(emissions: list[Emission]) -> list[Emission]:
    """A frame of Mode S that two boxes touch is found in both: keep the surer."""
    kept: list[Emission] = []
    ends: list[tuple[int, int]] = []
    for e in sorted(emissions, key=lambda e: -e.confidence):
        if e.label in MODE_S_US:
            if any(a < e.sample_start + e.sample_count and e.sample_start < b for a, b in ends):
                continue
            ends.append((e.sample_start, e.sample_start + e.sample_count))
        kept.append(e)
    return kept


KEYED_S, KEYED_HZ, FEWEST_PULSES = 20e-3, 10e3, 4
"""A keyed carrier's longest pulse, how far its pulses may differ in frequency, and how many there are."""


INTERFACE = Interface(
    name="impostors",
    standard="IEEE 802.15.4, ICAO Annex 10, ETSI EN 300 220",
    kinds={
        "other:zigbee": "home automation (IEEE 802.15.4)",
        "other:adsb": "an aircraft tells its position (Mode S, long)",
        "other:mode-s": "an aircraft answers a radar (Mode S, short)",
        "other:ook": "a remote or a sensor, a carrier switched on and off",
        "other:fsk": "a meter, a sensor or a remote, keyed between two frequencies",
        "other:lora": "a sensor of a LoRa network",
        "other:dji-droneid": "a drone tells its position (DroneID)",
        "other:voice-fm": "a voice radio (frequency modulation)",
        "spur:cw": "a carrier without modulation, mostly of the receiver's own",
        "spur:weak": "60 dB and more below the strongest: perhaps made in the receiver",
        "noise:impulse": "a click: a switch, a motor, a spark",
    },
    is_phone=False,
    symbol_rate_hz=0.0,
    bandwidth_hz=0.0,
    longest_s=0.0,
    recognise=recognise,
    settle=settle,
)
