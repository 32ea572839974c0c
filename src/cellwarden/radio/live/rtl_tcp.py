"""`rtltcp://HOST:PORT`: a receiver of the RTL2832U kind, over the network.

    server ─► "RTL0" │ tuner, 4 octets │ steps of gain, 4 octets │ I Q I Q I Q …      offset binary, 8 bits
    client ─► command, 1 octet │ value, 4 octets, most significant first

Source: rtl-sdr, `rtl_tcp` (its header and command numbers).
"""

import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from threading import Event

import numpy as np

from cellwarden.errors import SourceError
from cellwarden.language import gettext as _
from cellwarden.language import reason_of
from cellwarden.radio.datatype import Datatype
from cellwarden.radio.live.steady import steady
from cellwarden.radio.live.stream import (
    Address,
    Piece,
    Stream,
    Tuning,
    gain_of,
    host_and_port,
    option,
    piece_of,
    rate_of,
    understood,
)

FREQUENCY, RATE, GAIN_MODE, GAIN, PPM = 0x01, 0x02, 0x03, 0x04, 0x05
HEADER = struct.Struct(">4sII")
RATES_HZ = ((225_001, 300_000), (900_001, 3_200_000))
"""What the chip can do, from and to."""
HIGHEST_HZ = 0xFFFF_FFFF
"""What a command can say."""
CU8 = Datatype(np.dtype("u1"), real=False)
PIECE_S = 0.02
SILENT_S = 5.0
"""A server that sends nothing for so long is down."""


def open_stream(address: Address, tuning: Tuning) -> Stream:
    """Raises SourceError where nobody answers, somebody else does, or the chip cannot do what is asked."""
    understood(address, ("gain", "ppm"))
    place, rate = host_and_port(address), round(rate_of(address, tuning))
    if not any(low <= rate <= high for low, high in RATES_HZ):
        raise SourceError(
            _("{source}: a rate of {rate} is refused: give 225001 to 300000 or 900001 to 3200000").format(
                source=address.text, rate=rate
            )
        )
    centre_hz = tuning.centre_hz
    if centre_hz is None:
        raise SourceError(_("{source}: give --centre, the frequency to tune to").format(source=address.text))
    closed, line = Event(), _Line()
    commands = _commands(address, rate, centre_hz, tuning)

    def connect() -> Iterator[Piece]:
        line.socket = _connected(address, place)
        line.socket.sendall(commands)
        return _pieces(line.socket, rate, centre_hz)

    try:
        pieces = steady(connect, rate, closed)
    except (OSError, EOFError) as error:
        raise SourceError(
            _("{source} does not answer ({why}): start rtl_tcp there, or mend the address").format(
                source=address.text, why=reason_of(error)
            )
        ) from error

    def close() -> None:
        closed.set()
        with suppress(OSError):
            line.socket.shutdown(socket.SHUT_RDWR)

    def tune(hertz: float) -> None:
        with suppress(OSError):  # a line that is down is told where samples are read
            line.socket.sendall(_packed([_frequency(address, hertz)]))

    return Stream(address, float(rate), pieces, close, tune)


class _Line:
    """The connection of the moment."""

    socket: socket.socket


def _connected(address: Address, place: tuple[str, int]) -> socket.socket:
    line = socket.create_connection(place, timeout=SILENT_S)
    try:
        magic, _tuner, _gains = HEADER.unpack(_received(line, HEADER.size))
    except BaseException:
        line.close()
        raise
    if magic != b"RTL0":
        line.close()
        raise SourceError(
            _("{source} is no rtl_tcp: another service answers there: mend the address").format(source=address.text)
        )
    return line


def _commands(address: Address, rate: int, centre_hz: float, tuning: Tuning) -> bytes:
    """What sets the receiver. Gain is told in tenths of a decibel; without one the tuner sets it."""
    gain, ppm = gain_of(address, tuning), option(address, "ppm")
    commands = [(RATE, rate), _frequency(address, centre_hz), (GAIN_MODE, 0 if gain is None else 1)]
    commands += [(GAIN, round(10 * gain))] if gain is not None else []
    commands += [(PPM, round(ppm))] if ppm is not None else []
    return _packed(commands)


def _frequency(address: Address, hertz: float) -> tuple[int, int]:
    """The command that tunes. Raises SourceError."""
    if hertz > HIGHEST_HZ:
        raise SourceError(
            _("{source} cannot be set to {value:.10g} Hz: it has {allowed}").format(
                source=address.text, value=hertz, allowed=f"0–{HIGHEST_HZ}"
            )
        )
    return FREQUENCY, round(hertz)


def _packed(commands: list[tuple[int, int]]) -> bytes:
    """Values below zero as the server reads them: two's complement."""
    return b"".join(struct.pack(">BI", command, value & 0xFFFFFFFF) for command, value in commands)


def _pieces(line: socket.socket, rate: int, centre_hz: float) -> Iterator[Piece]:
    octets = 2 * max(1, int(PIECE_S * rate))
    with line:
        while True:
            yield piece_of(_received(line, octets), CU8, centre_hz=centre_hz)


def _received(line: socket.socket, count: int) -> bytes:
    """Exactly so many octets. Raises EOFError where the other side ends."""
    made = bytearray(count)
    view, done = memoryview(made), 0
    while done < count:
        got = line.recv_into(view[done:])
        if not got:
            raise EOFError("the line was closed")
        done += got
    return bytes(made)
