"""Lines chained by their digests: line by line forward, so that adding one costs the same however many there are.

    digest of line n = SHA-256( digest of line n−1, 32 bytes │ canonical JSON of {"number": n, "body": …} )

Before the first line stands a digest of zeros. A line that was changed no longer has its digest; one that was taken out
or put in breaks the numbers; lines taken off the end are seen by whoever kept the head.
"""

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from cellwarden.ledger.canonical import Plain, canonical


class Head(NamedTuple):
    """Where a chain ends."""

    number: int
    digest: str


class Line(NamedTuple):
    """A line as it was kept."""

    number: int
    body: dict[str, Plain]
    digest: str


BEGINNING = Head(0, "0" * 64)


def appended(head: Head, body: dict[str, Plain]) -> Line:
    """The line that follows `head`."""
    number = head.number + 1
    hashed = hashlib.sha256(bytes.fromhex(head.digest) + canonical({"number": number, "body": body}))
    return Line(number, body, hashed.hexdigest())


def first_broken(lines: Iterable[Line], head: Head, before: Head = BEGINNING) -> int | None:
    """The number of the first line after `before` that is not as it was written, or is not there; None where all are.

    `head` is where the chain is known to end.
    """
    last = before
    for line in lines:
        due = appended(last, line.body)
        if (line.number, line.digest) != (due.number, due.digest):
            return due.number
        last = Head(line.number, line.digest)
    if last.number == head.number:
        return None if last == head else head.number
    return min(last.number, head.number) + 1
