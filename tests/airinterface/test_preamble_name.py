"""Whose a long preamble is: by its wave, by the bands, by its place beside LTE's data, by learned cells."""

import math
from pathlib import Path

import numpy as np
import pytest

from cellwarden.airinterface import lte, nr
from cellwarden.airinterface.lte_waveform import PREAMBLE_FORMATS, PREAMBLE_S, preamble
from cellwarden.airinterface.nr_waveform import LONG_FORMATS, long_preamble
from cellwarden.airinterface.preamble_name import DOUBT, LEAST, WAVES, by_cell, by_place, named, sureness, systems_at
from cellwarden.model import Block, Burst, Cell, Emission, Segment
from cellwarden.radio.recording import open_recording
from cellwarden.runtime.scan import scan
from cellwarden.simulate.channel import Channel
from cellwarden.simulate.drawings import DRAWINGS
from cellwarden.simulate.scenes import write
from cellwarden.simulate.trials import Conditions, air_of, bursts

RATE = 7.68e6
SHARED_HZ, MIDDLE_HZ, NR_ALONE_HZ = 1747.5e6, 3.5e9, 4.7e9
"""Bands 3 and n3, 42 and n78, n79."""
TICKS = 30.72e6


def told(label: str = "lte:prach", **more: object) -> Emission:
    values = {"cfo_hz": 0.0, "carrier_offset_hz": 0.0, "confidence": 1.0, "details": {}, **more}
    return Emission(label, 0, 6937, -524e3, 524e3, 10.0, **values)  # type: ignore[arg-type]


def heard(wave: np.ndarray, width_hz: float, centre_hz: float | None, seed: int) -> tuple[Burst, Block]:
    """A wave at 6 dB in its band, 1.5 ms of noise to either side."""
    rng, margin = np.random.default_rng(seed), round(1.5e-3 * RATE)
    mixed = rng.normal(size=(len(wave) + 2 * margin, 2)).view(np.complex128)[:, 0]
    wave = wave / math.sqrt(np.mean(np.abs(wave) ** 2))
    mixed[margin : margin + len(wave)] += wave * math.sqrt(10**0.6 * 2 / RATE * width_hz)
    iq = np.stack([mixed.real, mixed.imag], axis=1).astype(np.float32)
    box = Burst(margin, len(wave), -width_hz / 2, width_hz / 2, 6.0, 10 * math.log10(2 / RATE))
    return box, Block(iq, 1.0, 0, Segment(0, len(iq), RATE, centre_hz))


def test_long_preambles_last_as_long_as_the_standard_prints() -> None:
    # TS 38.211 table 6.3.3.1-1, in units of 1/30.72 MHz
    printed = {"0": 3168 + 24576, "1": 21024 + 2 * 24576, "2": 4688 + 4 * 24576, "3": 3168 + 4 * 6144}
    for kind, ticks in printed.items():
        assert len(long_preamble(1, 0, TICKS, kind)) == ticks
    assert [LONG_FORMATS[kind][2] for kind in "0123"] == [1250.0, 1250.0, 1250.0, 5000.0]


def test_formats_that_both_have_are_one_wave() -> None:
    assert np.allclose(long_preamble(129, 17, RATE, "0"), preamble(129, 17, RATE, 0))
    assert np.allclose(long_preamble(129, 17, RATE, "1"), preamble(129, 17, RATE, 3))
    assert [w.formats for w in WAVES] == [{"LTE": 0, "NR": 0}, {"LTE": 1}, {"LTE": 2}, {"LTE": 3, "NR": 1}, {"NR": 2}]
    assert [(w.prefix_s, w.repeats) for w in WAVES[:4]] == list(PREAMBLE_FORMATS)
    assert WAVES[4].prefix_s + 4 * PREAMBLE_S == pytest.approx((4688 + 4 * 24576) / TICKS)


def test_bands_tell_who_may_send_there() -> None:
    assert systems_at(SHARED_HZ) == systems_at(MIDDLE_HZ) == systems_at(None) == {"LTE", "NR"}
    assert systems_at(NR_ALONE_HZ) == systems_at(3.9e9) == {"NR"}  # n79; n77 above LTE's band 43
    assert systems_at(1842.5e6) == systems_at(5.5e9) == frozenset()  # base stations; Wi-Fi


@pytest.mark.parametrize(
    ("wave", "centre_hz", "label", "doubted"),
    [
        (0, SHARED_HZ, "lte:prach", True),
        (0, None, "lte:prach", True),
        (0, MIDDLE_HZ, "nr:prach", True),
        (0, NR_ALONE_HZ, "nr:prach", False),
        (1, SHARED_HZ, "lte:prach", False),
        (2, MIDDLE_HZ, "lte:prach", False),
        (3, SHARED_HZ, "lte:prach", True),
        (3, NR_ALONE_HZ, "nr:prach", False),
        (4, SHARED_HZ, "nr:prach", False),
    ],
)
def test_wave_and_band_give_the_name_and_its_doubt(
    wave: int, centre_hz: float | None, label: str, doubted: bool
) -> None:
    one = named(told(), WAVES[wave], centre_hz)
    assert one.label == label and one.details["format"] == WAVES[wave].formats[label[:-6].upper()]
    assert (one.confidence < 0.95) == (DOUBT in one.details) == doubted
    assert sureness(one) == pytest.approx(1.0)


def test_doubt_between_the_two_alone_drops_no_preamble() -> None:
    assert named(told(confidence=0.55), WAVES[0], SHARED_HZ).confidence == LEAST
    assert named(told(confidence=0.3), WAVES[0], SHARED_HZ).confidence == 0.3


def test_place_beside_lte_s_data_tells_whose_it_is() -> None:
    """NR without its shift of 7.5 kHz lies 7.5 kHz, so 2.5 kHz modulo 5 kHz, from LTE's place."""
    data = [told("lte:pusch", cfo_hz=1900.0 + error) for error in (-40.0, 0.0, 30.0)]
    one = named(told(cfo_hz=1800.0), WAVES[0], SHARED_HZ)
    other = named(told(cfo_hz=-700.0), WAVES[0], SHARED_HZ)
    between = named(told(cfo_hz=650.0), WAVES[0], SHARED_HZ)
    *_, here, there, unsure = by_place([*data, one, other, between])
    assert here.label == "lte:prach" and here.confidence > one.confidence
    assert there.label == "nr:prach" and there.confidence > 0.9
    assert unsure == between
    assert by_place([one]) == [one]


def test_a_learned_cell_near_it_tells_whose_it_is() -> None:
    one = named(told(carrier_offset_hz=2e6), WAVES[3], SHARED_HZ)
    cells = {name: Cell(name, (0.0,), 0.0, 76800.0) for name in ("lte", "nr")}
    mine, other = by_cell(one, [cells["lte"]]), by_cell(one, [cells["nr"]])
    assert (mine.label, mine.details["format"]) == ("lte:prach", 3) and mine.confidence > 0.99
    assert (other.label, other.details["format"]) == ("nr:prach", 1) and other.confidence > 0.95
    assert by_cell(one, list(cells.values())) == one
    assert by_cell(one, [Cell("nr", (30e6,), 0.0, 76800.0)]) == one


@pytest.mark.parametrize("centre_hz", [SHARED_HZ, NR_ALONE_HZ])
@pytest.mark.parametrize("kind", ["2", "3"])
def test_preambles_that_only_nr_has_are_named_in_any_band(kind: str, centre_hz: float) -> None:
    heard_one = heard(long_preamble(211, 50, RATE, kind), 839 * LONG_FORMATS[kind][2], centre_hz, 4)
    (emission,) = lte.recognise(*heard_one) or nr.recognise(*heard_one)
    assert emission.label == "nr:prach" and emission.confidence > 0.99
    assert emission.details["root"] == 211 and str(emission.details["format"]) == kind
    assert emission.sample_count == pytest.approx(len(long_preamble(211, 50, RATE, kind)), abs=3)


def test_a_preamble_of_either_is_found_where_lte_has_no_band() -> None:
    heard_one = heard(long_preamble(400, 3, RATE, "0"), 839 * 1250.0, NR_ALONE_HZ, 5)
    assert lte.recognise(*heard_one) == []
    (emission,) = nr.recognise(*heard_one)
    assert emission.label == "nr:prach" and emission.confidence > 0.99


def test_a_piece_of_lte_s_preamble_is_no_preamble_of_wider_subcarriers(tmp_path: Path) -> None:
    """Pieces of a chirp are chirps; a faint box may be a piece."""
    placed = list(
        bursts("lte:prach", 24, 0.0, Conditions(Channel("tdl-a", fading="received")), np.random.default_rng(3))
    )
    path = tmp_path / "preambles.sigmf-meta"
    write(path, air_of(DRAWINGS["lte:prach"], placed), placed, 3)
    labels = [e.label for e in scan(open_recording(path))]
    assert labels.count("lte:prach") >= 23 and "nr:prach" not in labels
