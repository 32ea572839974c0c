"""The report: what it says, what its pictures show, and above all what they do not."""

import base64
import io
import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cellwarden.airinterface.gsm_waveform import CHANNEL_HZ, FRAME_SYMBOLS, SLOT_SYMBOLS, SYMBOL_RATE_HZ, generate
from cellwarden.errors import OutputError
from cellwarden.model import Emission
from cellwarden.radio.recording import Recording, open_recording
from cellwarden.runtime import report_shown
from cellwarden.runtime import report_words as words
from cellwarden.runtime.heard import Heard
from cellwarden.runtime.pictures import ticks
from cellwarden.runtime.report import write_report
from cellwarden.runtime.report_evidence import chosen, course, crop, known_course, smoothed_course
from cellwarden.runtime.report_overview import LEAST_COLUMN_S, MOST_PANELS, overview, stretches
from cellwarden.runtime.report_shown import payload_samples

RATE_HZ = 8 * SYMBOL_RATE_HZ
HOSTILE = "<script>alert(1)</script>&\"'"


def record(
    folder: Path, samples: NDArray[np.complex64], captures: list[dict[str, object]] | None = None, name: str = "r"
) -> Recording:
    path = folder / f"{name}.sigmf-meta"
    samples.astype(np.complex64).view(np.float32).tofile(path.with_suffix(".sigmf-data"))
    head = {"core:datatype": "cf32_le", "core:sample_rate": RATE_HZ, "core:version": "1.2.5"}
    captures = captures or [{"core:sample_start": 0, "core:frequency": 902_400_000}]
    path.write_text(json.dumps({"global": head, "captures": captures, "annotations": []}))
    return open_recording(path)


def emission(start: float = 1000.0, label: str = "gsm:normal", **other: object) -> Emission:
    symbols = {"gsm:access": 88}.get(label, 148)
    made = Emission(
        label=label,
        sample_start=int(start),
        sample_count=round(symbols * RATE_HZ / SYMBOL_RATE_HZ),
        low_offset_hz=-CHANNEL_HZ / 2,
        high_offset_hz=CHANNEL_HZ / 2,
        snr_db=20.0,
        confidence=1.0,
        carrier_offset_hz=0.0,
        timing_samples=start - int(start),
        direction="uplink",
    )
    return replace(made, **other)  # type: ignore[arg-type]


def burst(
    folder: Path, kind: str, seed: int, noise: float = 0.0, modulation: str = "gmsk"
) -> tuple[Recording, Emission]:
    """One burst whose payload is of `seed`, training sequence 2, and what a scan would say of it."""
    wave, start = generate(
        kind,  # type: ignore[arg-type]
        np.random.default_rng(seed),
        rate_hz=RATE_HZ,
        sequence=2,
        modulation=modulation,  # type: ignore[arg-type]
    )
    samples = np.zeros(4000, np.complex64)
    samples[1000 : 1000 + len(wave)] = wave
    rng = np.random.default_rng(99)
    samples += noise * rng.normal(size=(4000, 2)).view(np.complex128)[:, 0].astype(np.complex64)
    return record(folder, samples, name=f"{kind}{seed}"), emission(1000 + start, f"gsm:{kind}")


@pytest.mark.parametrize(("kind", "modulation"), [("normal", "gmsk"), ("access", "gmsk"), ("normal", "8psk")])
def test_the_frequency_plot_is_the_same_whatever_the_payload(tmp_path: Path, kind: str, modulation: str) -> None:
    plots = []
    for seed in (1, 2):
        recording, e = burst(tmp_path, kind, seed, modulation=modulation)
        pieces = known_course(recording, e)
        inner = [hertz for seconds, hertz in pieces if 0 < seconds.mean() < e.sample_count / RATE_HZ]
        assert len(inner) == 1  # the training or synchronisation sequence
        plots.append(inner[0])
        shown = np.concatenate([seconds for seconds, _hertz in pieces]) * RATE_HZ
        for low, high in payload_samples(e, RATE_HZ):
            assert not np.any((shown > low) & (shown < high))
    assert len(plots[0]) == len(plots[1]) > 20
    # The modulation swings by 68 kHz or more; rounding of single precision is far below 10 Hz.
    assert np.nanmax(np.abs(plots[0] - plots[1])) < 10.0


def test_without_blanking_payloads_would_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test above can fail: were the whole burst declared free of payload, the curves would differ."""
    monkeypatch.setattr(report_shown, "SHOWN", {"gsm:normal": report_shown.Shown(148, ((-8, 156),))})
    curves = [known_course(*burst(tmp_path, "normal", seed))[0][1] for seed in (1, 2)]
    assert np.nanmax(np.abs(curves[0] - curves[1])) > 100e3


def test_an_unrecognised_gsm_burst_is_smoothed_over_eight_symbols(tmp_path: Path) -> None:
    recording, e = burst(tmp_path, "normal", 1)
    ((seconds, _hertz),) = smoothed_course(recording, replace(e, label="unknown:burst"))
    assert len(seconds) <= 148 / 8 and np.min(np.diff(seconds)) * SYMBOL_RATE_HZ > 8


def test_training_sequences_differ_in_the_frequency_plot(tmp_path: Path) -> None:
    """The plot shows what it may: with another training sequence it is another curve."""
    recording, e = burst(tmp_path, "normal", 1)
    wave, start = generate("normal", np.random.default_rng(1), rate_hz=RATE_HZ, sequence=5)
    samples = np.zeros(4000, np.complex64)
    samples[1000 : 1000 + len(wave)] = wave
    other = known_course(record(tmp_path, samples, name="other"), emission(1000 + start))
    here = known_course(recording, e)
    assert np.nanmax(np.abs(here[1][1] - other[1][1])) > 50e3


def test_a_phone_interface_without_an_entry_shows_nothing_of_its_course(tmp_path: Path) -> None:
    recording, e = burst(tmp_path, "normal", 1)
    station = replace(e, label="gsm:downlink", direction="downlink")
    assert known_course(recording, station) == []
    plot = course(recording, station)
    assert plot.curve == "" and len(plot.hidden) == 1


def columns(plot_image: str) -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(plot_image))))


def test_a_spectrogram_does_not_change_within_payload_not_even_a_neighbours(tmp_path: Path) -> None:
    recording, e = burst(tmp_path, "normal", 1, noise=0.01)
    neighbour = replace(e, low_offset_hz=e.low_offset_hz + 200e3, high_offset_hz=e.high_offset_hz + 200e3)
    for pictured in (e, replace(e, label="unknown:burst")):
        plot = crop(recording, pictured, (neighbour,))
        assert plot.image is not None
        image = columns(plot.image)
        per_column = 2 * e.sample_count / image.shape[1]
        for low, high in payload_samples(neighbour, RATE_HZ):
            a, b = ((edge + e.sample_count / 2) / per_column for edge in (low, high))
            within = image[:, int(np.ceil(a)) : int(np.floor(b))]
            assert within.shape[1] >= 3 and (within == within[:, :1]).all()
        assert not (image == image[:, :1]).all()


def test_an_unknown_burst_is_drawn_with_fifty_values(tmp_path: Path) -> None:
    t = np.arange(200_000) / RATE_HZ
    recording = record(tmp_path, np.exp(2j * np.pi * 30e3 * t).astype(np.complex64))
    e = emission(5000, "unknown:burst", sample_count=150_000, carrier_offset_hz=None)
    ((seconds, hertz),) = smoothed_course(recording, e)
    assert len(seconds) == 50
    np.testing.assert_allclose(hertz, 30e3, atol=1.0)  # a pure tone has one frequency


def test_where_a_phone_sent_a_column_of_the_overview_lasts_as_long_as_a_payload_field(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    recording = record(tmp_path, rng.normal(size=(400_000, 2)).view(np.complex128)[:, 0].astype(np.complex64))
    narrow, coarse = (columns(overview(recording, heard).panels[0].image) for heard in ((), (emission(),)))
    seconds = 400_000 / RATE_HZ
    assert seconds / coarse.shape[1] >= LEAST_COLUMN_S > 58 / SYMBOL_RATE_HZ
    assert narrow.shape[1] >= coarse.shape[1]


def test_a_tone_lies_at_its_frequency_and_a_click_at_its_time(tmp_path: Path) -> None:
    samples = 0.01 * np.exp(2j * np.pi * 500e3 * np.arange(300_000) / RATE_HZ)
    samples += 1e-4 * np.random.default_rng(0).normal(size=300_000)
    samples[225_000] = 3.0
    panel = overview(record(tmp_path, samples.astype(np.complex64)), ()).panels[0]
    image = columns(panel.image).astype(float)
    loud = np.argmax(image[:, :-100].mean(axis=1)) if image.shape[1] > 200 else np.argmax(image.mean(axis=1))
    frequency = panel.frame.y[1] - (loud + 0.5) / image.shape[0] * (panel.frame.y[1] - panel.frame.y[0])
    assert frequency == pytest.approx(902.9, abs=2 * RATE_HZ / 1e6 / image.shape[0])  # 902.4 + 0.5 MHz
    quiet = image[: image.shape[0] // 8].mean(axis=0)  # far from the tone only the click is left
    assert np.argmax(quiet) / image.shape[1] == pytest.approx(0.75, abs=1.5 / image.shape[1])


def heard_of(recording: Recording, *emissions: Emission) -> Heard:
    return Heard(recording, tuple(emissions), Counter(), None)


def page(heard: Heard, folder: Path) -> str:
    write_report(heard, folder / "report.html", force=True)
    return (folder / "report.html").read_text()


def noise(count: int) -> NDArray[np.complex64]:
    return np.random.default_rng(7).normal(size=(count, 2)).view(np.complex128)[:, 0].astype(np.complex64)


def test_each_retune_has_its_own_frequencies(tmp_path: Path) -> None:
    captures: list[dict[str, object]] = [
        {"core:sample_start": 0, "core:frequency": 902_400_000, "core:datetime": "2026-11-24T12:00:00Z"},
        {"core:sample_start": 30_000, "core:frequency": 1_747_400_000, "core:datetime": "2026-11-24T12:00:05Z"},
    ]
    recording = record(tmp_path, noise(60_000), captures)
    text = page(heard_of(recording, emission(1000), emission(40_000)), tmp_path)
    half = RATE_HZ / 2e6
    for centre, clock in ((902.4, "12:00:00.000"), (1747.4, "12:00:05.000")):
        assert f"{centre - half:.2f} – {centre + half:.2f} MHz" in text
        assert f"2026-11-24 {clock} UTC" in text
    assert text.count("<figure") == 2
    per_panel = [part.count("<rect ") for part in text.split("<figure")[1:]]
    assert per_panel == [1, 1]
    assert "ARFCN 62" in text and "ARFCN 698" in text  # 890 + 0.2·62 and 1710.2 + 0.2·(698 - 512) MHz
    # 40000 samples into the file are 10000 into the second capture, 4.6 ms after its start
    assert "2026-11-24 12:00:05.004 UTC" in text


def test_captures_are_joined_where_nothing_lies_between_them(tmp_path: Path) -> None:
    seconds = 10_000 / RATE_HZ
    captures: list[dict[str, object]] = [
        {"core:sample_start": 0, "core:frequency": 902e6, "core:datetime": "2026-11-24T12:00:00Z"},
        {
            "core:sample_start": 10_000,
            "core:frequency": 902e6,
            "core:datetime": f"2026-11-24T12:00:00.{round(seconds * 1e6):06d}Z",
        },
        {"core:sample_start": 20_000, "core:frequency": 902e6, "core:datetime": "2026-11-24T12:00:09Z"},
    ]
    joined = stretches(record(tmp_path, noise(30_000), captures).segments)
    assert [(s.first, s.end) for s in joined] == [(0, 20_000), (20_000, 30_000)]


def test_of_very_many_captures_those_with_phones_are_pictured(tmp_path: Path) -> None:
    captures: list[dict[str, object]] = [
        {"core:sample_start": n * 2000, "core:frequency": 900e6 + n * 1e6} for n in range(40)
    ]
    recording = record(tmp_path, noise(80_000), captures)
    picture = overview(recording, (emission(35 * 2000 + 100),))
    assert len(picture.panels) == MOST_PANELS and picture.left_out == 40 - MOST_PANELS
    assert any(panel.stretch.first == 70_000 for panel in picture.panels)


def test_hostile_names_labels_and_details_are_text(tmp_path: Path) -> None:
    recording = replace(record(tmp_path, noise(20_000)), path=tmp_path / HOSTILE.replace("/", ""))
    e = emission(3000, f"unknown:{HOSTILE}", details={HOSTILE: HOSTILE})
    text = page(heard_of(recording, e), tmp_path)
    assert "<script>alert" not in text and "&lt;script&gt;alert" in text
    assert text.count("<script>") == 1


def test_the_policy_lets_only_our_script_and_style_run(tmp_path: Path) -> None:
    text = page(heard_of(record(tmp_path, noise(20_000))), tmp_path)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy and "default-src 'none'" in policy[1] and "unsafe" not in policy[1]
    assert not re.search(r'(src|href)="(?!data:|#)', text) and "//www" not in text
    assert not re.search(r"\son\w+=", text.split("<script>")[0]) and ' style="' not in text


def test_silence_is_said_with_its_limits(tmp_path: Path) -> None:
    text = page(heard_of(record(tmp_path, noise(20_000))), tmp_path)
    assert "No phone was heard" in text and "nothing is said of other times" in text
    assert "Nothing stood out of the noise." in text and "<rect " not in text


def test_what_is_not_recognised_is_neither_a_phone_nor_silence(tmp_path: Path) -> None:
    text = page(heard_of(record(tmp_path, noise(20_000)), emission(1000, "unknown:burst")), tmp_path)
    assert "Something was heard that is not recognised" in text and "What GSM, " in text
    assert "No phone was heard" not in text and "A phone was heard" not in text


def test_a_base_station_alone_is_no_phone(tmp_path: Path) -> None:
    station = replace(emission(1000, "gsm:downlink"), direction="downlink")
    text = page(heard_of(record(tmp_path, noise(20_000)), station), tmp_path)
    assert "No phone was heard" in text and "not recognised" not in text


def test_an_existing_report_is_kept_unless_forced(tmp_path: Path) -> None:
    place = tmp_path / "report.html"
    place.write_text("mine")
    with pytest.raises(OutputError):
        write_report(heard_of(record(tmp_path, noise(20_000))), place, force=False)
    assert place.read_text() == "mine"


def test_very_short_recordings_have_a_report(tmp_path: Path) -> None:
    for count in (1, 17, 300):
        recording = record(tmp_path, noise(count), name=f"short{count}")
        e = emission(0, "unknown:burst", sample_count=count, carrier_offset_hz=None)
        assert "<rect " in page(heard_of(recording, e), tmp_path)


def test_the_bursts_of_an_lte_train_are_one_group_wherever_they_lie(tmp_path: Path) -> None:
    recording = record(tmp_path, np.zeros(20_000, np.complex64))
    kinds = ("lte:pusch", "lte:pucch", "lte:srs")
    mine = [
        emission(1000.0 * n, kinds[n % 3], low_offset_hz=n * 5e4 - 2e5, high_offset_hz=n * 5e4, details={"train": 4})
        for n in range(6)
    ]
    other = [replace(e, sample_start=e.sample_start + 400, details={"train": 5}) for e in mine[:2]]
    made, _left = words.groups(recording, [*mine, *other])
    assert [group.row for group in made] == [0, 6]
    assert made[0].guess.startswith("probably one phone") and not made[1].guess.startswith("probably one phone")
    assert made[0].phone and made[0].text.startswith("6 bursts")


def test_bursts_of_one_slot_are_one_call_and_of_two_slots_are_several(tmp_path: Path) -> None:
    recording = record(tmp_path, noise(200_000))
    frame, slot = (n * RATE_HZ / SYMBOL_RATE_HZ for n in (FRAME_SYMBOLS, SLOT_SYMBOLS))
    call = [emission(1000 + n * frame) for n in range(8)]
    asks = emission(200, "gsm:access")
    (one,), _left = words.groups(recording, call)
    assert one.place == "ARFCN 62, 902.4 MHz" and one.text.startswith("8 bursts between")
    assert one.guess == "probably one call or session"
    both = sorted([*call, *(emission(1000 + 3 * slot + n * frame) for n in range(8))], key=lambda e: e.sample_start)
    assert words.groups(recording, both)[0][0].guess.startswith("in 2 time slots")
    assert words.groups(recording, [asks, *call])[0][0].guess.startswith("a phone asks for a channel, then probably")


def test_a_weak_phone_is_pictured_among_very_many_strong_bursts() -> None:
    strong = [emission(n * 10_000.0) for n in range(80)]
    weak = emission(5_000, snr_db=3.0, confidence=0.6, low_offset_hz=300e3, high_offset_hz=500e3)
    noise_like = [emission(n * 10_000.0, "unknown:burst", snr_db=60.0) for n in range(80)]
    picked = chosen((weak, *strong, *noise_like))
    assert len(picked) == 50 and 0 in picked
    assert all(index <= 80 for index in picked)  # phones come before all others


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0, 100, ["0", "20", "40", "60", "80", "100"]),
        (902.41, 902.46, ["902.41", "902.42", "902.43", "902.44", "902.45", "902.46"]),
        (-1.2, 1.2, ["−1.0", "−0.5", "0.0", "0.5", "1.0"]),
    ],
)
def test_ticks_are_round_numbers_within_the_axis(low: float, high: float, expected: list[str]) -> None:
    assert [text for _value, text in ticks(low, high, 5)] == expected
