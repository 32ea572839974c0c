"""Each compiled loop of the GSM recogniser against a plain numpy twin, on random input."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import log_ndtr

from cellwarden.airinterface import gsm_clear, gsm_fit, gsm_lines, gsm_symbols
from cellwarden.airinterface import gsm_kernels as kernels
from cellwarden.airinterface.gsm_receiver import Receiver, equaliser, layout, pulse_autocorrelation, receiver
from cellwarden.airinterface.gsm_station import fills_frames, goes_on
from cellwarden.airinterface.gsm_trials import finest_turn, trials
from cellwarden.airinterface.gsm_waveform import SYMBOL_RATE_HZ, Kind, generate
from cellwarden.detect.dots import PLACES
from cellwarden.detect.evidence import log_tail
from cellwarden.detect.kernels import decimate
from cellwarden.detect.kernels import padded as pad

RATE = 2_166_667.0
KNOWN = np.where(np.random.default_rng(1).random((3, 9)) < 0.5, -1, 1).astype(np.float32)
TAILS = np.array([0, 1, 38, 39])


def noise(seed: int, *shape: int) -> NDArray[np.complex64]:
    rng = np.random.default_rng(seed)
    return (rng.normal(size=shape) + 1j * rng.normal(size=shape)).astype(np.complex64)


def axis(z: NDArray[np.complex64], turn: float, unit: complex) -> NDArray[np.float64]:
    """Symbols on the real axis once carrier and phase are taken off."""
    return np.real(z * np.exp(-1j * turn * np.arange(len(z))) * np.conj(unit)).astype(float)


@pytest.mark.parametrize(("first", "end"), [(3, 9), (-4, 2), (8, 30), (12, 12), (40, 50)])
def test_mean_is_of_what_lies_within(first: int, end: int) -> None:
    power = np.abs(noise(1, 20)).astype(np.float32)
    part = power[max(first, 0) : max(end, 0)]
    assert kernels.mean(power, first, end) == pytest.approx(np.mean(part) if len(part) else 1.0, rel=1e-6)


@pytest.mark.parametrize("base", [-20.3, 0.0, 5.7, 180.2])
def test_matched_filter_is_a_dot_product_with_the_pulse_at_each_symbol(base: float) -> None:
    y, rx = noise(2, 220), receiver(RATE)
    out = np.empty(30, np.complex64)
    gsm_symbols.matched(gsm_symbols.parts(y), base, rx.per_symbol, rx.table, 0.3, out)
    half = rx.table.shape[1] // 2
    padded = np.concatenate([np.zeros(400), y, np.zeros(400)])
    for k in range(30):
        position = base + (k + 0.5) * rx.per_symbol
        whole = math.floor(position)
        row = rx.table[int((position - whole) * gsm_symbols.SUBSTEPS + 0.5)]
        part = padded[400 + whole - half :][: len(row)]
        assert out[k] == pytest.approx(np.sum(row * part) * np.exp(-0.3j * k), abs=1e-4)


def test_a_window_holds_matched_and_equalised_symbols_of_each_timing() -> None:
    y, rx, weights = gsm_symbols.parts(noise(3, 200)), receiver(RATE), equaliser(np.pi / 2)
    z = np.empty((kernels.PHASES, 25), np.complex64)
    e = np.empty_like(z)
    gsm_symbols.window(y, 11.0, rx.per_symbol, rx.table, np.pi / 2, weights, z, e)
    alone = np.empty(25, np.complex64)
    for phase in range(kernels.PHASES):
        gsm_symbols.matched(y, 11.0 + phase / kernels.PHASES * rx.per_symbol, rx.per_symbol, rx.table, np.pi / 2, alone)
        np.testing.assert_allclose(z[phase], alone, atol=1e-5)
        np.testing.assert_allclose(e[phase], np.convolve(alone, weights[::-1], "same"), atol=1e-4)


def test_best_match_finds_the_largest_squared_correlation() -> None:
    e = noise(4, kernels.PHASES, 30)
    turns = np.array([-0.2, 0.0, 0.15])
    length, least = KNOWN.shape[1], 0.1
    best = max(
        (
            abs(np.sum(KNOWN[s] * (row := (e[p] * np.exp(-1j * w * np.arange(30)))[at : at + length]))) ** 2
            / (length * max(np.sum(np.abs(row) ** 2), length * least)),
            (s, at, p, i),
        )
        for p in range(kernels.PHASES)
        for i, w in enumerate(turns)
        for at in range(2, 15)
        for s in range(len(KNOWN))
    )
    rho, *where = kernels.best_match(e, KNOWN, 2, 15, turns, least, np.empty((2, 30), np.float32))
    assert rho == pytest.approx(best[0], rel=1e-4) and tuple(where) == best[1]


def test_lines_are_the_tops_of_the_spectrum_with_the_phase_of_symbol_zero() -> None:
    symbols, turn, phase = 150, 0.05, 0.7
    signs = np.where(np.random.default_rng(5).random(symbols) < 0.5, -1, 1)
    e = 0.05 * noise(6, kernels.PHASES, symbols)
    e[2] += (signs * np.exp(1j * (turn * np.arange(symbols) + phase))).astype(np.complex64)
    found = kernels.lines(np.fft.fft(e * e, 256, axis=1).astype(np.complex64), 40, 3, symbols)
    assert found.shape == (3, 4) and found[0, 0] == 2
    assert found[0, 1] == pytest.approx(turn, abs=2e-3)
    angle = math.atan2(found[0, 3], found[0, 2])
    assert math.sin(angle - phase) == pytest.approx(0.0, abs=0.15)  # the sign may be wrong
    middle = found[0, 1] * symbols / 2 + angle - turn * symbols / 2 - phase
    assert math.sin(middle) == pytest.approx(0.0, abs=0.02)


def test_turned_lines_tell_the_phase_of_another_symbol() -> None:
    line = np.array([[0.0, 0.1, math.cos(0.4), math.sin(0.4)]])
    kernels.turned(line, 7)
    np.testing.assert_allclose(line, [[0.0, 0.1, math.cos(1.1), math.sin(1.1)]], atol=1e-12)


def test_likeliest_maximises_the_likelihood_of_known_and_unknown_symbols() -> None:
    symbols, places, known_at, gain, expected = 40, 12, 15, 1.4, 0.6
    z = noise(7, kernels.PHASES, symbols + places)
    lines = np.array([[p, w, math.cos(a), math.sin(a)] for p, w, a in ((0, 0.1, 0.3), (3, -0.05, 2.0), (1, 0.0, 1.0))])
    length = KNOWN.shape[1]
    nats = {}
    for i, (p, w, re, im) in enumerate(lines):
        x = gain * axis(z[int(p)], w, complex(re, im))
        either = np.log(np.cosh(x)) - expected
        for place in range(places):
            burst = slice(place, place + symbols)
            told = np.concatenate([place + known_at + np.arange(length), place + TAILS])
            rest = np.sum(either[burst]) - np.sum(either[told])
            for s in range(len(KNOWN)):
                nats[i, s, place] = rest + abs(np.sum(np.append(KNOWN[s], np.ones(len(TAILS))) * x[told]))
    chosen = kernels.likeliest(z, lines, KNOWN, known_at, TAILS, symbols, places, gain, expected)
    assert nats[chosen] >= max(nats.values()) - 0.02 * symbols  # ln cosh is good to 0.02


def test_tuning_ends_at_the_carrier_and_phase_of_the_symbols() -> None:
    k = np.arange(148)
    signs = np.where(np.random.default_rng(8).random(148) < 0.5, -1, 1)
    z = (signs * np.exp(1j * (0.013 * k + 1.0)) + 0.3 * noise(9, 148)).astype(np.complex64)
    line = np.array([0.0, 0.017, math.cos(0.8), math.sin(0.8)])
    kernels.tuned(z, line, 5.0, 6)
    # the Cramér–Rao bound here is sqrt(12 · 0.09 / 148³) = 0.6 mrad a symbol and sqrt(4 · 0.09 / 148) = 50 mrad
    assert line[1] == pytest.approx(0.013, abs=0.002)
    assert math.sin(math.atan2(line[3], line[2]) - 1.0) == pytest.approx(0.0, abs=0.15)


def test_explained_energy_is_that_of_the_known_symbols_on_the_real_axis() -> None:
    real = noise(10, 40).real.copy()
    told, energy, count = gsm_fit.explained(real, 15, KNOWN[1], TAILS)
    where = np.append(15 + np.arange(KNOWN.shape[1]), TAILS)
    assert count == len(where) and energy == pytest.approx(np.sum(real[where] ** 2))
    assert told == pytest.approx(np.sum(np.append(KNOWN[1], np.ones(4)) * real[where]) ** 2 / count)


def test_coherence_is_the_share_of_the_payload_on_one_axis() -> None:
    e = noise(11, 40)
    v = np.delete(e, np.arange(15, 24))
    share, count = gsm_fit.coherence(gsm_symbols.parts(e), 15, 9)
    assert count == 31
    assert share == pytest.approx(np.sum(v.real**2 - v.imag**2) / np.sum(np.abs(v) ** 2), abs=1e-5)


def test_finest_turn_is_where_squares_and_known_symbols_agree_best() -> None:
    signs, span, steps = np.random.default_rng(32).choice([-2.0, 2.0], 40), 0.05, 9
    signs[15:24] = 2 * KNOWN[0]
    e = (noise(12, 40) + signs * np.exp(0.021j * np.arange(40))).astype(np.complex64)
    scores = []
    for turn in np.linspace(-span, span, steps):
        v = e * np.exp(-1j * turn * np.arange(40))
        known = np.sum(KNOWN[0] * v[15:24])
        scores.append(abs(np.sum(np.delete(v, np.arange(15, 24)) ** 2)) + 2 * abs(known) ** 2 / 9)
    turn = finest_turn(gsm_symbols.parts(e), 15, KNOWN[0], trials(span * SYMBOL_RATE_HZ / (2 * np.pi), steps, 40, 9))
    top = int(np.argmax(scores))
    left, middle, right = scores[top - 1 : top + 2]
    shift = 0.5 * (left - right) / (left - 2 * middle + right)
    assert turn == pytest.approx(span * (2 * (top + shift) / (steps - 1) - 1), abs=1e-5)


def test_remodulated_decisions_tell_amplitude_and_carrier_of_a_clean_burst() -> None:
    pulse = pulse_autocorrelation()
    a = np.where(np.random.default_rng(13).random(152) < 0.5, -1, 1)
    lag = [a[2 + d : 150 + d] for d in (-2, -1, 0, 1, 2)]
    model = lag[2] * pulse[0] - pulse[2] * (lag[0] + lag[4]) + 1j * pulse[1] * (lag[3] - lag[1])
    z = (0.8 * model * np.exp(0.0004j * np.arange(148) + 0.1j)).astype(np.complex64)
    known = a[2 + 61 : 2 + 87].astype(np.float32)
    turn, amplitude = gsm_fit.remodulated(gsm_symbols.parts(z), 61, known, pulse)
    assert turn == pytest.approx(0.0004, abs=1e-5)
    assert amplitude == pytest.approx(0.8, abs=0.01)


def test_power_and_limited_samples_are_those_of_numpy() -> None:
    y = noise(20, 50)
    np.testing.assert_allclose(gsm_symbols.power(gsm_symbols.parts(y), 0.3), 0.3 * np.abs(y) ** 2, rtol=1e-5)
    re, im = gsm_symbols.limited(gsm_symbols.parts(y), 3, 40, 1.0)
    np.testing.assert_allclose(re + 1j * im, (y / np.maximum(1.0, np.abs(y)))[3:40], rtol=1e-5)


def test_symbols_spin_by_a_carrier_and_a_phase() -> None:
    z, unit = noise(22, 100), np.exp(0.7j)
    spun = gsm_symbols.parts(z)
    gsm_symbols.spin(spun, gsm_symbols.turning(0.3, 100), unit)
    np.testing.assert_allclose(spun[0] + 1j * spun[1], z * np.exp(-0.3j * np.arange(100)) / unit, atol=1e-5)


def test_the_share_of_a_line_is_that_of_a_fine_spectrum() -> None:
    y = (0.3 * noise(33, 300) + np.exp(0.35j * np.arange(300))).astype(np.complex64)
    part = y[20:280]
    most = np.max(np.abs(np.fft.fft(part, 520)) ** 2) / 260 / np.sum(np.abs(part) ** 2)
    assert gsm_symbols.line_share(gsm_symbols.parts(y), 20, 280, 0.2) == pytest.approx(most, rel=1e-3)


@pytest.mark.parametrize("cycles", [-0.31, 0.0, 0.12])
def test_mean_frequency_of_a_tone_is_its_own(cycles: float) -> None:
    y = np.exp(2j * np.pi * cycles * np.arange(40)).astype(np.complex64)
    assert gsm_symbols.turn(gsm_symbols.parts(y), 5, 33) == pytest.approx(cycles, abs=1e-6)


def test_stretches_are_where_power_stands_out_and_none_in_noise() -> None:
    power = np.random.default_rng(21).exponential(size=900).astype(np.float32)
    assert len(kernels.stretches(power, 1.2, 2.0)) == 0
    power[200:500] *= 6
    (found,) = kernels.stretches(power, 1.2, 2.0).tolist()
    assert found == pytest.approx([200, 500], abs=4)


def test_sums_of_squares_are_those_of_numpy() -> None:
    y, tables = noise(23, 300), gsm_lines.waves(2.05)
    count = tables.halves.shape[1]
    made = gsm_lines.sums(gsm_symbols.parts(y), 70, 280, tables.halves)
    begin = (70 + 280 - count) // 2
    squares = np.array([y[n] ** 2 if 70 <= n < 280 else 0 for n in range(begin, begin + count)])
    back = np.exp(-1j * np.pi / 2.05 * (np.arange(count) - (count - 1) / 2))
    for row, turned in ((0, squares * back), (2, squares / back)):
        blocks = turned.reshape(gsm_lines.BLOCKS, -1).sum(axis=1)
        np.testing.assert_allclose(made[row] + 1j * made[row + 1], blocks, atol=1e-4)


def test_line_pairs_are_correlations_with_a_turn_and_its_opposite() -> None:
    tables = gsm_lines.waves(2.05)
    upper, lower = noise(24, gsm_lines.BLOCKS), noise(34, gsm_lines.BLOCKS)
    s = np.array([upper.real, upper.imag, lower.real, lower.imag], np.float32)
    wave = tables.turns[7, 0] + 1j * tables.turns[7, 1]
    plain = [np.sum(x * w) for w in (wave.conj(), wave) for x in (upper, lower)]
    np.testing.assert_allclose(gsm_lines.pairs(s, tables.turns[7], np.empty(8, np.float32)), plain, atol=1e-4)


@pytest.mark.parametrize("loud", [1.0, 30_000.0])
def test_two_lines_of_squares_tell_carrier_and_timing_of_a_burst(loud: float) -> None:
    rng, rx = np.random.default_rng(35), receiver(RATE)
    per, tables = rx.per_symbol, gsm_lines.waves(rx.per_symbol)
    for _ in range(20):
        cfo = rng.uniform(-24e3, 24e3)
        wave, start = generate("normal", rng, rate_hz=RATE, carrier_offset_hz=cfo)
        begins = 60 + start / rx.step
        told = gsm_lines.lines(
            np.float32(loud) * heard(wave, rx), int(begins + 8 * per), int(begins + 140 * per), per, tables
        )
        late = (told[1] - begins) / per - 0.5
        assert told[0] * SYMBOL_RATE_HZ / (2 * np.pi) == pytest.approx(cfo, abs=300)
        assert late - round(late) == pytest.approx(0, abs=0.15)


def test_the_sequence_that_agrees_best_has_the_largest_correlation_coefficient() -> None:
    places, length = 40, KNOWN.shape[1]
    axis = np.zeros(places + PLACES + length, np.float32)
    axis[: places + length - 1] = noise(30, places + length - 1).real
    told = {
        (s, at): np.sum(KNOWN[s] * (part := axis[at : at + length])) ** 2 / np.sum(part**2) / length
        for s in range(len(KNOWN))
        for at in range(places)
    }
    rho, *best = gsm_clear.agreed(axis, KNOWN, places)
    assert rho == pytest.approx(max(told.values()), rel=1e-4) and told[tuple(best)] == pytest.approx(rho, rel=1e-4)


def test_the_strongest_stretch_of_a_length_is_found() -> None:
    power = np.random.default_rng(31).exponential(size=300).astype(np.float32)
    sums = [np.sum(power[at : at + 40]) for at in range(20, 241)]
    assert gsm_clear.strongest(power, 20, 280, 40) == 20 + int(np.argmax(sums))


@pytest.mark.parametrize("kind", ["normal", "access"])
def test_a_clear_burst_is_guessed_and_fitted_as_it_was_sent(kind: Kind) -> None:
    rng, rx, form = np.random.default_rng(25), receiver(RATE), layout(kind, RATE)
    tried = trials(1_700.0, 25, form.symbols, form.known.shape[1])
    for _ in range(20):
        cfo, sequence = rng.uniform(-20e3, 20e3), int(rng.integers(len(form.known)))
        wave, start = generate(kind, rng, rate_hz=RATE, sequence=sequence, carrier_offset_hz=cfo)
        y, begins = heard(wave, rx), 60 + start / rx.step
        guess = gsm_clear.guess(y, begins + 3.3 * rx.per_symbol, gsm_clear.AROUND, form)
        at, turn = guess.start, guess.turn
        assert guess.sequence == sequence
        assert at == pytest.approx(begins, abs=0.5 * rx.per_symbol)
        assert turn * SYMBOL_RATE_HZ / (2 * np.pi) == pytest.approx(cfo, abs=1500)
        fit = gsm_fit.fit(y, gsm_symbols.power(y, 1.0), at, turn, form.known[sequence], form, tried)
        assert fit.start == pytest.approx(begins, abs=0.1 * rx.per_symbol)
        assert (turn + fit.turn) * SYMBOL_RATE_HZ / (2 * np.pi) == pytest.approx(cfo, abs=100)
        assert fit.coherence > 0.4  # of eight phases it would be 0


def heard(wave: np.ndarray, rx: Receiver, spare: int = 60) -> np.ndarray:
    """A burst behind the channel filter, with noise of variance 0.01 around it."""
    y = np.concatenate([np.zeros(spare * rx.step), wave, np.zeros(spare * rx.step)])
    y = np.convolve(y, rx.taps[1:], "same")[:: rx.step]  # of odd length, so that the middle is the middle
    return gsm_symbols.parts((y + 0.1 * noise(26, len(y))).astype(np.complex64))


def test_plain_bursts_are_found_with_their_numbers_and_a_doubtful_one_is_left() -> None:
    rng, rx, form = np.random.default_rng(27), receiver(RATE), layout("normal", RATE)
    found = np.empty(gsm_clear.MOST_CLEAR, gsm_clear.FOUND)
    wave, start = generate("normal", rng, rate_hz=RATE, sequence=5, carrier_offset_hz=3000.0)
    density = 0.01 / rx.channel_noise  # `heard` adds its noise behind the filter
    count, explained = gsm_clear.plain(heard(wave, rx), density, form, 0.0, found)
    assert (count, explained) == (1, True)
    (match,) = gsm_clear.matches(found[:1])
    assert match.sequence == 5 and match.verdict.margin > 10
    assert match.start == pytest.approx(60 + start / rx.step, abs=0.1 * rx.per_symbol)
    assert match.verdict.turn * SYMBOL_RATE_HZ / (2 * np.pi) == pytest.approx(3000, abs=100)
    tone = np.where(np.abs(wave) > 0, np.exp(2j * np.pi * 0.01 * np.arange(len(wave))), 0)
    count, explained = gsm_clear.plain(heard(tone, rx), density, form, 0.0, found)
    assert (count, explained) == (0, False)


def test_the_logarithm_of_a_tail_is_that_of_scipy() -> None:
    x = np.linspace(-30, 60, 200)
    np.testing.assert_allclose([log_tail(v) for v in x], log_ndtr(-x), rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize(("length", "step"), [(1, 1), (31, 3), (147, 18), (161, 20)])
def test_a_padded_filter_decimates_as_the_filter_does(length: int, step: int) -> None:
    rng = np.random.default_rng(28)
    iq, taps = rng.normal(size=(2000, 2)).astype(np.float32), rng.normal(size=length).astype(np.float32)
    plain, padded = np.empty(90, np.complex64), np.empty(90, np.complex64)
    decimate(iq, 1.0, 40, 0.123, taps, step, plain)
    decimate(iq, 1.0, 40, 0.123, pad(taps), step, padded)
    np.testing.assert_allclose(padded, plain, atol=1e-4)


def test_a_carrier_goes_on_where_a_phone_rests() -> None:
    rng, per = np.random.default_rng(29), 2.05
    quiet, loud = rng.exponential(1.0, 4000), 10 * rng.exponential(1.0, 4000)
    slot = 156.25 * per
    phone = quiet.copy()
    phone[2000 : 2000 + int(148 * per)] = loud[: int(148 * per)]
    for power, wanted in ((phone, False), (loud, True)):
        told = power.astype(np.float32)
        assert goes_on(told, 2000, 2000 + 148 * per, per) is wanted
        assert fills_frames(told, 2000, 2000 + 148 * per, per) is wanted
    four_of_eight = np.where((np.arange(4000) // slot) % 2 == 0, loud, quiet).astype(np.float32)
    assert not fills_frames(four_of_eight, 0.0, 148 * per, per)
