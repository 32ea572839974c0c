"""A recording in, the sessions of its transmitters out: scan ► trains ► signatures ► means."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from cellwarden.model import Block, Emission, Measured, Segment, Session, Signature
from cellwarden.radio.absolute import clock_ns
from cellwarden.radio.annotations import segment_of
from cellwarden.radio.recording import Recording, open_recording, read_samples
from cellwarden.runtime.learned import learn
from cellwarden.runtime.scan import scan
from cellwarden.runtime.signing import MARGIN_S, overdriven
from cellwarden.signature.features import MEASURES, measure
from cellwarden.signature.group import Grouper
from cellwarden.signature.habits import RHYTHMS, habits
from cellwarden.signature.reference import UNKNOWN, clock, corrected
from cellwarden.signature.sessions import joined

MOST = 200
"""Bursts of a train that are measured: more tell nothing new."""


Train = tuple[int, str]
"""A train's number, and a family of its bursts: a call may have both of GSM's modulations."""


class Taken(NamedTuple):
    """What a recording gave."""

    sessions: tuple[Session, ...]
    """One a train and family, that of the most bursts first."""
    clipped: int
    """Bursts that were left out because the receiver was overdriven."""
    clock: Measured | None = None
    """By how many millionths the receiver was fast, which was taken off; None where nobody told."""


def sessions(path: Path, stations: Sequence[Path] = ()) -> Taken:
    """The sessions of all trains in a recording whose bursts can be measured.

    stations: recordings of base stations by the same receiver, which tell its clock. Raises RecordingError, and
    CellError where no base station is in them.
    """
    error = clock([one.cell for one in learn(stations)])
    recording = open_recording(path)
    grouper = Grouper()
    heard: dict[Train, list[Signature]] = {}
    starts: dict[Train, int | None] = {}
    times: dict[Train, list[tuple[float, float]]] = {}
    taken: Counter[int] = Counter()
    clipped = 0

    def take(emission: Emission, number: int) -> int:
        if emission.label not in MEASURES or taken[number] >= MOST:
            return 0
        segment = segment_of(recording, emission)
        block = around(recording, segment, emission)
        if recording.dtype.kind != "f" and overdriven(block):
            return 1
        signature = measure(emission, block)
        if signature is not None:
            train = number, signature.family
            taken[number] += 1
            heard.setdefault(train, []).append(signature)
            starts.setdefault(train, clock_ns(segment, emission.sample_start))
            begin = (emission.sample_start + (emission.timing_samples or 0.0)) / segment.rate_hz
            times.setdefault(train, []).append((begin, emission.snr_db))
        return 0

    for emission in scan(recording):
        for one, number in grouper.add(emission, segment_of(recording, emission))[0]:
            clipped += take(one, number)
    for one, number in grouper.close()[0]:
        clipped += take(one, number)
    made = [_with_habits(joined(several, path.name, starts[train]), times[train]) for train, several in heard.items()]
    made = [corrected(one, error or UNKNOWN) for one in made]
    return Taken(tuple(sorted(made, key=lambda one: -one.bursts)), clipped, error)


def _with_habits(session: Session, heard: list[tuple[float, float]]) -> Session:
    """With what its bursts, told by start and level, show together."""
    rhythm = RHYTHMS.get(session.family)
    if rhythm is None:
        return session
    start_s, level_db = np.array(heard).T
    return replace(session, features={**session.features, **habits(start_s, level_db, rhythm)})


def around(recording: Recording, segment: Segment, emission: Emission) -> Block:
    """The samples of an emission, and some before and behind it, as its signature is measured of."""
    margin = round(MARGIN_S * segment.rate_hz)
    first = max(segment.sample_start, emission.sample_start - margin)
    end = min(segment.sample_start + segment.sample_count, emission.sample_start + emission.sample_count + margin)
    samples = read_samples(recording, first, end - first)
    return Block(np.ascontiguousarray(samples).view(np.float32).reshape(-1, 2), 1.0, first, segment)
