"""`cellwarden associate` at the real command line, from recordings to fixes."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from tests.associate import wing
from tests.cli.test_commands import WING, run
from tests.locate import heard


@pytest.mark.long
def test_two_phones_heard_by_sensors_with_wrong_clocks_are_located_each(tmp_path: Path) -> None:
    recordings = wing.record(tmp_path, np.random.default_rng(1))
    found = tmp_path / "found"
    scanned = run("scan", *recordings.values(), "-o", found, "--quiet", "--no-hash", "--jobs", 1)
    assert (scanned.returncode, scanned.stderr) == (0, "")
    files = [f"{name}={found / path.name}" for name, path in recordings.items()]
    readings = tmp_path / "readings.csv"
    done = run("associate", *files, "-o", readings)
    assert (done.returncode, done.stderr) == (0, "") and "phones: 2" in done.stdout
    rows = list(csv.DictReader(readings.read_text().splitlines()))
    assert {row["sensor"] for row in rows} == set(recordings)
    # A phone stays on its channel here, so the channel is the truth about the phone.
    assert len({(row["phone"], row["frequency_hz"]) for row in rows}) == 2
    # Six sensors heard each burst but for one in twenty; each moment is told once, by one clock.
    moments = {(row["phone"], row["time_s"]) for row in rows}
    assert len(rows) / len(moments) > 4.5
    site, survey = heard.site_file(tmp_path), heard.survey_file(tmp_path / "survey.csv")
    calibrated, fixes = tmp_path / "calibrated.csv", tmp_path / "fixes.csv"
    calibrated.write_text("time_s,sensor,rssi_dbm,phone\n" + "".join(_reading(row) for row in rows))
    located = run(
        "locate", "--site", site, "--survey", survey, calibrated, "-o", fixes, "--picture", tmp_path / "p.svg"
    )
    assert located.returncode == 0, located.stderr
    channels = {row["phone"]: float(row["frequency_hz"]) for row in rows}
    last = {row["phone"]: row for row in csv.DictReader(fixes.read_text().splitlines())}
    assert set(last) == set(channels)
    for place, channel, _slot, _sequence in wing.PHONES:
        one = next(last[phone] for phone, hz in channels.items() if hz == wing.AIR.centre_hz + 2e5 * channel)
        assert np.hypot(float(one["x_m"]) - place[0, 0], float(one["y_m"]) - place[0, 1]) < 3.0


def _reading(row: dict[str, str]) -> str:
    """With the calibration of the simulated receivers: noise of NOISE_STEPS in 16 bits is NOISE_DBM in 200 kHz."""
    noise_dbfs = 10 * np.log10(2 * (100 / 32768) ** 2 * 2e5 / wing.AIR.rate_hz)
    level = float(row["rssi_dbm"]) - noise_dbfs + wing.NOISE_DBM
    return f"{row['time_s']},{row['sensor']},{level:.2f},{row['phone']}\n"


def node(path: Path, **changes: object) -> Path:
    """A scanned recording without its samples."""
    item = {
        "core:sample_start": 10, "core:sample_count": 1092, "core:freq_lower_edge": 9.023e8,
        "core:freq_upper_edge": 9.025e8, "core:label": "gsm:normal", "cellwarden:snr_db": 12.0,
        "cellwarden:direction": "uplink", "cellwarden:floor_dbfs_hz": -110.0, "cellwarden:train": 0,
    }  # fmt: skip
    capture = {"core:sample_start": 0, "core:frequency": 9.024e8, "core:datetime": "2026-11-24T12:00:00Z"}
    head = {
        "core:datatype": "ci16_le", "core:sample_rate": 2e6, "core:version": "1.2.5",
        "core:extensions": [{"name": "cellwarden", "version": "0.1.0", "optional": True}],
    }  # fmt: skip
    capture = {key: value for key, value in (capture | changes).items() if value is not None}
    item = {key: value for key, value in (item | changes).items() if key in item or key.startswith("cellwarden:")}
    path.write_text(json.dumps({"global": head, "captures": [capture], "annotations": [item]}))
    return path


def test_it_speaks_french_and_takes_the_files_name_for_the_sensors(tmp_path: Path) -> None:
    a, b = node(tmp_path / "A.sigmf-meta"), node(tmp_path / "B.sigmf-meta")
    done = run("associate", a, b, "-o", tmp_path / "r.csv", language="fr")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"1 salve dans {tmp_path / 'r.csv'}, dont 1 à plusieurs capteurs\u00a0; téléphones\u00a0: 1\n"
    lines = (tmp_path / "r.csv").read_text().splitlines()
    # 12 dB over -110 dBFS/Hz in 200 kHz, and 5 µs after the recording began.
    assert lines[1].startswith("1795521600.000005,A,-44.99,P1,gsm:normal,902400000,0,")
    assert lines[2].startswith("1795521600.000005,B,-44.99,P1,")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"core:datetime": None}, "needs core:frequency and core:datetime"),
        ({"core:frequency": None}, "needs core:frequency and core:datetime"),
        ({"cellwarden:bursts": 4}, "holds trains, not bursts: scan it without --trains"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(tmp_path: Path, changes: dict[str, object], told: str) -> None:
    a = node(tmp_path / "A.sigmf-meta", **changes)
    done = run("associate", a, "-o", tmp_path / "r.csv")
    assert (done.returncode, done.stdout) == (2, "") and done.stderr.count("\n") == 1 and told in done.stderr
    assert str(a) in done.stderr and not (tmp_path / "r.csv").exists()


def test_one_sensor_twice_no_file_and_what_exists_are_refused(tmp_path: Path) -> None:
    a, output = node(tmp_path / "A.sigmf-meta"), tmp_path / "r.csv"
    assert "two files are of the sensor A" in run("associate", a, f"A={a}", "-o", output).stderr
    assert "was not scanned" in run("associate", WING, "-o", output).stderr
    assert "no file" in run("associate", tmp_path / "none.sigmf-meta", "-o", output).stderr
    output.write_text("mine")
    done = run("associate", a, "-o", output)
    assert done.returncode == 2 and "--force" in done.stderr and output.read_text() == "mine"
    assert run("associate", a, "-o", output, "--force", "--quiet").stdout == ""


def test_a_scan_that_told_no_floor_has_no_levels_and_says_so(tmp_path: Path) -> None:
    path = node(tmp_path / "A.sigmf-meta")
    meta = json.loads(path.read_text())
    del meta["annotations"][0]["cellwarden:floor_dbfs_hz"]
    path.write_text(json.dumps(meta))
    done = run("associate", path, "-o", tmp_path / "r.csv")
    assert done.returncode == 0 and "scan it again" in done.stderr
    assert ",A,,P1," in (tmp_path / "r.csv").read_text()


def test_a_train_whose_number_fits_nowhere_is_none(tmp_path: Path) -> None:
    a, b = (node(tmp_path / f"{name}.sigmf-meta", **{"cellwarden:train": 10**30}) for name in "AB")
    done = run("associate", a, b, "-o", tmp_path / "r.csv")
    assert (done.returncode, done.stderr) == (0, "") and "1 burst in" in done.stdout
