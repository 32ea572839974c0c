"""Beside the scan's own speed, on the same samples in the same run: what the machine can do, and what others make.

limit       16 bits to floats, window, transforms of 1024 in batches, power of every sample once: nothing else
GNU Radio   the least of a scan (`gnuradio_job`), by Debian's Python, or the one that CELLWARDEN_GNURADIO names
processes   one scan, then two at once, each on a core of its own: by the clock, so on a quiet machine alone
start       a scan of a hundredth of a second of noise from the command line: until its first block of samples is read
            and detection, imported, may take it up, and until its end; all of it is start
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import scipy.fft
from numba import njit
from numpy.typing import NDArray

from benchmarks.lane import Lane
from cellwarden.radio.recording import blocks, open_recording
from cellwarden.runtime.garbage import seldom
from cellwarden.runtime.scan import scan
from cellwarden.simulate.scenes import Air, write

SIZE = 1024
BATCH = 64
"""Transforms at once: half a megabyte, which stays in a core's cache."""
TIMES = 3
"""Of which the fastest counts: others use the machine, too."""
STARTS = 5
LONGEST_S = 300.0
"""A scan that has not ended by then never will."""
GNURADIO = "CELLWARDEN_GNURADIO"
DEBIAN = "/usr/bin/python3"
SECONDS = 20.0
JOB = Path(__file__).with_name("gnuradio_job.py")
SEED = 6


@contextmanager
def noise(seconds: float) -> Iterator[Path]:
    """A recording of noise at 10 MS/s."""
    with tempfile.TemporaryDirectory(prefix="cellwarden-") as folder:
        path = Path(folder) / "noise.sigmf-meta"
        write(path, Air(seconds=seconds), iter(()), SEED)
        yield path


def compared(seconds: float) -> dict[str, Any]:
    """Samples a processor second of a scan, of the machine's limit and of GNU Radio, in turn; the best of each."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    jobs: dict[str, Callable[[Path], float]] = {"scan": scanned, "limit": transformed, "gnuradio": by_gnuradio}
    with noise(seconds) as path:
        count = open_recording(path).sample_count
        jobs["scan"](path)
        found = {name: [job(path) for _time in range(TIMES)] for name, job in jobs.items()}
    best = {name: min(times) for name, times in found.items()}
    return {f"{name}_ms_per_s": count / cost / 1e6 if cost < float("inf") else None for name, cost in best.items()}


def scanned(path: Path) -> float:
    """Processor seconds of a scan."""
    begun = time.process_time()
    with seldom():
        for _emission in scan(open_recording(path)):
            pass
    return time.process_time() - begun


def transformed(path: Path) -> float:
    """Processor seconds of what no scan can do without."""
    window, power = np.hanning(SIZE).astype(np.float32), np.empty((BATCH, SIZE), np.float32)
    frames = np.empty((BATCH, 2 * SIZE), np.float32)
    begun = time.process_time()
    for block in blocks(open_recording(path), SIZE * BATCH):
        if len(block.iq) == SIZE * BATCH:
            window_frames(block.iq, window, frames)
            spectra = scipy.fft.fft(frames.view(np.complex64), axis=1, overwrite_x=True)
            power_rows(spectra.view(np.float32), power)
    return time.process_time() - begun


@njit(cache=True, fastmath=True, nogil=True)
def window_frames(iq: NDArray[np.int16], window: NDArray[np.float32], out: NDArray[np.float32]) -> None:
    """Frames times window. iq: int16, shape (frames n, 2); out: float32, shape (frames, 2 n), I and Q in turn."""
    flat, width = iq.reshape(-1), out.shape[1]
    for f in range(len(out)):
        part, made = flat[f * width : (f + 1) * width], out[f]
        for i in range(len(window)):
            made[2 * i] = part[2 * i] * window[i]
            made[2 * i + 1] = part[2 * i + 1] * window[i]


@njit(cache=True, fastmath=True, nogil=True)
def power_rows(spectrum: NDArray[np.float32], out: NDArray[np.float32]) -> None:
    """Squared magnitudes. spectrum: float32, shape (frames, 2 n), real and imaginary parts in turn."""
    for f in range(len(out)):
        for i in range(out.shape[1]):
            re, im = spectrum[f, 2 * i], spectrum[f, 2 * i + 1]
            out[f, i] = re * re + im * im


def by_gnuradio(path: Path) -> float:
    """Processor seconds of GNU Radio's own threads; infinite where there is none."""
    python = os.environ.get(GNURADIO) or (DEBIAN if _has_gnuradio() else "")
    if not python:
        return float("inf")
    data = path.with_suffix(".sigmf-data")
    done = subprocess.run([*python.split(), JOB, data], capture_output=True, text=True, check=True)
    return float(done.stdout.split()[0])


def _has_gnuradio() -> bool:
    """Whether Debian's Python has it."""
    asked = [DEBIAN, "-c", "import gnuradio.blocks"]
    return Path(DEBIAN).exists() and subprocess.run(asked, capture_output=True, check=False).returncode == 0


def processes(seconds: float) -> dict[str, Any]:
    """How much more two processes do than one, by the clock, and how busy the machine was with other things."""
    cores = sorted(os.sched_getaffinity(0))[:2]
    load = os.getloadavg()[0]
    with noise(seconds) as path:
        one = min(_at_once(path, cores[:1]) for _time in range(TIMES))
        two = min(_at_once(path, cores) for _time in range(TIMES)) if len(cores) == 2 else float("nan")
    return {"one_s": one, "two_s": two, "gain": 2 * one / two if len(cores) == 2 else None, "load": load}


def _at_once(path: Path, cores: list[int]) -> float:
    """Wall seconds until as many scans as cores are done, each in a process that is warm."""
    context = get_context("spawn")
    barrier, results = context.Barrier(len(cores), timeout=LONGEST_S), context.Queue()
    running = [context.Process(target=_scan_on, args=(path, core, barrier, results)) for core in cores]
    for process in running:
        process.start()
    spans = [results.get(timeout=LONGEST_S) for _process in running]
    for process in running:
        process.join()
    return max(end for _begin, end in spans) - min(begin for begin, _end in spans)


def _scan_on(path: Path, core: int, barrier: Any, results: Any) -> None:
    os.sched_setaffinity(0, {core})
    scanned(path)
    barrier.wait()
    begun = time.monotonic()
    scanned(path)
    results.put((begun, time.monotonic()))


FIRST = """
import os, sys, time
from cellwarden.radio import recording

def told(*given, read=recording.blocks):
    next(read(*given))
    os.write(1, str(time.process_time()).encode())
    os._exit(0)

recording.blocks = told
from cellwarden.cli import main
main()
"""
"""Types a scan, and says how many processor seconds there were when its first samples were at hand."""


def start() -> dict[str, Any]:
    """Processor seconds from nothing to the first samples of a scan and to its end, and what Numba has of that."""
    with noise(0.01) as path:
        words = ["scan", str(path), "--no-hash", "--quiet"]
        whole = _cost([sys.executable, "-m", "cellwarden", *words])
        first = min(
            float(subprocess.run([sys.executable, "-c", FIRST, *words], **_QUIETLY).stdout) for _time in range(STARTS)
        )
    loop = "import numpy, scipy.fft; from cellwarden.detect.kernels import lowest; lowest(numpy.zeros((4, 8), 'f4'), 2)"
    return {"first_s": first, "processor_s": whole, "numba_s": _cost([sys.executable, "-c", loop])}


_QUIETLY: dict[str, Any] = {
    "check": True,
    "capture_output": True,
    "env": {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
}
"""How commands are run: what Python compiled is kept, as a user's does."""


def _cost(command: list[str]) -> float:
    """Processor seconds of a command, the least of some runs, the first of which may still compile."""
    spent = []
    for _time in range(1 + STARTS):
        before = os.times()
        subprocess.run(command, **_QUIETLY)
        after = os.times()
        spent.append(after.children_user + after.children_system - before.children_user - before.children_system)
    return min(spent[1:])


def _beside(scale: float) -> dict[str, Any]:
    if not os.environ.get(GNURADIO) and not _has_gnuradio():
        sys.exit(f"GNU Radio is not there: apt-get install gnuradio, or {GNURADIO}=a Python that has it")
    return {"compared": partial(compared, max(1.0, SECONDS * scale))}


def _both(scale: float) -> dict[str, Any]:
    return {"processes": partial(processes, max(1.0, SECONDS * scale))}


def _as_measured(done: Mapping[str, Any]) -> dict[str, Any]:
    return {"seed": SEED, **done}


BESIDE = Lane("gnuradio", _beside, _as_measured)
BOTH = Lane("processes", _both, _as_measured)
"""On a machine with nothing else to do: lanes of their own, so that one command measures each."""
