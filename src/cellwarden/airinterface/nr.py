"""NR, both sides: names what a phone sends by the standard's structure and sequences, a base station by its block.

    short preamble   54 … 900 µs, 139 subcarriers of 15 or 30 kHz     `nr_prach`
    PUSCH            4 … 14 symbols, any number of blocks             `nr_pusch`
    downlink         the synchronisation block, 240 subcarriers       `nr_downlink`

NR's long preambles are LTE's waves, and `lte_prach` names them.

Source: 3GPP TS 38.211.
"""

from cellwarden.airinterface import nr_downlink, nr_prach, nr_pusch
from cellwarden.airinterface.declaration import Interface
from cellwarden.airinterface.lte_waveform import BLOCK_HZ, SYMBOL_S
from cellwarden.model import Block, Burst, Emission


def recognise(burst: Burst, block: Block) -> list[Emission]:
    """Name the NR burst in a box."""
    return (
        nr_downlink.recognise(burst, block) or nr_prach.recognise(burst, block) or nr_pusch.recognise(burst, block)
    )


INTERFACE = Interface(
    name="nr",
    standard="3GPP TS 38.211",
    kinds={
        "nr:prach": "a phone asks for a channel (random access preamble)",
        "nr:pusch": "a phone sends data (uplink shared channel)",
        "nr:downlink": "a base station, which is no phone",
    },
    is_phone=True,
    symbol_rate_hz=1 / SYMBOL_S,
    bandwidth_hz=BLOCK_HZ,
    longest_s=0.0,
    recognise=recognise,
)
