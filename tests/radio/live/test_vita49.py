"""Packets against the layout that ANSI/VITA 49.0 draws; whatever else comes does no harm."""

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cellwarden.radio.datatype import named
from cellwarden.radio.live.vita49 import Context, parsed, pieces

KIND = named("ci16_be")
assert KIND is not None


def data(count: int, samples: list[int], *, at: tuple[int, int] | None = None, stream: bool = True) -> bytes:
    """A packet of samples whose I and Q tell their number; `at`: seconds and picoseconds."""
    body = struct.pack(">I", 7) if stream else b""
    head = (1 if stream else 0) << 28 | (count % 16) << 16
    if at is not None:
        head |= 1 << 22 | 2 << 20
        body += struct.pack(">IQ", *at)
    body += b"".join(struct.pack(">hh", n, -n) for n in samples)
    return struct.pack(">I", head | (len(body) // 4 + 1)) + body


def context(rate_hz: float, centre_hz: float) -> bytes:
    """A packet with bandwidth, RF reference frequency, gain and sample rate."""
    fields = struct.pack(">qqIq", 5 << 20, int(centre_hz * 2**20), 0, int(rate_hz * 2**20))
    body = struct.pack(">II", 7, 1 << 29 | 1 << 27 | 1 << 23 | 1 << 21) + fields
    return struct.pack(">I", 4 << 28 | (len(body) // 4 + 1)) + body


def test_context_tells_rate_and_centre() -> None:
    packet = parsed(context(12.5e6, 897.4e6))
    assert packet is not None
    assert packet.context == Context(12.5e6, 897.4e6)


@pytest.mark.parametrize("missing", [0, 1, 7, 15])
def test_missing_packets_are_counted_by_their_numbers(missing: int) -> None:
    first, later = data(14, [0, 1, 2, 3]), data(15 + missing, [4, 5, 6, 7])
    got = list(pieces([first, later], KIND, Context(1e6)))
    assert [p.lost for p in got] == [0, 4 * missing]
    assert got[1].iq[:, 0].tolist() == [4, 5, 6, 7]
    assert got[1].iq[:, 1].tolist() == [-4, -5, -6, -7]


def test_time_counts_what_the_numbers_can_not() -> None:
    """Sixteen missing packets leave the same number: only the time tells."""
    first, later = data(3, [0] * 4, at=(100, 0)), data(4, [0] * 4, at=(100, (4 + 16 * 4) * 10**6))
    assert [p.lost for p in pieces([first, later], KIND, Context(1e6))] == [0, 64]
    assert next(pieces([first], KIND, Context(1e6))).start_ns == 100 * 10**9


@pytest.mark.parametrize("step_s", [1_795_000_000, 3600, -3600])
def test_a_clock_that_is_set_loses_nothing(step_s: int) -> None:
    """As where a receiver begins to see satellites: the packets' numbers go on."""
    packets = [data(n, [n] * 4, at=(10_000 + step_s * (n > 2), 4 * n * 10**6)) for n in range(6)]
    del packets[4]
    told = list(pieces(packets, KIND, Context(1e6), lambda: 0))
    assert [p.lost for p in told] == [0, 0, 0, 0, 4]


def test_what_a_stalled_reader_finds_behind_a_full_buffer_is_lost_and_no_clock_was_set() -> None:
    """Ten seconds are missing between two packets that are read at once, both late."""
    packets = [data(n, [n] * 4, at=(100 + 10 * (n > 1), 4 * n * 10**6)) for n in range(3)]
    now_ns = iter((100 * 10**9, 112 * 10**9, 112 * 10**9))
    assert [p.lost for p in pieces(packets, KIND, Context(1e6), lambda: next(now_ns))] == [0, 0, 10_000_000]


def test_a_retune_shows_in_the_pieces_after_it() -> None:
    told = list(pieces([data(0, [1]), context(1e6, 935e6), data(1, [2])], KIND, Context(1e6, 890e6)))
    assert [p.centre_hz for p in told] == [890e6, 935e6]


def test_a_trailer_and_a_class_are_no_samples() -> None:
    body = struct.pack(">IQhhI", 7, 0xABCDEF, 11, -11, 0xFFFFFFFF)
    packet = struct.pack(">I", 1 << 28 | 1 << 27 | 1 << 26 | (len(body) // 4 + 1)) + body
    assert next(pieces([packet], KIND, Context(1e6))).iq.tolist() == [[11, -11]]


@given(st.binary(max_size=200))
def test_whatever_comes_is_a_packet_or_nothing(datagram: bytes) -> None:
    for piece in pieces([datagram], KIND, Context(1e6)):
        assert piece.iq.shape[1] == 2
        assert piece.iq.dtype == np.int16
