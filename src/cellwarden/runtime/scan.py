"""One recording in, its emissions out: the chain radio → detect → airinterface."""

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from cellwarden.airinterface import INTERFACES, Interface
from cellwarden.airinterface.images import images
from cellwarden.airinterface.impostors_jammer import beside, jammer
from cellwarden.airinterface.products import products
from cellwarden.detect.bursts import bursts, whole
from cellwarden.detect.finds import Find, finds, rest, rough, without
from cellwarden.detect.suppress import SKIRT_DB, covered, density_db, without_rivals, without_shadows, without_twins
from cellwarden.model import ENDLESS, Block, Burst, Emission, Room
from cellwarden.model.many import BOX, columns
from cellwarden.radio.recording import Recording, blocks
from cellwarden.runtime.learned import Learned
from cellwarden.runtime.searched import Searcher

SAME = 0.5
"""Emissions of one label that overlap by more than this are one, seen from two regions or two chunks."""
SLACK = SLACK_S, SLACK_HZ = 130e-6, 125e3
"""By which a rough box may stick out of what it holds: its edges, and the skirts of a strong burst."""
LEFT = 0.02
"""Part of what is hot in a rough box that may lie outside of its emissions."""
SPURIOUS_DB, SPURIOUS = 60.0, 0.6
"""Below the strongest signal of a stretch by this much lies what a receiver of 12 bits makes by itself (spurious-free
dynamic range of 60 to 70 dB); what has no name there is rather that, though nobody can be sure."""
CERTAIN = 0.999
"""Confidence of names that leave no other interface to be asked about a box, where they cover so much of it."""
LONGER = 2
"""Times as long as its box, a base station's sure name is that of boxes to come as well."""
JAMMER_EACH = 4
"""Chunks of which one is asked whether a jammer sweeps over it; while one does, each is."""
CLEAR_DB, CUT_S, ROUGH_FRAMES = 10.0, 40e-6, 3.5
"""A box that is so clear is as long as its burst, to within this; before its edges are sharp it is up to so many frames
of the coarse pass longer."""
EXPLAINED = 0.25
"""A box of which named emissions cover this part needs no name of its own: the rest are the skirts of strong ones."""

PLACE = attrgetter("sample_start", "low_offset_hz")
"""By which bursts and emissions are put in order."""

Names = dict[str, list[Emission]]
"""Emissions of a chunk by the name of the interface that told them."""


def scan(
    recording: Recording,
    *,
    min_confidence: float = 0.5,
    block_samples: int = 1 << 20,
    rejected: Counter[str] | None = None,
    progress: Callable[[int], None] | None = None,
    learned: Sequence[Learned] = (),
) -> Iterator[Emission]:
    """Find and name every burst of `recording`, chunk by chunk, in the order of their start.

    `rejected` counts what was looked at and refused, by reason. `progress` is told, after each block, the number of
    samples done since it was last called. Phones of the cells in `learned` are searched below the energy floor.
    """
    refused: Counter[str] = Counter() if rejected is None else rejected
    room = Room()

    def told() -> Iterator[Block]:
        for block in blocks(recording, block_samples, room):
            yield block
            if progress:
                progress(len(block.iq))

    searcher = Searcher(learned, recording.data_path) if learned else None
    return emissions(finds(told(), refused, room), refused, min_confidence, searcher)


def emissions(
    found: Iterable[Find], refused: Counter[str], min_confidence: float = 0.5, searcher: Searcher | None = None
) -> Iterator[Emission]:
    """The emissions in what was found chunk by chunk, in the order of their start, each once."""
    for fresh, _watermark in by_chunk(found, refused, min_confidence, searcher):
        yield from fresh


def by_chunk(
    found: Iterable[Find], refused: Counter[str], min_confidence: float = 0.5, searcher: Searcher | None = None
) -> Iterator[tuple[list[Emission], int]]:
    """The same chunk by chunk, also where there are none, each with the sample before which no more will start."""
    waiting: list[Emission] = []
    recent: list[Emission] = []
    jam: Emission | None = None
    tuned: float | None = None
    for number, find in enumerate(found):
        if find.samples.segment.centre_hz != tuned:  # a jammer that was on elsewhere need not be on here
            tuned, jam = find.samples.segment.centre_hz, None
        fresh, loud = _named(find, refused)
        if searcher is not None:
            fresh = searcher.add(find, fresh, refused)
        if jam or number % JAMMER_EACH == 0:
            jam = jammer(find.samples, find.watermark, loud, jam)
        if jam:
            fresh = [*beside(jam, fresh, refused), jam]
        fresh.sort(key=PLACE)
        recent = [o for o in recent if fresh and o.sample_start + o.sample_count > fresh[0].sample_start]
        known = without_twins([*recent, *fresh], len(recent), SAME)
        refused["twice"] += len(recent) + len(fresh) - len(known)
        waiting += known[len(recent) :]
        recent = known
        waiting.sort(key=PLACE)
        ready = bisect_left(waiting, find.watermark, key=attrgetter("sample_start"))
        yield list(_sure(waiting[:ready], min_confidence, refused)), find.watermark
        del waiting[:ready]
    yield list(_sure(waiting, min_confidence, refused)), ENDLESS


def _sure(ready: list[Emission], least: float, rejected: Counter[str]) -> Iterator[Emission]:
    for emission in ready:
        if emission.confidence >= least:
            yield emission
        else:
            rejected["unsure"] += 1


def _named(find: Find, rejected: Counter[str]) -> tuple[list[Emission], float]:
    """Emissions of one chunk: what the interfaces know, and what is left over as unknown.

    Beside them the part of its time in which something is loud that was not named at once.
    """
    if not find.regions:
        return [], 0.0
    rate = find.samples.segment.rate_hz
    recognised: Names = {interface.name: [] for interface in INTERFACES}
    for interface in INTERFACES:
        if interface.recognise_all:
            plain = interface.recognise_all(find)
            recognised[interface.name] += chain.from_iterable(plain)
            find = without(find, plain, *SLACK, LEFT)
    at_once = list(chain.from_iterable(recognised.values()))
    for interface in INTERFACES:
        if interface.carriers:
            recognised[interface.name] += interface.carriers(find)
    found, slivers = _rough(find, at_once, recognised, rejected)
    _fine(find, found, at_once, recognised)
    named: list[Emission] = []
    everything = list(chain.from_iterable(recognised.values()))
    settled = without_rivals(everything, rejected)
    kept = set(map(id, settled)) if len(settled) < len(everything) else None
    for interface in INTERFACES:
        told = recognised[interface.name]
        told = told if kept is None else [e for e in told if id(e) in kept]
        named += interface.settle(told, rate) if told else ()
    found += slivers
    left = [b for b, part in zip(found, covered(found, named), strict=True) if part < EXPLAINED]
    everything = images(named + _unknown(left, named, rate, rejected), find.samples)
    return products(everything, find.samples), _loud(find)


def _loud(find: Find) -> float:
    """Part of a chunk's time in which one of its rough boxes lies."""
    rows = np.zeros(len(find.chunk.ratio), np.bool_)
    for region in find.regions:
        rows[region.first_row : region.end_row] = True
    return float(rows.mean())


def _rough(
    find: Find, at_once: Sequence[Emission], recognised: Names, rejected: Counter[str]
) -> tuple[list[Burst], list[Burst]]:
    """Names what explains a whole rough box; returns the bursts in the other boxes, and slivers.

    Edges are sharpened only where no emission explains a rough box. A sliver that is left beside what was named at
    once, no wider and no longer, is its skirt where it is far weaker, else more of the same or unknown: other systems
    are not asked.
    """
    rate = find.samples.segment.rate_hz
    longer_s = ROUGH_FRAMES * find.chunk.grid.size / rate
    found: list[Burst] = []
    slivers: list[Burst] = []
    named = columns(at_once, *BOX)
    carriers = [e for interface in INTERFACES if interface.carriers for e in recognised[interface.name]]
    for number, region in enumerate(find.regions):
        box = rough(find, number)
        if carriers and rest(find, number, carriers, *SLACK) < LEFT:
            continue
        neighbours = [at_once[n] for n in _beside(box, named, rate)] if region.left else []
        for interface in INTERFACES:
            if not interface.longest_s or (neighbours and not interface.recognise_all):
                continue
            if interface.recognise_all and not region.left and _is_cut(box, rate, longer_s):
                continue  # nothing plain was in it: it is asked again once the box's edges are sharp
            told = interface.recognise(box, find.samples)
            fresh = _fresh(told, at_once) if region.left else told
            explained = any(_explains(e, box, rate) for e in told) or (told and rest(find, number, told, *SLACK) < LEFT)
            if explained or (neighbours and fresh):
                recognised[interface.name] += fresh
                break
        else:
            if neighbours and density_db(box) < max(map(density_db, neighbours)) - SKIRT_DB:
                rejected["skirt"] += 1
            elif neighbours:
                slivers.append(box)
            else:
                found += bursts(find, number, rejected)
    return sorted(whole(find, found, rejected), key=PLACE), slivers


def _fine(find: Find, found: Sequence[Burst], at_once: Sequence[Emission], recognised: Names) -> None:
    """Names bursts with sharp edges, but those that sure names cover, of boxes before or of a base station."""
    if not found:
        return
    rate = find.samples.segment.rate_hz
    sure = [e for e in chain.from_iterable(recognised.values()) if e.confidence > CERTAIN]
    longer: list[Emission] = []
    for burst, part in zip(found, covered(found, sure), strict=True):
        if part > SAME or covered([burst], longer)[0] > SAME:
            continue
        for interface in sorted(INTERFACES, key=lambda one: not _is_cut(burst, rate, CUT_S, [one])):
            told = interface.recognise(burst, find.samples)
            recognised[interface.name] += _fresh(told, at_once)
            stations = (e for e in told if e.direction == "downlink" and e.confidence > CERTAIN)
            longer += [e for e in stations if e.sample_count > LONGER * burst.sample_count]
            if told and covered([burst], [e for e in told if e.confidence > CERTAIN])[0] > EXPLAINED:
                break


def _is_cut(box: Burst, rate_hz: float, slack_s: float, by: Sequence[Interface] = INTERFACES) -> bool:
    """Whether a box is clear and as long as bursts that an interface's clock cuts, to CUT_S less and `slack_s` more."""
    more_s = (box.sample_count / rate_hz - length_s for interface in by for length_s in interface.lengths_s)
    return box.snr_db > CLEAR_DB and any(-CUT_S < one < slack_s for one in more_s)


def _explains(emission: Emission, box: Burst, rate_hz: float) -> bool:
    """Whether a rough box holds an emission and nothing else: it does not stick out by another one's size."""
    slack = SLACK_S * rate_hz
    return (
        box.sample_start > emission.sample_start - slack
        and box.sample_start + box.sample_count < emission.sample_start + emission.sample_count + slack
        and box.low_offset_hz > emission.low_offset_hz - SLACK_HZ
        and box.high_offset_hz < emission.high_offset_hz + SLACK_HZ
    )


def _fresh(told: Sequence[Emission], known: Sequence[Emission]) -> list[Emission]:
    """Emissions that do not lie over known ones."""
    return [e for e, part in zip(told, covered(told, known), strict=True) if part < SAME] if told else []


def _beside(box: Burst, named: NDArray[np.float64], rate_hz: float) -> NDArray[np.intp]:
    """Numbers of those emissions beside which a box lies that is no wider than they are, and lasts no longer.

    named: start, length, lower and upper edge of each, float64, shape (4, n).
    """
    start, count, low, high = named
    slack, end, width = SLACK_S * rate_hz, box.sample_start + box.sample_count, box.high_offset_hz - box.low_offset_hz
    return np.flatnonzero(
        (start - slack < box.sample_start)
        & (end < start + count + slack)
        & (width < high - low + SLACK_HZ / 2)
        & (low - width < box.low_offset_hz + SLACK_HZ)
        & (box.high_offset_hz - SLACK_HZ < high + width)
    )


def _unknown(
    left: Sequence[Burst], named: Sequence[Emission], rate_hz: float, rejected: Counter[str]
) -> list[Emission]:
    """What is left of a chunk beside what has a name, but for shadows."""
    if not left:
        return []
    heard: list[Burst | Emission] = [*named, *left]
    strongest_db = max(density_db(one) for one in heard)
    return [_unnamed(b, strongest_db) for b in without_shadows(left, named, rate_hz, rejected)]


def _unnamed(burst: Burst, strongest_db: float) -> Emission:
    """A burst that no interface knows. Its confidence is that of its energy: the fine pass asks for 25 nats.

    What is fainter than a receiver's own products may be, beside the strongest of the stretch, is called a spur.
    """
    weak = 1.0 / (1.0 + math.exp((burst.snr_db + 8.0) / 2.0))
    below_db = strongest_db - density_db(burst)
    spurious = below_db > SPURIOUS_DB
    return Emission(
        label="spur:weak" if spurious else "unknown:burst",
        sample_start=burst.sample_start,
        sample_count=burst.sample_count,
        low_offset_hz=burst.low_offset_hz,
        high_offset_hz=burst.high_offset_hz,
        snr_db=burst.snr_db,
        confidence=SPURIOUS if spurious else 1.0 - weak,
        floor_dbfs_hz=burst.floor_dbfs_hz,
        details={"below_strongest_db": round(below_db, 1)} if spurious else {},
    )
