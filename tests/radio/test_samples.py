"""Samples of every datatype, in blocks of any size, against plain numpy and against the library of SigMF."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import sigmf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from cellwarden.detect.coarse import chunks
from cellwarden.errors import RecordingError
from cellwarden.model import Block, Room
from cellwarden.radio import recording as room
from cellwarden.radio.datatype import named

Write = Callable[..., Path]

KINDS = ["f32", "f64", "i32", "i16", "u32", "u16"]
NAMES = [f"{domain}{kind}{order}" for domain in "cr" for kind in KINDS for order in ("_le", "_be")]
NAMES += [f"{domain}{kind}" for domain in "cr" for kind in ("i8", "u8")]
CASES = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


def plain(raw: NDArray[np.generic]) -> NDArray[np.float64]:
    """Full scale one, straight from the definition: offset binary has its zero between two codes."""
    bits = 8 * raw.dtype.itemsize
    if raw.dtype.kind == "f":
        return raw.astype(np.float64)
    middle = 2.0 ** (bits - 1) - 0.5 if raw.dtype.kind == "u" else 0.0
    return (raw.astype(np.float64) - middle) * 2.0 ** (1 - bits)


def streamed(recording: room.Recording, block_samples: int) -> NDArray[np.complex128]:
    """All samples that `blocks` gives."""
    parts = [(b.iq.astype(np.float64) * b.scale) @ np.array([1, 1j]) for b in room.blocks(recording, block_samples)]
    return np.concatenate(parts)


def values(dtype: np.dtype[np.generic], shape: tuple[int, ...]) -> st.SearchStrategy[NDArray[np.generic]]:
    """Arrays of all values of a type; of floats, those a receiver may tell."""
    if dtype.kind == "f":
        return arrays.arrays(dtype, shape, elements=st.floats(-4, 4, width=32))
    return arrays.arrays(dtype, shape)


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("c")])
@given(data=st.data(), count=st.integers(1, 40), block=st.integers(1, 50))
@CASES
def test_complex_samples_are_those_that_numpy_reads(
    write: Write, name: str, data: st.DataObject, count: int, block: int
) -> None:
    kind = named(name)
    assert kind is not None
    raw = data.draw(values(kind.component, (count, 2)))
    raw.reshape(-1)[0] = 1  # a recording of zeros only is refused
    opened = room.open_recording(write(name, raw.tobytes()))
    wanted = plain(raw) @ np.array([1, 1j])
    np.testing.assert_allclose(streamed(opened, block), wanted, rtol=1e-6, atol=1e-38)
    start, length = data.draw(st.integers(-5, 45)), data.draw(st.integers(0, 45))
    clipped = wanted[max(0, start) : max(0, start + length)]
    np.testing.assert_allclose(room.read_samples(opened, start, length), clipped, rtol=1e-6, atol=1e-37)


@pytest.mark.parametrize("name", NAMES)
def test_the_library_of_sigmf_reads_the_same(write: Write, name: str) -> None:
    kind = named(name)
    assert kind is not None
    rng = np.random.default_rng(1)
    shape = (301,) if kind.real else (301, 2)
    if kind.component.kind == "f":
        raw = rng.normal(size=shape).astype(kind.component)
    else:
        limits = np.iinfo(kind.component)
        raw = rng.integers(limits.min, limits.max, shape, endpoint=True, dtype=kind.component.newbyteorder("="))
        raw = raw.astype(kind.component)
    path = write(name, raw.tobytes())
    theirs = sigmf.fromfile(str(path)).read_samples()
    if kind.component.kind == "u":  # they take a code for the middle, we the point between two
        half = 2.0 ** -(8 * kind.component.itemsize)
        theirs = theirs + (half if kind.real else half * (1 + 1j))
    ours = room.read_samples(room.open_recording(path), 0, 301)
    if kind.real:  # I of every second sample is what lies in the file, see radio.analytic
        np.testing.assert_allclose(ours.real * (-1.0) ** np.arange(151), theirs[::2], atol=1e-6)
    else:
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_integers_of_this_machine_are_handed_on_without_a_copy(write: Write) -> None:
    raw = np.arange(1, 2001, dtype="=i2").reshape(-1, 2)
    name = "ci16_le" if np.little_endian else "ci16_be"
    first, *others = room.blocks(room.open_recording(write(name, raw.tobytes())), 100)
    assert first.iq.dtype == np.int16 and all(np.shares_memory(first.iq, other.iq) for other in others)


@pytest.mark.parametrize("name", ["ci16_le", "ci16_be", "ci8", "cf32_le"])
@pytest.mark.parametrize("seed", range(3))
def test_samples_are_the_same_where_the_detector_lets_them_be_read_to_where_it_wants_them(
    write: Write, name: str, seed: int
) -> None:
    kind, rng = named(name), np.random.default_rng(seed)
    assert kind is not None
    cuts = np.sort(rng.integers(1, 400_000, 3)).tolist()  # captures of any length, at 1 MS/s in frames of 64 samples
    samples = np.clip(rng.normal(size=(400_000, 2)) * 30, -127, 127)
    samples[50_000:51_000] += 60  # a burst, so that rows are carried over
    path = write(
        name,
        np.rint(samples).astype(kind.component).tobytes(),
        captures=[{"core:sample_start": at, "core:frequency": 9e8 + at} for at in (0, *cuts)],
    )
    recording, space = room.open_recording(path), Room()

    def heard(blocks: Iterator[Block], where: Room | None) -> list[tuple[int, bytes]]:
        return [(c.samples.sample_start, c.samples.iq.tobytes()) for c in chunks(blocks, Counter(), where)]

    straight = heard(room.blocks(recording, 1 << 20, space), space)
    assert straight == heard(room.blocks(recording, 7_001), None)


@pytest.mark.parametrize("name", ["cf32_le", "cf64_be", "rf32_be", "rf64_le"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e16])
@pytest.mark.parametrize("where", [0, 3, 4, 998, 1999])
@pytest.mark.parametrize("block", [4, 1 << 20])
@pytest.mark.filterwarnings("error")
def test_the_first_sample_that_is_no_number_is_named(
    write: Write, name: str, bad: float, where: int, block: int
) -> None:
    kind = named(name)
    assert kind is not None
    raw = np.ones((2000, 1 if kind.real else 2), kind.component)
    raw[where, -1] = bad
    raw[where + 1 :] = np.nan
    opened = room.open_recording(write(name, raw.tobytes()))
    with pytest.raises(RecordingError, match=f"sample {where} is no number"):
        for _block in room.blocks(opened, block):
            pass


@pytest.mark.parametrize("name", ["ci8", "cu8", "ci16_le", "cf32_le", "ru16_be", "rf64_le"])
def test_a_file_of_zeros_is_no_recording(write: Write, name: str) -> None:
    opened = room.open_recording(write(name, bytes(4000)))
    with pytest.raises(RecordingError, match="zeros"):
        list(room.blocks(opened, 16))


def test_a_file_that_shrinks_while_it_is_read_is_told(write: Write) -> None:
    path = write("ci16_le", bytes(range(1, 201)) * 4)
    opened = room.open_recording(path)
    path.with_suffix(".sigmf-data").write_bytes(b"1234")
    with pytest.raises(RecordingError, match="ended while being read"):
        list(room.blocks(opened))
    with pytest.raises(RecordingError, match="ended while being read"):
        room.data_digest(opened)
    path.with_suffix(".sigmf-data").unlink()
    with pytest.raises(RecordingError, match=r"r\.sigmf-data cannot be read"):
        room.data_digest(opened)


def test_the_hash_is_that_of_the_samples_and_a_wrong_claim_is_told(write: Write) -> None:
    data = bytes(range(1, 241))
    right = hashlib.sha512(data).hexdigest()
    for claim, warned in ((None, False), (right, False), (right.upper(), False), ("0" * 128, True), (7, True)):
        head = {} if claim is None else {"core:sha512": claim}
        opened = room.open_recording(write("ci8", data, **head))
        assert room.data_digest(opened) == right
        sentence = room.check_digest(opened, right)
        assert (sentence is not None) == warned
        assert sentence is None or "r.sigmf-meta" in sentence
