"""Several frequencies in turn by one receiver: each visit is a segment, and what comes while it tunes is left out."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle

from cellwarden.errors import SourceError
from cellwarden.language import gettext as _
from cellwarden.radio.band_plan import Schedule
from cellwarden.radio.live.stream import Piece, Stream


def hopping(stream: Stream, schedule: Schedule) -> Stream:
    """The stream of a receiver that follows a schedule. Raises SourceError where it can not be tuned."""
    if len(schedule.centres_hz) == 1:
        return stream
    if stream.tune is None:
        raise SourceError(_("{source} cannot be tuned: leave --plan and --band out").format(source=stream.address.text))
    return replace(stream, pieces=_visits(stream, schedule))


def _visits(stream: Stream, schedule: Schedule) -> Iterator[Piece]:
    """Pieces are cut where a visit ends. The receiver is tuned in the thread that receives."""
    assert stream.tune is not None
    visit, settle = round(schedule.visit_s * stream.rate_hz), round(schedule.settle_s * stream.rate_hz)
    centres = cycle(schedule.centres_hz)
    centre = next(centres)
    stream.tune(centre)
    silent, left, lost = settle, visit, 0  # samples still to be left out; still to be given; left out so far
    for piece in stream.pieces:
        lost += piece.lost
        iq = piece.iq
        while len(iq):
            before = len(piece.iq) - len(iq)
            taken = iq[: silent or left]
            iq = iq[len(taken) :]
            if silent:
                silent, lost = silent - len(taken), lost + len(taken)
                continue
            begins = None if piece.start_ns is None else piece.start_ns + round(before / stream.rate_hz * 1e9)
            yield Piece(taken, piece.scale, lost, begins, centre)
            left, lost = left - len(taken), 0
            if not left:
                centre, left, silent = next(centres), visit, settle
                stream.tune(centre)
