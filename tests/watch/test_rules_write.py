"""Rules written and read again are the same rules."""

from pathlib import Path

import pytest

from cellwarden.simulate.week import LIVELY
from cellwarden.simulate.week_rules import rules_of
from cellwarden.watch.rules_file import Rules, Staff, Zone, parse
from cellwarden.watch.rules_write import written

ODD = Rules(
    kinds=("call",), bursts=9, sure=0.9995, probability=0.25, outside=2e-5,
    zones=(Zone('a "b" \\ ü', ("A-0 office",), ((1380, 60), (0, 1)), "allowed", 20.0), Zone("c", ("x", "y"))),
    staff=(Staff("E-1", ("c",), ((360, 840),)),), quiet=((1320, 360),), quiet_severity="medium", false_a_week=0.5,
    escalate_minutes=3.0, escalate_steps=0, timezone="Europe/Paris",
)  # fmt: skip


@pytest.mark.parametrize("rules", [Rules(), ODD, rules_of(LIVELY)])
def test_what_is_written_is_read_as_the_same(rules: Rules) -> None:
    assert parse(written(rules), Path("rules.toml")) == rules
