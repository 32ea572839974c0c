"""What a phone does: a call, a text, a registration, from how long it sends and how densely.

```
 GSM   access │ SDCCH: 4 of 51 frames, some 25 bursts a second ········ │ TCH: 25 of 26 frames, 208 bursts a second ───
 LTE   PRACH  │ few PUSCH while signalling ·  ·  ·                      │ speech: a PUSCH every 20 ms ──────────────────

       0 s    registration           text                      call
              ├──────────┤ 4 s ├─────────────────┤ 20 s ├─────────────────────────►   or: as dense as speech
```

Nothing of it is read: only labels are counted, and time is measured. So each name is a hypothesis, and grows: what
begins as a registration becomes a text when it lasts, and a call when it lasts longer or becomes as dense as speech.

- A registration is over within 20 s: the phone gives up (T3210 of 20 s, 3GPP TS 24.008 §11.2; T3430 of 15 s in LTE, TS
  24.301 §10.2). Nothing that lasts longer is one; a text is sent in some seconds too, so what does is taken for a call.
- Bursts at full rate: a traffic channel sends in 24 of 26 frames of 120 ms and its SACCH in one (TS 45.002 §7 table 1),
  208 a second; a dedicated control channel at most 4 + 2 in 51 frames of 235.4 ms, 25 a second. In between lies 60.
- Speech over LTE comes every 20 ms (TS 26.114 §7.4.2), 50 times a second; signalling never keeps that up for seconds.
- A location update over SDCCH takes 1.5 to 3.5 s, a text of 160 characters, 9 to 12 blocks of 235 ms each way with
  their acknowledgements, 4 s and more: by arithmetic on the above, not measured. The two overlap; an alert does not
  depend on which it is.
- Silence of 5 s ends it: ten of GSM's SACCH periods of 480 ms (TS 45.008 §8.4), thirty of the 160 ms between comfort
  noise frames of speech over LTE (TS 26.093 §5). A sensor may miss some seconds; it does not miss all these.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from cellwarden.airinterface import PHONES
from cellwarden.model import Activity, Sighting
from cellwarden.model.span import S_NS
from cellwarden.radio.bands import allocations_at

GAP_NS = 5 * S_NS
REGISTRATION_NS = 4 * S_NS
CALL_NS = 20 * S_NS
TRAFFIC = frozenset({"gsm:normal", "umts:dpch", "lte:pusch", "nr:pusch"})
"""Labels of what carries signalling or speech: others are sent to be let in, or while nothing is said."""
SPEECH_PER_S = {"gsm": 60.0, "lte": 20.0, "nr": 20.0}
"""Bursts of TRAFFIC a second above which it is speech. UMTS sends all the time, whatever it says."""
DENSE_NS = {"gsm": 1 * S_NS, "lte": 3 * S_NS, "nr": 3 * S_NS}
"""For how long it must be so dense: less may be one packet."""
MOST_EVIDENCE = 8
LEAST_DOUBT = 1e-6
"""No recogniser is surer than that."""

SYSTEMS = {"gsm": "GSM", "umts": "UMTS", "lte": "LTE", "nr": "NR"}
"""What `radio.bands` calls the interfaces of phones."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What speaks for an activity being a phone's."""

    bursts: int
    """Phones' bursts in all sightings."""
    sightings: int
    best: float
    """Confidence of the surest sighting."""
    mean: float
    """Of all: their log-odds, each weighing as many bursts as it has. What is wrong once is wrong each time."""
    log_ratio: float
    """Natural logarithm of the likelihood ratio for the presence's emitter: the highest of its sightings."""
    sensors: tuple[str, ...]
    """That heard it, those first that heard most of it."""
    evidence: tuple[str, ...]


@dataclass(slots=True)
class Doing:
    """An activity that may go on."""

    phone: str
    interface: str
    band: str
    start_ns: int
    end_ns: int
    frequency_hz: float
    offset_hz: float | None = None
    offset_error_hz: float = 0.0
    kind: Literal["call", "text", "registration"] = "registration"
    traffic: tuple[int, int] | None = None
    """First and last time of TRAFFIC."""
    dense_ns: int = 0
    bursts: int = 0
    sightings: int = 0
    log_odds: float = 0.0
    """Sum over bursts."""
    best: float = 0.0
    sensors: dict[str, int] | None = None
    evidence: tuple[str, ...] = ()


def phone_bursts(sighting: Sighting) -> int:
    """Bursts that phones send, of an interface of phones; none of a base station's."""
    if sighting.interface not in PHONES:
        return 0
    return sum(n for label, n in sighting.labels.items() if is_phones(label))


def is_phones(label: str) -> bool:
    """Whether a label is one of a phone's."""
    interface, _, kind = label.partition(":")
    return interface in PHONES and kind != "downlink"


def band_of(interface: str, frequency_hz: float) -> str:
    """Name of the band, `GSM 900` or `LTE 3`; empty where no band of this system has its uplink there."""
    for one in allocations_at(frequency_hz):
        if one.system.partition(" ")[0] == SYSTEMS.get(interface) and one.direction != "downlink":
            return f"{SYSTEMS[interface]} {one.band}" if one.band.isdigit() else one.band
    return ""


def begun(sighting: Sighting) -> Doing:
    """An activity of which nothing was counted yet."""
    band, at_ns = band_of(sighting.interface, sighting.frequency_hz), sighting.start_ns
    return Doing(sighting.phone, sighting.interface, band, at_ns, at_ns, sighting.frequency_hz, sensors={})


def goes_on(doing: Doing, sighting: Sighting) -> bool:
    """Whether a sighting is of the same activity: a call that falls back from LTE to GSM is two."""
    return sighting.interface == doing.interface and sighting.start_ns - doing.end_ns <= GAP_NS


def count(doing: Doing, sighting: Sighting) -> bool:
    """Count a sighting in; whether the activity has a new name for it. Changes `doing`."""
    bursts = phone_bursts(sighting)
    doing.end_ns = max(doing.end_ns, sighting.end_ns)
    doing.bursts += bursts
    doing.sightings += 1
    certain = min(max(sighting.confidence, LEAST_DOUBT), 1 - LEAST_DOUBT)
    doing.log_odds += bursts * math.log(certain / (1 - certain))
    doing.best = max(doing.best, sighting.confidence if bursts else 0.0)
    doing.evidence = (doing.evidence + sighting.evidence)[:MOST_EVIDENCE]
    if doing.offset_hz is None:
        doing.offset_hz, doing.offset_error_hz = sighting.offset_hz, sighting.offset_error_hz
    assert doing.sensors is not None
    for sensor in sighting.sensors:
        doing.sensors[sensor] = doing.sensors.get(sensor, 0) + 1
    _traffic(doing, sighting)
    before, doing.kind = doing.kind, _kind(doing)
    return doing.kind != before


def _traffic(doing: Doing, sighting: Sighting) -> None:
    sent = sum(n for label, n in sighting.labels.items() if label in TRAFFIC)
    if not sent:
        return
    first = doing.traffic[0] if doing.traffic else sighting.start_ns
    doing.traffic = first, max(sighting.end_ns, doing.end_ns)
    lasted = max(sighting.end_ns - sighting.start_ns, S_NS // 2)  # two bursts close together are not yet dense
    if sent * S_NS >= SPEECH_PER_S.get(doing.interface, math.inf) * lasted:
        doing.dense_ns += lasted


def _kind(doing: Doing) -> Literal["call", "text", "registration"]:
    lasted = doing.traffic[1] - doing.traffic[0] if doing.traffic else 0
    if doing.kind == "call" or lasted >= CALL_NS or doing.dense_ns >= DENSE_NS.get(doing.interface, 1 << 62):
        return "call"
    return "text" if lasted > REGISTRATION_NS else "registration"


def activity(doing: Doing) -> Activity:
    """As it stands."""
    return Activity(
        doing.phone, doing.kind, doing.start_ns, doing.end_ns, doing.interface, doing.band, doing.bursts,
        doing.frequency_hz, doing.offset_hz, doing.offset_error_hz,
    )  # fmt: skip


def proof(doing: Doing, log_ratio: float) -> Proof:
    """What speaks for it, and the ratio for who does it."""
    mean = 1 / (1 + math.exp(-doing.log_odds / doing.bursts)) if doing.bursts else 0.0
    sensors: Mapping[str, int] = doing.sensors or {}
    ordered = tuple(sorted(sensors, key=lambda name: -sensors[name]))
    return Proof(doing.bursts, doing.sightings, doing.best, mean, log_ratio, ordered, doing.evidence)
