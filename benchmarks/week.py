"""Weeks of a small prison, from sightings to alerts: which calls are told, where, and what is told that is none.

The world is `simulate.week`: sixty cells, nine phones, staff in offices and corridors, lawyers, a car park, base
stations and other transmitters taken for phones, noise. Each week is a world of its own; some have all parameters
varied by ±50 %.
Rules are what such a site would write: phones are allowed in offices by day, those of the house in corridors.

A call counts as told if an alert was made from its own sightings, or from others of the same phone or cell to whose
presence it was counted: a call behind another cell's alert is missed. So is one that no sensor heard.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import count
from typing import Any

import numpy as np

from benchmarks.lane import Lane
from cellwarden.measure.count import poisson
from cellwarden.measure.proportion import wilson
from cellwarden.model import Alert, Sighting
from cellwarden.simulate.parameters import Air, Week, varied
from cellwarden.simulate.week import Truth, events, site
from cellwarden.simulate.week_rules import rules_of
from cellwarden.watch import chain as watched
from cellwarden.watch.rules_file import Rules

S_NS = 1_000_000_000
START_NS = 1_767_571_200 * S_NS
"""A Monday, 2026-01-05, at midnight."""
DAY_NS = 86_400 * S_NS
WEEKS, VARIED = 20, 6
TICK_NS = S_NS
THREE = 3


def played(
    sightings: Iterator[tuple[Sighting, Truth]], rules: Rules, end_ns: int, start_ns: int = START_NS
) -> tuple[dict[int, Truth], dict[int, dict[str, Any]], list[tuple[Alert, Truth]]]:
    """Until a moment: all acts that were heard, what was told of each that was passed, and alerts with their truth."""
    chain = watched.fresh(site(), rules)
    numbers = count(1)
    acts: dict[int, Truth] = {}
    names: dict[str, Truth] = {}
    told: dict[int, dict[str, Any]] = {}
    alerts: list[tuple[Alert, Truth]] = []
    made_by: dict[str, Truth] = {}

    def name() -> str:
        return f"A-2026-{next(numbers):06}"

    def take(step: watched.Step) -> None:
        for alert in step.alerts:
            made_by[alert.name] = names[alert.activity.phone]
            alerts.append((alert, names[alert.activity.phone]))
        for news in step.news:
            if news.activity is None:
                continue
            truth = names[news.activity.phone]
            known = chain.told.alerts.get((news.presence.phone, news.presence.start_ns))
            rank = (
                [room for room, _p in news.presence.odds].index(truth.room)
                if truth.room in dict(news.presence.odds)
                else 99
            )
            entry = told.setdefault(truth.act, {"rank": 99, "by": None})
            entry["rank"] = rank
            entry["by"] = known.name if known is not None else entry["by"]

    now = start_ns
    for sighting, truth in sightings:
        if sighting.start_ns >= end_ns:
            break
        while now + TICK_NS <= sighting.start_ns:
            now = now + TICK_NS if chain.sieve.phones else max(now + TICK_NS, sighting.start_ns - TICK_NS)
            take(watched.passed_time(chain, name, now))
        acts[truth.act] = names[sighting.phone] = truth
        take(watched.heard(chain, sighting, name, sighting.end_ns))
    take(watched.passed_time(chain, name, now + 3600 * S_NS))
    for entry in told.values():
        entry["by"] = made_by.get(entry["by"]) if entry["by"] else None
    return acts, told, alerts


def weeks(seed: int, days: float, vary: bool = False) -> dict[str, Any]:
    """One world for some days: its calls, and what was told."""
    rng = np.random.default_rng([18, seed])
    week, air = (varied(Week(), rng), varied(Air(), rng)) if vary else (Week(), Air())
    end_ns = START_NS + round(days * DAY_NS)
    acts, told, alerts = played(events(seed, START_NS, week, air), rules_of(week), end_ns)
    calls = [act for act in acts.values() if act.who == "contraband" and act.kind == "call"]
    behind = [told.get(call.act, {"by": None, "rank": 99}) for call in calls]
    right = [
        one["by"] is not None and (one["by"].name == call.name or one["by"].room == call.room)
        for call, one in zip(calls, behind, strict=True)
    ]
    false: dict[str, int] = {}
    for _alert, truth in alerts:
        if truth.who != "contraband":
            false[truth.who] = false.get(truth.who, 0) + 1
    return {
        "days": days,
        "calls": len(calls),
        "told": sum(right),
        "first": sum(yes and one["rank"] < 1 for yes, one in zip(right, behind, strict=True)),
        "three": sum(yes and one["rank"] < THREE for yes, one in zip(right, behind, strict=True)),
        "alerts": len(alerts),
        "false": false,
        "acts": {who: sum(act.who == who for act in acts.values()) for who in {act.who for act in acts.values()}},
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
            for key in ("told", "three", "false_a_week")
        }
    return figures


def judged(played: list[Any]) -> dict[str, Any]:
    """Of all calls those told, and of those the right cell; false alerts by what they really were."""
    sums = {key: sum(part[key] for part in played) for key in ("days", "calls", "told", "first", "three", "alerts")}
    kinds = {who for part in played for who in part["false"]}
    false = {who: sum(part["false"].get(who, 0) for part in played) for who in sorted(kinds)}
    count, weeks = sum(false.values()), sums["days"] / 7
    low, high = poisson(count)
    return {
        "weeks": weeks,
        "calls": sums["calls"],
        "alerts": sums["alerts"],
        "told": [sums["told"] / max(1, sums["calls"]), *wilson(sums["told"], sums["calls"])],
        "first": [sums["first"] / max(1, sums["told"]), *wilson(sums["first"], sums["told"])],
        "three": [sums["three"] / max(1, sums["told"]), *wilson(sums["three"], sums["told"])],
        "false": false,
        "false_alerts": count,
        "false_a_week": [count / weeks, low / weeks, high / weeks],
    }


LANE = Lane("week", parts, summary)
