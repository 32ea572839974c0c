"""What may be wrong with I and Q, told from a few stretches of samples, and set right where that can be done.

    saturated    ▔▔╲  ╱▔▔     values pile up at the largest one
    coarse       ▁▁▔▁▔▔▁▁     noise fills but two steps of the numbers
    real         Q is nothing, or a copy of I: every signal is there twice, at f and at -f
    out of step  Q comes from the sample before or after I's: x'(f) = x(f) cos ωd/2 …, and a mirror image
                 of tan ωd/2 its strength at -f

A transmitter's signal is proper: x(f) and x(-f) have nothing to do with each other, E[x(f) x(-f)] = 0. A receiver that
is a little off in gain or phase adds an image some 30 dB below, in phase with |x(f)|². I and Q out of step by d samples
make it

    E[x'(f) x'(-f)] = -j/2 sin(ωd) (E|x(f)|² - E|x(-f)|²)

which is compared with what there is, over all frequencies. White noise tells nothing; signals do.

`stretches` are samples that follow each other, complex64, shape (n,) each.

Source: P. J. Schreier and L. L. Scharf, Statistical Signal Processing of Complex-Valued Data (2010) §8 [unread].
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cellwarden.errors import RecordingError
from cellwarden.language import gettext as _
from cellwarden.model import Block, Burst, Segment
from cellwarden.radio.samples import IQ, Recording, blocks, read_samples

WINDOW, WINDOWS = 1 << 14, 12
"""Samples of a stretch that is looked at, and how many of them lie evenly in a recording."""
FRAME = 256
NEAR_ZERO = 3
"""Bins beside zero that are not looked at: a carrier at zero is its own mirror image."""
BINS = np.arange(NEAR_ZERO, FRAME // 2)
SIGMAS, NEAR_ONE, LEFT = 8.0, 0.3, 0.3
"""Of what one sample out of step makes of x(f) x(-f), the part that is there: 1 where that is so, and 0 else. It must
be so many standard deviations from 0 and so near 1, and leave no more than LEFT unexplained; an analogue delay of a
tenth of a sample gives a tenth."""
FEWEST_FRAMES = 64
COHERENT = 0.3
"""Least part of what is at f and -f that goes together, for an image of some strength: one 20 dB down makes 0.04."""
FLAT = 1e-4
"""Least part of the power that the weaker axis has: below, samples lie on a line."""
SATURATED, FEWEST = 1e-4, 16
PILE = 2.0
"""How many times more values lie at the very end than in the last fiftieth before it; a carrier's pile there is 1."""
NEAR_END, LEVELS = 0.98, 3
COARSE = 0.9
"""Part of the values that two levels hold: of noise whose deviation is 0.39 steps around a level, 0.61 between two.
Rounding, which adds 1/12 of a step squared to wider noise, then follows the noise no longer and makes signals of it."""


@dataclass(frozen=True, slots=True)
class Faults:
    """What was seen in some stretches of a recording."""

    saturated: float = 0.0
    """Part of the values that lie at the largest one, where they pile up."""
    coarse: bool = False
    """The noise is so weak that two levels hold nearly all values."""
    real: bool = False
    late: int = 0
    """By how many samples Q comes after the I that it belongs to: -1, 0 or 1."""
    mirrored: bool = False
    """Every signal has a strong mirror image, for no reason that is known."""


def windows(recording: Recording, places: Iterable[int] = ()) -> list[NDArray[np.complex64]]:
    """Stretches that lie evenly in a recording, and those that begin at given samples: complex64, shape (n,) each."""
    last = max(0, recording.sample_count - WINDOW)
    starts = {last * k // max(1, WINDOWS - 1) // WINDOW * WINDOW for k in range(WINDOWS)}
    starts |= {min(max(0, place), last) for place in places}
    return [read_samples(recording, start, WINDOW) for start in sorted(starts)]


def faults(stretches: Sequence[NDArray[np.complex64]]) -> Faults:
    """What is wrong with complex samples."""
    if is_real(stretches):
        return Faults(saturated(stretches), real=True)
    late = out_of_step(stretches)
    return Faults(saturated(stretches), late=late, mirrored=late == 0 and is_mirrored(stretches))


def is_coarse(stretches: Sequence[NDArray[np.complex64]]) -> bool:
    """Whether whole numbers are too coarse for the noise between them, in a quarter of the stretches at least: others
    hold signals, or but one level, that of lost samples.
    """
    counts = [np.sort(np.unique(stretch.view(np.float32), return_counts=True)[1]) for stretch in stretches]
    shares = [float(count[-2:].sum() / count.sum()) for count in counts if len(count) > 1]
    return bool(shares) and float(np.quantile(shares, 0.75, method="higher")) > COARSE


def saturated(stretches: Sequence[NDArray[np.complex64]]) -> float:
    """Part of the values of I and Q at the very ends of what there is, where more lie than any unclipped signal has.

    A sine's values gather at its ends, but as many lie within the last fiftieth as at the last value. Samples that were
    scaled are coarser than their type, so that this fiftieth holds a few of the levels that occur.
    """
    ends = [(float(s.view(np.float32).min(initial=0)), float(s.view(np.float32).max(initial=0))) for s in stretches]
    lowest, highest = min((low for low, _high in ends), default=0.0), max((high for _low, high in ends), default=0.0)
    worst = 0.0
    for stretch in stretches:
        values = stretch.view(np.float32)
        at = near = 0
        for side, end in ((values, highest), (-values, -lowest)):
            levels = np.unique(side[side > 0.5 * end])[::-1]
            if len(levels) > LEVELS and levels[0] >= end:
                at += int(np.count_nonzero(side >= end))
                near += int(np.count_nonzero((side < end) & (side >= min(NEAR_END * end, levels[LEVELS]))))
        if at > max(FEWEST, SATURATED * len(values)) and at > PILE * near:
            worst = max(worst, at / len(values))
    return worst


def is_real(stretches: Sequence[NDArray[np.complex64]]) -> bool:
    """Whether all samples lie on one line through zero: Q is nothing, or a multiple of I."""
    x = np.concatenate([stretch - stretch.mean() for stretch in stretches if len(stretch)])
    i, q = x.real.astype(np.float64), x.imag.astype(np.float64)
    ii, qq, iq = float(i @ i), float(q @ q), float(i @ q)
    total = ii + qq
    weaker = (total - math.hypot(ii - qq, 2 * iq)) / 2
    return total > 0 and weaker < FLAT * total


def out_of_step(stretches: Sequence[NDArray[np.complex64]]) -> int:
    """By how many samples Q comes late, -1, 0 or 1; 0 too where samples do not tell."""
    left, late, part, deviation = min(_step(stretches, late) for late in (-1, 1))
    return late if left < LEFT and abs(part - 1) < NEAR_ONE and part > SIGMAS * deviation else 0


def _step(stretches: Sequence[NDArray[np.complex64]], late: int) -> tuple[float, int, float, float]:
    """How much there is of E[x(f) x(-f)] beside what Q late by some samples makes of it, and once that is mended, over
    what it makes; `late`; how much of what it makes is there; and the standard deviation of that.

    What it makes is computed from other frames than what there is: chance is not to explain itself.
    """
    sums = []
    for half in (0, 1):
        power, common, frames = _spectra(stretches, 0, half)
        right, rest, _frames = _spectra(stretches, late, half)
        model = -0.5j * np.sin(2 * np.pi * late * BINS / FRAME) * (right[BINS] - right[-BINS])
        sums.append((common[BINS], rest[BINS], model, power[BINS] * power[-BINS] / max(frames, 1)))
    (one, rest_one, model_one, noise), (two, rest_two, model_two, _noise) = sums
    size = float(np.sum(model_one * model_two.conj()).real)
    if size <= 0:
        return math.inf, late, 0.0, 1.0
    part = float(np.sum(one * model_two.conj() + two * model_one.conj()).real) / 2 / size
    model = (model_one + model_two) / 2
    deviation = math.sqrt(float(np.sum(np.abs(model) ** 2 * noise)) / 2) / size
    unlike = float(np.sum((one - model_two) * (two - model_one).conj()).real)
    left = float(np.sum(rest_one * rest_two.conj()).real)  # once Q is moved
    return max(unlike, left) / size, late, part, deviation


def is_mirrored(stretches: Sequence[NDArray[np.complex64]]) -> bool:
    """Whether what is at f is at -f too, its mirror image, by whatever cause."""
    power, common, frames = _spectra(stretches, 0)
    both = (power[BINS] + power[-BINS]) / 2
    improper = float(np.sum(np.abs(common[BINS]) ** 2)) / max(float(np.sum(both**2)), 1e-60)
    return frames > FEWEST_FRAMES and improper > COHERENT


def _spectra(
    stretches: Sequence[NDArray[np.complex64]], late: int, half: int | None = None
) -> tuple[NDArray[np.float64], NDArray[np.complex128], int]:
    """Means of |x(f)|² and of x(f) x(-f) with Q taken `late` samples later, shape (FRAME,), and of how many frames.

    `half` takes the even or the odd frames alone.
    """
    power, common, frames = np.zeros(FRAME), np.zeros(FRAME, np.complex128), 0
    window = np.hanning(FRAME).astype(np.float32)
    for stretch in stretches:
        count = len(stretch) - abs(late)
        if count < FRAME:
            continue
        x = stretch - stretch.mean()
        moved = x.real[max(0, -late) :][:count] + 1j * x.imag[max(0, late) :][:count]
        rows = moved[: count // FRAME * FRAME].reshape(-1, FRAME)
        rows = rows if half is None else rows[half::2]
        spectra = np.fft.fft(rows * window, axis=1)
        power += np.sum(np.abs(spectra) ** 2, axis=0)
        common += np.sum(spectra * spectra[:, -np.arange(FRAME) % FRAME], axis=0)
        frames += len(spectra)
    return power / max(frames, 1), common / max(frames, 1), frames


def swapped(recording: Recording) -> Recording:
    """The recording with I and Q exchanged, so that its spectrum is the other way round. Raises RecordingError."""
    _refuse_real(recording)
    one = recording.iq
    return replace(recording, iq=IQ(one.q_column, one.q_later, one.i_column, one.i_later))


def aligned(recording: Recording) -> Recording:
    """The recording with I and Q brought into step; a pass over it finds its loudest stretches, which tell how.

    Where I comes before the Q of the pair before it, a single number was lost or added in the file, and the numbers
    keep their order. Otherwise Q came late. Raises RecordingError where nothing is out of step.

        file     a₀ b₀ a₁ b₁ a₂ b₂        a number was lost: I = b₀, Q = a₁      Q comes late: I = a₀, Q = b₁
    """
    _refuse_real(recording)
    late = out_of_step([read_samples(recording, start, WINDOW) for start in _loudest(recording)])
    if late == 0:
        raise RecordingError(
            _("{path}: I and Q are in step as far as its signals tell: leave --align-iq out").format(
                path=recording.path
            )
        )
    return replace(recording, iq=IQ(0, 0, 1, 1) if late == 1 else IQ(1, 0, 0, 1))


def _refuse_real(recording: Recording) -> None:
    if recording.real:
        raise RecordingError(
            _("{path} holds real samples, which have no Q: leave --swap-iq and --align-iq out").format(
                path=recording.path
            )
        )


def _loudest(recording: Recording) -> list[int]:
    """Where the loudest stretches of a recording begin."""
    found: list[tuple[float, int]] = []
    for block in blocks(recording):
        starts = range(0, max(1, len(block.iq) - WINDOW + 1), WINDOW)
        for start in starts:
            part = block.iq[start : start + WINDOW : 4].astype(np.float32)
            found.append((float(np.mean(part * part)), block.sample_start + start))
        found = sorted(found, reverse=True)[:WINDOWS]
    return [start for _power, start in found]


def mirrored(burst: Burst, block: Block) -> tuple[Burst, Block]:
    """A burst and its samples as they are where I and Q are swapped: all frequencies change sign."""
    other = replace(burst, low_offset_hz=-burst.high_offset_hz, high_offset_hz=-burst.low_offset_hz)
    return other, replace(block, iq=np.ascontiguousarray(block.iq * np.array([1, -1], block.iq.dtype)))


def around(recording: Recording, segment: Segment, burst: Burst, margin: int) -> Block:
    """The samples of a burst and some before and after it, of its own segment."""
    first = max(segment.sample_start, burst.sample_start - margin)
    end = min(segment.sample_start + segment.sample_count, burst.sample_start + burst.sample_count + margin)
    samples = read_samples(recording, first, end - first)
    return Block(np.ascontiguousarray(samples).view(np.float32).reshape(-1, 2), 1.0, first, segment)
