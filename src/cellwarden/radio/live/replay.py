"""`file:RECORDING?loop&realtime`: a recording as if it came from a receiver, once or for ever, at true speed or as fast
as it is taken.

With `together` it begins when the clock reads a whole multiple of its length, so that several programs play one air.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event

from cellwarden.radio.live.stream import Address, Piece, Stream, Tuning, understood
from cellwarden.radio.recording import Recording, blocks, open_recording

PIECE_S = 0.02


def open_stream(address: Address, tuning: Tuning) -> Stream:
    """Raises SourceError, and RecordingError for what is wrong with the recording."""
    understood(address, ("loop", "realtime", "together"))
    recording = open_recording(Path(address.place), rate_hz=tuning.rate_hz, centre_hz=tuning.centre_hz)
    closed, true_speed = Event(), "realtime" in address.options
    length_s = recording.sample_count / recording.rate_hz if "together" in address.options else 0.0
    told = _pieces(recording, "loop" in address.options, closed)
    return Stream(
        address,
        recording.rate_hz,
        _timed(told, recording.rate_hz, closed, length_s) if true_speed else told,
        closed.set,
        patient=not true_speed,
    )


def _pieces(recording: Recording, again: bool, closed: Event) -> Iterator[Piece]:
    """Gaps between its captures are told as lost samples."""
    while True:
        position = recording.segments[0].sample_start
        for block in blocks(recording, max(1, int(PIECE_S * recording.rate_hz))):
            if closed.is_set():
                return
            lost = block.sample_start - position
            yield Piece(block.iq.copy(), block.scale, lost, centre_hz=block.segment.centre_hz)
            position = block.sample_start + len(block.iq)
        if not again:
            return


def _timed(pieces: Iterator[Piece], rate_hz: float, closed: Event, multiple_s: float) -> Iterator[Piece]:
    """Each piece when its last sample would have been received; the first at a multiple of a time, if one is told."""
    if multiple_s and closed.wait(multiple_s - time.time() % multiple_s):
        return
    begun, samples = time.monotonic(), 0
    for piece in pieces:
        samples += piece.lost + len(piece.iq)
        if closed.wait(max(0.0, begun + samples / rate_hz - time.monotonic())):
            return
        yield piece
