"""Lane 25: from a burst on the air to the alert on an officer's screen.

    recording, at true speed ─► `cellwarden watch`: receivers, association, place, law, rules, store ─► chromium
    a call each PERIOD_S            its own process, two sensors of the example wing                    `/`, live

A call begins, its first burst is the moment; the screen is a page in Debian's chromium, which notes when the alert's
link is there. Once the call is over the alert is decided, so that the phone's next call is told anew. All clocks are
this machine's.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.lane import Lane
from cellwarden.airinterface.gsm_waveform import FRAME_SYMBOLS, SYMBOL_RATE_HZ
from cellwarden.locate.site_write import to_toml
from cellwarden.model import Decision
from cellwarden.simulate.prison import remand_wing
from cellwarden.simulate.scenes import Air, Placed, gsm_burst, write
from cellwarden.store import people
from cellwarden.store.engine import opened
from cellwarden.watch import queries

SEED = 25
CALLS = 300
PERIOD_S, CALL_S, CHANNELS = 6.0, 2.0, (-3, -1, 2)
"""A call each so long, so long, on these channels in turn."""
SNR_DB = 25.0
AIR = Air(rate_hz=8 * SYMBOL_RATE_HZ, centre_hz=902.4e6, seconds=PERIOD_S * len(CHANNELS))
OFFSET_DB = 45.0
"""Of the sensors: from full scale to the level of a phone in a cell beside."""
S_NS = 10**9
SEEN = """
() => {
  window.seen = {};
  const look = () => document.querySelectorAll('a[href^="/alerts/A-"]').forEach((a) => {
    const name = a.getAttribute('href').slice(8);
    window.seen[name] = window.seen[name] || Date.now();
  });
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
  look();
}
"""


def scene(rng: np.random.Generator) -> Iterator[Placed]:
    """The calls, a burst a frame."""
    frame = FRAME_SYMBOLS / SYMBOL_RATE_HZ * AIR.rate_hz
    for k, channel in enumerate(CHANNELS):
        first = round((k + 0.5) * PERIOD_S * AIR.rate_hz)
        one = gsm_burst(AIR, first, "normal", channel, SNR_DB, rng)
        for n in range(round(CALL_S * AIR.rate_hz / frame)):
            yield Placed(one.truth, one.first + round(n * frame), one.wave)


def latencies(calls: int) -> dict[str, Any]:
    """Seconds from a call's first burst to its alert on the screen, of so many calls."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory(prefix="cellwarden-") as folder:
        place = Path(folder)
        write(place / "air.sigmf-meta", AIR, scene(np.random.default_rng(SEED)), SEED)
        store, site = place / "site.db", place / "site.toml"
        site.write_text(_site(f"file:{place / 'air.sigmf-meta'}?loop&realtime"))
        engine = opened(str(store))
        with engine.begin() as c:
            people.accept(c, people.invite(c, "officer", "officer", time.time_ns()), "", "", time.time_ns())
            token = people.new_session(c, "officer", time.time_ns())
        words = ("watch", "--site", site, "--store", store, "--port", "0")
        with subprocess.Popen(
            [sys.executable, "-m", "cellwarden", *map(str, words)],
            stdout=subprocess.PIPE, text=True, env=os.environ | {"CELLWARDEN_LANGUAGE": "en"},
        ) as watch, sync_playwright() as browsers:  # fmt: skip
            try:
                assert watch.stdout is not None
                address = watch.stdout.readline().split(": ", 1)[1].split()[0]
                browser = browsers.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
                context = browser.new_context()
                context.add_cookies([{"name": "session", "value": token, "url": address}])
                page = context.new_page()
                page.goto(address)
                page.evaluate(SEEN)
                seen: dict[str, int] = {}
                decided = set[str]()
                end = time.monotonic() + (calls + 10) * PERIOD_S + 120
                while len(decided) < calls and time.monotonic() < end:
                    page.wait_for_timeout(500)
                    seen = page.evaluate("() => window.seen")
                    over = {name for name, at in seen.items() if time.time() - at / 1e3 > CALL_S} - decided
                    with engine.begin() as c:
                        for name in over:
                            queries.decide(c, Decision(name, "false", "officer", time.time_ns(), "measured"), "new")
                    decided |= over
            finally:
                watch.kill()
        with engine.connect() as c:
            starts = np.array(sorted(one.start_ns for one in queries.sightings(c, 0, 1 << 62)))
        engine.dispose()
    shown = np.array(sorted(seen.values())) * 10**6
    begins = starts[(np.diff(starts, prepend=0) > S_NS * (PERIOD_S - CALL_S) / 2) & (starts < shown[-1])]
    late = (shown - begins[np.searchsorted(begins, shown) - 1]) / S_NS
    answered = len(set(np.searchsorted(begins, shown).tolist()))
    told = {"calls": len(begins), "answered": answered, "alerts": len(shown)}
    return told | {"late_s": np.round(late, 3).tolist()}


def _site(source: str) -> str:
    wing = remand_wing()
    sensors = tuple(replace(one, offset_db=OFFSET_DB) for one in wing.sensors[:2])
    legal = {"legal": {"basis": "law", "authority": "order 7", "expires": date(2126, 1, 1)}}
    receivers = "".join(f'[[receiver]]\nsensor = "{one.name}"\nsource = "{source}"\n' for one in sensors)
    return to_toml(replace(wing, sensors=sensors), legal) + receivers


def parts(scale: float) -> dict[str, Any]:
    """At full size half an hour."""
    return {"calls": partial(latencies, max(5, round(CALLS * scale)))}


def summary(done: Mapping[str, Any]) -> dict[str, Any]:
    """Calls, those that were shown, and how late: the median, one in a hundred, the latest."""
    one = done["calls"]
    return {
        **{name: one[name] for name in ("calls", "answered", "alerts")},
        "late_s": [float(q) for q in np.percentile(one["late_s"], (50, 99, 100))],
    }


LANE = Lane("on-screen", parts, summary)
