"""A source that gives nothing is told of, once, and when it gives again."""

import time
from collections.abc import Iterator

import numpy as np

from cellwarden.radio.live.stream import Piece
from cellwarden.runtime.silence import Silence

SOME = Piece(np.zeros((4, 2), np.int16), 1.0)
NONE = Piece(np.zeros((0, 2), np.int16), 1.0)


def test_a_source_that_gives_nothing_is_told_of_once_and_when_it_gives_again() -> None:
    told: list[bool] = []
    silence = Silence(told.append, after_s=0.2)

    def pieces() -> Iterator[Piece]:
        yield SOME
        time.sleep(0.5)
        yield NONE  # an empty datagram is no sign of life
        assert told == [True]
        time.sleep(0.3)
        yield SOME
        time.sleep(0.1)
        assert told == [True, False]

    with silence.watched():
        assert not told
        assert len(list(silence.pieces(pieces()))) == 3
        time.sleep(0.4)  # a source that has ended is no longer waited for
    assert told == [True, False]
