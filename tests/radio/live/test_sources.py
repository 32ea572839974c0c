"""Each source against a real server of its protocol: what is delivered equals what was sent, sample for sample."""

import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.radio.live.servers import RtlTcp, soon

from cellwarden.errors import SourceError
from cellwarden.model import Block
from cellwarden.radio.live import Tuning, open_stream
from cellwarden.radio.live.receive import blocks, ring_of
from cellwarden.radio.live.stream import Stream
from cellwarden.radio.recording import blocks as recorded
from cellwarden.radio.recording import open_recording
from cellwarden.simulate import wing

RATE = 1e6
TUNED = Tuning(RATE, 897.5e6)
RNG = np.random.default_rng(4)


def heard(stream: Stream, most: int) -> list[Block]:
    """Blocks until so many samples have come, or the stream ends."""
    got: list[Block] = []
    received = blocks(stream, ring_of(stream, held_s=60.0))
    for block in received:
        got.append(block)
        if sum(len(b.iq) for b in got) >= most:
            break
    received.close()
    return got


def samples(got: list[Block]) -> NDArray[np.float64]:
    return np.concatenate([b.iq * b.scale for b in got])


def test_a_recording_is_delivered_whole_and_in_its_place() -> None:
    path = wing.PLACE.with_suffix(".sigmf-meta")
    got = heard(open_stream(f"file:{path}", Tuning()), 1 << 40)
    whole = np.concatenate([b.iq.copy() for b in recorded(open_recording(path))])
    assert np.array_equal(np.concatenate([b.iq for b in got]), whole)
    assert [b.sample_start for b in got] == np.cumsum([0, *(len(b.iq) for b in got[:-1])]).tolist()
    assert len({b.segment for b in got}) == 1


def test_a_recording_at_true_speed_takes_its_time() -> None:
    path = wing.PLACE.with_suffix(".sigmf-meta")
    stream = open_stream(f"file:{path}?realtime&loop", Tuning())
    begun = time.monotonic()
    got = heard(stream, int(0.5 * stream.rate_hz))
    assert time.monotonic() - begun >= 0.5  # it may not come early, however slow the machine
    assert sum(len(b.iq) for b in got) >= 0.5 * stream.rate_hz


def test_rtl_tcp_is_set_and_delivers_what_its_server_sends() -> None:
    octets = RNG.integers(0, 256, 400_000, np.uint8)
    server = RtlTcp(octets.tobytes())
    got = heard(open_stream(f"{server.address}?gain=29.7&ppm=-3", TUNED), 200_000)
    server.close()
    assert np.array_equal(samples(got), (octets.astype(float).reshape(-1, 2) * 2 - 255) / 256)
    assert got[0].segment.centre_hz == 897.5e6
    wanted = [(2, 1_000_000), (1, 897_500_000), (3, 1), (4, 297), (5, 2**32 - 3)]
    assert soon(lambda: server.commands == wanted)


def test_a_gain_below_zero_is_sent_as_the_server_reads_it() -> None:
    server = RtlTcp(bytes(40_000))
    heard(open_stream(server.address, Tuning(1e6, 897.5e6, -1.0)), 1000)
    server.close()
    assert soon(lambda: (4, 2**32 - 10) in server.commands)


@pytest.mark.long
def test_a_broken_line_is_mended_and_its_gap_is_counted_by_the_clock() -> None:
    octets = RNG.integers(0, 256, 400_000, np.uint8)
    server = RtlTcp(octets.tobytes(), breaks_at=(200_000,))
    begun = time.monotonic()
    got = heard(open_stream(server.address, TUNED), 200_000)
    took = time.monotonic() - begun
    server.close()
    assert np.array_equal(samples(got), (octets.astype(float).reshape(-1, 2) * 2 - 255) / 256)
    first, second = dict.fromkeys(b.segment for b in got)
    gap = second.sample_start - 100_000
    assert 0.9 * RATE < gap <= took * RATE  # a second passes before the line is tried again
    assert first.start_ns is not None
    assert second.start_ns == first.start_ns + round((second.sample_start - first.sample_start) / RATE * 1e9)


def test_zeromq_delivers_what_a_real_socket_pushes() -> None:
    zmq = pytest.importorskip("zmq")
    wave = RNG.normal(size=(50_000, 2)).astype("<f4")
    line = zmq.Context.instance().socket(zmq.PUSH)
    port = line.bind_to_random_port("tcp://127.0.0.1")
    stream = open_stream(f"zmq://127.0.0.1:{port}?pull", TUNED)
    threading.Thread(target=lambda: [line.send(part.tobytes()) for part in np.split(wave, 50)], daemon=True).start()
    got = heard(stream, len(wave))
    line.close(linger=0)
    assert np.array_equal(np.concatenate([b.iq for b in got]), wave)


def test_zeromq_hears_a_publisher() -> None:
    zmq = pytest.importorskip("zmq")
    wave = RNG.normal(size=(1000, 2)).astype("<f4")
    line = zmq.Context.instance().socket(zmq.PUB)
    port = line.bind_to_random_port("tcp://127.0.0.1")
    stop = threading.Event()

    def publish() -> None:
        while not stop.wait(0.005):
            line.send(wave.tobytes())

    sender = threading.Thread(target=publish)
    sender.start()
    got = heard(open_stream(f"zmq://127.0.0.1:{port}", TUNED), 3000)
    stop.set()
    sender.join()
    line.close(linger=0)
    assert np.array_equal(got[0].iq, wave)


def test_zeromq_hears_by_ipv6() -> None:
    zmq = pytest.importorskip("zmq")
    wave = RNG.normal(size=(1000, 2)).astype("<f4")
    with zmq.Context.instance().socket(zmq.PUSH) as line:
        line.setsockopt(zmq.IPV6, 1)
        line.setsockopt(zmq.LINGER, 0)
        line.setsockopt(zmq.SNDTIMEO, 5000)
        try:
            port = line.bind_to_random_port("tcp://[::1]")
        except zmq.ZMQError:
            pytest.skip("this machine has no IPv6")
        stream = open_stream(f"zmq://[::1]:{port}?pull", TUNED)
        line.send(wave.tobytes())
        assert np.array_equal(samples(heard(stream, len(wave))), wave)


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind(("127.0.0.1", 0))
        return int(line.getsockname()[1])


def test_udp_delivers_datagrams() -> None:
    port, wave = free_port(), RNG.integers(-9, 9, (30_000, 2)).astype("<i2")
    stream = open_stream(f"udp://127.0.0.1:{port}", TUNED)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        for part in np.split(wave, 30):
            line.sendto(part.tobytes(), ("127.0.0.1", port))
    got = heard(stream, len(wave))
    assert np.array_equal(np.concatenate([b.iq for b in got]), wave)


def test_a_datagram_that_holds_no_whole_sample_ends_nothing() -> None:
    port, wave = free_port(), RNG.integers(-9, 9, (1000, 2)).astype("<i2")
    stream = open_stream(f"udp://127.0.0.1:{port}", TUNED)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        for octets in (b"", b"who", wave.tobytes()):
            line.sendto(octets, ("127.0.0.1", port))
    (got,) = heard(stream, len(wave))
    assert np.array_equal(got.iq, wave)


def test_udp_takes_rate_and_centre_from_vita_49_and_counts_what_the_net_lost() -> None:
    from tests.radio.live.test_vita49 import context, data

    port = free_port()
    packets = [context(2e6, 900e6)] + [data(n, list(range(n, n + 4))) for n in range(12)]
    del packets[6:9]  # what the net lost: numbers 5, 6, 7

    def send() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            for packet in packets:
                line.sendto(packet, ("127.0.0.1", port))

    timer = threading.Timer(0.3, send)
    timer.start()
    stream = open_stream(f"udp://127.0.0.1:{port}?vita49", Tuning())
    got = heard(stream, 9 * 4)
    assert stream.rate_hz == 2e6
    assert got[0].segment.centre_hz == 900e6
    assert [b.sample_start for b in got] == [4 * n for n in (0, 1, 2, 3, 4, 8, 9, 10, 11)]
    assert len({b.segment for b in got}) == 2


def test_the_rate_of_vita_49_is_waited_for_by_the_clock_and_not_by_packets() -> None:
    """A receiver may tell it once a second, between hundreds of packets of samples."""
    from tests.radio.live.test_vita49 import context, data

    port = free_port()

    def send() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            for packet in [*(data(n, [n]) for n in range(100)), context(2e6, 900e6)]:
                line.sendto(packet, ("127.0.0.1", port))

    threading.Timer(0.3, send).start()
    stream = open_stream(f"udp://127.0.0.1:{port}?vita49", Tuning())
    assert stream.rate_hz == 2e6
    stream.close()
    list(stream.pieces)


def test_what_is_no_number_is_refused() -> None:
    zmq = pytest.importorskip("zmq")
    line = zmq.Context.instance().socket(zmq.PUSH)
    port = line.bind_to_random_port("tcp://127.0.0.1")
    stream = open_stream(f"zmq://127.0.0.1:{port}?pull", TUNED)
    line.send(np.full(64, np.nan, "<f4").tobytes())
    with pytest.raises(SourceError, match="datatype"):
        heard(stream, 1)
    line.close(linger=0)


def refused(address: str, tuning: Tuning = TUNED) -> str:
    with pytest.raises(SourceError) as caught:
        open_stream(address, tuning)
    return str(caught.value)


def taken_port() -> tuple[socket.socket, int]:
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    line.bind(("127.0.0.1", 0))
    return line, line.getsockname()[1]


CASES: dict[str, Callable[[], str]] = {
    "rtltcp": lambda: refused("nothing"),
    "file:": lambda: refused("radio://here"),
    "host and port": lambda: refused("rtltcp://somewhere"),
    "900001": lambda: refused("rtltcp://127.0.0.1:1", Tuning(5e6, 9e8)),
    "--rate": lambda: refused("zmq://127.0.0.1:5", Tuning()),
    "--centre": lambda: refused("rtltcp://127.0.0.1:1", Tuning(1e6)),
    "start rtl_tcp": lambda: refused("rtltcp://127.0.0.1:1"),
    "colour": lambda: refused("zmq://127.0.0.1:5?colour=red"),
    "cu8": lambda: refused("udp://127.0.0.1:5?datatype=cf99"),
    "is no number": lambda: refused("rtltcp://127.0.0.1:1?gain=loud"),
    "gain=nan": lambda: refused("rtltcp://127.0.0.1:1?gain=nan"),
    "gain=inf": lambda: refused("rtltcp://127.0.0.1:1", Tuning(1e6, 9e8, float("inf"))),
    "0–4294967295": lambda: refused("rtltcp://127.0.0.1:1", Tuning(1e6, 5.8e9)),
}


@pytest.mark.parametrize("remedy", CASES)
def test_a_source_that_cannot_be_used_says_what_to_do(remedy: str) -> None:
    assert remedy in CASES[remedy]()


def test_another_service_is_told_from_rtl_tcp() -> None:
    server = RtlTcp(bytes(100), magic=b"HTTP")
    assert "no rtl_tcp" in refused(server.address)
    server.close()


def test_a_port_in_use_is_told() -> None:
    line, port = taken_port()
    with line:
        assert "free port" in refused(f"udp://127.0.0.1:{port}")


def test_what_is_refused_leaves_no_socket_open() -> None:
    line, port = taken_port()
    with line:
        before = sorted(Path("/dev/fd").iterdir())
        refused(f"udp://127.0.0.1:{port}")
        refused("udp://127.0.0.1:5?datatype=cf99")
        assert sorted(Path("/dev/fd").iterdir()) == before


def test_a_recording_that_is_missing_is_told(tmp_path: Path) -> None:
    from cellwarden.errors import RecordingError

    with pytest.raises(RecordingError, match="nix"):
        open_stream(f"file:{tmp_path / 'nix.sigmf-meta'}", Tuning())
