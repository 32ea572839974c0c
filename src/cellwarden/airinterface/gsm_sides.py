"""Which side of a band GSM bursts are of, where the tuned frequency does not tell.

    slot        0  1  2  3  4  5  6  7  0  1  2  3  4  5  6  7
    beacon      ▇  ▇  ▇  ▇  ▇  ▇  ▇  ▇  ▇  ▇  ▇  ▇  ▇  ▇  ▇  ▇      never silent, always as loud, of one clock
    calls       ▇        ▃        ▅     ▇        ▃        ▅         each at its own level, each by its own clock

From 880 to 894 MHz, and from 1850 to 1880, one country's phones send where another's base stations do. A carrier with
many calls looks busy there, so nothing less than a beacon is believed to be one: TS 45.008 §7.1 has it send in all
slots at full power. Nor is one whose bursts come by several clocks; one clock proves nothing, since phones of one
building are told the same advance.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.gsm_station import ALIKE, FILLED, STATION_SLOTS, one_clock
from cellwarden.airinterface.gsm_waveform import CHANNEL_HZ, SLOT_SYMBOLS, SYMBOL_RATE_HZ, Kind
from cellwarden.model import Emission
from cellwarden.model.many import columns

FEWEST_STATIONS = 2
"""Bursts in a stretch that prove that the receiver hears base stations, where the tuned frequency is not told."""
BEACON_BURSTS = 3
"""Bursts of one carrier that prove it where the frequency is told and is one country's uplink, another's downlink."""
AROUND_SLOTS = 12
"""Before and after a burst, in which its carrier is looked at."""


def settle(emissions: list[Emission], rate_hz: float) -> list[Emission]:
    """Tell a base station's carriers from those of phones, where the tuned frequency leaves that open.

    A carrier is a station's where it goes on, or is busy at one level in nearly all of its slots, unless its bursts
    come by several clocks: several calls may fill a carrier, each by its own.

    A few bursts of base stations prove that all others are theirs too, whose side the frequency does not tell: the two
    sides of a band lie 10 MHz and more apart (TS 45.005 §2), so that a receiver hears but one of them.

    `emissions` are those of a stretch of a recording, in any order.
    """
    slot = SLOT_SYMBOLS / SYMBOL_RATE_HZ * rate_hz
    settled = list(emissions)
    undecided = [number for number, e in enumerate(emissions) if is_open(e)]
    if undecided:
        told = _of_stations(emissions, undecided, rate_hz)
        for number in undecided:
            if number in told:
                settled[number] = _downlink(emissions[number])
            elif emissions[number].label != "gsm:normal":
                settled[number] = _uplink(emissions[number])
    stations = [e for e in settled if e.label == "gsm:downlink"]
    if not stations:
        return settled
    whole = any(e.sample_count > STATION_SLOTS * slot for e in stations)
    if whole or len(stations) >= FEWEST_STATIONS:
        settled = [_downlink(e) if e.cfo_hz is None else e for e in settled]
    either = [carrier_of(e) for e in emissions if _either(e)]
    if either:  # a beacon among them is of the same stretch of frequencies
        beacons = Counter(carrier_of(e) for e in stations if min(either) <= carrier_of(e) <= max(either))
        if max(beacons.values(), default=0) >= BEACON_BURSTS:
            settled = [_downlink(e) if _either(e) else e for e in settled]
    return settled


def is_open(emission: Emission) -> bool:
    """Whether nothing but the company that a burst keeps tells who sent it."""
    if emission.label == "gsm:normal":
        return emission.cfo_hz is None or emission.direction != "uplink"
    return emission.label == "gsm:downlink" and emission.direction != "downlink"


def clocked(emissions: Sequence[Emission], rate_hz: float) -> float:
    """Nats by which the bursts among one carrier's emissions are rather one station's than several phones'."""
    single = [e for e in emissions if e.sample_count < SLOT_SYMBOLS / SYMBOL_RATE_HZ * rate_hz]
    start = np.array([e.sample_start + (e.timing_samples or 0.0) for e in single])
    return one_clock(start / rate_hz * SYMBOL_RATE_HZ, np.array([e.snr_db for e in single]))


def carrier_of(emission: Emission) -> int:
    """Number of its carrier, in halves of a channel from the middle of what was recorded."""
    return round((emission.low_offset_hz + emission.high_offset_hz) / 2 / CHANNEL_HZ * 2)


def _of_stations(emissions: Sequence[Emission], undecided: Sequence[int], rate_hz: float) -> set[int]:
    """Numbers of the bursts on carriers of some undecided ones that are a base station's, by those around them.

    Bursts of all carriers are looked at at once: by carrier and start they lie in one row, carriers far apart.
    """
    slot = SLOT_SYMBOLS / SYMBOL_RATE_HZ * rate_hz
    low, high, starts, levels = columns(emissions, "low_offset_hz", "high_offset_hz", "sample_start", "snr_db")
    carriers = np.rint((low + high) / CHANNEL_HZ).astype(np.int64)
    labels = [e.label for e in emissions]
    access = np.array([label == "gsm:access" for label in labels])
    station = np.array([label == "gsm:downlink" for label in labels])
    lowest = int(carriers.min())
    asked = np.zeros(int(carriers.max()) - lowest + 1, np.bool_)
    asked[carriers[undecided] - lowest] = True
    own = np.flatnonzero(asked[carriers - lowest] & ~access)
    starts = starts[own] - starts[own].min()
    starts += (carriers[own] - carriers[own].min()) * (starts.max() + 3 * AROUND_SLOTS * slot)
    order = np.argsort(starts, kind="stable")
    own, starts = own[order], starts[order]
    levels = levels[own]
    first = np.searchsorted(starts, starts - AROUND_SLOTS * slot)
    end = np.searchsorted(starts, starts + AROUND_SLOTS * slot)
    slots = np.rint((starts[end - 1] - starts[first]) / slot) + 1
    looks = _filled(levels, first, end, slots)
    looks |= station[own]
    return {
        int(own[i])
        for i in np.flatnonzero(looks).tolist()
        if clocked([emissions[n] for n in own[first[i] : end[i]].tolist()], rate_hz) >= 0
    }


def _filled(
    levels: NDArray[np.float64], first: NDArray[np.int64], end: NDArray[np.int64], slots: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Of each burst of a carrier, whether nearly all slots around it hold one as loud: bool, shape (n,).

    levels: in decibels; first, end: numbers of those around it; slots: how many they span. All of shape (n,).
    """
    filled = (slots >= STATION_SLOTS) & (end - first >= FILLED * slots)
    for i in np.flatnonzero(filled).tolist():
        alike = np.abs(levels[first[i] : end[i]] - levels[i]) < 10 * np.log10(ALIKE)
        filled[i] = np.count_nonzero(alike) >= FILLED * slots[i]
    return np.asarray(filled)


def _either(emission: Emission) -> bool:
    """Whether the tuned frequency is told, and one country's uplink and another's downlink."""
    return emission.cfo_hz is not None and emission.direction == "unknown" and emission.label != "gsm:downlink"


def _downlink(emission: Emission) -> Emission:
    return replace(emission, label="gsm:downlink", direction="downlink")


def _uplink(emission: Emission) -> Emission:
    kind: Kind = "normal" if "training_sequence" in emission.details else "access"
    sent_by_phones = kind == "access" and emission.cfo_hz is None
    return replace(emission, label=f"gsm:{kind}", direction="uplink" if sent_by_phones else "unknown")
