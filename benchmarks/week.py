"""Weeks of a small prison, from sightings to alerts: which calls are told, where, and what is told that is none.

The world is `simulate.week`: sixty cells, nine phones, staff in offices and corridors, lawyers, a car park, base
stations and other transmitters taken for phones, noise. Each week is a world of its own; some have all parameters
varied by ±50 %.
Rules are what such a site would write: phones are allowed in offices by day, those of the house in corridors.

A call counts as told if an alert was made from its own sightings, or from others of the same phone or cell to whose
alert it was counted: a call behind another cell's alert is missed. So is one that no sensor heard.

What contraband phones do is **split** where it makes a new alert while an open one was made by the same phone in the
same cell, **merged** where it is counted to an alert that another phone in another cell made and that was not told for
its cell either, and **behind** where such an alert's three likeliest cells do not hold its own. Nobody decides in these
weeks; `alerts_decided` tells how many there would be if all were looked into each morning at seven, in vain.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from itertools import count, takewhile
from typing import Any

import numpy as np

from benchmarks.lane import Lane
from cellwarden.measure.count import poisson
from cellwarden.measure.proportion import wilson
from cellwarden.model import Alert, Decision, Sighting
from cellwarden.simulate.parameters import Air, Week, varied
from cellwarden.simulate.week import Truth, events, site
from cellwarden.simulate.week_rules import rules_of
from cellwarden.watch import chain as watched
from cellwarden.watch.cases import alert_of
from cellwarden.watch.rules_file import Rules

S_NS = 1_000_000_000
START_NS = 1_767_571_200 * S_NS
"""A Monday, 2026-01-05, at midnight."""
DAY_NS = 86_400 * S_NS
UNLOCK_NS = 7 * 3600 * S_NS
WEEKS, VARIED = 20, 6
TICK_NS = S_NS
THREE = 3


def played(
    sightings: Iterable[tuple[Sighting, Truth]], rules: Rules, end_ns: int, start_ns: int = START_NS,
    unlock: bool = False,
) -> tuple[dict[int, Truth], dict[int, dict[str, Any]], list[tuple[Alert, Truth]]]:  # fmt: skip
    """Until a moment: all acts that were heard, what was told of each that was passed, and alerts with their truth.

    unlock: whether each alert is looked into at the next UNLOCK_NS of a day, and nothing found.
    """
    chain = watched.fresh(site(), rules)
    numbers = count(1)
    acts: dict[int, Truth] = {}
    names: dict[str, Truth] = {}
    told: dict[int, dict[str, Any]] = {}
    alerts: list[tuple[Alert, Truth]] = []

    def name() -> str:
        return f"A-2026-{next(numbers):06}"

    def take(step: watched.Step) -> None:
        alerts.extend((alert, names[alert.activity.phone]) for alert in step.alerts)
        for news in step.news:
            if news.activity is None:
                continue
            truth = names[news.activity.phone]
            entry = told.setdefault(truth.act, {"rank": 99, "by": ""})
            if (known := alert_of(chain.told, news.presence)) is not None:
                rooms = [room for room, _p in known.odds]
                entry["rank"] = rooms.index(truth.room) if truth.room in rooms else 99
                entry["by"] = known.name

    now, unlocked = start_ns, start_ns + UNLOCK_NS
    for sighting, truth in sightings:
        if sighting.start_ns >= end_ns:
            break
        while now + TICK_NS <= sighting.start_ns:
            now = now + TICK_NS if chain.sieve.phones else max(now + TICK_NS, sighting.start_ns - TICK_NS)
            take(watched.passed_time(chain, name, now))
        if unlock and now >= unlocked:
            for case in chain.told.cases.values():
                watched.decided(chain, Decision(case.alert.name, "not found", "officer", now, "unlock"))
            unlocked += DAY_NS
        acts[truth.act] = names[sighting.phone] = truth
        take(watched.heard(chain, sighting, name, sighting.end_ns))
    take(watched.passed_time(chain, name, now + 3600 * S_NS))
    return acts, told, alerts


def weeks(seed: int, days: float, vary: bool = False) -> dict[str, Any]:
    """One world for some days: its calls, and what was told."""
    rng = np.random.default_rng([18, seed])
    week, air = (varied(Week(), rng), varied(Air(), rng)) if vary else (Week(), Air())
    end_ns = START_NS + round(days * DAY_NS)
    heard = list(takewhile(lambda one: one[0].start_ns < end_ns, events(seed, START_NS, week, air)))
    found: dict[str, Any] = {"days": days, **counted(*played(heard, rules_of(week), end_ns))}
    if not vary:
        _acts, _told, decided = played(heard, rules_of(week), end_ns, unlock=True)
        found["alerts_decided"] = len(decided)
    return found


def counted(
    acts: Mapping[int, Truth], told: Mapping[int, Mapping[str, Any]], alerts: Sequence[tuple[Alert, Truth]]
) -> dict[str, Any]:
    """What of all that was heard was told, and how."""
    made_by = {alert.name: {truth.name, truth.room, alert.odds[0][0]} for alert, truth in alerts}
    mine = [act for act in acts.values() if act.who == "contraband"]
    behind = [(act, told[act.act], made_by[told[act.act]["by"]]) for act in mine if told.get(act.act, {}).get("by")]
    right = [entry["rank"] for act, entry, by in behind if act.kind == "call" and by & {act.name, act.room}]
    merged = [entry["rank"] for act, entry, by in behind if not by & {act.name, act.room}]
    makers = [(truth.name, truth.room) for _alert, truth in alerts if truth.who == "contraband"]
    lie = {(act.name, act.room) for act in mine}
    beside = {one for one in lie if any(room == one[1] and name != one[0] for name, room in lie)}
    return {
        "calls": sum(act.kind == "call" for act in mine),
        "told": len(right),
        "first": sum(rank < 1 for rank in right),
        "three": sum(rank < THREE for rank in right),
        "alerts": len(alerts),
        "counted": len(behind),
        "split": len(makers) - len(set(makers)),
        "merged": len(merged),
        "behind": sum(rank >= THREE for rank in merged),
        "beside": len(beside),
        "beside_told": len(beside & set(makers)),
        "false": Counter(truth.who for _alert, truth in alerts if truth.who != "contraband"),
        "acts": Counter(act.who for act in acts.values()),
    }


def parts(scale: float) -> dict[str, Any]:
    """Weeks as they are, and varied ones; at a small scale fewer, the last of them shorter."""
    days = 7 * WEEKS * scale
    found: dict[str, Any] = {}
    for seed in range(max(1, int(np.ceil(days / 7)))):
        found[f"plain-{seed}"] = partial(weeks, seed, min(7.0, max(1.0, days - 7 * seed)))
    for seed in range(max(2, round(VARIED * scale)) if scale >= 0.05 else 0):
        found[f"varied-{seed}"] = partial(weeks, 100 + seed, 7.0 if scale >= 0.5 else 1.0, True)
    return found


def summary(done: Mapping[str, Any]) -> dict[str, Any]:
    """Shares with their intervals; for varied worlds the range."""
    plain = [part for name, part in done.items() if name.startswith("plain")]
    worlds = [judged([part]) for name, part in done.items() if name.startswith("varied")]
    figures: dict[str, Any] = judged(plain)
    if worlds:
        figures["varied"] = {
            key: [min(one[key][0] for one in worlds), max(one[key][0] for one in worlds)]
            for key in ("told", "three", "false_a_week", "alerts_a_week", "split", "merged", "behind")
        }
    return figures


def judged(played: list[Any]) -> dict[str, Any]:
    """Of all calls those told, and of those the right cell; false alerts by what they really were."""
    keys = ("days", "calls", "told", "first", "three", "alerts", "counted", "split", "merged", "behind",
            "beside", "beside_told")  # fmt: skip
    sums = {key: sum(part[key] for part in played) for key in keys}
    kinds = {who for part in played for who in part["false"]}
    false = {who: sum(part["false"].get(who, 0) for part in played) for who in sorted(kinds)}
    count, weeks = sum(false.values()), sums["days"] / 7
    low, high = poisson(count)
    return {
        "weeks": weeks,
        "calls": sums["calls"],
        "alerts_a_week": [sums["alerts"] / weeks, sum(part.get("alerts_decided", 0) for part in played) / weeks],
        "told": [sums["told"] / max(1, sums["calls"]), *wilson(sums["told"], sums["calls"])],
        "first": [sums["first"] / max(1, sums["told"]), *wilson(sums["first"], sums["told"])],
        "three": [sums["three"] / max(1, sums["told"]), *wilson(sums["three"], sums["told"])],
        **{
            key: [sums[key] / max(1, sums["counted"]), *wilson(sums[key], sums["counted"])]
            for key in ("split", "merged", "behind")
        },
        "beside": [sums["beside_told"], sums["beside"]],
        "false": false,
        "false_alerts": count,
        "false_a_week": [count / weeks, low / weeks, high / weeks],
    }


LANE = Lane("week", parts, summary)
