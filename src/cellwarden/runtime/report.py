"""The report of one scan: a page that needs no network, for somebody who has never seen a spectrogram."""

from dataclasses import dataclass
from pathlib import Path

from cellwarden import __version__
from cellwarden.airinterface import is_phone
from cellwarden.document import page
from cellwarden.language import gettext as _
from cellwarden.model import Emission
from cellwarden.radio.annotations import write_text
from cellwarden.radio.recording import Recording
from cellwarden.runtime import report_words as words
from cellwarden.runtime.faults import cannot_show, too_slow
from cellwarden.runtime.heard import Heard
from cellwarden.runtime.pictures import Frame, decimal, shades, ticks
from cellwarden.runtime.report_evidence import Plot, chosen, course, crop
from cellwarden.runtime.report_overview import Overview, Panel, overview
from cellwarden.runtime.report_shown import GUARDED, is_guarded

MOST_BOXES = 4_000
MOST_ROWS = 2_000
BAR = Frame(320, 44, 12, 12, 0, 22, (0.0, 1.0), (0.0, 1.0))


@dataclass(frozen=True, slots=True)
class Box:
    """One emission in a panel, in its frame's pixels."""

    row: int
    phone: bool
    x: float
    y: float
    width: float
    height: float
    title: str


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; each cell with the value it is sorted by."""

    number: int
    phone: bool
    cells: tuple[tuple[str, str | float], ...]
    pictured: bool


@dataclass(frozen=True, slots=True)
class Card:
    """What is shown of one emission."""

    row: int
    phone: bool
    title: str
    facts: tuple[tuple[str, str], ...]
    crop: Plot
    course: Plot
    guarded: bool


def write_report(heard: Heard, output: Path, *, force: bool) -> None:
    """Write the report; raises OutputError where it exists and `force` is not given, or the disk is full."""
    write_text(output, page.render("report.html", **_values(heard)), force=force)


def _values(heard: Heard) -> dict[str, object]:
    recording, emissions = heard.recording, heard.emissions
    first_phones = sorted(range(len(emissions)), key=lambda i: not is_phone(emissions[i]))
    picture = overview(recording, emissions)
    boxes = [_boxes(recording, panel, emissions, first_phones[:MOST_BOXES]) for panel in picture.panels]
    pictured = chosen(emissions)
    found, more_groups = words.groups(recording, emissions)
    phones = [e for e in emissions if is_phone(e)]
    return {
        "name": recording.path.name,
        "phone": heard.phones > 0,
        "jammed": any(label == "noise:jammer" for label, _direction in heard.counted.kinds),
        "unknown": any(label.startswith("unknown:") for label, _direction in heard.counted.kinds),
        "known": ", ".join(i.title for i in GUARDED.values()),
        "verdict": heard.verdict(),
        "groups": found,
        "more_groups": more_groups,
        "span": words.span(recording, phones) if phones else None,
        "looked": _looked(recording),
        "warnings": heard.warnings,
        "cannot_show": _cannot_show(recording),
        "panels": list(zip(picture.panels, [_title(recording, p) for p in picture.panels], boxes, strict=True)),
        "panels_left_out": picture.left_out,
        "left_out": max(0, heard.total - sum(map(len, boxes))),
        "bar": _bar(picture),
        "rows": _rows(heard, first_phones[:MOST_ROWS], set(pictured)),
        "more": max(0, heard.total - MOST_ROWS, heard.total - len(emissions)),
        "cards": [_card(recording, index, emissions) for index in pictured],
        "cards_left_out": max(0, heard.total - len(pictured)),
        "facts": _facts(heard),
        "rejected": [(words.reason(name), count) for name, count in heard.rejected.most_common()],
        "sha512": heard.sha512,
        "version": __version__,
    }


def _looked(recording: Recording) -> dict[str, str]:
    """What was listened to, for the sentence that bounds the verdict."""
    edges = [
        (s.centre_hz + side * recording.rate_hz / 2) / 1e6
        for s in recording.segments
        if s.centre_hz is not None
        for side in (-1, 1)
    ]
    length = words.duration(recording.sample_count / recording.rate_hz)
    where = f"{decimal(min(edges), 1)} – {decimal(max(edges), 1)} MHz" if edges else ""
    return {"length": length, "where": where or f"{decimal(recording.rate_hz / 1e6, 2)} MHz"}


def _cannot_show(recording: Recording) -> str:
    missing = cannot_show(recording.rate_hz)
    return too_slow(recording.rate_hz, missing) if missing else ""


def _title(recording: Recording, panel: Panel) -> str:
    """What a panel covers, in words."""
    low, high = (decimal(edge, 2) for edge in panel.frame.y)
    start, end = (words.duration(edge / panel.per_second) for edge in panel.frame.x)
    text = f"{low} – {high} MHz, {start} – {end}"
    if panel.stretch.centre_hz is None:
        text = _("{range} (frequencies from the tuned one, which the recording does not tell)").format(range=text)
    return text if panel.stretch.start_ns is None else f"{text}, {words.utc(panel.stretch.start_ns)}"


def _boxes(recording: Recording, panel: Panel, emissions: tuple[Emission, ...], order: list[int]) -> list[Box]:
    """Boxes of the emissions that begin in a panel; phones come last, so that they lie above the others."""
    frame, per_sample = panel.frame, panel.per_second / recording.rate_hz
    made = []
    for index in reversed(order):
        e = emissions[index]
        if not panel.stretch.first <= max(0, e.sample_start) < panel.stretch.end:
            continue
        centre = panel.stretch.centre_hz or 0.0
        left, right = (frame.at_x(s * per_sample) for s in (e.sample_start, e.sample_start + e.sample_count))
        top, bottom = (frame.at_y((centre + edge) / 1e6) for edge in (e.high_offset_hz, e.low_offset_hz))
        facts = (f"#{index + 1}", e.label, words.when(recording, e), words.place(recording, e), _snr(e))
        made.append(Box(index, is_phone(e), left, top, right - left, bottom - top, " · ".join(facts)))
    return made


def _snr(e: Emission) -> str:
    return _("SNR {db} dB").format(db=decimal(e.snr_db, 1))


def _rows(heard: Heard, order: list[int], pictured: set[int]) -> list[Row]:
    texts = heard.rows(len(heard.emissions))
    made = []
    for index in order:
        e = heard.emissions[index]
        interface, _colon, kind = e.label.partition(":")
        channel = "".join(filter(str.isdigit, texts[index][2].partition(",")[0]))
        keys: tuple[str | float, ...] = (
            e.sample_start,
            words.middle_hz(heard.recording, e),
            int(channel) if channel else -1,
            interface,
            kind,
            e.snr_db,
            -1e9 if e.cfo_hz is None else e.cfo_hz,
            e.confidence,
        )
        cells: tuple[tuple[str, str | float], ...] = tuple(zip(texts[index], keys, strict=True))
        made.append(Row(index, is_phone(e), cells, index in pictured))
    return made


def _card(recording: Recording, index: int, emissions: tuple[Emission, ...]) -> Card:
    e = emissions[index]
    facts = [
        (_("time"), words.when(recording, e)),
        (_("clock"), words.clock(recording, e) or ""),
        (_("length"), words.duration(e.sample_count / recording.rate_hz)),
        (_("frequency"), words.place(recording, e)),
        (_("width"), f"{decimal((e.high_offset_hz - e.low_offset_hz) / 1e3, 1)} kHz"),
        (_("SNR"), f"{decimal(e.snr_db, 1)} dB"),
        (_("CFO"), "" if e.cfo_hz is None else f"{decimal(e.cfo_hz, 0)} Hz"),
        (_("confidence"), decimal(e.confidence, 3)),
        *((words.detail(name), words.detail_value(value)) for name, value in e.details.items()),
    ]
    title = words.meaning(e.label)
    return Card(
        index,
        is_phone(e),
        f"{e.label} – {title}" if title else e.label,
        tuple((name, value) for name, value in facts if value),
        crop(recording, e, emissions),
        course(recording, e),
        is_guarded(e),
    )


def _bar(picture: Overview) -> dict[str, object]:
    """The colour bar: shades, and decibels over the middle level at their places."""
    low, high = (edge - picture.floor_dbfs for edge in (picture.scale.low_db, picture.scale.high_db))
    marks = [(BAR.at_x((value - low) / (high - low)), text) for value, text in ticks(low, high, 6)]
    kilohertz = decimal(picture.bin_hz / 1e3, 1)
    return {"shades": shades(), "marks": marks, "floor": decimal(picture.floor_dbfs, 1), "bin": kilohertz}


def _facts(heard: Heard) -> list[tuple[str, str]]:
    recording = heard.recording
    starts = [s.start_ns for s in recording.segments if s.start_ns is not None]
    centres = dict.fromkeys(s.centre_hz for s in recording.segments if s.centre_hz is not None)
    least = getattr(heard, "min_confidence", None)
    facts = [
        (_("file"), recording.path.name),
        (_("datatype"), str(recording.metadata["global"].get("core:datatype", ""))),
        (_("sample rate"), f"{decimal(recording.rate_hz / 1e6, 4)} MS/s"),
        (_("samples"), f"{recording.sample_count} ({words.duration(recording.sample_count / recording.rate_hz)})"),
        (_("captures"), str(len(recording.segments))),
        (_("tuned to"), ", ".join(f"{decimal(c / 1e6, 4)} MHz" for c in list(centres)[:8]) or _("not told")),
        (_("began"), words.utc(starts[0]) if starts else _("not told")),
        (_("least confidence"), "" if least is None else decimal(least, 2)),
        (_("program"), f"Cellwarden {__version__}"),
        ("SHA-512", heard.sha512 or _("not computed")),
    ]
    return [(name, value) for name, value in facts if value]
