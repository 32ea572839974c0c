"""The page of the spectrum: who may look, what is told to a browser, and snippets that are played again."""

import asyncio
import base64
import json
import time

import numpy as np
from tests.console.conftest import HOSTILE, Wing
from tests.console.test_evidence import RATE_HZ, kept

from cellwarden.console.app import application
from cellwarden.console.spectra import Spectra, told
from cellwarden.model import Heard, Row
from cellwarden.store import audit
from cellwarden.store.engine import reading


def row(number: int = 0) -> Row:
    start = time.time_ns() + number * 100_000_000
    box = Heard(start, start + 577_000, 897.3e6, 897.5e6, "gsm:normal", 21.46, True, 3)
    return Row(start, start + 100_000_000, 880e6, 915e6, bytes([18, 18, 90, 18]), (box,))


def test_an_engineer_sees_it_and_that_is_audited(wing: Wing) -> None:
    page = wing.client("rf engineer").get("/spectrum?sensor=A1-S2")
    assert 'data-source="/spectrum/live?sensor=A1-S2"' in page.text
    assert wing.site.sensors[-1].name in page.text  # without a receiver here, and told so
    with reading(wing.engine) as c:
        assert [(line.who, line.what, line.why) for line in audit.lines(c)] == [("rf engineer", "spectrum", "A1-S2")]
    assert wing.client("officer").get("/spectrum").status_code == 403


def test_a_sensor_that_is_not_there_becomes_the_first_and_has_no_rows(wing: Wing) -> None:
    page = wing.client("administrator").get("/spectrum", params={"sensor": HOSTILE}).text
    assert f"sensor={wing.site.sensors[0].name}" in page and "<script>alert" not in page
    assert wing.client("administrator").get("/spectrum/live", params={"sensor": HOSTILE}).status_code == 404


def test_without_receivers_the_page_says_so(wing: Wing) -> None:
    wing.app = application(wing.engine, wing.site)
    assert "No receiver is at hand" in wing.client("rf engineer").get("/spectrum").text


def test_a_browser_is_told_rows_as_they_come_and_a_receiver_works_only_meanwhile() -> None:
    spectra = Spectra(("A",))

    async def look() -> list[str]:
        news = spectra.news("A")
        first = await anext(news)  # a beat: nothing has come yet
        assert spectra.wanted("A")
        spectra.put("A", row(0))
        spectra.put("A", row(1))
        second = await anext(news)
        await news.aclose()  # type: ignore[attr-defined]
        return [first, second]

    first, second = asyncio.run(look())
    assert not spectra.wanted("A")
    assert first == told(()) and json.loads(first.partition("data: ")[2]) == []
    rows = json.loads(second.partition("data: ")[2])
    assert len(rows) == 2 and list(base64.b64decode(rows[0]["levels"])) == [18, 18, 90, 18]
    assert rows[0]["heard"][0][2:] == [897.3e6, 897.5e6, "gsm:normal", 21.5, 1, 3]
    assert rows[0]["t0"] < rows[0]["t1"] <= rows[1]["t0"] + 1


def test_a_snippet_is_played_as_it_was_sent_and_blanked_parts_are_told_apart(wing: Wing) -> None:
    digest = kept(wing.folder / "evidence")
    name = wing.alert(evidence=(digest,))
    client = wing.client("rf engineer")
    path = f"/alerts/{name}/evidence/{digest}.json"
    assert path in client.get("/spectrum").text
    found = client.get(path).json()
    levels = np.frombuffer(base64.b64decode(found["levels"]), np.uint8).reshape(found["count"], found["parts"])
    loud = levels.max(axis=1) > 0
    assert np.median(levels[loud].argmax(axis=1)) == 48 and 0.15 < 1 - loud.mean() < 0.2  # a quarter of the rate up
    assert (found["low"], found["high"]) == (897.4e6 - RATE_HZ / 2, 897.4e6 + RATE_HZ / 2)
    assert found["seconds"] == 2000 / RATE_HZ
    assert client.get(f"/alerts/{wing.alert()}/evidence/{digest}.json").status_code == 404  # another one's
