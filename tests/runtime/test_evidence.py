"""What is kept of a call: its training, in a recording of its own, and nothing that was said."""

import json
import os
from pathlib import Path

import numpy as np
import sigmf

from cellwarden.airinterface.gsm_waveform import FORMATS, SYMBOL_RATE_HZ, TRAINING, antipodal
from cellwarden.radio.live import Tuning, open_stream
from cellwarden.radio.recording import open_recording, read_samples
from cellwarden.runtime.evidence import ENDINGS, MOST_BURSTS, PARTS, Cutter, Shelf
from cellwarden.runtime.evidence_index import Index, verify
from cellwarden.runtime.listen import listen
from cellwarden.simulate import wing

SCENE = wing.PLACE.with_suffix(".sigmf-meta")


def kept(folder: Path, most_bytes: float = 1e9, loop: str = "", seconds: float | None = None) -> list[Path]:
    index = Index(folder)
    shelf, cutter = Shelf(folder, most_bytes, index), Cutter(MOST_BURSTS)
    for event in listen(open_stream(f"file:{SCENE}{loop}", Tuning()), seconds=seconds, passing=cutter.passing):
        for whole in cutter.event(event):
            shelf.put(whole.snippets, str(whole.train))
    index.close()
    return sorted(folder.glob("*.sigmf-meta"))


def weight(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir() if path.suffix in ENDINGS)


def train(path: Path) -> int:
    return int(path.stem.rsplit("_", 1)[1])


def test_each_train_leaves_its_first_bursts_as_valid_sigmf(tmp_path: Path) -> None:
    made = kept(tmp_path)
    assert sorted(path.name.split("_", 1)[1] for path in made) == [
        "gsm-access_902800kHz_1.sigmf-meta",
        "gsm-normal_901800kHz_0.sigmf-meta",
        "gsm-normal_902800kHz_2.sigmf-meta",
    ]
    for path in made:
        sigmf.sigmffile.fromfile(str(path)).validate()
        annotations = json.loads(path.read_text())["annotations"]
        assert len(annotations) == (1 if "access" in path.name else MOST_BURSTS)


def test_the_training_is_there_and_the_payload_is_not(tmp_path: Path) -> None:
    (path,) = (path for path in kept(tmp_path) if "901800" in path.name)
    recording = open_recording(path)
    per_symbol = recording.rate_hz / SYMBOL_RATE_HZ
    for told in json.loads(path.read_text())["annotations"]:
        start = told["core:sample_start"] + told["cellwarden:timing_samples"]
        samples = read_samples(recording, told["core:sample_start"], told["core:sample_count"])
        first, end = (round((k + 0.5) * per_symbol) for k in (61, 86))
        share = np.abs(samples) ** 2 / np.mean(np.abs(samples[first:end]) ** 2)
        payload = [share[round(a * per_symbol) : round(b * per_symbol)] for a, b in ((7, 57), (91, 141))]
        assert max(part.mean() for part in payload) < 1e-4  # only what a filter of some symbols smears
        at = start - told["core:sample_start"] + (np.arange(61, 87) + 0.5) * per_symbol
        symbols = np.interp(at, np.arange(len(samples)), samples.real) + 1j * np.interp(
            at, np.arange(len(samples)), samples.imag
        )
        turn = np.pi / 2 + 2 * np.pi * told["cellwarden:cfo_hz"] / SYMBOL_RATE_HZ
        known = antipodal(TRAINING[told["cellwarden:training_sequence"]])
        turned = symbols * np.exp(-1j * turn * np.arange(26)) * known
        # GMSK smears each symbol over its neighbours: some 0.9 of the amplitude adds up, of other symbols 0.2
        assert abs(turned.sum()) / np.abs(turned).sum() > 0.8


def test_what_may_be_kept_is_a_minor_part_and_leaves_all_payload_out() -> None:
    for label, form in (("gsm:normal", FORMATS["normal"]), ("gsm:access", FORMATS["access"])):
        symbols = np.arange(form.symbols) + 0.5
        open_part = np.zeros(form.symbols, bool)
        for a, b in PARTS[label]:
            open_part |= (symbols / SYMBOL_RATE_HZ > a) & (symbols / SYMBOL_RATE_HZ < b)
        known = np.zeros(form.symbols, bool)
        known[form.known_at : form.known_at + len(form.known[0])] = True
        known[list(form.tails)] = True
        assert np.array_equal(open_part, known)


def test_the_folder_keeps_within_its_size_and_the_newest_stay(tmp_path: Path) -> None:
    every, part = tmp_path / "every", tmp_path / "part"
    every.mkdir()
    part.mkdir()
    whole = kept(every, loop="?loop", seconds=1.0)
    size = weight(every)
    some = kept(part, most_bytes=0.5 * size, loop="?loop", seconds=1.0)
    assert weight(part) <= 0.5 * size
    assert 0 < len(some) < len(whole)
    assert max(map(train, some)) == max(map(train, whole))
    assert min(map(train, some)) > min(map(train, whole))
    verdict = verify(part)
    assert verdict.good and verdict.sound == 2 * len(some)
    assert verdict.removed == 2 * (len(whole) - len(some))


def test_nothing_of_bluetooth_or_wi_fi_or_of_data_is_ever_kept() -> None:
    """Their preambles end in addresses, and what is sent as data is content."""
    assert not [label for label in PARTS if label.startswith(("bluetooth", "ble", "wifi", "dect", "unknown"))]
    assert not {"lte:pusch", "lte:pucch", "nr:pusch", "umts:dpch"} & set(PARTS)
    assert {"gsm:normal", "gsm:access", "umts:prach", "lte:prach", "lte:srs", "nr:prach"} == set(PARTS)


def test_what_was_kept_too_long_ago_goes_and_the_index_says_why(tmp_path: Path) -> None:
    made = kept(tmp_path)
    for path in tmp_path.glob(f"{made[0].stem}.*"):
        os.utime(path, (0, 0))
    index = Index(tmp_path)
    Shelf(tmp_path, 1e9, index, most_age_s=86_400.0).make_room()
    index.close()
    assert sorted(tmp_path.glob("*.sigmf-meta")) == made[1:]
    verdict = verify(tmp_path)
    assert verdict.good and verdict.removed == 2
    assert index.place.read_text().count('"why": "age"') == 2
