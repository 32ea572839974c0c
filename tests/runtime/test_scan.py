"""The whole chain on recordings: the one that ships with the project, and the shared ones where present."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import resample_poly

from cellwarden.radio.annotations import segment_of, write_annotated
from cellwarden.radio.recording import open_recording
from cellwarden.runtime.scan import scan
from cellwarden.signature.group import Grouper
from cellwarden.simulate import wing

PHONE = {"gsm:access", "gsm:normal"}


def labels(path: Path, **options: int) -> Counter[str]:
    return Counter(e.label for e in scan(open_recording(path), **options))  # type: ignore[arg-type]


def test_the_bundled_recording_is_what_its_seed_makes() -> None:
    samples, meta = wing.scene()
    stored = np.fromfile(wing.PLACE.with_suffix(".sigmf-data"), "<i2").reshape(-1, 2)
    assert np.abs(samples.astype(int) - stored).max() <= 1  # another processor may round otherwise
    assert json.loads(wing.PLACE.with_suffix(".sigmf-meta").read_text()) == json.loads(json.dumps(meta))


def test_both_phones_of_the_bundled_recording_are_heard_and_nothing_else() -> None:
    assert labels(wing.PLACE.with_suffix(".sigmf-meta")) == {"gsm:normal": 50, "gsm:access": 1}


def test_block_size_does_not_show() -> None:
    opened = open_recording(wing.PLACE.with_suffix(".sigmf-meta"))
    assert list(scan(opened, block_samples=12_345)) == list(scan(opened, block_samples=1 << 20))


@pytest.mark.parametrize(("up", "down"), [(5, 4), (3, 2), (4, 1)])
@pytest.mark.parametrize("datatype", ["ci16_le", "cf32_le"])
def test_a_receiver_whose_filter_is_narrower_than_its_band_hears_the_same(
    tmp_path: Path, up: int, down: int, datatype: str
) -> None:
    """Between a fifth and three quarters of the band are empty: what comes through the filter there is no burst."""
    path = wing.PLACE.with_suffix(".sigmf-meta")
    meta = json.loads(path.read_text())
    stored = np.fromfile(path.with_suffix(".sigmf-data"), "<i2").reshape(-1, 2)
    wider = resample_poly(stored.astype(np.float32), up, down, axis=0, window=("kaiser", 8.0))
    if datatype == "ci16_le":
        wider.round().clip(-32768, 32767).astype("<i2").tofile(tmp_path / "wider.sigmf-data")
    else:
        (wider / 32768).astype("<f4").tofile(tmp_path / "wider.sigmf-data")
    told = meta["global"] | {"core:sample_rate": meta["global"]["core:sample_rate"] * up / down}
    told = {key: value for key, value in told.items() if key != "core:sha512"} | {"core:datatype": datatype}
    captures = [capture | {"core:sample_start": 0} for capture in meta["captures"][:1]]
    (tmp_path / "wider.sigmf-meta").write_text(json.dumps({"global": told, "captures": captures, "annotations": []}))
    heard = labels(tmp_path / "wider.sigmf-meta")
    if (datatype, up) == ("cf32_le", 5):  # what a strong burst's ramp, of 70 dB, sends into the empty part
        assert heard.pop("unknown:burst", 0) <= 2
    assert heard == {"gsm:normal": 50, "gsm:access": 1}


def score(shared: Path, truth: Path, found: Path) -> dict[str, float]:
    tool = shared / "tools" / "score.py"
    return json.loads(subprocess.check_output([sys.executable, tool, truth, found, "--json"]))


@pytest.mark.parametrize(("name", "share"), [("gsm_access_2M", 1.0), ("gsm_call_2M", 1.0), ("gsm_band_10M", 0.99)])
def test_shared_gsm_bursts_are_found_and_recognised(shared: Path, tmp_path: Path, name: str, share: float) -> None:
    truth = shared / "recordings" / "gsm" / f"{name}.sigmf-meta"
    opened = open_recording(truth)
    write_annotated(opened, scan(opened), tmp_path / "found.sigmf-meta", sha512=None, force=False)
    meta = json.loads((tmp_path / "found.sigmf-meta").read_text())
    meta["annotations"] = [a for a in meta["annotations"] if "core:generator" in a]
    (tmp_path / "found.sigmf-meta").write_text(json.dumps(meta))
    result = score(shared, truth, tmp_path / "found.sigmf-meta")
    assert result["recognised"] >= share * result["true"]


@pytest.mark.parametrize("name", ["noise_10M", "interference_10M"])
def test_no_phone_is_heard_where_none_is(shared: Path, name: str) -> None:
    assert not PHONE & set(labels(shared / "recordings" / "gsm" / f"{name}.sigmf-meta"))


def test_the_frames_of_one_wifi_station_are_one_emitter_in_each_of_its_recordings(shared: Path) -> None:
    paths = sorted((shared / "recordings" / "real").glob("wifi_*.sigmf-meta"))
    assert paths
    for path in paths:
        opened, grouper = open_recording(path), Grouper()
        placed = [p for e in scan(opened) for p in grouper.add(e, segment_of(opened, e))[0]] + grouper.close()[0]
        frames = [number for one, number in placed if one.label == "wifi:ofdm"]
        assert len(frames) > 10 and len(set(frames)) == 1, path.stem


def test_white_noise_gives_no_annotation_at_all(shared: Path) -> None:
    assert labels(shared / "recordings" / "gsm" / "noise_10M.sigmf-meta") == {}


@pytest.mark.parametrize(
    "name",
    [
        "lte_uplink_30M",
        "wifi_dot11n_65mbps",
        "gsm_dl_941MHz_4M",
        "gsm_dl_941MHz_500k",
        "lte_dl_fdd_1815M_19M2",
        "lte_dl_fdd_1860M_1M92",
        "lte_dl_tdd_2645M_1M92",
        "ble_data_124B",
        "ble_data_zigbee_overlap",
        "zigbee_84B",
        "ism433_elektromaten_remote",
        "ism868_homematic_1M",
        "ism_fsk_1M",
    ],
)
def test_what_is_no_gsm_phone_is_not_called_one(shared: Path, name: str) -> None:
    assert not PHONE & set(labels(shared / "recordings" / "real" / f"{name}.sigmf-meta"))
