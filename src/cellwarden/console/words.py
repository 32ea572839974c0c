"""Values of the watch room in an officer's words."""

from cellwarden.language import gettext as _
from cellwarden.language import language, mark, ngettext, number
from cellwarden.language.clock import local, zone
from cellwarden.model import Activity, Alert, Blind, Odds, SensorState, State
from cellwarden.model.span import S_NS
from cellwarden.watch.junctions import at_gate
from cellwarden.watch.rules import JUNCTION
from cellwarden.watch.shifts import Deaf

OPEN: tuple[State, ...] = ("new", "acknowledged", "search ordered")
ENDS: tuple[State, ...] = ("found", "not found", "false")
STATE_WORDS: dict[State, str] = {
    "new": mark("new"),
    "acknowledged": mark("acknowledged"),
    "search ordered": mark("search ordered"),
    "found": mark("phone found"),
    "not found": mark("nothing found"),
    "false": mark("false alarm"),
}
KIND_WORDS = {
    "call": mark("call"),
    "text": mark("text message"),
    "registration": mark("network registration"),
    "junction": mark("electronics that may be off"),
}
INSTRUMENT_WORDS = {"lane": mark("lane"), "wand": mark("wand"), "mail": mark("mail scanner")}
SEVERITY_WORDS = {"low": mark("low"), "medium": mark("medium"), "high": mark("high")}
DEAF_WORDS = {
    "no line": mark("no line to it"),
    "no samples": mark("no samples"),
    "jammed": mark("a jammer hides what phones send"),
    "floor fell": mark("its noise fell: antenna or cable came off"),
    "floor high": mark("floor high"),
    "gain low": mark("its gain is too low"),
    "clock": mark("its clock drifts"),
    "base lost": mark("it no longer hears the base stations that it always hears"),
    "frequency": mark("its frequency is off"),
    "injection": mark("it did not find the burst put in to try it"),
}
REMEDIES = {
    "jammed": mark("A jammer sends near it: look for it; what phones send in that band is not heard here."),
    "no samples": mark("Nothing comes from its receiver: look at its power and its cable."),
    "floor high": mark("It is drowned in noise: look for a jammer or a machine near it; phones may hide under it."),
    "clock": mark("Its clock has drifted: look at its time source."),
    "no line": mark("Its node cannot be reached: look at its power and its network; it keeps what it hears."),
    "floor fell": mark("Its noise fell: look at its antenna and its cable."),
    "base lost": mark("The base stations around are gone: look at its antenna and its cable."),
    "silent": mark("It tells nothing any more: look at its power and its network."),
}
ROLE_WORDS = {
    "officer": mark("officer"),
    "rf engineer": mark("RF engineer"),
    "examiner": mark("examiner"),
    "investigator": mark("investigator"),
    "administrator": mark("administrator"),
    "auditor": mark("auditor"),
}
ACTION_WORDS: dict[str, str] = {
    "view": mark("looked at"),
    "print": mark("printed"),
    "take along": mark("took along"),
    "change": mark("changed"),
    "write": mark("wrote"),
    "try": mark("tried"),
    "name": mark("named"),
    "examine": mark("had examined"),
    "check": mark("said how it ended"),
    "calibrate": mark("calibrated"),
    "search": mark("searched in vain"),
    "take over": mark("took over"),
    "invite": mark("invited"),
    "set up": mark("chose a password"),
    "sign in": mark("signed in"),
    "sign out": mark("signed out"),
    "sign-in refused": mark("was refused"),
    "watch begins": mark("began to watch"),
    "store moved": mark("found the store's file gone"),
    "read-only begins": mark("began to show what can be read"),
    "read-only ends": mark("ended to show what can be read"),
    "alert": mark("told an alert"),
    "sensor deaf": mark("noted a deaf sensor"),
    "sensor hears": mark("noted that a sensor hears again"),
    "emitter enrolled": mark("enrolled an emitter"),
    **{str(state): word for state, word in STATE_WORDS.items()},
}
DETAIL_WORDS = {
    "bursts": mark("Bursts"),
    "sightings": mark("Seconds heard"),
    "confidence": mark("Certainty of its kind"),
    "surest": mark("Certainty at its best"),
    "believed": mark("As the rules believe"),
    "outside": mark("That it is outside"),
    "allowed": mark("That it is allowed"),
    "raised_nats": mark("Thresholds raised (nats)"),
    "log_ratio": mark("For that emitter (nats)"),
    "silent": mark("Quiet hours, no sound"),
    "moved": mark("It has moved"),
    "again": mark("Heard again since (times)"),
    "before": mark("Alert before, decided"),
    "passage": mark("Passage"),
    "person": mark("Number of the person or parcel"),
    "position_m": mark("Where along the way (m)"),
}
SHARES = frozenset(("confidence", "surest", "believed", "outside", "allowed"))
FLAGS = frozenset(("silent", "moved"))
SUBJECT_WORDS = {
    "now": mark("Now"),
    "alerts": mark("Alerts"),
    "unlock": mark("Unlock"),
    "handover": mark("Handover"),
    "rules": mark("Rules"),
    "spectrum": mark("Spectrum"),
    "site": mark("Site"),
    "sensors": mark("Sensors"),
    "survey": mark("Survey"),
    "timeline": mark("Timeline"),
    "emitters": mark("Emitters"),
    "unknown": mark("Unknown"),
    "lane": mark("Lane"),
    "finds": mark("Finds"),
    "audit": mark("Audit"),
}
WHY_WORDS = {"open": mark("Open"), "settled": mark("Settled"), "all": mark("All")}
"""Which alerts were looked at, as the audit keeps it."""
SILENT_NS = 120 * S_NS
"""A sensor that told nothing for this long is not taken to hear."""
LEAST = 0.05
"""Rooms less probable than this are not marked on a plan: there is always a little everywhere."""
LEVELS = (("likely", 0.5), ("possible", 0.2), ("faint", LEAST))
"""Marks of a room on the plan, and from which probability: each has its own colour and its own shape."""


def duration(span_ns: int) -> str:
    """`12 s`, `4 min`, `2 h 05 min`."""
    seconds = max(1, round(span_ns / S_NS))
    if seconds < 60:
        return _("{count} s").format(count=seconds)
    if seconds < 3600:
        return _("{count} min").format(count=seconds // 60)
    return _("{hours} h {minutes} min").format(hours=number(seconds // 3600), minutes=f"{seconds % 3600 // 60:02d}")


def kind(name: str) -> str:
    """What a phone does."""
    return _(KIND_WORDS[name])


def told(activity: Activity) -> str:
    """`call, 4 min, GSM 900`; `electronics that may be off, lane`."""
    if activity.kind == JUNCTION:
        return f"{_(KIND_WORDS[activity.kind])}, {_(INSTRUMENT_WORDS[activity.interface])}"
    return ", ".join(
        (
            _(KIND_WORDS[activity.kind]),
            duration(activity.end_ns - activity.start_ns),
            activity.band or activity.interface,
        )
    )


def percent(probability: float) -> str:
    """Never 100 %: nothing that is heard is certain. Less than one is not told as one: beyond the wall, one is much."""
    told = min(99, round(100 * probability))
    return _("{number} %").format(number=told) if told else _("< 1 %")


def level(probability: float) -> str:
    """The mark of a room on the plan; empty for none."""
    return next((name for name, least in LEVELS if probability >= least), "")


def best(odds: Odds, count: int = 3) -> Odds:
    """The most probable rooms that are worth a look."""
    return tuple(pair for pair in sorted(odds, key=lambda pair: -pair[1])[:count] if pair[1] >= 0.01)


def room_name(name: str) -> str:
    """A room as people say it; what lies beyond the wall is no room."""
    return _("outside the wall") if name == "outside" else name


def where(odds: Odds) -> str:
    """The most probable room, in words."""
    return room_name(odds[0][0]) if odds else _("place unknown")


def place(alert: Alert) -> str:
    """Where to look: the most probable room; at the gate, who or what passed there, by number."""
    if not at_gate(alert):
        return where(alert.odds)
    spot = alert.odds[0][0] if alert.odds else _("at the gate")
    person = alert.details.get("person", "")
    return f"{person} · {spot}" if person else spot


def share(alert: Alert) -> str:
    """How probable that room is; empty where it is not from radio that it is known."""
    return percent(alert.odds[0][1]) if alert.odds and alert.activity.kind != JUNCTION else ""


def clock(time_ns: int, seconds: bool = False) -> str:
    """Time of day where the site lies."""
    return local(time_ns).strftime("%H:%M:%S" if seconds else "%H:%M")


def east(time_ns: int) -> int:
    """Minutes by which that clock is ahead of UTC: tablets may stand by another one, and show this."""
    ahead = local(time_ns).utcoffset()
    return round(ahead.total_seconds() / 60) if ahead else 0


def whose_clock(now_ns: int) -> str:
    """Which clock that is, for the foot of a page or of a sheet."""
    return _("Times: {zone}.").format(zone=zone(now_ns))


def day(time_ns: int) -> str:
    """`26 Nov 2026`, as each language writes it."""
    from babel.dates import format_date

    return str(format_date(local(time_ns).date(), locale=language()))


def moment(time_ns: int, now_ns: int) -> str:
    """Time of day, with the day where it is not today."""
    then, now = (local(t).date() for t in (time_ns, now_ns))
    return clock(time_ns) if then == now else f"{day(time_ns)} {clock(time_ns)}"


def span(start_ns: int, end_ns: int, now_ns: int) -> str:
    """From when to when; both days where they differ, so that nobody reads the end as of the first day."""
    first, last = (local(t).date() for t in (start_ns, end_ns))
    if first == last and clock(start_ns) == clock(end_ns):
        return moment(start_ns, now_ns)
    if first == last:
        return f"{moment(start_ns, now_ns)} – {clock(end_ns)}"
    return f"{day(start_ns)} {clock(start_ns)} – {day(end_ns)} {clock(end_ns)}"


def deaf_when(one: Deaf, now_ns: int) -> str:
    """From when to when a sensor did not hear in a shift; since when, where it still does not."""
    if one.before and one.lasts:
        return _("since before this shift")
    if one.before:
        return _("until {time}").format(time=moment(one.last_ns, now_ns))
    if one.lasts:
        return _("since {time}").format(time=moment(one.first_ns, now_ns))
    return span(one.first_ns, one.last_ns, now_ns)


def iso(time_ns: int) -> str:
    """For machines: the browser counts from it how long ago it was."""
    return local(time_ns).isoformat(timespec="seconds")


def known(emitter: str) -> str:
    """Whether the transmitter was heard before."""
    return _("known: {name}").format(name=emitter) if emitter else _("not known here")


def to_do(alert: Alert, state: State) -> str:
    """What an officer does next."""
    if at_gate(alert) and state in ("acknowledged", "search ordered"):
        second = _("Check the person or parcel a second time: without what is named, by hand or by X-ray.")
        return second + " " + _("Then say how it ended, here or at the lane.")
    rooms = [room_name(name) for name, _p in best(alert.odds)]
    if state == "new":
        return _("Acknowledge it, so that others know that you take care of it.")
    if state == "acknowledged":
        return _("Have {room} searched, or say why not.").format(room=rooms[0] if rooms else _("the wing"))
    if state == "search ordered" and rooms:
        first = _("Search {room} first.").format(room=rooms[0])
        then = _("If nothing is there, go on with {rooms}.").format(rooms=", ".join(rooms[1:]))
        return f"{first} {then}" if rooms[1:] else first
    if state == "search ordered":
        return _("Search where it is usually hidden: the place is not known.")
    if state == "not found":
        return _("Nothing more for now. It may still be there: if it is heard again, there is a new alert.")
    return _("Nothing more: it is settled.")


def deaf(state: SensorState | None, now_ns: int) -> str:
    """Why a sensor does not hear, as a key of `REMEDIES`; empty where it does."""
    if state is None or now_ns - state.time_ns > SILENT_NS:
        return "silent"
    return state.reason


def deaf_words(reason: str) -> str:
    """The reason in a word, also one that only the sensor knows."""
    if reason == "silent":
        return _("no news")
    return _(DEAF_WORDS[reason]) if reason in DEAF_WORDS else reason or _("hears")


def blind(one: Blind, now_ns: int) -> str:
    """Where a sensor hears no phone, and since when."""
    since = moment(one.since_ns, now_ns)
    if one.band.isdecimal():
        return _("blind in band {band} since {since}").format(band=one.band, since=since)
    if one.band:
        return _("blind around {frequency} since {since}").format(frequency=one.band, since=since)
    return _("blind since {since}").format(since=since)


def hears_in(band: str) -> str:
    """That it hears there again."""
    if band.isdecimal():
        return _("phones are heard again in band {band}").format(band=band)
    if band:
        return _("phones are heard again around {frequency}").format(frequency=band)
    return _("phones are heard again")


def remedy(reason: str) -> str:
    """What to do about a sensor."""
    return _(REMEDIES[reason]) if reason in REMEDIES else _("Call the engineer.")


def action(name: str) -> str:
    """What somebody did, as the audit's page says it; other programs' actions as they are."""
    return _(ACTION_WORDS[name]) if name in ACTION_WORDS else name


def subject(name: str) -> str:
    """What it was done to: a page by its name, all else as it is."""
    return _(SUBJECT_WORDS[name]) if name in SUBJECT_WORDS else name


def why(text: str) -> str:
    """The reason of a line of the audit: what people wrote stays as it is."""
    return _(WHY_WORDS[text]) if text in WHY_WORDS else text


def details(alert: Alert) -> list[tuple[str, str]]:
    """What the rules weighed, in words; what this program has no words for stays as it is."""
    told = []
    for name, value in alert.details.items():
        if name not in DETAIL_WORDS:
            told.append((name, str(value)))
        elif isinstance(value, str):
            told.append((_(DETAIL_WORDS[name]), value))
        elif name in FLAGS:
            told.extend([(_(DETAIL_WORDS[name]), _("yes"))] if value else [])
        elif name in SHARES:
            told.append((_(DETAIL_WORDS[name]), percent(float(value))))
        elif value:
            told.append((_(DETAIL_WORDS[name]), number(float(value), 0 if float(value).is_integer() else 1)))
    return told


def count_of_alerts(count: int) -> str:
    """How many are open."""
    return ngettext("{count} open alert", "{count} open alerts", count).format(count=number(count))
