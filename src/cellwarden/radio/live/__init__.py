"""Receivers and streams as they come: an address in, samples out, and nothing lost that is not counted.

    source ─ pieces ─► ring ─ blocks ─► detect          (a thread receives, another one works)
                        │
                        └ no room: dropped, counted, and a gap in what follows

A source is one file here and one line in `radio.sources`. Others may bring their own: an entry point
`cellwarden.sources` whose name is the address's first word, and which is called as the openers here are.
"""

from collections.abc import Callable
from importlib import import_module
from importlib.metadata import entry_points

from cellwarden.errors import SourceError
from cellwarden.language import gettext as _
from cellwarden.radio.live.stream import Address, Stream, Tuning, addressed
from cellwarden.radio.sources import SOURCES

__all__ = ["Stream", "Tuning", "open_stream"]


def open_stream(text: str, tuning: Tuning) -> Stream:
    """A receiver or stream by its address. Raises SourceError where there is none, or it can not do what is asked."""
    address = addressed(text)
    return _opener(address)(address, tuning)


def _opener(address: Address) -> Callable[[Address, Tuning], Stream]:
    if address.scheme in SOURCES:
        opener: Callable[[Address, Tuning], Stream] = import_module(
            f"cellwarden.radio.live.{SOURCES[address.scheme][0]}"
        ).open_stream
        return opener
    for plugin in entry_points(group="cellwarden.sources", name=address.scheme):
        brought: Callable[[Address, Tuning], Stream] = plugin.load()
        return brought
    raise SourceError(
        _("{source}: there is no such source: write {examples}").format(
            source=address.text, examples=", ".join(f"{name}:…" for name in SOURCES)
        )
    )
