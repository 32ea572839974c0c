"""The commands that README and docs show are run, each block in its own folder, on the bundled recording."""

import json
import math
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from tests import forked
from tests.radio.live.servers import RtlTcp

from cellwarden.airinterface.lte_cell_waveform import downlink
from cellwarden.locate.site import load
from cellwarden.model import Emitter
from cellwarden.signature.gallery_file import save
from cellwarden.signature.sessions import joined
from cellwarden.simulate import prison, wing
from cellwarden.simulate.lane import Item, log_csv, passage
from cellwarden.simulate.parameters import Junctions, Mail, Twins, Wand
from cellwarden.simulate.transmitters import SENSORS, drawn, session
from cellwarden.store.engine import opened

ROOT = Path(__file__).parents[2]
COMMAND = ".venv/bin/cellwarden"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCKS = [
    pytest.param(block, id=f"{page.name}-{number}", marks=() if page.name == "README.md" else pytest.mark.long)
    for page in PAGES
    for number, block in enumerate(re.findall(r"^```sh\n(.*?)^```$", page.read_text("utf-8"), re.DOTALL | re.MULTILINE))
]
STATIONS = {
    "global": {"core:datatype": "ci16_le", "core:sample_rate": 1.92e6, "core:version": "1.2.0"},
    "captures": [{"core:sample_start": 0, "core:frequency": 1860e6}],
    "annotations": [],
}


@cache
def base_station() -> bytes:
    """Four frames of an LTE cell, 20 dB over the noise."""
    rng = np.random.default_rng(1)
    wave = downlink(rng, 123, rate_hz=1.92e6, frames=4)
    samples = 300 * np.stack([wave.real, wave.imag], axis=1) + rng.normal(0.0, 20.0, (len(wave), 2))
    return samples.astype("<i2").tobytes()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with the command where the docs say that it is, and the recordings that they name."""
    command = tmp_path / COMMAND
    command.parent.mkdir(parents=True)
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m cellwarden "$@"\n')
    command.chmod(0o755)
    for name in ("RECORDING", "MONDAY", "TUESDAY"):
        for ending in (".sigmf-meta", ".sigmf-data"):
            shutil.copy(wing.PLACE.with_suffix(ending), tmp_path / (name + ending))
    shutil.copy(wing.PLACE.with_suffix(".sigmf-data"), tmp_path / "capture.cs16")
    (tmp_path / "STATIONS.sigmf-meta").write_text(json.dumps(STATIONS))
    (tmp_path / "STATIONS.sigmf-data").write_bytes(base_station())
    shutil.copy(prison.PLACE / "remand-wing.toml", tmp_path / "SITE.toml")
    (tmp_path / "PLAN.geojson").write_text(
        '{"features": [{"geometry": {"type": "Polygon", "coordinates": [[[0, 0], [2.6, 0], [2.6, 4], [0, 0]]]}}]}'
    )
    survey, readings = levels_on_the_ground_floor()
    (tmp_path / "SURVEY.csv").write_text(survey)
    (tmp_path / "READINGS.csv").write_text(readings)
    (tmp_path / "NODE.toml").write_text(
        '[node]\nname = "A0-S1"\nqueue = "q"\n[receiver]\nsource = "file:RECORDING.sigmf-meta"\n'
        f'[site]\naddress = "file:{tmp_path / "sent"}"\n'
    )
    (tmp_path / "WALK.csv").write_text(readings)
    stays = "".join(f"{2 * step},{2 * step + 1},{6 + 2 * step},5.2,1.2\n" for step in range(12))
    (tmp_path / "STAYS.csv").write_text("start_s,end_s,x_m,y_m,z_m\n" + stays)
    lane = np.random.default_rng(1)
    (tmp_path / "LOG.csv").write_text(log_csv([("P-1", passage(Junctions(), [Item("phone")], lane)[0])]))
    (tmp_path / "EMPTY.csv").write_text(log_csv([("", passage(Junctions(), [], lane, somebody=False)[0])]))
    for name, world in (("DOOR", Wand()), ("MAIL", Mail())):
        (tmp_path / f"{name}.csv").write_text(log_csv([("", passage(world, [Item("phone")], lane)[0])]))
    save(tmp_path / "LAB.json", stand_ins())
    opened(str(tmp_path / "SITE.db")).dispose()
    (tmp_path / "TRIALS.csv").write_text("device,present,alarm,distance_m\nA,true,true,1\nA,false,false,1\n")
    return tmp_path


@cache
def stand_ins() -> tuple[Emitter, ...]:
    """Six phones that stand for a laboratory's, two recordings each, by one receiver."""
    rng, every = np.random.default_rng(1), []
    for k in range(6):
        phone = drawn(Twins(), rng)
        heard = [joined(session(phone, SENSORS[0], Twins(), rng, 5, 25.0), f"{k}-{day}") for day in range(2)]
        every.append(Emitter(f"E-{k + 1:04d}", tuple(replace(one, receiver="RTL-SDR v4") for one in heard)))
    return tuple(every)


def levels_on_the_ground_floor() -> tuple[str, str]:
    """A survey along the corridor of the remand wing, and a phone that walks there, by a formula without noise."""
    sensors = load(prison.PLACE / "remand-wing.toml").sensors
    survey, readings = ["x_m,y_m,z_m,sensor,rssi_dbm"], ["time_s,sensor,rssi_dbm"]
    for step in range(12):
        place = (6.0 + 2 * step, 5.2, 1.2)
        for sensor in sensors:
            level = -40 - 30 * math.log10(math.dist(place, sensor.place_m))
            survey.append(f"{place[0]},{place[1]},{place[2]},{sensor.name},{level:.0f}")
            readings.append(f"{2 * step},{sensor.name},{level:.0f}")
    return "\n".join(survey) + "\n", "\n".join(readings) + "\n"


def alone(words: list[str]) -> list[str]:
    """One process where a command would start several, which take longer to start than to do so little work."""
    several = words[1:3] == ["bench", "roc"] or (words[1] == "scan" and "TUESDAY.sigmf-meta" in words)
    return ["--jobs", "1"] if several else []


def test_readme_and_docs_show_commands() -> None:
    assert len(BLOCKS) >= 4


@pytest.mark.parametrize("block", BLOCKS)
def test_a_command_in_the_docs_does_what_it_says(block: str, place: Path) -> None:
    receiver = RtlTcp(np.random.default_rng(1).integers(100, 156, 2_400_000, np.uint8).tobytes())
    for line in filter(None, block.splitlines()):
        line = line.replace("192.168.1.20:1234", f"127.0.0.1:{receiver.port}").replace("--for 1h", "--for 0.5s")
        words = shlex.split(line, comments=True)
        if words[0] == COMMAND and not set(line) & set("|><&;*$`"):  # in quotes & is a letter, but a shell may judge
            done = forked.run([*words[1:], *alone(words)], os.environ, place)
        else:
            # What `make` would do is tested by whoever runs it; here, that it knows what it is asked.
            asked = ["make", "-n", "-C", str(ROOT), words[1]] if words[0] == "make" else ["sh", "-ec", line]
            done = subprocess.run(asked, cwd=place, capture_output=True, text=True, check=False, env=os.environ)
        assert done.returncode == 0, f"{line}\n{done.stderr}"
    receiver.close()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_link_in_the_docs_leads_to_a_file(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), target
