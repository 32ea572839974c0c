"""Many phones at once: each is followed by a filter of its own, and their fixes are told in the order of time.

    READINGS with a column phone ─► P1: readings ─► solve ─┐
                                   P2: readings ─► solve ─┼─► by time ─► fixes with a column phone
                                   …                     ─┘

Nothing is shared between phones but the map: what one phone's levels say of another's place is nothing, as long as map
and sensors err as they are believed to. All that is remembered of a phone is in its own iterator, so that whoever runs
it may keep, drop or hand on a phone by itself.
"""

import heapq
from collections.abc import Iterable, Iterator, Mapping

from cellwarden.document.table import quoted
from cellwarden.locate.fixes import HEAD, line
from cellwarden.model import Fix

PHONE_HEAD = HEAD + ",phone"


def by_time(found: Mapping[str, Iterable[Fix]]) -> Iterator[tuple[str, Fix]]:
    """Fixes of all phones, each with its phone's name; each phone's come in the order of time."""
    named = [[(fix.time_s, name, fix) for fix in fixes] for name, fixes in found.items()]
    for _time, name, fix in heapq.merge(*named, key=lambda item: item[:2]):
        yield name, fix


def lines(found: Mapping[str, Iterable[Fix]]) -> Iterator[str]:
    """The table's text, line by line."""
    yield PHONE_HEAD + "\n"
    for name, fix in by_time(found):
        yield f"{line(fix)},{quoted(name)}\n"
