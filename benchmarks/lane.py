"""A lane: figures of one kind, measured in parts, so that a run that was broken off goes on where it stopped."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

Part = Callable[[], Any]


class Lane(NamedTuple):
    """What to measure, and what to make of it."""

    name: str
    parts: Callable[[float], Mapping[str, Part]]
    """From a scale (1 is the full measurement) to its parts by name; each returns what JSON can hold."""
    summary: Callable[[Mapping[str, Any]], dict[str, Any]]
    """From the parts' results to the figures."""


def run(lane: Lane, scale: float, kept: Path | None = None, tell: Callable[[str], None] = print) -> dict[str, Any]:
    """The lane's figures. Parts already in the folder `kept` are not measured again."""
    parts, done = lane.parts(scale), {}
    for number, (name, part) in enumerate(parts.items(), 1):
        place = kept / f"{lane.name}-{scale:g}-{name}.json" if kept else None
        if place is not None and place.exists():
            done[name] = json.loads(place.read_text(encoding="utf-8"))
            continue
        tell(f"{lane.name} {number}/{len(parts)}: {name}")
        done[name] = json.loads(json.dumps(part()))
        if place is not None:
            place.parent.mkdir(parents=True, exist_ok=True)
            fresh = place.with_suffix(".new")
            fresh.write_text(json.dumps(done[name]), encoding="utf-8")
            fresh.rename(place)
    return {"scale": scale, **lane.summary(done)}
