"""A device for SoapySDR's Python interface that receives what it is told to: the part of the module that is used."""

from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

SOAPY_SDR_RX, SOAPY_SDR_CS16, SOAPY_SDR_HAS_TIME, SOAPY_SDR_OVERFLOW, SOAPY_SDR_TIMEOUT = 1, "CS16", 4, -4, -1
MTU = 4096

wave: NDArray[np.int16] = np.empty((0, 2), np.int16)
overflows: dict[int, int] = {}
"""By the sample before which it happens, how many are lost."""
has_time = True
since_ns = 10**18
"""What its clock tells at the first sample: as it is, of a clock that knows no date."""
settings: dict[str, Any] = {}
sensors: dict[str, tuple[str, str]] = {}
"""What each tells, and in what unit; one that tells nothing is broken."""


def between(low: float, high: float) -> SimpleNamespace:
    return SimpleNamespace(minimum=lambda: low, maximum=lambda: high)


class Device:
    def __init__(self, arguments: str) -> None:
        if "loopback" not in arguments:
            raise RuntimeError("no match")
        self.at, self.told = 0, set[int]()

    def getNumChannels(self, side: int) -> int:
        return 1

    def getSampleRateRange(self, side: int, channel: int) -> list[SimpleNamespace]:
        return [between(250e3, 250e3), between(1e6, 3.2e6)]

    def getFrequencyRange(self, side: int, channel: int) -> list[SimpleNamespace]:
        return [between(24e6, 1.8e9)]

    def listSensors(self, *place: int) -> list[str]:
        return [] if place else list(sensors)

    def getSensorInfo(self, name: str) -> SimpleNamespace:
        return SimpleNamespace(key=name, units=sensors[name][1])

    def readSensor(self, name: str) -> str:
        if not sensors[name][0]:
            raise RuntimeError("no such register")
        return sensors[name][0]

    def setSampleRate(self, side: int, channel: int, rate: float) -> None:
        settings["rate"] = rate

    def setFrequency(self, side: int, channel: int, hertz: float) -> None:
        settings["centre"] = hertz

    def setGain(self, side: int, channel: int, gain: float) -> None:
        settings["gain"] = gain

    def hasGainMode(self, side: int, channel: int) -> bool:
        return True

    def setGainMode(self, side: int, channel: int, automatic: bool) -> None:
        settings["automatic"] = automatic

    def setupStream(self, side: int, form: str, channels: list[int]) -> str:
        assert form == SOAPY_SDR_CS16
        return "line"

    def activateStream(self, line: str) -> None:
        settings["active"] = True

    def deactivateStream(self, line: str) -> None:
        settings["active"] = False

    def closeStream(self, line: str) -> None:
        settings["closed"] = True

    def readStream(self, line: str, buffers: list[Any], count: int, timeoutUs: int) -> SimpleNamespace:
        if self.at in overflows and self.at not in self.told:
            self.told.add(self.at)
            self.at += overflows[self.at]
            return SimpleNamespace(ret=SOAPY_SDR_OVERFLOW, flags=0, timeNs=0)
        end = min([len(wave), self.at + min(count, MTU), *(o for o in overflows if o > self.at)])
        got = end - self.at
        if got <= 0:
            return SimpleNamespace(ret=SOAPY_SDR_TIMEOUT, flags=0, timeNs=0)
        buffers[0][:got] = wave[self.at : end]
        begins = since_ns + round(self.at / settings["rate"] * 1e9)
        self.at = end
        return SimpleNamespace(ret=got, flags=SOAPY_SDR_HAS_TIME if has_time else 0, timeNs=begins)
