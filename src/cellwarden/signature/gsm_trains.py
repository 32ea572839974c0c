"""Trains of GSM: bursts in the same slot of each frame, on one carrier or hopping over several.

    frame    0        1        2        3                    60/13 ms, 1250 symbols
    carrier ─┬────────┬────────┬────────┬───
        62   │  ▇     │  ▇     │        │  ▇   phone A: slot 3, stays          one train
        65   │    ▇   │        │    ▇   │      phone B: slot 5, hops           one train
        71   │        │    ▇   │        │ ▇       of which the last: slot 2    another one

Two bursts are of one train where label and training sequence are the same, the place in the frame is congruent
(TS 45.010 §5: the phone follows its base station's frame), and the carrier offset is: on the same channel in hertz, on
another one as a part of the carrier, as one oscillator makes both (TS 45.010 §6.1). Whether a train hops shows in its
first bursts.
"""

import math
from collections.abc import Hashable, Iterator

from cellwarden.airinterface.gsm_waveform import FRAME_SYMBOLS, SYMBOL_RATE_HZ
from cellwarden.model import Emission
from cellwarden.signature.train import Train, View

SLACK_SYMBOLS = 3.0
"""How far a burst may lie from its place in the frame: errors of measurement, and a step of timing advance."""
CLOCK_ERROR = 20e-6
"""By how much the receiver's clock may run wrong, which moves the frame while a train is silent."""
LEAST_OFFSET_HZ = 150.0
"""Carrier offsets that differ by less are the same: 0.1 ppm of the phone's, Doppler, and the receiver's own drift."""
SIGMAS = 4.0
DRIFT_HZ = 15.0
"""How much the carrier offset may wander from burst to burst."""
SETTLED = 6
"""A train whose first bursts all lay on one carrier does not hop: over two carriers that happens once in 32 trains."""
HOP_SILENCE_S = 0.13
"""A hop to a new carrier follows within 28 frames: at least the control channel (SACCH) sends every 26."""
_PLACES = 80
"""Parts of a frame under which GSM trains are filed; each is longer than the widest slack."""


LABELS = ("gsm:normal", "gsm:access")
"""A phone's bursts, whose place in the frame tells."""


def _phase(view: View) -> float:
    """Symbols since the beginning of a frame that began with the segment."""
    return view.start_s * SYMBOL_RATE_HZ % FRAME_SYMBOLS


def _sequence(e: Emission) -> str | int | float | None:
    return e.details.get("training_sequence", e.details.get("synchronisation_sequence"))


def places(train: Train, view: View) -> tuple[Hashable, ...]:
    """Under what a train whose last burst this is is filed: each carrier it was on, and the moment, for it may hop."""
    here = int(_phase(view) / FRAME_SYMBOLS * _PLACES)
    known = view.emission.label, _sequence(view.emission)
    moment = (*known, here, "hop", int(view.start_s / HOP_SILENCE_S))
    return (*((*known, here, channel) for channel in train.channels), moment)


def near(view: View) -> Iterator[Hashable]:
    """All places where its train may be filed."""
    here = int(_phase(view) / FRAME_SYMBOLS * _PLACES)
    known, moment = (view.emission.label, _sequence(view.emission)), int(view.start_s / HOP_SILENCE_S)
    for step in (-1, 0, 1):
        at = (here + step) % _PLACES
        yield *known, at, view.channel
        yield *known, at, "hop", moment
        yield *known, at, "hop", moment - 1


def cost(train: Train, view: View) -> float | None:
    """How badly a burst fits a train, 0 being perfect; None where it is of another."""
    gap = view.start_s - train.last_s
    symbols = gap * SYMBOL_RATE_HZ
    if (
        symbols < FRAME_SYMBOLS / 2
        or abs(math.remainder(symbols, FRAME_SYMBOLS)) > SLACK_SYMBOLS + CLOCK_ERROR * symbols
    ):
        return None
    same = view.channel in train.channels
    if not same and (view.emission.label != "gsm:normal" or view.carrier_hz == 0.0 or not _may_hop(train, gap)):
        return None
    offset = train.offset_hz
    if not same or len(train.channels) > 1:  # one oscillator: offsets go as the carriers
        now = view.carrier_hz - view.offset_hz
        offset *= now / (now - view.channel + train.channel)
    tolerance = max(LEAST_OFFSET_HZ, SIGMAS * math.sqrt(train.variance + view.variance))
    away = abs(view.offset_hz - offset) / tolerance
    if away > 1.0:
        return None
    stays = len(train.channels) == 1
    return away**2 + ((view.emission.snr_db - train.level_db) / 8.0) ** 2 - (100.0 if stays and same else 0.0)


def _may_hop(train: Train, gap_s: float) -> bool:
    return gap_s <= HOP_SILENCE_S and (len(train.channels) > 1 or train.bursts < SETTLED)


def grow(train: Train, view: View) -> None:
    """Take a burst's carrier offset and level into those of its train."""
    if not train.bursts:
        return
    e = view.emission
    if view.channel != train.channel and view.carrier_hz:
        now = view.carrier_hz - view.offset_hz
        train.offset_hz *= now / (now - view.channel + train.channel)
    gain = train.variance / (train.variance + view.variance)
    train.offset_hz += gain * (view.offset_hz - train.offset_hz)
    train.variance = (1 - gain) * train.variance + DRIFT_HZ**2
    train.level_db += 0.25 * (e.snr_db - train.level_db)
