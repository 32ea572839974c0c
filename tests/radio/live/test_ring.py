"""Nothing is lost between the threads that is not counted."""

import threading
import time

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cellwarden.radio.live.receive import blocks
from cellwarden.radio.live.ring import Ring
from cellwarden.radio.live.stream import Address, Piece, Stream


def piece(first: int, count: int, lost: int = 0) -> Piece:
    """Samples that tell their own number."""
    numbers = np.arange(first, first + count, dtype=np.float32)
    return Piece(np.stack([numbers, numbers], axis=1), 1.0, lost)


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(0, 9), st.booleans()), max_size=60), st.integers(1, 120))
def test_each_sample_is_delivered_in_its_place_or_counted_as_lost(
    steps: list[tuple[int, int, bool]], most: int
) -> None:
    ring, sent, position, missing = Ring(most), 0, 0, 0

    def take() -> None:
        nonlocal position
        got = ring.get()
        assert got is not None
        position += got.lost
        assert got.iq[0, 0] == position  # what is told as lost is exactly what is missing
        position += len(got.iq)

    waiting = 0
    for count, lost, taken in steps:
        sent += lost
        before = ring.dropped
        ring.put(piece(sent, count, lost), wait=False)
        sent += count
        stored = ring.dropped == before
        waiting += stored
        missing = 0 if stored else missing + lost + count
        if taken and waiting:
            take()
            waiting -= 1
    while waiting:
        take()
        waiting -= 1
    ring.end()
    assert ring.get() is None
    assert position + missing == sent


def test_a_receiver_is_never_held_up_and_a_file_always_waits() -> None:
    ring = Ring(100)
    for number in range(10):
        ring.put(piece(60 * number, 60), wait=False)  # returns although nobody takes
    assert ring.dropped == 9 * 60

    patient, taken = Ring(100), []
    sender = threading.Thread(target=lambda: [patient.put(piece(60 * n, 60), wait=True) for n in range(10)])
    sender.start()
    while len(taken) < 10:
        got = patient.get()
        assert got is not None
        taken.append(got.iq[0, 0])
    sender.join()
    assert taken == [60 * n for n in range(10)]
    assert patient.dropped == 0


def test_what_the_source_raised_is_raised_after_its_last_piece() -> None:
    ring = Ring(100)
    ring.put(piece(0, 5), wait=False)
    ring.end(ValueError("gone"))
    assert ring.get() is not None
    try:
        ring.get()
    except ValueError as error:
        assert str(error) == "gone"
    else:
        raise AssertionError("nothing was raised")


def test_samples_are_stamped_when_they_come_though_who_works_is_busy() -> None:
    class Busy(Ring):
        def get(self) -> Piece | None:
            time.sleep(0.5)
            return super().get()

    stream = Stream(Address("test:", "test", "", {}), 1e6, iter([piece(0, 1000), piece(1000, 1000)]), lambda: None)
    before_ns = time.time_ns()
    got = list(blocks(stream, Busy(10_000)))
    stamps = [block.segment.start_ns for block in got]
    assert len(got) == 2 and stamps[0] == stamps[1]
    assert stamps[0] is not None and before_ns - 10**6 <= stamps[0] < before_ns + 300 * 10**6


def test_a_piece_without_samples_is_none_but_what_it_says_is_lost_is() -> None:
    ring = Ring(100)
    ring.put(piece(0, 5), wait=False)
    ring.put(piece(8, 0, lost=3), wait=False)
    ring.put(piece(8, 5), wait=False)
    first, second = ring.get(), ring.get()
    assert first is not None and second is not None
    assert (len(second.iq), second.lost) == (5, 3)
