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
zone's hold when it began, and its place does not speak against the zone: p(zone), weighted as above, ≥ NEAR. A phone of
staff is where it belongs in 19 cases of 20 (an assumption), while odds gave a corridor a tenth and all cells eight: by
that, one in a hundred of those is three in five of these. What it costs: a phone whose signature is wrongly found, once
in a thousand comparisons, in those hours and beside that zone, is not told. A registration that is all but passed over
for its ratio is a few bursts that say little; it `waits` for the next sign of life, which decides, and is told as well
if none comes. So does one that no signature has been told of yet, where staff may be: bursts come before it.

**Once.** What was told, and what is counted to it: `cases`.

**Budget.** Where more alerts of the last seven days were decided `false` than the budget allows, more evidence is
asked: noise's tail falls by e with each nat, so F false ones a week become B by ln(F / B) nats. It never rises by
more than MOST_RAISED, so that calls go on being told, and the control says so in words.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

from cellwarden.language import gettext as _
from cellwarden.language import number
from cellwarden.locate.whereabouts import OUTSIDE
from cellwarden.measure.calibration import Logistic, fit_logistic
from cellwarden.model import Alert, Decision, Presence
from cellwarden.model.span import MINUTE_NS, S_NS, WEEK_NS
from cellwarden.watch.doing import Proof
from cellwarden.watch.places import share
from cellwarden.watch.rules_file import MINUTES_A_DAY, Hours, Rules, Staff, Zone
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
JUNCTION: Final = "junction"
"""Alerts of this kind come from no radio that phones send: what becomes of them says nothing of it."""
ENDS = {"found": True, "false": False}
"""What an outcome says of an alert. A search that found nothing does not prove that nothing was there."""

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
    waits: bool
    """Whether it is a registration that its signature alone, or that there is none yet, keeps from being silenced."""
    outside: float
    allowed: float
    """Probability of a zone where any phone may be now."""
    probability: float
    """Of a phone where none may be."""


def weigh(rules: Rules, news: News, control: Control = Control()) -> Weighed:  # noqa: B008
    """What speaks for and against telling a presence by what it does."""
    presence, proof = news.presence, news.proof
    assert proof is not None
    minute = local_minute(rules, presence.end_ns if news.activity is None else news.activity.start_ns)
    outside = share(presence.odds, (OUTSIDE,))
    allowed = _allowed(rules, presence, minute)
    phone = max(proof.mean, proof.best if proof.best >= rules.sure else 0.0)
    home = _home(rules, presence, minute)
    sure = proof.log_ratio >= SILENT
    short = news.activity is not None and news.activity.kind == "registration"
    return Weighed(
        proven(rules, proof, control),
        home if sure else "",
        short and not sure and (bool(home) or _unsigned(rules, presence, minute)),
        outside,
        allowed,
        phone * max(0.0, 1.0 - outside - allowed),
    )


def _allowed(rules: Rules, presence: Presence, minute: int) -> float:
    """Probability of zones where any phone may be at this minute, each room of which counts as its weight says."""
    return _weighted(presence, allowed_rooms(rules, minute))


def allowed_rooms(rules: Rules, minute: int) -> dict[str, float]:
    """Rooms in which any phone may be at this minute, with their zones' weights."""
    return {
        room: zone.weight
        for zone in rules.zones
        if zone.phones == "allowed" and within(zone.hours, minute)
        for room in zone.rooms
    }


def _weighted(presence: Presence, weights: Mapping[str, float]) -> float:
    """Probability of some rooms, each of which counts as its weight says."""
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
        if decision is not None
        and decision.state == "false"
        and 0 <= now_ns - alert.told_ns <= WEEK_NS
        and alert.activity.kind != JUNCTION
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
        if decision is not None and decision.state in ENDS and alert.activity.kind != JUNCTION:
            scores.append(log_odds(float(alert.details.get("believed", alert.probability))))
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
    there = datetime.fromtimestamp(time_ns // S_NS, _zone_info(rules.timezone or "UTC"))
    return there.hour * 60 + there.minute


@cache
def _zone_info(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _home(rules: Rules, presence: Presence, minute: int) -> str:
    """The zone in which a phone may be that is likeliest one of staff, by its signature: zone and hours hold."""
    mine = (staff for staff in rules.staff if presence.emitter and staff.emitter == presence.emitter)
    return next((zone.name for zone, near in _near(rules, mine, presence, minute) if near >= NEAR), "")


def _unsigned(rules: Rules, presence: Presence, minute: int) -> bool:
    """Whether nothing is known yet of who it is, in a zone of staff whose hours it is."""
    near = _near(rules, rules.staff, presence, minute)
    return not presence.emitter and any(p >= rules.probability for _zone, p in near)


def _near(rules: Rules, some: Iterable[Staff], presence: Presence, minute: int) -> Iterator[tuple[Zone, float]]:
    """Zones in which some of staff may be at this minute, each with the probability that the phone is there."""
    for staff in some:
        for zone in rules.zones:
            if zone.name in staff.zones and within(staff.hours, minute) and within(zone.hours, minute):
                yield zone, _weighted(presence, dict.fromkeys(zone.rooms, zone.weight))


def counts(proof: Proof) -> dict[str, str | int | float]:
    """What a proof rests on, as an alert tells it."""
    return {"bursts": proof.bursts, "sightings": proof.sightings, "confidence": proof.mean, "surest": proof.best}


def sounds(rules: Rules, worth: Severity, time_ns: int) -> bool:
    """Whether an alert of this severity may sound at this time: in quiet hours severe ones do."""
    quiet = bool(rules.quiet) and within(rules.quiet, local_minute(rules, time_ns))
    return not quiet or ORDER.index(worth) >= ORDER.index(rules.quiet_severity)


def log_odds(probability: float) -> float:
    """ln(p / (1 - p)) in nats, of a probability that leaves LEAST_DOUBT either way."""
    certain = min(max(probability, LEAST_DOUBT), 1 - LEAST_DOUBT)
    return math.log(certain / (1 - certain))
