"""Signatures of emissions, whatever they are: one table says who measures what."""

from collections.abc import Callable, Mapping

from cellwarden.model import Block, Emission, Signature
from cellwarden.signature import features_gsm, features_lora

MEASURES: Mapping[str, Callable[[Emission, Block], Signature | None]] = {
    "gsm:normal": features_gsm.measure,
    "gsm:access": features_gsm.measure,
    "other:lora": features_lora.measure,
}


def measure(emission: Emission, block: Block) -> Signature | None:
    """The signature of an emission, or None where nothing is known to measure of it.

    `block` holds the emission and, for its ramps, some 30 µs on both sides.
    """
    one = MEASURES.get(emission.label)
    return one(emission, block) if one else None
