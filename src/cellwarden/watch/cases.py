"""What was told, and what is counted to it: an alert for each phone in each cell, until somebody has decided.

```
 presence ─► told by itself? ─► its alert, or an open one of the same phone ─► again: count, severity, place
               rules                │ none, or decided about, or told for another cell
                                    └─► a new alert ─ before ─► the one that was decided about
```

A registration that `waits` (`rules`) is told when its phone gives another sign of life that is not silenced, or when
its presence is gone without one; a restart in between changes nothing (`waiting`).

An alert that nobody has decided about takes in all that its phone does: a count (`again`), more severity, a better
place. That holds also for a presence that begins later, or under another name, where place, interface, channel and
carrier offset say that it is the same phone (`same`) and the two were not heard at one time. After `found`, `not found`
or `false` the next thing that it does is a new alert, which names the old one (`before`). So does what is AWAY times
likelier in another room than in the one that was told: who looks there would look in vain.

Two phones that nothing tells apart are one alert until they send at one time: who looks for the one finds both.
"""

import math
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from cellwarden.locate.whereabouts import OUTSIDE
from cellwarden.measure.calibration import Logistic
from cellwarden.model import Alert, Decision, Presence
from cellwarden.model.span import WEEK_NS
from cellwarden.watch.doing import GAP_NS
from cellwarden.watch.places import share
from cellwarden.watch.rules import (
    JUNCTION,
    ORDER,
    Control,
    Weighed,
    counts,
    is_told,
    log_odds,
    severity,
    sounds,
    weigh,
)
from cellwarden.watch.rules_file import Rules
from cellwarden.watch.same import SAME_NATS, Trait, nats, trait, with_one
from cellwarden.watch.tracker import News

ENDED = ("found", "not found", "false")
"""After which the next sign of life is a new alert."""
AWAY = 10.0
"""So much likelier in another room, a phone is told anew: who looks where it was told would look in vain."""
AGAIN = 3
"""A phone that was heard in so many goes since it was told is no chance, whatever it does."""


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
    waiting: dict[tuple[str, int], News] = field(default_factory=dict)
    """Registrations that wait for what their presences do next."""


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
    known = told.cases.get(told.of_presence.get(key, ""))
    if known is not None and not _ended(known, news) and not _left(known, news.presence):
        return None
    due = _due(rules, told, news, control)
    if due is None:
        return None
    news, weighed = due
    assert news.activity is not None
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
    if (case is None or left) and _weighed(rules, news, control) is not None:
        other = _case_of(told, news, over=False)
        if other is not None:
            case, left = other, False
            told.waiting.pop(key, None)
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


def resumed(
    told: Told,
    alerts: Iterable[tuple[Alert, Decision | None]],
    now_ns: int,
    presences: Collection[tuple[str, int]] = (),
    waiting: Mapping[tuple[str, int], News] = MappingProxyType({}),
) -> None:
    """What was told, the newest first, and what waited before the program began; of which presences, by phone and
    start, go on. Changes `told`."""
    told.waiting.update(waiting)
    for alert, decision in alerts:
        if now_ns - alert.activity.end_ns <= WEEK_NS and alert.activity.kind != JUNCTION:
            heard_ns = alert.activity.start_ns, alert.activity.end_ns
            told.cases[alert.name] = Case(
                alert, _likeliest(alert), trait(alert.activity), heard_ns, alert.activity.start_ns
            )
            if (alert.phone, alert.since_ns) in presences:
                told.of_presence.setdefault((alert.phone, alert.since_ns), alert.name)
            if decision is not None:
                decided(told, decision)


def _weighed(rules: Rules, news: News, control: Control) -> Weighed | None:
    """What the rules find of what is enough for an alert; None where it is not."""
    if news.activity is None or news.proof is None or news.activity.kind not in rules.kinds:
        return None
    weighed = weigh(rules, news, control)
    return weighed if is_told(rules, weighed, control) else None


def _due(rules: Rules, told: Told, news: News, control: Control) -> tuple[News, Weighed] | None:
    """What is to be told of a presence now: its news, or a registration that waited for them. Changes `told`."""
    key = news.presence.phone, news.presence.start_ns
    if news.activity is None and news.what != "gone":
        return None
    waited, found = told.waiting.get(key), _weighed(rules, news, control)
    unsigned = not news.presence.emitter  # of the next sign of life, too, the first bursts have no signature
    if found is not None and found.waits and (waited is None or unsigned or _begun_ns(waited) == _begun_ns(news)):
        told.waiting[key] = news
        return None
    told.waiting.pop(key, None)
    if found is not None:
        return news, found
    if waited is None or (news.activity is not None and weigh(rules, news, control).silenced):
        return None
    return waited, weigh(rules, waited, control)


def _begun_ns(news: News) -> int:
    return 0 if news.activity is None else news.activity.start_ns


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
        details.update(counts(proof))
    details.update({"again": times} if times else {})
    if sounds(rules, worse, news.presence.end_ns):
        details.pop("silent", None)
    made = replace(
        known, odds=news.presence.odds, severity=worse, emitter=news.presence.emitter or known.emitter, details=details
    )
    if not (graver or same):
        return made
    return replace(made, activity=activity, sensors=proof.sensors, evidence=proof.evidence)


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
    told = float(calibrated.probability([log_odds(believed)])[0]) if calibrated is not None else believed
    details: dict[str, str | int | float] = {**counts(proof), "believed": believed}
    details.update(outside=weighed.outside, allowed=weighed.allowed, raised_nats=control.raised_nats)
    details.update({"log_ratio": proof.log_ratio} if presence.emitter else {})
    details.update({} if sounds(rules, worth, presence.end_ns) else {"silent": 1})
    details.update({"moved": 1} if news.what == "moved" else {})
    details.update({"before": before} if before else {})
    return Alert(
        name, now_ns, presence.start_ns, presence.phone, presence.emitter, activity, presence.odds, told, worth,
        proof.sensors, proof.evidence, details,
    )  # fmt: skip
