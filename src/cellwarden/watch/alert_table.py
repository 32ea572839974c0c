"""Alerts and what was decided about them as a table, for a month's report: what was told where, and how it ended."""

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime

from cellwarden.document.table import harmless
from cellwarden.model import Alert, Decision
from cellwarden.model.span import S_NS

HEAD = (
    "alert", "told", "since", "kind", "interface", "band", "seconds", "room", "room_probability", "probability",
    "severity", "state", "decided", "who", "why",
)  # fmt: skip


def table(alerts: Iterable[tuple[Alert, Decision | None]]) -> str:
    """A line for each with its newest decision; times in UTC. Which transmitter it was is left out: a fingerprint is
    personal data, and no report needs it."""
    made = io.StringIO()
    rows = csv.writer(made, lineterminator="\n")
    rows.writerow(HEAD)
    for alert, decision in alerts:
        room, share = alert.odds[0] if alert.odds else ("", None)
        doing = alert.activity
        ended = (
            (decision.state, _utc(decision.when_ns), decision.who, decision.why) if decision else ("new", "", "", "")
        )
        told = (
            alert.name, _utc(alert.told_ns), _utc(alert.since_ns), doing.kind, doing.interface, doing.band,
            f"{(doing.end_ns - doing.start_ns) / S_NS:.0f}", room, "" if share is None else f"{share:.4f}",
            f"{alert.probability:.4f}", alert.severity, *ended,
        )  # fmt: skip
        rows.writerow(map(harmless, told))
    return made.getvalue()


def _utc(time_ns: int) -> str:
    return datetime.fromtimestamp(time_ns // S_NS, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
