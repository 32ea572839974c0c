"""What a report says in sentences: who was heard where, from when to when."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cellwarden.airinterface import INTERFACES, is_phone
from cellwarden.airinterface.gsm_waveform import FRAME_SYMBOLS, SLOT_SYMBOLS, SYMBOL_RATE_HZ
from cellwarden.language import gettext as _
from cellwarden.language import mark, number
from cellwarden.model import Emission
from cellwarden.radio import absolute
from cellwarden.radio.annotations import segment_of
from cellwarden.radio.bands import RASTER_HZ, channels_at
from cellwarden.radio.recording import Recording
from cellwarden.runtime.pictures import decimal

MOST_GROUPS = 12
TRAINED = ("lte:pusch", "lte:pucch", "lte:srs")
"""Labels whose bursts of one phone lie in many places, and are known by their train."""
CALL_BURSTS = 5
"""A phone that sends so many normal bursts on a channel is in a call or a session."""


@dataclass(frozen=True, slots=True)
class Group:
    """Emissions of one kind on one frequency, as sentences."""

    place: str
    text: str
    guess: str
    row: int
    """Index of its first emission."""
    phone: bool


def middle_hz(recording: Recording, e: Emission) -> float:
    """Middle of an emission's box: absolute, or from the tuned centre where the recording does not tell that."""
    return absolute.middle_hz(e, segment_of(recording, e))


def place(recording: Recording, e: Emission) -> str:
    """Channel and frequency in words."""
    middle = middle_hz(recording, e)
    if segment_of(recording, e).centre_hz is None:
        return _("{mhz} MHz from the tuned frequency").format(mhz=_signed(middle))
    names = channels_at(middle) if is_phone(e) else ()
    frequency = f"{decimal(middle / 1e6, 1 if round(middle) % 100_000 == 0 else 3)} MHz"
    uplink = [f"ARFCN {channel.arfcn}" for channel in names if channel.direction == "uplink"]
    return ", ".join([" / ".join(uplink), frequency]) if uplink else frequency


def when(recording: Recording, e: Emission) -> str:
    """Time since the recording began."""
    return duration(e.sample_start / recording.rate_hz)


def duration(seconds: float) -> str:
    """A length of time in the unit that suits it."""
    if 0 < abs(seconds) < 1e-3:
        return f"{decimal(seconds * 1e6, 1)} µs"
    if abs(seconds) < 10:
        return f"{decimal(seconds * 1e3, 1)} ms"
    return f"{decimal(seconds, 2)} s"


def clock(recording: Recording, e: Emission) -> str | None:
    """Date and time of an emission; None where the recording does not tell its start."""
    begun_ns = absolute.clock_ns(segment_of(recording, e), e.sample_start)
    return None if begun_ns is None else utc(begun_ns)


def utc(time_ns: int) -> str:
    """Nanoseconds since the epoch as ISO 8601 to the millisecond."""
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_ns // 1000)
    return f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d} UTC"


def meaning(label: str) -> str:
    """What a label means in words, or nothing."""
    if label == "unknown:burst":
        return _("unknown burst")
    if label.startswith("image:"):
        return _("made by the receiver of a strong signal: {what}").format(what=meaning(label.removeprefix("image:")))
    return next((_(i.kinds[label]) for i in INTERFACES if label in i.kinds), "")


def groups(recording: Recording, emissions: Sequence[Emission]) -> tuple[list[Group], int]:
    """Emissions by label's interface and channel, phones first and then the largest; and how many groups are left out.

    LTE's phones have no channel of their own: their trains are groups. What is no phone is grouped by label alone: it
    may lie anywhere.
    """
    found: dict[tuple[object, ...], list[int]] = {}
    for index, e in enumerate(emissions):
        raster: object = round(middle_hz(recording, e) / RASTER_HZ) if is_phone(e) else None
        if is_phone(e) and e.label in TRAINED and "train" in e.details:
            raster = "train", e.details["train"]
        found.setdefault((is_phone(e), e.label.partition(":")[0] if is_phone(e) else e.label, raster), []).append(index)
    ordered = sorted(found.values(), key=lambda members: (not is_phone(emissions[members[0]]), -len(members)))
    made = [_group(recording, emissions, members) for members in ordered[:MOST_GROUPS]]
    return made, max(0, len(ordered) - MOST_GROUPS)


def _group(recording: Recording, emissions: Sequence[Emission], members: list[int]) -> Group:
    first, last = emissions[members[0]], emissions[members[-1]]
    count = len(members)
    values = {"count": number(count), "first": when(recording, first), "last": when(recording, last)}
    if count == 1:
        text = _("one burst at {first}").format(**values)
    else:
        text = _("{count} bursts between {first} and {last}").format(**values)
    frequencies = sorted(members, key=lambda m: middle_hz(recording, emissions[m]))
    where = _between(recording, emissions[frequencies[0]], emissions[frequencies[-1]])
    if is_phone(first):
        where = where if first.label in TRAINED else place(recording, first)
        return Group(where, text, _guess(recording, [emissions[m] for m in members]), members[0], True)
    return Group(where, text, meaning(first.label) or first.label, members[0], False)


def _between(recording: Recording, lowest: Emission, highest: Emission) -> str:
    """The frequencies from one emission to another in words; the one where both are told alike."""
    low, high = place(recording, lowest), place(recording, highest)
    if low == high:
        return low
    if segment_of(recording, lowest).centre_hz is None:
        ends = [_signed(middle_hz(recording, e)) for e in (lowest, highest)]
        return _("{low} to {high} MHz from the tuned frequency").format(low=ends[0], high=ends[1])
    return _("{low} to {high}").format(low=low, high=high)


def _signed(offset_hz: float) -> str:
    """An offset in megahertz, with its sign."""
    shown = decimal(offset_hz / 1e6, 3)
    return shown if offset_hz < 0 else f"+{shown}"


def _guess(recording: Recording, members: list[Emission]) -> str:
    """What a phone's bursts on one channel probably are. A hypothesis, and worded as one."""
    kinds = Counter(e.label for e in members)
    asks, talks = kinds["gsm:access"], kinds["gsm:normal"]
    if len(members) >= CALL_BURSTS and all(label in TRAINED for label in kinds):
        return _("probably one phone: its bursts agree in carrier offset, arrival and level")
    if asks + talks < len(members):
        return meaning(members[0].label)
    if not talks:
        return _("a phone asks for a channel") if asks == 1 else _("phones ask for a channel, or one asks again")
    slots = _slots(recording, [e for e in members if e.label == "gsm:normal"])
    said = _("a few bursts of a phone")
    if talks >= CALL_BURSTS and slots == 1:
        said = _("probably one call or session")
    elif talks >= CALL_BURSTS:
        said = _("in {slots} time slots: several calls, or one fast data session").format(slots=number(slots))
    return _("a phone asks for a channel, then {said}").format(said=said) if asks else said


def _slots(recording: Recording, members: list[Emission]) -> int:
    """How many of the eight slots of a frame (TS 45.002 §4.3) normal bursts of a channel lie in, within one capture."""
    by_segment: dict[int, list[int]] = {}
    for e in members:
        by_segment.setdefault(segment_of(recording, e).sample_start, []).append(e.sample_start)
    slot = SLOT_SYMBOLS / SYMBOL_RATE_HZ * recording.rate_hz
    per_frame = round(FRAME_SYMBOLS / SLOT_SYMBOLS)
    return max(len({round((s - starts[0]) / slot) % per_frame for s in starts}) for starts in by_segment.values())


def span(recording: Recording, emissions: Sequence[Emission]) -> tuple[str, str]:
    """First and last of some emissions, with date and time where known."""
    first, last = (
        f"{when(recording, e)} ({clock(recording, e)})" if clock(recording, e) else when(recording, e)
        for e in (emissions[0], emissions[-1])
    )
    return first, last


def reason(name: str) -> str:
    """Why something was looked at and refused, in words."""
    words = {
        "faint": _("too faint to be told from noise"),
        "impulse": _("clicks, shorter than any burst of a phone"),
        "line": _("steady carriers and spurs"),
        "shadow": _("skirts and images of something stronger"),
        "twice": _("the same emission, seen again"),
        "unsure": _("below the confidence asked for"),
        "sweep": _("pieces of a jammer’s sweep"),
    }
    return words.get(name, _(name))


DETAILS: Mapping[str, str] = {
    "band": mark("band"),
    "bandwidth_hz": mark("bandwidth, Hz"),
    "below_db": mark("below the original, dB"),
    "below_strongest_db": mark("below the strongest, dB"),
    "blocks": mark("resource blocks"),
    "bursts": mark("bursts in the train"),
    "carrier_number": mark("carrier number"),
    "carrier_error_hz": mark("error of the carrier offset, Hz"),
    "carrier_middle_hz": mark("middle of the carrier by the phone's own oscillator, Hz"),
    "carriers": mark("carriers that it hops over"),
    "channels_20mhz": mark("channels of 20 MHz"),
    "chip_rate_hz": mark("chip rate, Hz"),
    "chirp_share": mark("part that is chirps"),
    "coherence": mark("coherence with the original"),
    "cover": mark("orthogonal cover of the reference signal"),
    "cyclic_shift": mark("cyclic shift of the reference signal"),
    "contrast": mark("contrast of the pulses"),
    "deviation_hz": mark("frequency deviation, Hz"),
    "evidence": mark("evidence, nats"),
    "format": mark("preamble format"),
    "fourth_moment": mark("fourth moment (noise: 2)"),
    "guard_us": mark("guard interval, µs"),
    "fit": mark("likeness to the pulses of a frame behind echoes"),
    "hop_channel": mark("hopping channel"),
    "kinds": mark("kinds of burst"),
    "modulation": mark("modulation"),
    "modulation_index": mark("modulation index"),
    "packet": mark("packet type"),
    "peak_share": mark("part that is peaks"),
    "period_us": mark("a sweep’s length, µs"),
    "phy": mark("physical layer"),
    "physical_cell": mark("number of the cell"),
    "preamble": mark("preamble"),
    "preamble_code": mark("preamble code"),
    "proof": mark("known by"),
    "pulses": mark("pulses"),
    "references": mark("reference symbols"),
    "root": mark("root of the sequence"),
    "score": mark("score"),
    "searched": mark("found by search"),
    "sector": mark("sector of the cell"),
    "sequence_group": mark("group of reference sequences"),
    "signature": mark("signature of the preamble"),
    "slots": mark("slots"),
    "spacing_khz": mark("subcarrier spacing, kHz"),
    "spreading_factor": mark("spreading factor"),
    "start_error_us": mark("error of the start, µs"),
    "switches_hz": mark("switches a second"),
    "symbol_rate_hz": mark("symbol rate, Hz"),
    "synchronisation": mark("match of the synchronisation"),
    "synchronisation_sequence": mark("synchronisation sequence"),
    "train": mark("train"),
    "training_sequence": mark("training sequence"),
    "turn_hz": mark("turn of symbol phases, Hz"),
}
"""What the numbers of the interfaces are called."""
VALUES: Mapping[str, str] = {
    "sync word": mark("its synchronisation word"),
    "crc": mark("its check sum"),
    "modulation": mark("its modulation alone"),
    "training": mark("training fields"),
    "long": mark("long"),
    "short": mark("short"),
}
"""What some of them say."""


def detail(name: str) -> str:
    """What a number of an interface is called."""
    return _(DETAILS[name]) if name in DETAILS else name.replace("_", " ")


def detail_value(value: str | int | float) -> str:
    """What it says."""
    if isinstance(value, float):
        return number(value, 0 if value == round(value) else 2)
    return _(VALUES[value]) if isinstance(value, str) and value in VALUES else str(value)
