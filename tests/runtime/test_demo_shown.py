"""The demonstration shows evidence as a receiver would have kept it, and a spectrum while somebody looks."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cellwarden.console.snippets import snippet, spectrogram
from cellwarden.model import Sighting
from cellwarden.model.span import S_NS
from cellwarden.runtime.demo_shown import shown
from cellwarden.runtime.evidence_index import verify
from cellwarden.runtime.site import Step

CALL = Sighting(
    10**18, 10**18 + S_NS, "P-000007", "gsm", {"gsm:normal": 200, "gsm:access": 1}, 897.4e6, 0.99, (("A-101", 0.9),),
    ("A1-S1", "A1-S2"),
)  # fmt: skip


def test_a_call_of_gsm_points_once_to_bursts_whose_payload_is_blanked(tmp_path: Path) -> None:
    steps = [Step(10**18 + n * S_NS, (CALL,), ()) for n in range(1, 3)]
    with shown(tmp_path, steps, 1, threading.Event(), pytest.fail) as more:
        first, second = (step.sightings[0] for step in more.steps)
        assert len(first.evidence) == 1 and second.evidence == ()
        more.vault.keep(first.evidence)
    kept = snippet(more.evidence, first.evidence[0])
    assert kept is not None and (kept.bursts, kept.label, kept.frequency_hz) == (8, "gsm:normal", 897.4e6)
    assert verify(more.evidence).good
    notes = json.loads(kept.path.with_suffix(".sigmf-meta").read_text())["annotations"]
    burst = np.fromfile(kept.path, "<c8")[notes[0]["core:sample_start"] :][: notes[0]["core:sample_count"]]
    share = np.abs(burst) ** 2 / np.mean(np.abs(burst) ** 2)
    symbols = len(burst) / 148
    payload = [share[round(a * symbols) : round(b * symbols)].mean() for a, b in ((8, 56), (92, 140))]
    assert max(payload) < 1e-3 < share[round(65 * symbols) : round(83 * symbols)].mean()
    assert spectrogram(burst).max() > -100


def test_an_lte_phone_leaves_its_preamble_and_nothing_of_what_it_says(tmp_path: Path) -> None:
    labels = {"lte:prach": 1, "lte:pusch": 50}
    steps = [Step(10**18, (replace(CALL, interface="lte", labels=labels, frequency_hz=1747.5e6),), ())]
    with shown(tmp_path, steps, 1, threading.Event(), pytest.fail) as more:
        (step,) = more.steps
        more.vault.keep(step.sightings[0].evidence)
    (digest,) = step.sightings[0].evidence
    kept = snippet(more.evidence, digest)
    assert kept is not None and (kept.bursts, kept.label) == (1, "lte:prach")


def test_somebody_who_looks_sees_the_call(tmp_path: Path) -> None:
    stopped = threading.Event()

    def live() -> Iterator[Step]:
        now = time.time_ns()
        yield Step(now, (replace(CALL, start_ns=now - S_NS, end_ns=now + 20 * S_NS),), ())

    with shown(tmp_path, live(), 1, stopped, pytest.fail) as more:
        more.spectra.begin("A1-S1")
        assert len(list(more.steps)) == 1
        deadline = time.monotonic() + 30
        while not any(row.heard for _number, row in more.spectra.after("A1-S1", 0)) and time.monotonic() < deadline:
            time.sleep(0.05)
        stopped.set()
        assert any(row.heard for _number, row in more.spectra.after("A1-S1", 0))
        assert more.spectra.after("A1-S2", 0) == []
