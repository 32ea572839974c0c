"""From sightings to alerts in one go: what the law lets pass, presences, rules.

    Sighting ─► lawful ─► tracker ─► rules, cases ─► Step (news, alerts, alerts that got worse)
    Passage ──────────────────────► junctions ────► Alert

A site's service keeps each step's values in its store; a dry run on the past only counts them.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import NamedTuple

from cellwarden.locate.site import Site
from cellwarden.locate.whereabouts import room_names
from cellwarden.measure.calibration import Logistic
from cellwarden.model import Alert, Decision, Passage, Presence, Sighting
from cellwarden.watch import cases, going, junctions, lawful, tracker
from cellwarden.watch.cases import Told
from cellwarden.watch.rules import Control
from cellwarden.watch.rules_file import Rules
from cellwarden.watch.tracker import News
from cellwarden.watch.waiting import Waiting


class Step(NamedTuple):
    """What came of a sighting, or of time that passed."""

    passed: tuple[Sighting, ...]
    """What the law lets pass: no other may be kept."""
    news: tuple[News, ...]
    alerts: tuple[Alert, ...]
    worse: tuple[Alert, ...]
    """Alerts told before, under the same name, with what their phones did since."""


@dataclass(slots=True)
class Chain:
    """All that is known at one moment. Changed by the functions here and by nobody else."""

    rules: Rules
    sieve: lawful.Sieve
    tracks: tracker.Tracks
    told: Told = field(default_factory=Told)
    control: Control = field(default_factory=Control)
    calibrated: Logistic | None = None


def fresh(site: Site, wanted: Rules) -> Chain:
    """Nothing heard yet."""
    rooms = room_names(site)
    return Chain(wanted, lawful.fresh(site, rooms), tracker.fresh(rooms), Told(len(rooms)))


def heard(chain: Chain, sighting: Sighting, name: Callable[[], str], now_ns: int) -> Step:
    """Take a sighting in; `name` makes the name of an alert, if there is one."""
    _sieve, passed = lawful.heard(chain.sieve, sighting)
    return _on(chain, passed, name, now_ns)


def passed_time(chain: Chain, name: Callable[[], str], now_ns: int, heard_ns: int | None = None) -> Step:
    """What time alone brings: what waited is released or dropped, activities end, presences go. To be called often.

    All that was on the air until `heard_ns`, or now, has been taken in: who was silent after it may yet be heard.
    """
    _sieve, passed = lawful.due(chain.sieve, now_ns)
    step = _on(chain, passed, name, now_ns)
    _tracks, news = tracker.quiet(chain.tracks, now_ns if heard_ns is None else heard_ns)
    more = _told(chain, news, name, now_ns)
    return Step(step.passed, step.news + more.news, step.alerts + more.alerts, step.worse + more.worse)


def passed(chain: Chain, passage: Passage, name: Callable[[], str], now_ns: int) -> Alert | None:
    """What a passage at a harmonic radar gives, if anything."""
    made = junctions.alerted(chain.rules, passage, "", now_ns)
    return None if made is None else replace(made, name=name())


def decided(chain: Chain, decision: Decision) -> None:
    """Somebody decided about an alert."""
    cases.decided(chain.told, decision)


def resumed(
    chain: Chain,
    alerts: Iterable[tuple[Alert, Decision | None]],
    now_ns: int,
    presences: Iterable[tuple[Presence, float]] = (),
    waiting: Waiting = MappingProxyType({}),
) -> None:
    """What was told before the program began, the newest first, with what was decided about it; presences that go on,
    each with the highest likelihood ratio for its emitter (its logarithm), and what waits for what they do next."""
    keys = set[tuple[str, int]]()
    for presence, log_ratio in presences:
        going.resumed(chain.tracks, presence, log_ratio)
        keys.add((presence.phone, presence.start_ns))
    cases.resumed(chain.told, alerts, now_ns, keys, waiting)


def _on(chain: Chain, passed: tuple[Sighting, ...], name: Callable[[], str], now_ns: int) -> Step:
    news: list[News] = []
    alerts: list[Alert] = []
    worse: list[Alert] = []
    for sighting in passed:
        _tracks, new = tracker.seen(chain.tracks, sighting)
        step = _told(chain, new, name, now_ns)
        news += step.news
        alerts += step.alerts
        worse += step.worse
    return Step(passed, tuple(news), tuple(alerts), tuple(worse))


def _told(chain: Chain, news: tuple[News, ...], name: Callable[[], str], now_ns: int) -> Step:
    alerts: list[Alert] = []
    worse: list[Alert] = []
    for one in news:
        graver = cases.continued(chain.rules, chain.told, one, chain.control)
        worse += [graver] if graver is not None else []
        made = cases.alerted(chain.rules, chain.told, one, name, now_ns, chain.control, chain.calibrated)
        alerts += [made] if made is not None else []
    return Step((), news, tuple(alerts), tuple(worse))
