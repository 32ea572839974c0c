"""LTE, both sides: names what a phone sends by its reference sequences, and a base station by its own.

Sources: 3GPP TS 36.211.
"""

from cellwarden.airinterface import lte_prach
from cellwarden.airinterface.declaration import Interface
from cellwarden.airinterface.lte_waveform import BLOCK_HZ, SYMBOL_S
from cellwarden.model import Block, Burst, Emission


def recognise(burst: Burst, block: Block) -> list[Emission]:
    """Name the LTE bursts in a box."""
    return lte_prach.recognise(burst, block)


def settle(emissions: list[Emission], rate_hz: float) -> list[Emission]:
    """Nothing of LTE shows only when all of a stretch are seen together."""
    return emissions


INTERFACE = Interface(
    name="lte",
    standard="3GPP TS 36.211",
    kinds={
        "lte:prach": "a phone asks for a channel (random access preamble)",
        "lte:pusch": "a phone sends data (uplink shared channel)",
        "lte:pucch": "a phone acknowledges (uplink control channel)",
        "lte:srs": "a phone sounds the channel (sounding reference signal)",
        "lte:downlink": "a base station, which is no phone",
    },
    is_phone=True,
    symbol_rate_hz=1 / SYMBOL_S,
    bandwidth_hz=BLOCK_HZ,
    longest_s=0.0,
    recognise=recognise,
    settle=settle,
    search=lte_prach.search,
)
