"""What all viewers are told as it happens: one look at the store for all of them, a message for each language.

```
 store ──changes_since──► look ──► Shown ──► message in each language ──► a queue for each viewer ──► browser
          every 0.2 s            (also once a second, since a sensor falls silent by doing nothing)
```

A beat tells that the store could be looked at just now. Without it a browser says since when its page is old.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, Engine

from cellwarden.console import words
from cellwarden.console.floor import marks, sensor_marks
from cellwarden.errors import CellwardenError
from cellwarden.language import LANGUAGES, language, speaking
from cellwarden.language import gettext as _
from cellwarden.language.clock import standing
from cellwarden.locate.site import Site
from cellwarden.model import Alert, SensorState, State
from cellwarden.model.span import DAY_NS, S_NS, WEEK_NS
from cellwarden.store.engine import reading
from cellwarden.store.moved import Followed, Moved
from cellwarden.watch import deliveries, queries, rules
from cellwarden.watch.rules_file import Rules
from cellwarden.watch.rules_held import Held

LOOK_S = 0.2
SLOWLY = 5
"""Of so many looks one is a full one, whatever has changed."""
URGENT = "alert", "decision", "passage"
BEAT_S = 2.0
KEPT_NS = S_NS
"""So long it is believed without a change: a sensor falls silent by doing nothing."""
SHOWN = 30
"""Alerts in the list; the rest are counted."""
MARKED = 100
"""Open alerts whose rooms are marked on the plan: the newest so many nobody has taken, and those somebody has."""
BEHIND = 50
"""A viewer who is so many messages behind is let go; their browser comes back and is told how things stand."""
PROGRAMS = "programs"
"""In a language's place: what programs are told."""
FALSE: tuple[State, ...] = ("false",)
LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Shown:
    """How things stand."""

    alerts: tuple[tuple[Alert, State], ...]
    """Open ones: the new first, then the newest."""
    open: int
    sensors: tuple[SensorState, ...]
    now_ns: int
    failing: tuple[str, ...]
    """Places that do not take the alerts that are sent to them."""
    control: rules.Control
    """Whether more evidence is asked than the rules say."""
    moved: Moved | None = None
    """Where the store is, where its file went."""


@dataclass(slots=True)
class Live:
    """The one who looks, and those who are told."""

    engine: Engine
    site: Site
    now_ns: Callable[[], int]
    rules: Held
    """Those in force."""
    followed: Followed | None = None
    """Who knows whether the store's file is where it was."""
    _number: int = 0
    _looks: int = 0
    _known: set[str] = field(default_factory=set)
    """Alerts that were open at the last look: one that is told anew, as its phone calls on, does not sound again."""
    _told: dict[str, str] = field(default_factory=dict)
    _viewers: set["Viewer"] = field(default_factory=set)
    _kept: tuple[int, Shown] | None = None
    """The newest change, and how things stood with it: a crowd of viewers asks the store once."""

    async def run(self) -> None:
        """Look until cancelled. What goes wrong with the store is logged, and shows as a beat that does not come."""
        with reading(self.engine) as c:
            self._number = queries.newest_change(c)
            self._known = {alert.name for alert, _state in self._shown(c, self.now_ns()).alerts}
        beat = asyncio.get_running_loop().time()
        while True:
            try:
                messages = await asyncio.to_thread(self._look)
            except CellwardenError as error:
                LOG.error("%s", error)
                await asyncio.sleep(1.0)
                continue
            for viewer in tuple(self._viewers):
                if viewer.language in messages:
                    self._tell(viewer, messages[viewer.language])
            if asyncio.get_running_loop().time() >= beat:
                beat = asyncio.get_running_loop().time() + BEAT_S
                for viewer in tuple(self._viewers):
                    self._tell(viewer, _beat(self.now_ns()))
            await asyncio.sleep(LOOK_S)

    async def news(self, watching: bool, program: bool = False) -> AsyncIterator[str]:
        """Messages for one viewer, in the language in use: how things stand, then what changes, and beats.

        A program is told by name what changed, and asks for it.
        """
        viewer = Viewer(PROGRAMS if program else language() if watching else "")
        self._viewers.add(viewer)
        try:
            yield _beat(self.now_ns())
            if watching:
                yield await asyncio.to_thread(self._whole, viewer.language)
            while True:
                message = await viewer.queue.get()
                if message is None:
                    return
                yield message
        finally:
            self._viewers.discard(viewer)

    def _tell(self, viewer: "Viewer", message: str) -> None:
        if viewer.queue.qsize() >= BEHIND:
            self._viewers.discard(viewer)
            while not viewer.queue.empty():
                viewer.queue.get_nowait()
            viewer.queue.put_nowait(None)
        else:
            viewer.queue.put_nowait(message)

    def stands(self) -> Shown:
        """How things stand now: what was asked last, where nothing has changed since."""
        with reading(self.engine) as c:
            return self._stands(c)

    def _stands(self, c: Connection) -> Shown:
        number, now_ns, kept = queries.newest_change(c), self.now_ns(), self._kept
        if kept is None or kept[0] != number or not 0 <= now_ns - kept[1].now_ns < KEPT_NS:
            self._kept = kept = number, self._shown(c, now_ns)
        return kept[1]

    def _shown(self, c: Connection, now_ns: int) -> Shown:
        found = shown(c, self.rules.rules, now_ns)
        return replace(found, moved=self.followed.moved) if self.followed else found

    def _whole(self, spoken: str) -> str:
        found = self.stands()
        if spoken == PROGRAMS:
            return _news({"open": found.open, "changed": []})
        with speaking(spoken), standing(self.rules.rules.timezone):
            return _news(state_of(found, self.site))

    def _look(self) -> dict[str, str]:
        """The message of each language, where there is something to tell."""
        self._looks += 1
        with reading(self.engine) as c:
            changes = queries.changes_since(c, self._number)
            if not any(change.kind in URGENT for change in changes) and self._looks % SLOWLY:
                return {}  # a sensor's state waits for the next full look: there are hundreds of them
            found = self._stands(c)
        self._number = changes[-1].number if changes else self._number
        changed = sorted({change.name for change in changes if change.kind in URGENT})
        told = {change.name for change in changes if change.kind == "alert"} - self._known
        fresh = [alert for alert, _state in found.alerts if alert.name in told and not alert.details.get("silent")]
        self._known = {alert.name for alert, _state in found.alerts}
        messages = {PROGRAMS: _news({"open": found.open, "changed": changed})} if changed else {}
        for spoken in LANGUAGES:
            with speaking(spoken), standing(self.rules.rules.timezone):
                state = state_of(found, self.site)
                said = [_("New alert: {where}").format(where=words.place(alert)) for alert in fresh]
            known = json.dumps(state)
            if changed or known != self._told.get(spoken):
                self._told[spoken] = known
                messages[spoken] = _news({**state, "changed": changed, "fresh": said})
        return messages


class Viewer:
    """A browser that listens."""

    def __init__(self, language: str) -> None:
        self.language = language
        """Empty where it is told nothing but beats; or PROGRAMS."""
        self.queue: asyncio.Queue[str | None] = asyncio.Queue()


def shown(c: Connection, force: Rules, now_ns: int) -> Shown:
    """How things stand in the store, by the rules in force."""
    new = queries.alerts(c, words.OPEN[:1], limit=MARKED)
    taken = queries.alerts(c, words.OPEN[1:], limit=MARKED)
    count = queries.counted(c)
    pairs = tuple((alert, decision.state if decision else "new") for alert, decision in (*new, *taken))
    states = tuple(queries.sensor_states(c))
    failing = tuple(deliveries.failing(c, now_ns - DAY_NS))
    control = rules.control(force, queries.alerts(c, FALSE, since_ns=now_ns - WEEK_NS), now_ns)
    return Shown(pairs, sum(count.get(state, 0) for state in words.OPEN), states, now_ns, failing, control)


def values_of(found: Shown, site: Site) -> dict[str, Any]:
    """What the list of alerts is made from."""
    sensors = sensor_marks(site, found.sensors, found.now_ns)
    deaf = [name for name, (reason, _words) in sensors.items() if reason]
    return {
        "alerts": found.alerts[:SHOWN],
        "open": found.open,
        "deaf": deaf,
        "failing": found.failing,
        "raised": raised(found),
        "moved": found.moved,
        "now_ns": found.now_ns,
    }


def raised(found: Shown) -> str:
    """That more evidence is asked than the rules say, and why; empty where it is not."""
    return rules.control_words(found.control)


def marks_of(found: Shown, site: Site) -> dict[str, dict[str, tuple[str, str]]]:
    """What the plan shows."""
    rooms = marks([alert.odds for alert, _state in found.alerts])
    return {"rooms": rooms, "sensors": sensor_marks(site, found.sensors, found.now_ns)}


def title_of(found: Shown) -> str:
    """`(3) Now`: also a tab in the background tells that there is something."""
    return f"({found.open}) {_('Now')}" if found.open else _("Now")


def state_of(found: Shown, site: Site) -> dict[str, object]:
    """What a browser sets anew, in the language in use."""
    from cellwarden.console.page import environment

    html = environment().get_template("alerts_live.html").render(values_of(found, site))
    title = f"{title_of(found)} – {site.name}"
    return {"alerts": html, "marks": marks_of(found, site), "title": title, "east": words.east(found.now_ns)}


def _news(told: dict[str, object]) -> str:
    return f"event: news\ndata: {json.dumps(told)}\n\n"


def _beat(now_ns: int) -> str:
    return f"event: beat\ndata: {now_ns // 1_000_000}\n\n"
