"""Lane 27: what an officer does most, on a telephone's screen: clicks, and seconds from the first click to the end.

    store of a large prison ─► the console, its own process ─► chromium, 390 × 844
    600 cells, 200 sensors, OPEN alerts, SETTLED older ones

Each task is done ROUNDS times about a new alert, from the page *now*. People think between clicks; what is measured is
the time that the machine takes, with a hand that needs none.
"""

import multiprocessing
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from benchmarks.console import S_NS, alert, serve, site
from benchmarks.lane import Lane
from cellwarden.model import Decision, Presence, SensorState
from cellwarden.store import people
from cellwarden.store.engine import opened
from cellwarden.watch import queries

SEED = 27
ROUNDS = 30
OPEN, SETTLED, PRESENCES = 12, 500, 2000
"""Open: of a bad night."""
SIZE = {"width": 390, "height": 844}
MOST_MS = 30_000


class Hand:
    """Clicks, counted, and timed from the first one on."""

    def __init__(self, page: Any, name: str) -> None:
        self.page, self.name, self.clicks, self._began = page, name, 0, 0.0

    def click(self, what: str) -> None:
        """On what a selector of Playwright finds first, once it can be clicked."""
        target = self.page.locator(what).first
        target.wait_for(timeout=MOST_MS)
        if not self.clicks:
            self._began = time.perf_counter()
        target.click(timeout=MOST_MS)
        self.clicks += 1

    def see(self, what: str) -> None:
        """Wait for it."""
        self.page.locator(what).first.wait_for(timeout=MOST_MS)

    def open(self) -> None:
        """The alert, from the list of the page *now*."""
        self.click(f'#alerts a[href="/alerts/{self.name}"]')

    def seconds(self) -> float:
        """Since the first click."""
        return time.perf_counter() - self._began


def acknowledge(hand: Hand) -> None:
    """Until the page says so."""
    hand.open()
    hand.click('button[value="acknowledged"]')
    hand.see(".verdict.acknowledged")


def read_the_cell(hand: Hand) -> None:
    """Until it stands large."""
    hand.open()
    hand.see("h1")


def print_the_sheet(hand: Hand) -> None:
    """Until the whole PDF has come."""
    hand.open()
    address = f"/alerts/{hand.name}/sheet.pdf"
    with hand.page.context.expect_event("response", lambda answer: address in answer.url, timeout=MOST_MS) as told:
        hand.click(f'a[href="{address}"]')
    assert told.value.status == 200


def record_a_find(hand: Hand) -> None:
    """Until the alert is settled; a seal number is written."""
    hand.open()
    hand.click(f'a[href="/alerts/{hand.name}/found"]')
    hand.page.locator("#seal").fill("S-1")
    hand.click("main form button.first")
    hand.see(".verdict.found")


def see_a_deaf_sensor(hand: Hand) -> None:
    """Until its row is there."""
    hand.click('#alerts a[href="/sensors"]')
    hand.see("tr.bad-row")


TASKS: dict[str, Callable[[Hand], None]] = {
    "acknowledge": acknowledge,
    "read the cell": read_the_cell,
    "print the sheet": print_the_sheet,
    "record a find": record_a_find,
    "see a deaf sensor": see_a_deaf_sensor,
}


def tasks(rounds: int) -> dict[str, Any]:
    """Clicks of each task, and seconds of each of so many times."""
    from playwright.sync_api import sync_playwright

    rng, done = np.random.default_rng(SEED), {name: {"clicks": 0, "seconds": []} for name in TASKS}
    with tempfile.TemporaryDirectory(prefix="cellwarden-") as folder:
        store = f"{folder}/site.db"
        engine, token = filled(store, rng)
        context = multiprocessing.get_context("spawn")
        here, there = context.Pipe()
        process = context.Process(target=serve, args=(store, there), daemon=True)
        process.start()
        address = here.recv()
        with sync_playwright() as browsers:
            browser = browsers.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            window = browser.new_context(viewport=SIZE, locale="en-GB")
            window.add_cookies([{"name": "session", "value": token, "url": address, "sameSite": "Strict"}])
            for _round in range(rounds):
                for name, task in TASKS.items():
                    hand = Hand(window.new_page(), asked(engine, name, rng))
                    hand.page.goto(address)
                    task(hand)
                    done[name]["seconds"].append(round(hand.seconds(), 4))
                    done[name]["clicks"] = max(done[name]["clicks"], hand.clicks)
                    hand.page.close()
                    settle(engine, hand.name)
            browser.close()
        here.send("end")
        here.recv()
        process.join(10)
        engine.dispose()
    return {"rounds": rounds, "tasks": done}


def filled(store: str, rng: np.random.Generator) -> tuple[Any, str]:
    """A store with a past and a present, one sensor deaf, and an officer's session."""
    engine, now, cells = opened(store), time.time_ns(), _cells()
    with engine.begin() as c:
        people.accept(c, people.invite(c, "officer", "officer", now), "", "", now)
        token = people.new_session(c, "officer", now)
        for at in range(SETTLED + OPEN):
            name = queries.next_alert_name(c, 2026)
            queries.keep_alert(c, alert(name, str(rng.choice(cells))))
            if at < SETTLED:
                queries.decide(c, Decision(name, "false", "officer", now, "a member of staff's"), "new")
        for at in range(PRESENCES):
            start = now - int(rng.integers(7 * 86_400)) * S_NS
            queries.keep_presence(c, Presence(f"P-{at}", "", ((str(rng.choice(cells)), 0.8),), start, start + S_NS))
    return engine, token


def asked(engine: Any, task: str, rng: np.random.Generator) -> str:
    """A new alert, which somebody has taken where a phone is to be found; its name. All sensors have told just now."""
    with engine.begin() as c:
        name, now = queries.next_alert_name(c, 2026), time.time_ns()
        queries.keep_alert(c, alert(name, str(rng.choice(_cells()))))
        if task == "record a find":
            queries.decide(c, Decision(name, "acknowledged", "officer", now, ""), "new")
        names = [sensor.name for sensor in site().sensors]
        reasons = ["no samples", *[""] * (len(names) - 1)]
        queries.keep_sensor_states(
            c, [SensorState(one, now, -100.0, 0, 0.0, why) for one, why in zip(names, reasons, strict=True)]
        )
    return name


def settle(engine: Any, name: str) -> None:
    """Whatever was done, the next task finds as many open alerts."""
    with engine.begin() as c:
        known = queries.decisions(c, name)
        state = known[-1].state if known else "new"
        if state != "found":
            queries.decide(c, Decision(name, "false", "officer", time.time_ns(), "measured"), state)


def _cells() -> list[str]:
    return [room.name for room in site().rooms if room.kind == "cell"]


def parts(scale: float) -> dict[str, Any]:
    """At full size some minutes."""
    return {"tasks": partial(tasks, max(2, round(ROUNDS * scale)))}


def summary(done: Mapping[str, Any]) -> dict[str, Any]:
    """Clicks of each task, and the median and the longest of its times."""
    one = done["tasks"]
    told = {
        name: {"clicks": each["clicks"], "seconds": [float(q) for q in np.percentile(each["seconds"], (50, 100))]}
        for name, each in one["tasks"].items()
    }
    return {"rounds": one["rounds"], "tasks": told}


def cell(figures: Mapping[str, Any]) -> str:
    """Of the README's table."""
    one = figures["tasks"]
    told = [
        f"{name} {each['clicks']}, {each['seconds'][0]:.1f} s (longest {each['seconds'][1]:.1f} s)"
        for name, each in one["tasks"].items()
    ]
    return f"{'; '.join(told)}; {one['rounds']} times each"


LANE = Lane("tasks", parts, summary)
