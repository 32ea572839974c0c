"""What an air interface declares of itself."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from cellwarden.detect.finds import Find
from cellwarden.model import Block, Burst, Cell, Emission


def as_named(emissions: list[Emission], rate_hz: float) -> list[Emission]:
    """What needs no mending: each emission is named by itself."""
    return emissions


def as_known(cells: Sequence[Cell], emissions: Sequence[Emission]) -> list[Cell]:
    """What an interface learns of a cell from clear emissions where these tell nothing."""
    return list(cells)


Parts = tuple[tuple[float, float], ...]
"""From and to, in seconds."""
ALL_OF_IT: Parts = ((0.0, math.inf),)


@dataclass(frozen=True, slots=True)
class Interface:
    """One row of the table of air interfaces."""

    name: str
    title: str
    """What people call it."""
    standard: str
    kinds: Mapping[str, str]
    """Labels it may give, with what each means in words."""
    is_phone: bool
    """Whether a burst of this interface, sent uplink, comes from a phone."""
    symbol_rate_hz: float
    bandwidth_hz: float
    least_rate_hz: float
    """Least sample rate at which any of its kinds can be recognised."""
    longest_s: float
    """Of its longest burst; 0 where only boxes with sharp edges can be named."""
    recognise: Callable[[Burst, Block], list[Emission]]
    """Names what lies in a burst's box; the block holds the burst's samples and some around them."""
    lengths_s: tuple[float, ...] = ()
    """Of bursts that its clock cuts: of a clear box that is so long it is asked before others."""
    recognise_all: Callable[[Find], list[list[Emission]]] | None = None
    """Names what is plain in each of a chunk's rough boxes at once; None where boxes are few enough to be asked singly.
    """
    carriers: Callable[[Find], list[Emission]] | None = None
    """Names the carriers that are never silent in a chunk's rough boxes; nothing that lies in one is looked into."""
    evidence: Mapping[str, Parts] = field(default_factory=dict)
    """By label the parts of a burst, in seconds from its start, that hold neither content nor who sent it: preambles,
    training, ramps. They alone may be kept."""
    settle: Callable[[list[Emission], float], list[Emission]] = as_named
    """Mends names that only show when all of a stretch are seen together; is told the sample rate in hertz."""
    search: Callable[[Block, Cell], list[Emission]] | None = None
    """Finds below the energy floor what a phone of a known cell sends; None where that pays nothing."""
    learn: Callable[[Block], list[Cell]] | None = None
    """Reads the cells in a recording of base stations: number, frame timing and carrier, and nothing else."""
    follow: Callable[[Sequence[Cell], Sequence[Emission]], list[Cell]] = as_known
    """What to search from now on, by what was searched and by what phones were heard to send clearly; first the cell
    itself, then what is searched for its sake."""
    piece_s: float = 0.0
    """Length of the pieces, counted from the beginning of its frames, in which a cell's phones send."""
    within: Callable[[Burst, Block, Cell], list[Emission]] | None = None
    """Names what lies in a faint box that is such a piece; None where that pays nothing."""
