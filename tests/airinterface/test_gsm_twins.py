"""Bursts whose payload completes another training sequence beside their own: their edges tell which is theirs."""

import numpy as np
import pytest

from cellwarden.airinterface import gsm_waveform
from cellwarden.airinterface.gsm_fit import fit
from cellwarden.airinterface.gsm_match import matches
from cellwarden.airinterface.gsm_receiver import known_symbols, layout, receiver
from cellwarden.airinterface.gsm_symbols import parts
from cellwarden.airinterface.gsm_trials import trials
from cellwarden.airinterface.gsm_twins import TWINS, settled
from cellwarden.airinterface.gsm_waveform import FORMATS, SYMBOL_RATE_HZ

RATE_HZ = 2 * SYMBOL_RATE_HZ


def test_twins_are_the_sequences_that_lie_over_each_other_but_for_a_symbol() -> None:
    known, length = known_symbols("normal"), known_symbols("normal").shape[1]
    alike = set()
    for told, sequence in enumerate(known):
        for shift in [s for s in range(-10, 11) if s]:  # where more than half of them lies over each other
            first, end = max(0, shift), min(length, length + shift)
            for twin, other in enumerate(known):
                common = abs(float(sequence[first:end] @ other[first - shift : end - shift]))
                if common >= end - first - 2:
                    alike.add((told, twin, shift))
    table = {(told, row[0], shift) for told, row in enumerate(TWINS.tolist()) if row[0] >= 0 for shift in row[1:]}
    assert alike == table


def complete(monkeypatch: pytest.MonkeyPatch, sequence: int, twin: int, shift: int) -> None:
    """Let bursts have payloads that complete another sequence `shift` symbols later than their own."""
    at, drawn = FORMATS["normal"].known_at, gsm_waveform.burst_bits
    own, other = (np.array([int(bit) for bit in gsm_waveform.TRAINING[s]]) for s in (sequence, twin))
    first, end = max(0, shift), min(26, 26 + shift)
    flipped = 2 * int(np.sum(own[first:end] ^ other[first - shift : end - shift])) > end - first

    def completed(kind: gsm_waveform.Kind, number: int, rng: np.random.Generator) -> np.ndarray:
        bits = drawn(kind, number, rng)
        bits[at + shift : at + shift + 26] = other ^ flipped
        bits[at : at + 26] = own
        return bits

    monkeypatch.setattr(gsm_waveform, "burst_bits", completed)


def sent(sequence: int, snr_db: float, rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """A burst in noise of variance 2 a sample, and where its symbol 0 begins."""
    wave, start = gsm_waveform.generate("normal", rng, rate_hz=RATE_HZ, sequence=sequence)
    samples = rng.normal(size=(len(wave) + 200, 2)).view(np.complex128)[:, 0]
    samples[100 : 100 + len(wave)] += wave * np.sqrt(2 * 10 ** (snr_db / 10) * 200e3 / RATE_HZ)
    return samples.astype(np.complex64), 100 + start


TAKEN = [(5, 6, 7), (5, 6, -9), (6, 5, 9), (1, 7, 7), (7, 1, -7)]
"""Training sequence, the one that its payload completes, and by how many symbols later."""


@pytest.mark.parametrize("snr_db", [8.0, 25.0])
@pytest.mark.parametrize(("sequence", "twin", "shift"), TAKEN)
def test_a_payload_that_completes_the_twin_does_not_move_the_burst(
    sequence: int, twin: int, shift: int, snr_db: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(1)
    complete(monkeypatch, sequence, twin, shift)
    for _ in range(10):
        samples, start = sent(sequence, snr_db, rng)
        found = matches(samples, receiver(RATE_HZ), 2.0)
        assert [match.sequence for match in found] == [sequence]
        assert found[0].start == pytest.approx(start, abs=1.0)


@pytest.mark.parametrize(("sequence", "twin", "shift"), TAKEN)
def test_a_burst_that_was_taken_for_its_twin_is_set_right(
    sequence: int, twin: int, shift: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    complete(monkeypatch, sequence, twin, shift)
    samples, start = sent(sequence, 10.0, np.random.default_rng(2))
    form, y = layout("normal", RATE_HZ), parts(samples)
    power = (np.abs(samples) ** 2 / 2).astype(np.float32)
    tried = trials(860.0, 5, form.symbols, form.known.shape[1])
    taken = fit(y, power, start + shift * form.per_symbol, 0.0, form.known[twin], form, tried)
    told, number, turn = settled(y, power, taken, twin, 0.0, form)
    assert (number, told.start) == (sequence, pytest.approx(start, abs=1.0))
    assert turn + told.turn == pytest.approx(0.0, abs=0.01)
    again, number, _ = settled(y, power, told, sequence, turn, form)
    assert (number, again.start) == (sequence, told.start)
