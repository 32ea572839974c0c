"""Cells learned from one recording, placed in another one, searched in a scan."""

import json
import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from cellwarden.airinterface.lte_cell_waveform import downlink
from cellwarden.airinterface.lte_waveform import generate
from cellwarden.model import Cell, Emission, Segment
from cellwarden.radio.duplex import uplinks_of
from cellwarden.radio.recording import open_recording
from cellwarden.runtime.learned import UNTIMED_S, CellError, Learned, learn, placed
from cellwarden.runtime.scan import scan
from cellwarden.runtime.searched import merged

RATE = 1.92e6
COUNTED, LATER = "2026-01-01T00:00:00.000000100Z", "2026-01-01T00:00:00.250000500Z"


def write(path: Path, samples: np.ndarray, rate: float, centre_hz: float, stamp: str) -> Path:
    iq = np.rint(np.stack([samples.real, samples.imag], axis=1)).astype("<i2")
    path.with_suffix(".sigmf-data").write_bytes(iq.tobytes())
    head = {"core:datatype": "ci16_le", "core:sample_rate": rate, "core:version": "1.2.5"}
    capture = {"core:sample_start": 0, "core:frequency": centre_hz, "core:datetime": stamp}
    path.write_text(json.dumps({"global": head, "captures": [capture], "annotations": []}))
    return path


def noise(count: int, rng: np.random.Generator) -> np.ndarray:
    return 100 * rng.normal(size=(count, 2)).view(np.complex128)[:, 0]


def base_station(folder: Path, stamp: str = COUNTED) -> Path:
    """Forty milliseconds of cell 123 at 1842.5 MHz, whose first frame begins at sample 5000."""
    rng = np.random.default_rng(1)
    wave = downlink(rng, 123, rate_hz=RATE, frames=4)
    samples = noise(5000 + len(wave), rng)
    samples[5000:] += 500 * wave
    return write(folder / "down.sigmf-meta", samples, RATE, 1842.5e6, stamp)


def phones(folder: Path, levels_db: list[float], stamp: str = LATER) -> tuple[Path, list[int]]:
    """A preamble of root 129 in subframe 1 of each frame, at these levels, 360 kHz below the uplink's carrier."""
    rng = np.random.default_rng(2)
    first = ((5000 / RATE - 0.2500004) % 10e-3 + 1e-3) * RATE
    starts = [round(first + n * 10e-3 * RATE) for n in range(len(levels_db))]
    samples = noise(starts[-1] + round(4e-3 * RATE), rng)
    for start, level in zip(starts, levels_db, strict=True):
        offset = -360e3 + rng.uniform(-150, 150)
        wave = generate("prach", rng, rate_hz=RATE, root=129, carrier_offset_hz=offset)
        samples[start : start + len(wave)] += wave * 100 * math.sqrt(2 * 10 ** (level / 10) * 1.04875e6 / RATE)
    return write(folder / "up.sigmf-meta", samples, RATE, 1747.5e6, stamp), starts


def test_preambles_far_below_the_noise_are_found_once_a_clear_one_was_heard(tmp_path: Path) -> None:
    path, starts = phones(tmp_path, [12.0, 12.0] + 10 * [-12.0])
    plain = [e for e in scan(open_recording(path)) if e.label == "lte:prach"]
    found = list(scan(open_recording(path), learned=learn([base_station(tmp_path)])))
    searched = [e for e in found if e.label == "lte:prach"]
    assert len(plain) == 2
    assert len(searched) >= 11
    for emission in searched:
        assert min(abs(emission.sample_start - start) for start in starts) < 20e-6 * RATE
    assert [e.sample_start for e in found] == sorted(e.sample_start for e in found)


def test_without_exact_stamps_a_clear_preamble_tells_the_time(tmp_path: Path) -> None:
    path, _starts = phones(tmp_path, [12.0] + 8 * [-12.0], stamp="2026-01-01T00:00:07Z")
    found = list(scan(open_recording(path), learned=learn([base_station(tmp_path)])))
    assert sum(e.label == "lte:prach" for e in found) >= 8


def test_a_cell_is_placed_by_duplex_distance_clock_and_stamps() -> None:
    cell = Cell("lte", (-1842.5,), 5000.0, 19200.0192, {"physical_cell": 1, "clock_ppm": 1.0})
    source = Segment(0, 100000, RATE, 1842.5e6, 100)
    placed_one = placed(Learned(cell, source, Path("d")), Segment(0, 10, 10e6, 1747.5e6, 1_000_000_101), Path("u"))
    assert placed_one is not None
    assert placed_one.carriers_hz[0] == pytest.approx(-1747.5, abs=2.0)  # a fast clock hears all carriers too low
    assert placed_one.frame_samples == pytest.approx(100000.1)
    assert float(placed_one.details["timing_error_s"]) < 2e-6
    again = placed(Learned(cell, source, Path("d")), Segment(0, 10, 10e6, 1747.5e6, 1_000_000_000), Path("u"))
    assert again is not None
    assert again.details["timing_error_s"] == UNTIMED_S
    assert placed(Learned(cell, source, Path("d")), Segment(0, 10, 1e6, 800e6, None), Path("u")) is None


@pytest.mark.parametrize(
    ("system", "downlink_hz", "uplink_hz"),
    [("gsm", 947.4e6, 902.4e6), ("gsm", 1842.6e6, 1747.6e6), ("lte", 1842.5e6, 1747.5e6), ("lte", 2600e6, 2600e6),
     ("nr", 1842.5e6, 1747.5e6), ("nr", 3500e6, 3500e6), ("lte", 796e6, 837e6)],
)  # fmt: skip
def test_uplinks_have_the_duplex_distance_of_their_band(system: str, downlink_hz: float, uplink_hz: float) -> None:
    assert uplink_hz in uplinks_of(system, downlink_hz)  # TS 45.005 §2, TS 36.101 table 5.7.3-1


def test_a_recording_without_a_cell_is_told(tmp_path: Path) -> None:
    path = write(tmp_path / "n.sigmf-meta", noise(60000, np.random.default_rng(3)), RATE, 1842.5e6, COUNTED)
    with pytest.raises(CellError, match=r"n\.sigmf-meta: no cell was found in it: record"):
        learn([path])


def test_what_energy_found_keeps_its_name_and_unknown_boxes_give_way() -> None:
    named = Emission("gsm:normal", 0, 1000, 0.0, 2e5, 9.0, 0.99)
    unknown = Emission("unknown:burst", 5000, 1000, 0.0, 2e5, 3.0, 0.9)
    over, deep = (Emission("lte:pusch", start, 1000, 0.0, 2e5, 0.0, 0.9) for start in (0, 5000))
    assert merged([named, unknown], [over, deep, deep], Counter()) == [named, deep]
