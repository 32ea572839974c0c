"""What is told to officers: from the news of presences to alerts.

```
 news ─► proven? ──► where none may be? ──► staff? ──► told already? ──► Alert ─► who acknowledges? ─► escalation
          │            │                      │
          │            │                      └ signature AND zone AND hours, never one alone
          │            └ p(phone) (1 − p(outside) − p(zones where phones may be now)) ≥ probability
          └ several bursts that are sure in the mean, or one that proves itself
```

**Evidence that noise cannot give.** A site hears 300 MHz for 604,800 s a week, so what is rare a second comes each
week. False bursts of noise are alone: five in one train are not noise's. Those of a strange transmitter come in
numbers, and each is as wrong as the next, so numbers prove nothing against it: their mean confidence must be MEAN at
least. One burst is enough where its recogniser is `sure`.

**Where.** Beyond the wall a phone is no matter of ours: as `locate.geofence` has it, one in 10⁴ of those may be told
(`outside`). In zones where any phone may be in these hours it is not told; what is left must be `probability`. A
zone's `weight` says how many times likelier a phone is heard there than in any one cell, as odds took all rooms
alike: of an office whose staff sends twenty times what is sent in a cell, 20. What it costs is told in cells beside
that office, where a fix must then be so much surer.

**Staff.** A phone of the list is passed over only if its likelihood ratio is SILENT at least, its hours and its
zone's hold when it began, and its place does not speak against the zone: p(zone) ≥ NEAR. A phone of staff is where it
belongs in 19 cases of 20 (an assumption), while odds gave a corridor a tenth and all cells eight: by that, one in a
hundred of those is three in five of these. What it costs: a phone whose signature is wrongly found, once in a
thousand comparisons, in those hours and beside that zone, is not told.

**Once.** A presence is told once, and an alert that nobody has decided about takes in all that its phone does: a count
(`again`), more severity, a better place. That holds also for a presence that begins later, or under another name, where
place, interface, channel and carrier offset say that it is the same phone (`same`) and the two were not heard at one
time. After `found`, `not found` or `false` the next thing that it does is a new alert, which names the old one (`before`).
Two phones that nothing tells apart are one alert until they send at one time: who looks for the one finds both.

**Budget.** Where more alerts of the last seven days were decided `false` than the budget allows, more evidence is
asked: noise's tail falls by e with each nat, so F false ones a week become B by ln(F / B) nats. It never rises by
more than MOST_RAISED, so that calls go on being told, and the control says so in words.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from cellwarden.language import gettext as _
from cellwarden.language import number
from cellwarden.locate.whereabouts import OUTSIDE
from cellwarden.measure.calibration import Logistic, fit_logistic
from cellwarden.model import Alert, Decision, Presence
from cellwarden.model.span import MINUTE_NS, S_NS, WEEK_NS
from cellwarden.watch.doing import GAP_NS, Proof
from cellwarden.watch.places import share
from cellwarden.watch.rules_file import MINUTES_A_DAY, Hours, Rules, Zone
from cellwarden.watch.same import SAME_NATS, Trait, nats, trait, with_one
from cellwarden.watch.tracker import News

MEAN = 0.9
"""Mean confidence that several bursts need."""
SILENT = math.log(1000.0)
"""Log-likelihood ratio from which on a signature may silence."""
NEAR = 0.01
MOST_RAISED = math.log(10.0)
PLAIN = 10
"""So many times the bursts that are needed make an alert's evidence plain."""
FEWEST_DECIDED = 20
"""Decided alerts from which on probabilities are calibrated by them."""
LEAST_DOUBT = 1e-6
ENDS = {"found": True, "false": False}
"""What an outcome says of an alert. A search that found nothing does not prove that nothing was there."""

ENDED = ("found", "not found", "false")
"""After which the next sign of life is a new alert."""
AWAY = 10.0
"""So much likelier in another room, a phone is told anew: who looks where it was told would look in vain."""
AGAIN = 3
"""A phone that was heard in so many goes since it was told is no chance, whatever it does."""

Severity = Literal["low", "medium", "high"]
ORDER: tuple[Severity, ...] = ("low", "medium", "high")


class Control(NamedTuple):
    """How much more evidence is asked, and why."""

    raised_nats: float = 0.0
    false: int = 0
    """Alerts of the last seven days that were decided to be false."""
    budget: float = 0.0


class Weighed(NamedTuple):
    """What the rules find of a presence and what it does."""

    proven: bool
    silenced: str
    """Zone that silences it: of a phone of staff; empty where none does."""
    outside: float
    allowed: float
    """Probability of a zone where any phone may be now."""
    probability: float
    """Of a phone where none may be."""


@dataclass(slots=True)
class Case:
    """An alert, and whose it is."""

    alert: Alert
    cell: str
    """For which it was told."""
    trait: Trait
    heard_ns: tuple[int, int]
    """First and last time that its phone was heard in its newest presence."""
    counted_ns: int
    """Start of the newest activity that was counted."""
    decided_ns: int | None = None
    """When somebody ended it."""


@dataclass(slots=True)
class Told:
    """What was told, as long as it matters for what is told next."""

    rooms: int = 64
    """Of the site: how much two beliefs of one room say for one phone."""
    cases: dict[str, Case] = field(default_factory=dict)
    """By the alert's name."""
    of_presence: dict[tuple[str, int], str] = field(default_factory=dict)
    """The newest alert of each presence that goes on, by its phone and start."""


def alert_of(told: Told, presence: Presence) -> Alert | None:
    """The newest alert that a presence was counted to."""
    name = told.of_presence.get((presence.phone, presence.start_ns))
    return None if name is None else told.cases[name].alert


def alerted(
    rules: Rules,
    told: Told,
    news: News,
    name: Callable[[], str],
    now_ns: int,
    control: Control = Control(),  # noqa: B008
    calibrated: Logistic | None = None,
) -> Alert | None:
    """The alert that news give, if any; `name` makes a new one only then. Changes `told`."""
    key = news.presence.phone, news.presence.start_ns
    if news.what == "gone":
        told.of_presence.pop(key, None)
        _forget(told, now_ns)
        return None
    known = told.cases.get(told.of_presence.get(key, ""))
    if known is not None and not _ended(known, news) and not _left(known, news.presence):
        return None
    if news.activity is None or news.proof is None or news.activity.kind not in rules.kinds:
        return None
    weighed = weigh(rules, news, control)
    if not is_told(rules, weighed, control):
        return None
    before = known if known is not None and _ended(known, news) else _case_of(told, news, over=True)
    made = _alert(rules, news, weighed, name(), now_ns, control, calibrated, before.alert.name if before else "")
    if known is not None and not _ended(known, news):
        made = replace(made, details={**made.details, "moved": 1})
    heard_ns = news.presence.start_ns, news.presence.end_ns
    told.cases[made.name] = Case(
        made, _likeliest(news.presence), trait(news.activity), heard_ns, news.activity.start_ns
    )
    told.of_presence[key] = made.name
    return made


def continued(rules: Rules, told: Told, news: News, control: Control = Control()) -> Alert | None:  # noqa: B008
    """An alert to be told anew under its name: its phone was heard again, what began as a registration is a call, or
    what it was told for is over, and how long it was is known. Changes `told`."""
    if news.activity is None or news.proof is None:
        return None
    key = news.presence.phone, news.presence.start_ns
    case = told.cases.get(told.of_presence.get(key, ""))
    left = case is not None and _left(case, news.presence)
    if (
        (case is None or left)
        and news.activity.kind in rules.kinds
        and is_told(rules, weigh(rules, news, control), control)
    ):
        other = _case_of(told, news, over=False)
        if other is not None:
            case, left = other, False
            told.of_presence[key] = case.alert.name
    if case is None or left or _ended(case, news):
        return None
    again = news.activity.start_ns > case.counted_ns
    case.heard_ns = news.presence.start_ns, max(case.heard_ns[1], news.presence.end_ns)
    made = _graver(rules, case.alert, news, again)
    if again:
        case.counted_ns = news.activity.start_ns
        case.trait = with_one(case.trait, trait(news.activity))
    if made is not None:
        case.alert = made
    return made


def decided(told: Told, decision: Decision) -> None:
    """Somebody decided: what comes after an end is a new alert. Changes `told`."""
    case = told.cases.get(decision.alert)
    if case is not None:
        case.decided_ns = decision.when_ns if decision.state in ENDED else None


def resumed(told: Told, alerts: Iterable[tuple[Alert, Decision | None]], now_ns: int) -> None:
    """What was told before the program began. Changes `told`."""
    for alert, decision in alerts:
        if now_ns - alert.activity.end_ns <= WEEK_NS:
            heard_ns = alert.activity.start_ns, alert.activity.end_ns
            told.cases[alert.name] = Case(
                alert, _likeliest(alert), trait(alert.activity), heard_ns, alert.activity.start_ns
            )
            if decision is not None:
                decided(told, decision)


def _likeliest(where: Presence | Alert) -> str:
    return where.odds[0][0] if where.odds else OUTSIDE


def _left(case: Case, presence: Presence) -> bool:
    """Whether a presence is by far likelier in another room than in the one for which an alert was told."""
    there = share(presence.odds, (case.cell,))
    return bool(presence.odds) and presence.odds[0][1] >= AWAY * there


def _ended(case: Case, news: News) -> bool:
    """Whether what a phone does began after its alert was decided about."""
    return case.decided_ns is not None and news.activity is not None and news.activity.start_ns > case.decided_ns


def _case_of(told: Told, news: News, over: bool) -> Case | None:
    """The likeliest alert, decided about (`over`) or not, of the phone that has a presence."""
    presence, activity = news.presence, news.activity
    assert activity is not None
    best, found = SAME_NATS, None
    for case in told.cases.values():
        apart_ns = max(case.heard_ns[0] - presence.end_ns, presence.start_ns - case.heard_ns[1])
        known = case.alert.emitter
        if (
            _left(case, presence)
            or (case.decided_ns is not None) != over
            or apart_ns < GAP_NS
            or (known and known != presence.emitter != "")
        ):
            continue
        place = math.fsum(p * q for room, p in case.alert.odds for other, q in presence.odds if room == other)
        if (worth := nats(place * told.rooms, case.trait, trait(activity))) >= best:
            best, found = worth, case
    return found


def _graver(rules: Rules, known: Alert, news: News, again: bool) -> Alert | None:
    """An alert with what its phone did since; None where nothing of it is worth telling."""
    activity, proof, details = news.activity, news.proof, dict(known.details)
    assert activity is not None and proof is not None
    times = int(details.get("again", 0)) + again
    worse = severity(rules, news.presence, activity.kind, proof)
    worse = "medium" if worse == "low" and times >= AGAIN else worse
    graver = ORDER.index(worse) > ORDER.index(known.severity)
    same = (known.activity.start_ns, known.activity.kind) == (activity.start_ns, activity.kind)
    if not (graver or again or (news.over and same)):
        return None
    worse = max(worse, known.severity, key=ORDER.index)
    if graver or same:
        details.update(_counts(proof))
    details.update({"again": times} if times else {})
    if _sounds(rules, worse, news.presence.end_ns):
        details.pop("silent", None)
    made = replace(
        known, odds=news.presence.odds, severity=worse, emitter=news.presence.emitter or known.emitter, details=details
    )
    if not (graver or same):
        return made
    return replace(made, activity=activity, sensors=proof.sensors, evidence=proof.evidence)


def weigh(rules: Rules, news: News, control: Control = Control()) -> Weighed:  # noqa: B008
    """What speaks for and against telling a presence by what it does."""
    presence, proof = news.presence, news.proof
    assert proof is not None
    minute = local_minute(rules, presence.end_ns if news.activity is None else news.activity.start_ns)
    outside = share(presence.odds, (OUTSIDE,))
    allowed = _allowed(rules, presence, minute)
    phone = max(proof.mean, proof.best if proof.best >= rules.sure else 0.0)
    return Weighed(
        proven(rules, proof, control),
        _silencing(rules, presence, proof, minute),
        outside,
        allowed,
        phone * max(0.0, 1.0 - outside - allowed),
    )


def _allowed(rules: Rules, presence: Presence, minute: int) -> float:
    """Probability of zones where any phone may be at this minute, each room of which counts as its weight says."""
    weights = {
        room: zone.weight
        for zone in rules.zones
        if zone.phones == "allowed" and within(zone.hours, minute)
        for room in zone.rooms
    }
    there = math.fsum(p * weights[room] for room, p in presence.odds if room in weights)
    return there / (there + 1.0 - share(presence.odds, weights)) if there else 0.0


def proven(rules: Rules, proof: Proof, control: Control = Control()) -> bool:  # noqa: B008
    """Whether noise cannot have done it."""
    factor = math.exp(control.raised_nats)
    if proof.bursts and proof.best >= 1 - (1 - rules.sure) / factor:
        return True
    odds = MEAN / (1 - MEAN) * factor
    return proof.bursts >= rules.bursts * factor and proof.mean >= odds / (1 + odds)


def is_told(rules: Rules, weighed: Weighed, control: Control = Control()) -> bool:  # noqa: B008
    """Whether that is enough for an alert."""
    least = rules.probability
    if 0 < least < 1:
        odds = least / (1 - least) * math.exp(control.raised_nats)
        least = odds / (1 + odds)
    return weighed.proven and not weighed.silenced and weighed.outside <= rules.outside and weighed.probability >= least


def severity(rules: Rules, presence: Presence, kind: str, proof: Proof) -> Severity:
    """From the evidence alone: what it does, how much of it was heard, how sure its room is."""
    if kind == "registration" or proof.bursts < rules.bursts:
        return "low"
    sure_place = bool(presence.odds) and presence.odds[0][1] >= 0.5
    plain = proof.bursts >= PLAIN * rules.bursts and proof.mean >= 0.99
    return "high" if kind == "call" and plain and sure_place else "medium"


def control(rules: Rules, decided: Iterable[tuple[Alert, Decision | None]], now_ns: int) -> Control:
    """How much more evidence is asked, from the newest decision on each alert of the last seven days."""
    false = sum(
        1
        for alert, decision in decided
        if decision is not None and decision.state == "false" and 0 <= now_ns - alert.told_ns <= WEEK_NS
    )
    if false <= rules.false_a_week:
        return Control(0.0, false, rules.false_a_week)
    raised = math.log(false / max(rules.false_a_week, 0.1))
    return Control(min(raised, MOST_RAISED), false, rules.false_a_week)


def control_words(control: Control) -> str:
    """What the control does, for people; empty where it does nothing."""
    if not control.raised_nats:
        return ""
    words = _(
        "{false} false alerts in seven days, {budget} are allowed: alerts now need {times} times the evidence; "
        "short and faint transmissions may not be told"
    )
    times = number(math.exp(control.raised_nats), 1)
    return words.format(false=number(control.false), budget=number(control.budget, 1), times=times)


def escalations(
    rules: Rules, alerts: Iterable[tuple[Alert, Decision | None]], now_ns: int
) -> tuple[tuple[Alert, int], ...]:
    """Alerts on which nobody has decided anything, and at which step each stands: 1 after `escalate_minutes`, …"""
    found = []
    for alert, decision in alerts:
        late_ns = now_ns - sounds_ns(rules, alert)
        step = min(rules.escalate_steps, int(late_ns // (rules.escalate_minutes * MINUTE_NS)))
        if decision is None and step > 0:
            found.append((alert, step))
    return tuple(found)


def sounds_ns(rules: Rules, alert: Alert) -> int:
    """From when on an alert may sound: at once, or at the end of the quiet hours in which it came."""
    if not alert.details.get("silent"):
        return alert.told_ns
    minute = local_minute(rules, alert.told_ns)
    for start, end in rules.quiet:
        if within(((start, end),), minute):
            return alert.told_ns + ((end - minute) % MINUTES_A_DAY) * MINUTE_NS
    return alert.told_ns


def calibration(decided: Iterable[tuple[Alert, Decision | None]]) -> Logistic | None:
    """From what the rules believed to how often it was so; None while too few alerts were found or false."""
    scores, labels = [], []
    for alert, decision in decided:
        if decision is not None and decision.state in ENDS:
            scores.append(_log_odds(float(alert.details.get("believed", alert.probability))))
            labels.append(ENDS[decision.state])
    if len(labels) < FEWEST_DECIDED or len(set(labels)) < 2 or len(set(scores)) < 2:
        return None
    found = fit_logistic(scores, labels)
    return found if found.slope > 0 else None  # else believing more would mean believing less


def within(hours: Hours, minute: int) -> bool:
    """Whether a minute of the day lies in some hours; in none that are told, always."""
    return not hours or any(
        start <= minute < end if start < end else minute >= start or minute < end for start, end in hours
    )


def local_minute(rules: Rules, time_ns: int) -> int:
    """Minutes since midnight where the site lies."""
    there = datetime.fromtimestamp(time_ns // S_NS, _zone_info(rules.timezone))
    return there.hour * 60 + there.minute


@cache
def _zone_info(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _silencing(rules: Rules, presence: Presence, proof: Proof, minute: int) -> str:
    """The zone that makes a known phone of staff no matter: signature and zone and hours."""
    if not presence.emitter or proof.log_ratio < SILENT:
        return ""
    for staff in rules.staff:
        if staff.emitter != presence.emitter or not within(staff.hours, minute):
            continue
        for zone in (zone for zone in rules.zones if zone.name in staff.zones):
            if within(zone.hours, minute) and share(presence.odds, zone.rooms) >= NEAR:
                return zone.name
    return ""


def zones_of(rules: Rules, presence: Presence) -> tuple[Zone, ...]:
    """Zones that hold a presence's likeliest room."""
    room = presence.odds[0][0] if presence.odds else ""
    return tuple(zone for zone in rules.zones if room in zone.rooms)


def _forget(told: Told, now_ns: int) -> None:
    """An alert whose phone is silent for a week matters no more."""
    going = set(told.of_presence.values())
    for name, case in list(told.cases.items()):
        if name not in going and now_ns - case.heard_ns[1] > WEEK_NS:
            del told.cases[name]


def _alert(
    rules: Rules,
    news: News,
    weighed: Weighed,
    name: str,
    now_ns: int,
    control: Control,
    calibrated: Logistic | None,
    before: str,
) -> Alert:
    presence, activity, proof = news.presence, news.activity, news.proof
    assert activity is not None and proof is not None
    worth = severity(rules, presence, activity.kind, proof)
    believed = weighed.probability
    told = float(calibrated.probability([_log_odds(believed)])[0]) if calibrated is not None else believed
    details: dict[str, str | int | float] = {**_counts(proof), "believed": believed}
    details.update(outside=weighed.outside, allowed=weighed.allowed, raised_nats=control.raised_nats)
    details.update({"log_ratio": proof.log_ratio} if presence.emitter else {})
    details.update({} if _sounds(rules, worth, presence.end_ns) else {"silent": 1})
    details.update({"moved": 1} if news.what == "moved" else {})
    details.update({"before": before} if before else {})
    return Alert(
        name, now_ns, presence.start_ns, presence.phone, presence.emitter, activity, presence.odds, told, worth,
        proof.sensors, proof.evidence, details,
    )  # fmt: skip


def _counts(proof: Proof) -> dict[str, str | int | float]:
    return {"bursts": proof.bursts, "sightings": proof.sightings, "confidence": proof.mean, "surest": proof.best}


def _sounds(rules: Rules, worth: Severity, time_ns: int) -> bool:
    quiet = bool(rules.quiet) and within(rules.quiet, local_minute(rules, time_ns))
    return not quiet or ORDER.index(worth) >= ORDER.index(rules.quiet_severity)


def _log_odds(probability: float) -> float:
    certain = min(max(probability, LEAST_DOUBT), 1 - LEAST_DOUBT)
    return math.log(certain / (1 - certain))
