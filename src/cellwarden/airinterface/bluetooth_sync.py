"""Where in a channel's symbols a sync word of classic Bluetooth may stand, and whether a header follows it.

     4 │ sync word 64 │ 4 │ header 54, 18 bits sent thrice
    ◄──── KNOWN ─────►
    ◄────── ACCESS ──────►

A sync word is one of its piconet's address: it lives in the local variables of `bluetooth` and of this file only.

`soft`: decisions of a channel, float32, shape (n,), PER_SYMBOL to a symbol. A place is the index in it at which a sync
word begins; of `has_header` that at which the packet does.

Sources: Bluetooth Core 5.4 Vol 2 Part B §6.3, §6.4.
"""

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface.bluetooth_kernels import closest_word, sync_places
from cellwarden.airinterface.bluetooth_waveform import HEADER_END, access_bits, code_rows
from cellwarden.airinterface.gfsk import PER_SYMBOL

KNOWN, ACCESS = 68, 72
"""Symbols of preamble and sync word, and of these with the trailer."""
CANDIDATES = 4
"""Places at which a sync word is looked for in earnest."""
FINER = 0.06
"""Most merit that a deeper search a sample beside adds."""
LEAST_TRIPLES = 13
"""Of 18 header bits sent thrice, how many must be heard thrice alike: one of 10⁵ random headers is, and at 5 dB all but
one of 1000 packets."""
MOST_HEADED = 24
"""Places looked into that a header may follow: a header three symbols beside is nearly one as well."""


def likely(soft: NDArray[np.float32], first: int, end: int, step: int, least: float) -> list[int]:
    """Places at which the symbols are most like a sync word, the likest first; none that is less so than `least`.

    Symbols are where decisions are clear: of the samples of a symbol that one is tried first, and every `step`-th from
    it on; then those beside the best.
    """
    rows, zero = code_rows()
    near = np.abs(soft[first + PER_SYMBOL // 2 : end + 64 * PER_SYMBOL])
    begin = first + int(np.argmax([float(np.sum(near[p::PER_SYMBOL])) for p in range(PER_SYMBOL)])) % step
    coarse = np.empty(max(1, (end - begin + step - 1) // step), np.float32)
    sync_places(soft, begin, step, PER_SYMBOL, rows, np.uint64(zero), False, coarse)
    best: dict[int, float] = {}
    for k in np.argsort(-coarse)[:CANDIDATES]:
        if coarse[k] < least - FINER:
            break
        fine = np.empty(3, np.float32)
        before = begin + int(k) * step - 1
        sync_places(soft, before, 1, PER_SYMBOL, rows, np.uint64(zero), True, fine)
        if np.max(fine) >= least:
            best[before + int(np.argmax(fine))] = float(np.max(fine))
    return sorted(best, key=lambda place: -best[place])


def headed(soft: NDArray[np.float32], first: int, end: int, least: float) -> list[int]:
    """The same among the places behind which a header follows, 18 bits sent thrice."""
    begin = first - 4 * PER_SYMBOL + PER_SYMBOL * ACCESS + PER_SYMBOL // 2
    span = PER_SYMBOL * (HEADER_END - ACCESS - 1) + 1
    ones = soft[begin : end - first + begin + span - 1] > 0
    if len(ones) < span:
        return []
    bits = np.lib.stride_tricks.sliding_window_view(ones, span)[:, ::PER_SYMBOL]
    thrice = bits.reshape(len(bits), -1, 3).sum(axis=2)
    alike = np.count_nonzero((thrice == 0) | (thrice == 3), axis=1)
    rows, zero = code_rows()
    merit, best = np.empty(1, np.float32), dict[int, float]()
    for place in np.argsort(-alike, kind="stable")[:MOST_HEADED]:
        if alike[place] < LEAST_TRIPLES:
            break
        sync_places(soft, first + int(place), 1, PER_SYMBOL, rows, np.uint64(zero), True, merit)
        if merit[0] >= least:
            best[first + int(place)] = float(merit[0])
    return sorted(best, key=lambda place: -best[place])[:CANDIDATES]


def nearest(soft: NDArray[np.float32], place: int) -> NDArray[np.int64]:
    """Preamble and the sync word nearest to the symbols that begin at `place`."""
    rows, zero = code_rows()
    values = np.ascontiguousarray(soft[place + PER_SYMBOL // 2 :][: 64 * PER_SYMBOL : PER_SYMBOL])
    word, _ = closest_word(values, rows, np.uint64(zero), True, np.empty((8, 256), np.float32))
    return access_bits(int(word))[:KNOWN]


def has_header(soft: NDArray[np.float32], place: int) -> bool:
    """Whether 18 bits sent thrice follow the access code."""
    first = place + PER_SYMBOL * ACCESS + PER_SYMBOL // 2
    symbols = soft[first::PER_SYMBOL][: HEADER_END - ACCESS]
    if len(symbols) < HEADER_END - ACCESS:
        return False
    ones = np.sum(symbols.reshape(-1, 3) > 0, axis=1)
    return int(np.count_nonzero((ones == 0) | (ones == 3))) >= LEAST_TRIPLES
