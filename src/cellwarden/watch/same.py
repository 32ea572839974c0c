"""Whether what was heard is of a phone that is known by neither name nor signature: place, interface, carrier, offset.

```
 nats  =  log Σ p(room) q(room) R  +  log p(channels | one phone) / p(channels | two)  +  log p(offset | it) / p(offset)
          one place or two               one network's carrier or another's                   how it locks to its cell
```

- **Place** (`places.sameness`): the most by far, up to log R. A phone that lies still needs no more.
- **Channels**. A phone keeps to its network, whose carrier of LTE is up to 20 MHz wide and whose block of GSM 900 some
  10 MHz; a network has several carriers of LTE and moves phones between them. That this happens to one phone in ten and
  to two phones in two of five is an assumption.
- **Offset**. A phone locks to its cell's carrier within 0.1 millionths (3GPP TS 36.101 §6.5.1, TS 45.010 §6.1), each a
  little beside it. How much of that stays the same is not known: PHONES_PPM and WANDER_PPM are assumptions, so that
  near offsets say little (a nat) and far ones much. With a normal bias of each phone, of which n transmissions told a
  mean m,

      p(offset | it)  =  N(k m, (1 − k) PHONES² + own²)        k = PHONES² / (PHONES² + own² / n)
      p(offset)       =  N(0, PHONES² + own²)                  own² = WANDER² + error²

  Where the receiver does not know the cell's carrier there is none, and place and channel decide.
- The **interface** must be the same: a phone that falls back from LTE to GSM for a call is two, each told once.

Two things that were heard at one time are never one phone's; that is the tracker's to see.
"""

import math
from typing import NamedTuple

from cellwarden.model import Activity, Sighting

SAME_NATS = 2.5
"""From which on it is held to be the same phone. On worlds of our own (`simulate.week`), 2 of a hundred transmissions
of a known phone then look like another's: such a one is told once more, later ones find the one or the other. At 3.5
there are half as many alerts more, and as many are counted to a wrong one."""
WIDTH_HZ = {"gsm": 10e6, "umts": 5e6, "lte": 20e6, "nr": 100e6}
"""Of a carrier or of a network's block: what lies farther apart is on two of them."""
OTHER_ONE, OTHER_TWO = 0.1, 0.4
"""Probability that channels lie so far apart of one phone, and of two."""
PHONES_PPM, WANDER_PPM = 0.03, 0.015
"""Standard deviation of phones' offsets from one another, and of one phone's from one transmission to the next."""


class Trait(NamedTuple):
    """What is measured of a phone besides its place."""

    interface: str
    frequency_hz: float
    """Of its last channel; 0 where it is not known."""
    offset_hz: float | None = None
    """Mean over its transmissions."""
    offset_error_hz: float = 0.0
    """Of one of them."""
    heard: int = 1
    """Transmissions."""


def trait(one: Sighting | Activity) -> Trait:
    """Of one transmission."""
    return Trait(one.interface, one.frequency_hz, one.offset_hz, one.offset_error_hz)


def with_one(known: Trait, new: Trait) -> Trait:
    """With one more transmission."""
    if new.offset_hz is None:
        return new._replace(offset_hz=known.offset_hz, offset_error_hz=known.offset_error_hz, heard=known.heard)
    if known.offset_hz is None:
        return new
    mean = known.offset_hz + (new.offset_hz - known.offset_hz) / (known.heard + 1)
    return new._replace(offset_hz=mean, heard=known.heard + 1)


def nats(place: float, known: Trait, new: Trait) -> float:
    """Log-likelihood ratio of one phone against two; place: that of one place (`places.sameness`)."""
    if known.interface != new.interface or place <= 0:
        return -math.inf
    return math.log(place) + _channels(known, new) + _offsets(known, new)


def _channels(known: Trait, new: Trait) -> float:
    if not known.frequency_hz or not new.frequency_hz:
        return 0.0
    apart = abs(known.frequency_hz - new.frequency_hz) > WIDTH_HZ.get(new.interface, math.inf)
    return math.log(OTHER_ONE / OTHER_TWO if apart else (1 - OTHER_ONE) / (1 - OTHER_TWO))


def _offsets(known: Trait, new: Trait) -> float:
    if known.offset_hz is None or new.offset_hz is None or not new.frequency_hz:
        return 0.0
    hertz = new.frequency_hz * 1e-6
    phones, wander = (PHONES_PPM * hertz) ** 2, (WANDER_PPM * hertz) ** 2
    told, own = wander + known.offset_error_hz**2, wander + new.offset_error_hz**2
    keep = phones / (phones + told / known.heard)
    return _normal(new.offset_hz - keep * known.offset_hz, (1 - keep) * phones + own) - _normal(
        new.offset_hz, phones + own
    )


def _normal(away: float, variance: float) -> float:
    """Its log-density, but for a constant."""
    return -0.5 * (away * away / variance + math.log(variance))
