"""What all sources share: their addresses, what is asked of them, and what they give.

rtltcp://HOST:PORT?gain=30&loop
scheme   place      options
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cellwarden.errors import SourceError
from cellwarden.language import gettext as _
from cellwarden.radio.datatype import Datatype, named, widened

MOST = 1e6
"""Decibels or millionths from which on a number is a slip of the pen."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where samples come from."""

    text: str
    """As it was written."""
    scheme: str
    place: str
    options: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Tuning:
    """What is asked of a receiver; None where nothing is."""

    rate_hz: float | None = None
    centre_hz: float | None = None
    gain_db: float | None = None
    """None: the receiver sets it by itself, where it can."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Samples that came at once."""

    iq: NDArray[Any]
    """int16 or float32, shape (n, 2), contiguous; ours to keep."""
    scale: float
    """What a unit is worth."""
    lost: int = 0
    """Samples missing before them, as far as is known."""
    start_ns: int | None = None
    """When the first was taken, by the source's own clock; None where it has none."""
    centre_hz: float | None = None
    """What the receiver was tuned to; None where that is unknown."""


@dataclass(frozen=True, slots=True)
class Stream:
    """An open source."""

    address: Address
    rate_hz: float
    pieces: Iterator[Piece]
    """May raise SourceError; ends where the source does."""
    close: Callable[[], None]
    """Makes `pieces` end soon, from another thread."""
    tune: Callable[[float], None] | None = None
    """Sets the frequency in hertz, from the thread that receives; None where nothing can be set."""
    patient: bool = False
    """Whether it waits where nobody takes its samples: a file does, a receiver does not."""
    temperature: Callable[[], float | None] | None = None
    """Asks how warm the receiver is, in degrees Celsius, which may take a while; None where it has no such sensor."""


def addressed(text: str) -> Address:
    """An address in its parts. Raises SourceError where it has no scheme."""
    scheme, colon, rest = text.partition(":")
    if not colon or not scheme:
        raise SourceError(
            _("{source} is no source: write file:RECORDING, rtltcp://HOST:PORT, zmq://HOST:PORT, …").format(source=text)
        )
    place, _mark, query = rest.removeprefix("//").partition("?")
    options = dict(item.partition("=")[::2] for item in query.split("&") if item)
    return Address(text, scheme.lower(), place, options)


def understood(address: Address, known: tuple[str, ...]) -> None:
    """Raises SourceError for an option that a source does not have."""
    for name in address.options:
        if name not in known:
            raise SourceError(
                _("{source}: option {name} is unknown: there are {known}").format(
                    source=address.text, name=name, known=", ".join(known)
                )
            )


def host_and_port(address: Address) -> tuple[str, int]:
    """The two parts of a place. Raises SourceError."""
    host, colon, port = address.place.rpartition(":")
    if not colon or not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise SourceError(
            _("{source}: tell host and port, as {scheme}://192.168.1.20:1234").format(
                source=address.text, scheme=address.scheme
            )
        )
    return host.strip("[]"), int(port)


def option(address: Address, name: str, otherwise: float | None = None) -> float | None:
    """A number among an address's options; where it is not told, another. Raises SourceError where it is no number."""
    told = address.options.get(name, otherwise)
    try:
        return None if told is None else _sober(float(told))
    except ValueError:
        raise SourceError(
            _("{source}: {name}={value} is no number").format(source=address.text, name=name, value=told)
        ) from None


def _sober(number: float) -> float:
    """Raises ValueError for what can be set nowhere."""
    if not abs(number) < MOST:
        raise ValueError(number)
    return number


def gain_of(address: Address, tuning: Tuning) -> float | None:
    """The gain that was asked for in decibels, by the address first; None where the receiver sets it by itself.

    Raises SourceError.
    """
    return option(address, "gain", tuning.gain_db)


def rate_of(address: Address, tuning: Tuning) -> float:
    """The sample rate that was asked for. Raises SourceError where none was."""
    if tuning.rate_hz is None:
        raise SourceError(_("{source} does not tell its sample rate: give --rate").format(source=address.text))
    return tuning.rate_hz


def datatype_of(address: Address, default: str) -> Datatype:
    """How samples lie in what a source sends. Raises SourceError where that is unknown, or no complex samples."""
    name = address.options.get("datatype", default)
    kind = named(name)
    if kind is None or kind.real:
        raise SourceError(
            _("{source}: datatype {name} is unknown: cu8, ci8, ci16_le, cf32_le, … are known").format(
                source=address.text, name=name
            )
        )
    return kind


def piece_of(octets: bytes, kind: Datatype, **told: Any) -> Piece:
    """Samples in octets; octets beyond the last whole sample are left out. `told`: the other fields of Piece."""
    whole = len(octets) // kind.sample_bytes * kind.sample_bytes
    raw = np.frombuffer(octets[:whole] if whole < len(octets) else octets, kind.component)
    iq, scale = widened(raw.reshape(-1, 2))
    return Piece(np.ascontiguousarray(iq), scale, **told)
