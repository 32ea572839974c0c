"""A site under guard: what its sensors tell becomes presences and alerts, each step kept in one transaction.

Step (runtime.site) ─► watch.chain ─► store ─► console
                         law, tracks, rules     looks for changes itself
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import URL, Connection, Engine

from cellwarden.errors import MandateError
from cellwarden.language import gettext as _
from cellwarden.locate.site import Site
from cellwarden.model import Alert, SensorState
from cellwarden.model.span import HOUR_NS, WEEK_NS
from cellwarden.runtime import notifier
from cellwarden.runtime.site import Step
from cellwarden.runtime.vault import Vault
from cellwarden.runtime.whose import Whose
from cellwarden.store import history, retention
from cellwarden.store.audit import audited
from cellwarden.store.engine import file_of
from cellwarden.watch import chain, going, lawful, passages, queries, rules, strays, tracker, waiting
from cellwarden.watch.lawful import Mandate, valid
from cellwarden.watch.rules_file import Rules

_Why = tuple[str, frozenset[str]]
"""Why a sensor is deaf, and in which bands it is blind."""
HEARS: _Why = ("", frozenset())
PROGRAM = "cellwarden"
"""Who did what no person did, in the audit log."""
MOST_NAMELESS = 100
"""The newest alerts whose phones may still be enrolled: while they speak they are measured."""
FRESH_DAYS = 8
"""Sightings of so many days are asked from the store, older ones from the history."""
MOST_PASSED = 1000
"""Passages of the lane in the hour before the watch began that are looked through for one that was not told."""


def guard(
    engine: Engine,
    site: Site,
    wanted: Rules,
    mandate: Mandate,
    steps: Iterable[Step],
    now_ns: Callable[[], int] = time.time_ns,
    addresses: Sequence[str] = (),
    newest: Callable[[], Rules] | None = None,
    tell: Callable[[SensorState], None] = lambda state: None,
    vault: Vault | None = None,
    whose: Whose | None = None,
    retention_days: Mapping[str, int] | None = None,
) -> Iterator[Alert]:
    """Alerts as they are told, and on their way to `addresses`; all else is kept. `newest` tells rules that change.

    `tell` is told of each sensor that goes deaf, for another reason, or hears again; `vault` has the evidence of what
    is heard, `whose` the signatures: a phone that made an alert and is new is enrolled. `retention_days` are the site's
    own, by kind of data.

    Raises MandateError when the mandate expires.
    """
    state = chain.fresh(site, wanted)
    with engine.begin() as c:
        audited(c, PROGRAM, "watch begins", site.name, f"{mandate.basis}; {mandate.authority}")
        change = queries.newest_change(c)
        passed = [one.number for one in passages.passages(c, now_ns() - HOUR_NS, MOST_PASSED)]
        _resume(c, state, now_ns())
    looked_ns, known, nameless = 0, dict[str, _Why](), deque[Alert](maxlen=MOST_NAMELESS)
    for step in steps:
        now = now_ns()
        state.rules = newest() if newest else wanted
        if now - looked_ns >= HOUR_NS:
            looked_ns = now
            _hourly(engine, state, mandate, now, whose, retention_days)
        with engine.begin() as c:
            change, more = _heed(c, state, change)
            told = _lane(c, state, (*passed, *more), now, addresses)
            heard = _keep(c, state, step, now, addresses, vault, whose)
            passed = []
            changed = _changed(c, step.states, known)
            if whose is not None:
                nameless.extend(alert for alert in heard if not alert.emitter)
                _enrol(c, whose, nameless)
        for one in changed:
            tell(one)
        yield from (*told, *heard)


def _hourly(
    engine: Engine,
    state: chain.Chain,
    mandate: Mandate,
    now_ns: int,
    whose: Whose | None,
    retention_days: Mapping[str, int] | None,
) -> None:
    """Learn by what people decided, and let go what is too old. Raises MandateError when the mandate has expired."""
    if not valid(mandate, now_ns):
        raise MandateError(_("the mandate expired on {day}: renew it").format(day=mandate.expires))
    _learn(engine, state, now_ns)
    _tidy(engine, now_ns, retention_days)
    if whose is not None:
        _forget(engine, whose, {one.emitter for one in state.rules.staff})


def _resume(c: Connection, state: chain.Chain, now_ns: int) -> None:
    """Go on where the last watch ended: alerts, presences that may go on, and what waits for what their phones do."""
    waits = waiting.waiting(c)
    present = going.going_on(queries.presences(c, now_ns - tracker.FORGET_NS, now_ns))
    known = {(one.phone, one.start_ns) for one in present}
    present += [news.presence for key, news in waits.items() if key not in known]  # however long ago
    alerts = queries.alerts(c, since_ns=now_ns - 52 * WEEK_NS)
    chain.resumed(state, alerts, now_ns, waiting.log_ratios(c, present), waits)


def _changed(c: Connection, states: Iterable[SensorState], known: dict[str, _Why]) -> list[SensorState]:
    """Those of sensors that are deaf for another reason than before, or in other bands, or hear again: in the audit
    log, too."""
    changed = []
    for one in states:
        why = one.reason, frozenset(blind.band for blind in one.blind)
        if why != known.get(one.sensor, HEARS):
            audited(c, PROGRAM, "sensor deaf" if one.reason else "sensor hears", one.sensor, _said(one))
            changed.append(one)
        known[one.sensor] = why
    return changed


def _said(state: SensorState) -> str:
    """Why a sensor is deaf, for the audit log."""
    return ", ".join((state.reason, *(f"band {one.band}" for one in state.blind)))


def _enrol(c: Connection, whose: Whose, nameless: deque[Alert]) -> None:
    """Remember those phones that have been heard well enough by now: in the audit log, too."""
    for alert in list(nameless):
        if name := whose.enrol(alert.activity.phone):
            audited(c, PROGRAM, retention.ENROLLED, name, alert.name)
            nameless.remove(alert)


def _forget(engine: Engine, whose: Whose, staff: set[str]) -> None:
    """Emitters of whom nothing is kept any more go, but for those of staff: in the audit log, too."""
    with engine.begin() as c:
        if gone := whose.forget(retention.forsaken(c) - staff):
            audited(c, "retention", "deleted", "emitters " + ", ".join(gone), "nothing is kept that tells of them")


def _learn(engine: Engine, state: chain.Chain, now_ns: int) -> None:
    """What people decided comes back as values: how much evidence is asked, what a probability is worth."""
    with engine.connect() as c:
        decided = queries.alerts(c, since_ns=now_ns - 52 * WEEK_NS)
    state.control = rules.control(state.rules, decided, now_ns)
    state.calibrated = rules.calibration(decided)


def _heed(c: Connection, state: chain.Chain, change: int) -> tuple[int, list[int]]:
    """What people decided since a change: what comes after a decision is told anew. Returns the newest change of now,
    and passages of the lane since then."""
    passed: list[int] = []
    while changes := queries.changes_since(c, change):
        change = changes[-1].number
        passed += [int(one.name) for one in changes if one.kind == "passage"]
        for name in {one.name for one in changes if one.kind == "decision"}:
            for decision in queries.decisions(c, name):
                chain.decided(state, decision)
    return change, passed


def _lane(
    c: Connection, state: chain.Chain, passed: Iterable[int], now_ns: int, addresses: Sequence[str]
) -> list[Alert]:
    """Alerts of passages at a harmonic radar that gave none yet; they are kept, and on their way."""
    told = []
    year = datetime.fromtimestamp(now_ns / 1e9, UTC).year
    for number in dict.fromkeys(passed):
        one = passages.passage(c, number)
        if one is None or passages.alert_of(c, number) is not None:
            continue
        alert = chain.passed(state, one, partial(queries.next_alert_name, c, year), now_ns)
        if alert is not None:
            queries.keep_alert(c, alert)
            audited(c, PROGRAM, "alert", alert.name)
            told.append(alert)
    notifier.keep(c, state.rules, told, addresses, now_ns)
    return told


def _tidy(engine: Engine, now_ns: int, days: Mapping[str, int] | None) -> None:
    """Days that are over go to the history, and what is too old goes for good; the audit log tells both."""
    folder, today = history_of(engine.url), datetime.fromtimestamp(now_ns / 1e9, UTC).date()
    with engine.begin() as c:
        history.close_days(c, folder, today)
        history.thin(c, folder, today - timedelta(days=FRESH_DAYS))
        retention.forget(c, now_ns, days, forget_history=partial(history.forget, folder))


def history_of(store: URL) -> Path:
    """The folder of days that are over: beside the store's file, or here where a server keeps the store."""
    path = file_of(store)
    return Path("cellwarden.history") if path is None else path.with_suffix(".history")


def _keep(
    c: Connection,
    state: chain.Chain,
    step: Step,
    now_ns: int,
    addresses: Sequence[str],
    vault: Vault | None,
    whose: Whose | None,
) -> list[Alert]:
    """Keep what a step brings; returns the alerts that are new. Evidence is on the disk before what points to it."""
    year = datetime.fromtimestamp(now_ns / 1e9, UTC).year
    name = partial(queries.next_alert_name, c, year)
    told: list[Alert] = []
    waited = dict(state.told.waiting)
    done = [chain.heard(state, sighting, name, now_ns) for sighting in step.sightings]
    for one in (*done, chain.passed_time(state, name, now_ns, step.end_ns)):
        if vault is not None:
            vault.keep(digest for sighting in one.passed for digest in sighting.evidence)
        if whose is not None:
            whose.passed(sighting.phone for sighting in one.passed)
        queries.keep_sightings(c, one.passed)
        for news in one.news:
            queries.keep_presence(c, news.presence)
        for alert in (*one.alerts, *one.worse):
            queries.keep_alert(c, alert)
        notifier.keep(c, state.rules, (*one.alerts, *one.worse), addresses, now_ns)
        for alert in one.alerts:
            audited(c, PROGRAM, "alert", alert.name)
        told += one.alerts
    waiting.keep(c, state.told.waiting, waited)
    strays.keep(c, step.strays)
    burnt = lawful.to_delete(state.sieve)
    if vault is not None:
        vault.burn(burnt)
        vault.tidy()
    queries.keep_sensor_states(c, step.states)
    return told
