"""Whether what looks like narrow data of LTE keeps its power all along, as keyed frequency does.

    PUSCH   ▂▆▃█▁▅▇▂▆▃▅    twelve subcarriers and more, spread by a transform: mean of p² over (mean of p)² is 1.25
    keyed   ▅▅▅▅▅▅▅▅▅▅▅    and more, here 1

A meter or an alarm at 200 to 300 kbit/s is as wide as one or two resource blocks; among hundreds of its bursts one is
as long as a subframe, and has where the reference symbols would be what one of the tables' many sequences fits.

Source: 3GPP TS 36.211 §5.3.3.
"""

from dataclasses import replace

from cellwarden.airinterface.lte_found import Found, samples_of
from cellwarden.airinterface.lte_receiver import narrowed, unevenness
from cellwarden.airinterface.lte_waveform import BLOCK, BLOCK_HZ
from cellwarden.model import Block, Burst

EVEN = 1.12
"""Unevenness that no PUSCH of one or two blocks has: of 480 with and without echoes, 7 to 35 dB over the noise, one had
1.16 and the others 1.24 and more; what was keyed at 200 to 300 kbit/s and taken for it had 1.07 at most."""
CLEAR = 4.0
"""Signal-to-noise ratio from which on the envelope tells."""


def is_keyed(found: Found, burst: Burst, block: Block) -> bool:
    """Whether a clear burst of one or two blocks is even over twice its width: what is beside it makes it uneven."""
    if found.kind != "pusch" or found.blocks > 2 or found.snr < CLEAR:
        return False
    heard = samples_of(found, burst, block, 0.0, 8 * BLOCK)
    width_hz = 2 * found.blocks * BLOCK_HZ
    band = heard.holding(narrowed(heard, found.middle_hz - heard.centre_hz, width_hz / 2))
    box = replace(burst, sample_start=round(found.start), sample_count=round(found.seconds * block.segment.rate_hz))
    return unevenness(band, box, heard.noise * width_hz / heard.rate_hz) < EVEN
