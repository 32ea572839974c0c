"""What was heard in a recording: counts, and the emissions worth showing, in bounded memory."""

import heapq
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from cellwarden.airinterface import TITLES, is_phone
from cellwarden.language import gettext as _
from cellwarden.language import ngettext, number
from cellwarden.model import Emission, Segment
from cellwarden.radio.absolute import middle_hz, moment
from cellwarden.radio.annotations import segment_of
from cellwarden.radio.bands import channels_at
from cellwarden.radio.recording import Recording
from cellwarden.runtime.faults import cannot_show

MOST_KEPT = 5_000
"""Emissions that table and report may show."""
MOST_NAMED = 4
"""Channels that the verdict names."""


class Best:
    """The emissions most worth showing: a phone's before others, then the surest, then the clearest."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._heap: list[tuple[tuple[bool, float, float], int, Emission]] = []
        self._seen = 0

    def add(self, emission: Emission) -> None:
        """Look at one more; of equals the earlier one stays."""
        self._seen += 1
        rank = (is_phone(emission), emission.confidence, emission.snr_db)
        item = (rank, -self._seen, emission)
        if len(self._heap) < self._most:
            heapq.heappush(self._heap, item)
        elif item > self._heap[0]:
            heapq.heapreplace(self._heap, item)

    def in_order(self) -> tuple[Emission, ...]:
        """Those kept, in the order of time."""
        kept = [emission for _rank, _seen, emission in self._heap]
        return tuple(sorted(kept, key=lambda e: (e.sample_start, e.low_offset_hz)))


@dataclass(frozen=True, slots=True)
class Tally:
    """What was counted of all emissions; `add` counts one more."""

    kinds: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By label and direction."""
    phones: Counter[str] = field(default_factory=Counter)
    """A phone's, by interface."""
    channels: Counter[tuple[str, str]] = field(default_factory=Counter)
    """A phone's, by interface and channel."""

    def add(self, emission: Emission, segment: Segment) -> None:
        """Count an emission that lies in `segment`."""
        self.kinds[emission.label, emission.direction] += 1
        if is_phone(emission):
            interface = emission.label.partition(":")[0]
            self.phones[interface] += 1
            for name in channel_names(emission, segment):
                self.channels[interface, name] += 1


@dataclass(frozen=True, slots=True)
class Heard:
    """What was found in a recording."""

    recording: Recording
    emissions: tuple[Emission, ...]
    """The MOST_KEPT most worth showing, in the order of time: bursts, or trains where `merged`."""
    rejected: Counter[str]
    sha512: str | None
    tally: Tally | None = None
    """Counts of all bursts; None where `emissions` are all there were."""
    trains: int = 0
    """How many trains the bursts make."""
    merged: bool = False
    """Whether annotations and `emissions` are trains instead of bursts."""
    warnings: tuple[str, ...] = ()
    """What a person should know of how it was scanned, a sentence each."""
    faults: tuple[str, ...] = ()
    """What is wrong with the samples, for machines: `saturated`, `coarse`, `real`, `iq_out_of_step`, `iq_swapped`,
    `mirrored`.
    """

    @property
    def counted(self) -> Tally:
        """Counts of all bursts."""
        if self.tally is not None:
            return self.tally
        made = Tally()
        for emission in self.emissions:
            made.add(emission, segment_of(self.recording, emission))
        return made

    @property
    def total(self) -> int:
        """How many bursts were found."""
        return self.counted.kinds.total()

    @property
    def phones(self) -> int:
        """How many of them a phone sent."""
        return self.counted.phones.total()

    def verdict(self) -> str:
        """One sentence for somebody in a hurry."""
        tally = self.counted
        others = tally.kinds.total() - tally.phones.total()
        rest = ngettext("{count} other emission", "{count} other emissions", others).format(count=number(others))
        if not tally.phones and any(label == "noise:jammer" for label, _direction in tally.kinds):
            return _("A jammer hides what phones send, and none was recognised; {others}").format(others=rest)
        if not tally.phones:
            return _("No phone was recognised; {others}").format(others=rest)
        said = []
        for interface, count in tally.phones.most_common():
            bursts = ngettext("{count} {interface} burst", "{count} {interface} bursts", count)
            text = bursts.format(count=number(count), interface=TITLES[interface])
            channels = _listed([name for (of, name), _count in tally.channels.most_common() if of == interface])
            said.append(f"{text} ({channels})" if channels else text)
        return _("A phone spoke: {bursts}; {others}").format(bursts=", ".join(said), others=rest)

    def rows(self, most: int) -> list[tuple[str, ...]]:
        """Cells of the table: time, frequency, channel, interface, kind, SNR, CFO, confidence."""
        return [self.row(emission) for emission in self.emissions[:most]]

    def row(self, e: Emission) -> tuple[str, ...]:
        """The cells of one emission."""
        segment = segment_of(self.recording, e)
        interface, _colon, kind = e.label.partition(":")
        bursts = e.details.get("bursts")
        return (
            f"{number(e.sample_start / segment.rate_hz * 1e3, 3)} ms",
            f"{number(middle_hz(e, segment) / 1e6, 4)} MHz",
            ", ".join(channel_names(e, segment)) if is_phone(e) else "",
            interface,
            kind if bursts is None else f"{kind}{'+' * ('kinds' in e.details)} ×{bursts}",
            f"{number(e.snr_db, 1)} dB",
            "" if e.cfo_hz is None else f"{'+' if e.cfo_hz >= 0 else ''}{number(e.cfo_hz)} Hz",
            number(e.confidence, 3),
        )

    def clock(self, emission: Emission) -> datetime | None:
        """When an emission began, in UTC to the microsecond; None where the recording does not tell its start."""
        return moment(segment_of(self.recording, emission), emission.sample_start)

    def json_pieces(self, lines: Iterable[tuple[int, str]]) -> Iterator[str]:
        """All that was found, for machines: one line of JSON, piece by piece, around annotations in JSON."""
        head: dict[str, Any] = {
            "recording": str(self.recording.path),
            "samples": self.recording.sample_count,
            "sha512": self.sha512,
            "bursts": self.total,
            "phone_bursts": self.phones,
            "trains": self.trains,
            "merged": self.merged,
            "warnings": list(self.warnings),
            "faults": list(self.faults),
            "cannot_show": [interface.name for interface in cannot_show(self.recording.rate_hz)],
            "rejected": dict(self.rejected),
        }
        yield json.dumps(head)[:-1] + ', "annotations": ['
        separator = ""
        for _sample, line in lines:
            yield separator + line
            separator = ", "
        yield "]}\n"


def channel_names(emission: Emission, segment: Segment) -> tuple[str, ...]:
    """The channels that an emission's middle lies in; where it may be a phone's, the side that phones send on."""
    if segment.centre_hz is None or "carriers" in emission.details or "kinds" in emission.details:
        return ()
    return _channel_names(middle_hz(emission, segment))


@lru_cache(maxsize=4096)
def _channel_names(frequency_hz: float) -> tuple[str, ...]:
    found = channels_at(frequency_hz)
    wanted = [channel for channel in found if channel.direction == "uplink"] or found
    return tuple(f"ARFCN {channel.arfcn}" for channel in wanted)


def _listed(names: list[str]) -> str:
    """`ARFCN 59, 62, 64, 70, …`: the word is said once."""
    shown, word = [], ""
    for name in names[:MOST_NAMED]:
        first, _space, rest = name.rpartition(" ")
        shown.append(rest if first == word else name)
        word = first
    return ", ".join(shown + ["…"] * (len(names) > MOST_NAMED))
