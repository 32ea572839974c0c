"""Which way round a spectrum is, told by signals whose mirror image is none of their own kind.

Where I and Q are swapped every frequency changes its sign. Most of what is recognised does not mind: the conjugate of a
Zadoff–Chu sequence is another one, that of DECT's synchronisation word is the other side's, that of a UMTS preamble
another signature. Three tell:

    GSM             known symbols fit much better one way round: some 66 nats at 15 dB against 43
    Bluetooth       a synchronisation word is a codeword one way round only
    BLE             the access address and the check sum fit one way round only

Source: 3GPP TS 45.002 §5.2; Bluetooth Core 5.4 Vol 2 Part B §6.3.3, Vol 6 Part B §2.1.
"""

from collections.abc import Sequence

from cellwarden.airinterface import ble, bluetooth, gsm
from cellwarden.model import Block, Burst, Emission
from cellwarden.radio.iq import mirrored

INTERFACES = (gsm.INTERFACE, bluetooth.INTERFACE, ble.INTERFACE)
PROVEN, PROOFS = 40.0, ("sync word", "crc")
"""Nats that a proof is worth: 34 parity bits or a check sum of 24, and what was tried."""
LEAST, FEWEST = 12.0, 2
"""Nats by which a burst must be better one way round, and of how many bursts that is asked."""


def is_swapped(bursts: Sequence[tuple[Burst, Block]]) -> bool:
    """Whether bursts say that their spectrum is the wrong way round: some do, and none denies it."""
    votes = [evidence(*mirrored(burst, block)) - evidence(burst, block) for burst, block in bursts]
    return sum(vote > LEAST for vote in votes) >= FEWEST and not any(vote < -LEAST for vote in votes)


def evidence(burst: Burst, block: Block) -> float:
    """Nats that the bursts found in a box give for this way round, 0 where none is found."""
    told = [e for interface in INTERFACES for e in interface.recognise(burst, block)]
    return max(map(_nats, told), default=0.0)


def _nats(emission: Emission) -> float:
    if emission.details.get("proof") in PROOFS:
        return PROVEN
    score = emission.details.get("score")
    return float(score) if emission.label in ("gsm:access", "gsm:normal") and score is not None else 0.0
