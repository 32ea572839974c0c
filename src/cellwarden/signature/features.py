"""Signatures of emissions, whatever they are: one table says who measures what."""

from collections.abc import Callable, Mapping

from cellwarden.model import Block, Emission, Signature
from cellwarden.signature import (
    features_dsss,
    features_gfsk,
    features_gsm,
    features_lora,
    features_lte,
    features_ofdm,
    features_psk,
)

Measure = Callable[[Emission, Block], Signature | None]


def _normal(emission: Emission, block: Block) -> Signature | None:
    """A normal burst of GSM has either modulation."""
    return features_gsm.measure(emission, block) or features_psk.measure(emission, block)


MEASURES: Mapping[str, Measure] = {
    "gsm:normal": _normal,
    "gsm:access": features_gsm.measure,
    "lte:pusch": features_lte.measure,
    "lte:srs": features_lte.measure,
    "lte:prach": features_lte.measure,
    "wifi:ofdm": features_ofdm.measure,
    "wifi:dsss": features_dsss.measure,
    "bluetooth:br": features_gfsk.measure,
    "bluetooth:edr": features_gfsk.measure,
    "ble:advertising": features_gfsk.measure,
    "ble:data": features_gfsk.measure,
    "dect:portable": features_gfsk.measure,
    "dect:base": features_gfsk.measure,
    "other:lora": features_lora.measure,
}


def measure(emission: Emission, block: Block) -> Signature | None:
    """The signature of an emission, or None where nothing is known to measure of it.

    `block` holds the emission and, for its ramps, some 40 µs on both sides.
    """
    one = MEASURES.get(emission.label)
    return one(emission, block) if one else None
