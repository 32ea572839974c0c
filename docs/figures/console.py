"""The pictures of the console in docs/console.md: `python docs/figures/console.py`. Chromium has to be installed.

A night on the example wing, made up: what is kept is told to the store, then the pages are opened as people open them.
"""

import io
import os
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from PIL import Image
from sqlalchemy import Connection

from cellwarden.console import near
from cellwarden.console.app import application
from cellwarden.console.serve import address, listening, server
from cellwarden.model import (
    Activity,
    Alert,
    Decision,
    JunctionReading,
    Odds,
    Passage,
    SensorState,
    State,
    StrayName,
)
from cellwarden.model.span import WEEK_NS
from cellwarden.simulate import strays as simulated
from cellwarden.simulate.prison import remand_wing
from cellwarden.store import people
from cellwarden.store.engine import opened
from cellwarden.watch import passages, queries, strays

PLACE = Path(__file__).parent
S_NS = 10**9
SHOTS = (
    ("console-wall", "/?wall=1", "en-GB", (1920, 1080), "dark", 0.5),
    ("console-now", "/", "en-GB", (390, 844), "light", 1.0),
    ("console-alert", "/alerts/A-2026-000003", "fr-FR", (1024, 768), "light", 0.75),
    ("console-lane", "/lane", "en-GB", (1024, 768), "light", 0.75),
    ("console-unknown", "/unknown", "fr-FR", (1920, 1080), "dark", 0.5),
    ("near", "/near/key", "en-GB", (390, 844), "light", 1.0),
)
"""Name, page, language, window, colours, and how much smaller it is kept."""
WALKED = {
    "phones": [
        {
            "phone": 1, "name": "GSM, 897.4 MHz", "silent_s": 0, "heat": 0.62, "over_db": 43, "hottest": 0.62,
            "trend": "warmer", "past": [None] * 6 + [0.2 + 0.018 * k for k in range(24)],
        },
        {
            "phone": 2, "name": "GSM, 901.2 MHz", "silent_s": 0, "heat": 0.2, "over_db": 14, "hottest": 0.3,
            "trend": "steady", "past": [None] * 30,
        },
    ],
    "wanted": 1, "any": False, "clipped": False,
}  # fmt: skip
"""What a receiver hears that is carried towards a phone."""


def alert(
    c: Connection, odds: Odds, kind: Any, lasted_s: int, band: str, ago_s: int, decided: tuple[State, ...] = (),
    emitter: str = "",
) -> None:  # fmt: skip
    """One alert and what was decided about it."""
    told = time.time_ns() - ago_s * S_NS
    doing = Activity("P", kind, told - lasted_s * S_NS, told, "gsm", band, 800)
    name, since = queries.next_alert_name(c, 2026), told - (lasted_s + 40) * S_NS
    evidence = ("3f5a8d" * 10 + "91c2", "b07e41" * 10 + "5d16")
    heard = ("A1-S2", "A1-S1", "A2-S2")
    queries.keep_alert(c, Alert(name, told, since, "P", emitter, doing, odds, 0.97, "high", heard, evidence))
    seen: State = "new"
    for state in decided:
        queries.decide(c, Decision(name, state, "M. Duval", told + 90 * S_NS, ""), seen)
        seen = state


def night(c: Connection, sensors: tuple[str, ...]) -> str:
    """All that is to be seen; the token of an officer's session."""
    now = time.time_ns()
    for name in sensors:
        reason = "no samples" if name == "A1-S3" else ""
        queries.keep_sensor_state(c, SensorState(name, now, -104.0, 0, 180.0, reason))
    taken: tuple[State, ...] = ("acknowledged",)
    alert(c, (("A-107", 0.62), ("A-109", 0.21)), "registration", 2, "GSM 900", 5400, (*taken, "search ordered"))
    alert(c, (("A-212", 0.55), ("A-211", 0.3), ("outside", 0.06)), "call", 722, "LTE 20", 2400, taken, "E-0042")
    alert(c, (("A-104", 0.83), ("A-106", 0.09), ("A-102", 0.04)), "call", 240, "GSM 900", 70)
    alert(c, (("A-015", 0.46), ("A-017", 0.24), ("Yard", 0.1)), "text", 3, "GSM 1800", 12)
    strays.keep(c, (one for one, _kind in simulated.strays(1, now - WEEK_NS, now, sensors)))
    strays.name(c, StrayName("télécommande du portail", "Mme Roy", now, "vue au portail", 433.9e6, 70e3, 45e-3))
    for person, kind, ago_s in (("C-0107", "metal", 3000), ("P-0041", "nothing", 900), ("P-0042", "semiconductor", 9)):
        place = (0.12, 1.1) if kind != "nothing" else (None, None)
        reading = JunctionReading(kind, 0.97, person, 2.0, *place)
        passages.keep(c, Passage(0, now - ago_s * S_NS, person, (reading,), True, True, "M. Duval"))
    passages.keep_empty(c, "", "Mme Roy", now - 2 * 86400 * S_NS)
    people.accept(c, people.invite(c, "M. Duval", "investigator", now), "", "", now)
    return people.new_session(c, "M. Duval", now)


def main() -> None:
    """Serve, open, take the pictures, make them small."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("chromium is not installed: install it, or keep the pictures that are there")
    site = remand_wing()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        engine = opened(f"{folder}/site.db")
        with engine.begin() as c:
            token = night(c, tuple(sensor.name for sensor in site.sensors))
        door = listening("127.0.0.1", 0)
        app = application(engine, site)
        app.router.routes.extend(near.application(lambda: WALKED, "key").routes)  # a program of its own, elsewhere
        running = server(app)
        thread = threading.Thread(target=running.run, kwargs={"sockets": [door]})
        thread.start()
        rights = ["--no-sandbox"] if os.geteuid() == 0 else []  # chromium refuses to run as root otherwise
        browser = play.chromium.launch(executable_path=chromium, args=["--disable-gpu", *rights])
        for name, path, language, (wide, high), scheme, share in SHOTS:
            context = browser.new_context(
                viewport={"width": wide, "height": high}, locale=language, color_scheme=scheme, reduced_motion="reduce"
            )
            context.add_cookies([{"name": "session", "value": token, "url": address(door), "sameSite": "Strict"}])
            page = context.new_page()
            page.goto(address(door) + path)
            page.wait_for_timeout(2000)
            with Image.open(io.BytesIO(page.screenshot())) as picture:
                small = picture.convert("RGB").resize(
                    (round(wide * share), round(high * share)), Image.Resampling.LANCZOS
                )
                small.quantize(64, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
                    PLACE / f"{name}.png", optimize=True
                )
            context.close()
        browser.close()
        running.should_exit = True
        thread.join()
        engine.dispose()


if __name__ == "__main__":
    main()
