"""Recordings at f0, 2f0 and 3f0 as a lane's readings, whatever was sent: CW, pulses, frequency steps, chirps.

```
 f0   u(t) = |u| e^jφ      a coupler behind the transmitter: power, instantaneous frequency and pulses are read from it
 2f0  y(t) ──× e^-j2φ ──► mean over a reading ─► amplitude, with the phase of the way there and back
 3f0  y(t) ──× e^-j3φ ──► mean over a reading ─► amplitude
```

The phase of u, doubled and tripled, takes a chirp's or a step's own course out of what answers it; what is left turns
by 2π k f0 · 2R/c. So the three oscillators must be locked, and tuned to f0, 2f0 and 3f0. The first file's `global` says

| key | meaning |
|---|---|
| `cellwarden:transmit_dbm` | e.i.r.p. of 0 dBFS in the channel of f0 |
| `cellwarden:second_dbm`, `cellwarden:third_dbm` | level at the receiver's port of 0 dBFS at 2f0 and 3f0 |
| `cellwarden:position_m`, `cellwarden:speed_m_s` | where who passes is at the first sample, and how fast he goes |
| `cellwarden:reading_s` | length of a reading: a step of frequency, a small part of a chirp; by itself 1 ms |
| `cellwarden:delay_s` | delay of cables and filters, from a known target at a known distance; by itself 0 |
"""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cellwarden.errors import LaneError
from cellwarden.language import gettext as _
from cellwarden.radio.channels import FULL, Channels, open_channels, read
from cellwarden.radio.metadata import number
from cellwarden.signature.junction_log import FASTEST_M_S, FEWEST, LONGEST_M, Log, check_length

CHANNELS = 3
READING_S = 1e-3
ON = 1e-3
"""Part of the strongest reading's power from which a reading counts as lit: power steps span less, gaps lie below."""
CUT_SHARE = 1e-4
"""Of a channel's components at full scale: noise that just fits brings fewer."""
TUNED_HZ = 1.0
STEP_HZ = 10e3
"""Frequencies of readings are told to so much; an instrument's steps are wider."""
STEP_DB = 0.3
"""Transmit powers that are nearer than this are the same step."""
BLOCK_READINGS = 256
MOST = {
    "transmit_dbm": 200.0, "second_dbm": 200.0, "third_dbm": 200.0, "position_m": LONGEST_M,
    "speed_m_s": FASTEST_M_S, "reading_s": 10.0, "delay_s": 1e-3,
}  # fmt: skip
"""That the metadata may say, whatever its sign."""


class _Scale(NamedTuple):
    """What the metadata say; see the table above."""

    transmit_dbm: float
    second_dbm: float
    third_dbm: float
    position_m: float
    speed_m_s: float
    reading_s: float
    delay_s: float


class _Reading(NamedTuple):
    time_s: float
    frequency_hz: float
    power: float
    """Of u, full scale is 1."""
    answers: tuple[complex, complex]


def read_recordings(paths: Sequence[Path], person: str = "") -> Log:
    """The passage in one recording of three channels, or in three. Raises RecordingError, LaneError."""
    channels = open_channels(paths, CHANNELS)
    scale = _scale(channels)
    _tuned(channels)
    made = list(_readings(channels, scale))
    strongest = max((one.power for one in made), default=0.0)
    lit = [one for one in made if one.power > ON * strongest]
    if len(lit) < FEWEST:
        raise LaneError(
            _("{where}: {count} readings are no passage: {least} or more are needed").format(
                where=channels.paths[0], count=len(lit), least=FEWEST
            )
        )
    time_s = np.array([one.time_s for one in lit])
    f0 = np.round(np.array([one.frequency_hz for one in lit]) / STEP_HZ) * STEP_HZ
    sent = _steps(scale.transmit_dbm + 10 * np.log10([one.power for one in lit]))
    amplitude = np.array([one.answers for one in lit]).T
    amplitude *= 10 ** (np.array([[scale.second_dbm], [scale.third_dbm]]) / 20)
    orders = np.array([[2], [3]])
    amplitude *= np.exp(2j * np.pi * orders * f0[None, :] * scale.delay_s)
    position = scale.position_m + scale.speed_m_s * time_s
    check_length(str(channels.paths[0]), position)
    return Log(person, time_s, position, sent, np.abs(amplitude) ** 2, amplitude, f0)


def _readings(channels: Channels, scale: _Scale) -> Iterator[_Reading]:
    """Means over pieces of each stretch; raises LaneError at the end where a channel was clipped."""
    piece = max(2, round(scale.reading_s * channels.rate_hz))
    cut, total = np.zeros(CHANNELS, np.int64), 0
    for stretch, centres in zip(channels.stretches, channels.centres_hz, strict=True):
        done = 0
        for wave in read(channels, stretch, piece * BLOCK_READINGS):
            parts = np.maximum(np.abs(wave.real), np.abs(wave.imag))
            cut += (parts >= FULL).sum(axis=1)
            total += wave.shape[1]
            for first in range(0, wave.shape[1] - piece + 1, piece):
                at = (stretch.sample_start + done + first + piece / 2) / channels.rate_hz
                yield _reading(wave[:, first : first + piece], at, float(centres[0] or 0.0), channels.rate_hz)
            done += wave.shape[1]
    # A transmitter's steady reference may fill its scale; what comes back may not.
    for order in (2, 3):
        if cut[order - 1] > CUT_SHARE * total:
            raise LaneError(
                _("{path}: the channel at {order}f0 is clipped: record again with less gain").format(
                    path=channels.paths[-1 if len(channels.paths) == 1 else order - 1], order=order
                )
            )


def _reading(wave: NDArray[np.complex64], at_s: float, centre_hz: float, rate_hz: float) -> _Reading:
    """One piece, shape (3, n), where it is lit: a pulse fills a part of it."""
    reference = wave[0].astype(np.complex128)
    power = np.abs(reference) ** 2
    lit = power > ON * power.max()
    share = np.count_nonzero(lit)
    if share < 2:
        return _Reading(at_s, centre_hz, 0.0, (0j, 0j))
    unit = np.where(lit, reference / np.maximum(np.abs(reference), 1e-30), 0)
    turn = np.vdot(unit[:-1], unit[1:])
    second, third = (complex((wave[k - 1] * np.conj(unit**k)).sum() / share) for k in (2, 3))
    offset = float(np.angle(turn)) * rate_hz / (2 * math.pi)
    return _Reading(at_s, centre_hz + offset, float(power[lit].mean()), (second, third))


def _scale(channels: Channels) -> _Scale:
    values = []
    defaults = {"reading_s": READING_S, "delay_s": 0.0}
    for name in _Scale._fields:
        value = number(channels.metadata.get(f"cellwarden:{name}", defaults.get(name)))
        if value is None or (name == "reading_s" and value <= 0):
            raise LaneError(
                _("{path}: cellwarden:{name} is missing or no number: write it into global").format(
                    path=channels.paths[0], name=name
                )
            )
        if abs(value) > MOST[name]:
            raise LaneError(
                _("{path}: cellwarden:{name} is {value}: write {most} at most").format(
                    path=channels.paths[0], name=name, value=f"{value:g}", most=f"{MOST[name]:g}"
                )
            )
        values.append(value)
    return _Scale(*values)


def _tuned(channels: Channels) -> None:
    for centres in channels.centres_hz:
        if centres[0] is None or any(
            centre is None or abs(centre - order * centres[0]) > TUNED_HZ for order, centre in enumerate(centres[1:], 2)
        ):
            raise LaneError(
                _("{path}: core:frequency must be f0, and of the others exactly 2f0 and 3f0: mend it").format(
                    path=channels.paths[0]
                )
            )


def _steps(sent_dbm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Transmit powers, each as the mean of its step."""
    order = np.argsort(sent_dbm)
    step = np.concatenate(([0], np.cumsum(np.diff(sent_dbm[order]) > STEP_DB)))
    means = np.bincount(step, sent_dbm[order]) / np.bincount(step)
    made = np.empty_like(sent_dbm)
    made[order] = means[step]
    return made
