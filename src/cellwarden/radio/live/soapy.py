"""`soapy:driver=…`: any receiver that SoapySDR knows. Its Python module comes with the system, not from PyPI."""

import re
import sys
import time
from collections.abc import Callable, Iterator
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from threading import Event
from typing import Any

import numpy as np

from cellwarden.errors import SourceError
from cellwarden.language import gettext as _
from cellwarden.radio.live.stamps import Stamps
from cellwarden.radio.live.stream import Address, Piece, Stream, Tuning, gain_of, rate_of, understood

TEMPERATURE = re.compile("temp", re.IGNORECASE)
NUMBER = re.compile(r"\s*[-+]?\d+(\.\d*)?")
CELSIUS = ("", "c", "°c", "deg c", "degc", "celsius")
"""What drivers call the unit, where they name any."""
WARMEST_C = 200.0
"""What lies beyond is no temperature in degrees."""
SYSTEM = "/usr/lib/python3/dist-packages"
PIECE_S = 0.02
WAIT_US = 200_000
"""How soon it is noticed that nobody listens any more."""
SILENT_S = 5.0
"""A receiver that sends nothing for so long has been unplugged."""
CHANNEL = 0
DATED_NS = 1_577_836_800_000_000_000
"""The year 2020: a clock that tells less counts from when it was switched on, and knows no date."""


def open_stream(address: Address, tuning: Tuning) -> Stream:
    """Raises SourceError where there is no such receiver, it may not be used, or it cannot do what is asked."""
    soapy = _module(address)
    understood(address, ("gain",))
    rate = rate_of(address, tuning)
    if tuning.centre_hz is None:
        raise SourceError(_("{source}: give --centre, the frequency to tune to").format(source=address.text))
    gain = gain_of(address, tuning)
    try:
        device = soapy.Device(address.place)
    except RuntimeError as error:
        raise SourceError(
            _(
                "{source} cannot be opened ({why}): plug it in, install its soapysdr-module, and where it is a matter"
                " of permission its udev rule"
            ).format(source=address.text, why=error)
        ) from error
    try:
        _set(address, device, soapy, rate, tuning.centre_hz, gain)
        line = device.setupStream(soapy.SOAPY_SDR_RX, soapy.SOAPY_SDR_CS16, [CHANNEL])
        device.activateStream(line)
    except RuntimeError as error:
        raise SourceError(
            _("{source} refuses to receive ({why}): look at its settings").format(source=address.text, why=error)
        ) from error
    closed = Event()
    pieces = _pieces(address, soapy, device, line, rate, tuning.centre_hz, closed)
    return Stream(
        address,
        rate,
        pieces,
        closed.set,
        lambda hertz: device.setFrequency(soapy.SOAPY_SDR_RX, CHANNEL, hertz),
        temperature=_thermometer(device, soapy.SOAPY_SDR_RX),
    )


def _module(address: Address) -> Any:
    try:
        import SoapySDR
    except ImportError:
        _of_the_system()
    try:
        import SoapySDR
    except ImportError as error:
        raise SourceError(
            _("{source}: SoapySDR is missing: install python3-soapysdr").format(source=address.text)
        ) from error
    return SoapySDR


def _of_the_system() -> None:
    """Load Debian's module, and nothing else from where it lies: its numpy would take the place of ours."""
    for name in ("_SoapySDR", "SoapySDR"):
        spec = PathFinder.find_spec(name, [SYSTEM])
        if spec is None or spec.loader is None:
            return
        module = module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)


def _set(address: Address, device: Any, soapy: Any, rate: float, centre_hz: float, gain_db: float | None) -> None:
    """Raises SourceError for a rate or a frequency outside of what the receiver has, and names that."""
    side = soapy.SOAPY_SDR_RX
    if device.getNumChannels(side) <= CHANNEL:
        raise SourceError(_("{source} cannot receive: name another device").format(source=address.text))
    for value, ranges in (
        (rate, device.getSampleRateRange(side, CHANNEL)),
        (centre_hz, device.getFrequencyRange(side, CHANNEL)),
    ):
        allowed = [(r.minimum(), r.maximum()) for r in ranges]
        if allowed and not any(low <= value <= high for low, high in allowed):
            told = ", ".join(f"{low:.10g}" if low == high else f"{low:.10g}–{high:.10g}" for low, high in allowed)
            raise SourceError(
                _("{source} cannot be set to {value:.10g} Hz: it has {allowed}").format(
                    source=address.text, value=value, allowed=told
                )
            )
    device.setSampleRate(side, CHANNEL, rate)
    device.setFrequency(side, CHANNEL, centre_hz)
    if gain_db is not None:
        device.setGain(side, CHANNEL, gain_db)
    elif device.hasGainMode(side, CHANNEL):
        device.setGainMode(side, CHANNEL, True)


def _thermometer(device: Any, side: int) -> Callable[[], float | None] | None:
    """What reads the hottest of a device's temperatures; None where it has none, or its driver knows no sensors."""
    asked = [
        (*place, name)
        for place in ((), (side, CHANNEL))
        for name in _answered(device.listSensors, *place) or ()
        if TEMPERATURE.search(name) and _unit(device, *place, name) in CELSIUS
    ]

    def read() -> float | None:
        told = (NUMBER.match(str(_answered(device.readSensor, *one))) for one in asked)
        return max((value for one in told if one and abs(value := float(one[0])) < WARMEST_C), default=None)

    return read if asked else None


def _unit(device: Any, *sensor: Any) -> str:
    return str(getattr(_answered(device.getSensorInfo, *sensor), "units", "")).strip().lower()


def _answered(ask: Callable[..., Any], *what: Any) -> Any:
    """What a driver answers; None where it cannot."""
    try:
        return ask(*what)
    except RuntimeError:
        return None


def _pieces(
    address: Address, soapy: Any, device: Any, line: Any, rate: float, centre_hz: float, closed: Event
) -> Iterator[Piece]:
    """What was lost is told by the receiver's clock where it has one, else by ours; so is when a piece begins."""
    count = max(1, int(PIECE_S * rate))
    stamps, due_ns, heard = Stamps(), 0, time.monotonic()
    overflown = False
    try:
        while not closed.is_set():
            buffer = np.empty((count, 2), np.int16)
            got = device.readStream(line, [buffer], count, timeoutUs=WAIT_US)
            if got.ret == soapy.SOAPY_SDR_OVERFLOW:
                overflown = True
                continue
            if got.ret <= 0:
                if time.monotonic() - heard > SILENT_S:
                    raise SourceError(
                        _("{source} sends nothing any more: look whether it is plugged in").format(source=address.text)
                    )
                continue
            heard = time.monotonic()
            timed = bool(got.flags & soapy.SOAPY_SDR_HAS_TIME)
            lasts_ns = round(got.ret / rate * 1e9)
            begins, lost = time.time_ns() - lasts_ns, 0
            if timed:
                lost = stamps.lost(got.timeNs, got.ret, rate) or 0
            elif overflown and due_ns:
                lost = round((begins - due_ns) * rate / 1e9)
            lost = max(lost, int(overflown and due_ns > 0))
            due_ns, overflown = begins + lasts_ns, False
            start_ns = got.timeNs if timed and got.timeNs >= DATED_NS else None
            yield Piece(buffer[: got.ret], 2.0**-15, lost, start_ns, centre_hz)
    finally:
        device.deactivateStream(line)
        device.closeStream(line)
