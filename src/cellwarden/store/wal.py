"""The write-ahead log of an SQLite file, looked through before SQLite reads it.

SQLite reads such a log up to the first frame that is not as it was written and forgets the rest, as it must: what a
power cut tore was never acknowledged. Damage in the middle of the log looks the same to it, and what was acknowledged
behind it would be gone unseen. Here is told which of the two it is.

```
 header 32 bytes │ frame: 24 bytes, a page │ frame … │ frame with a size: a transaction ends │ frame …
                   salts of the header, sums over all before
```

A transaction begins when the one before it is on the disk, so a power cut tears one at most: where two or more end
behind the frame that does not fit, the log was damaged. Damage within the last one cannot be told from a power cut.

Source: SQLite, "Database File Format", §4.1 and §4.2.
"""

import struct
from pathlib import Path

HEADER, FRAME = 32, 24
MAGIC = 0x377F0682
"""Its last bit tells in which order of bytes the sums are taken: 1 for the most significant first."""
TORN = 1
"""So many transactions may end behind a frame that does not fit."""
Sums = tuple[int, int]


def spoilt(path: Path) -> bool:
    """Whether the log of a store was damaged where it had been acknowledged. Raises OSError."""
    return _looked(path) and _looked(path)  # what somebody was writing at the first look is whole at the second


def _looked(path: Path) -> bool:
    while path.is_file():
        log = path.read_bytes()
        with path.open("rb") as file:
            if file.read(HEADER) == log[:HEADER]:  # else it was begun anew while it was read
                return _spoilt(log)
    return False


def _spoilt(log: bytes) -> bool:
    head = log[:HEADER]
    if len(head) < HEADER or not any(head):
        return False  # begun, and nothing kept in it
    magic, _version, size, _count, salt_1, salt_2, *sums = struct.unpack(">8I", head)
    words = ">" if magic & 1 else "<"
    if magic & ~1 != MAGIC or _summed((0, 0), head[:24], words) != tuple(sums):
        return True
    last, fits, ended = (sums[0], sums[1]), True, 0
    for at in range(HEADER, len(log) - FRAME - size + 1, FRAME + size):
        _page, ends, *salts, sum_1, sum_2 = struct.unpack(">6I", log[at : at + FRAME])
        if salts != [salt_1, salt_2]:
            return False  # of a log before this one, or never written
        if fits:
            told = log[at : at + 8] + log[at + FRAME : at + FRAME + size]
            last = _summed(last, told, words)
            fits = last == (sum_1, sum_2)
        ended += not fits and ends > 0
        if ended > TORN:
            return True
    return False


def _summed(last: Sums, told: bytes, words: str) -> Sums:
    """The sums of §4.2, which go on from those of before; `told` has a multiple of eight bytes."""
    first, second = last
    for one, other in struct.iter_unpack(f"{words}2I", told):
        first = (first + one + second) & 0xFFFFFFFF
        second = (second + other + first) & 0xFFFFFFFF
    return first, second
