"""What rules would have told of the past: a dry run over kept sightings, which changes nothing."""

from collections import Counter
from collections.abc import Iterable
from itertools import count
from typing import NamedTuple

from cellwarden.locate.site import Site
from cellwarden.model import Alert, Sighting
from cellwarden.model.span import S_NS
from cellwarden.watch import chain as watched
from cellwarden.watch.rules_file import Rules


class Replay(NamedTuple):
    """What would have been."""

    sightings: int
    presences: int
    alerts: tuple[Alert, ...]
    """Each as it stood at last."""
    dropped: int
    """Sightings that the law would not have let pass; those that were dropped then are not in the store."""

    @property
    def kinds(self) -> Counter[str]:
        return Counter(alert.activity.kind for alert in self.alerts)


def replayed(sightings: Iterable[Sighting], site: Site, rules: Rules) -> Replay:
    """Play sightings, in the order of time, as if they came now."""
    chain = watched.fresh(site, rules)
    numbers = count(1)
    alerts: dict[str, Alert] = {}
    seen = presences = 0
    last_ns = 0

    def name() -> str:
        return f"{next(numbers)}"

    def take(step: watched.Step) -> int:
        alerts.update({alert.name: alert for alert in (*step.alerts, *step.worse)})
        return sum(news.what in ("began", "moved") for news in step.news)

    for sighting in sightings:
        if sighting.start_ns - last_ns >= S_NS:
            presences += take(watched.passed_time(chain, name, sighting.start_ns))
            last_ns = sighting.start_ns
        presences += take(watched.heard(chain, sighting, name, sighting.end_ns))
        seen += 1
    presences += take(watched.passed_time(chain, name, last_ns + 60 * S_NS))
    return Replay(seen, presences, tuple(alerts.values()), sum(chain.sieve.dropped.values()))
