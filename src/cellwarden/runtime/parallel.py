"""Several recordings at once: a few processes, each of which takes the next file when it has done one.

    parent  ──job──►  process 1  ──(done, all) (done, all) … Outcome──►  parent
            ──job──►  process 2  ──…

What one file does to its process, an error or an early end, stays with that file.
"""

import os
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnContext, SpawnProcess
from pathlib import Path

from cellwarden.errors import CellwardenError
from cellwarden.language import gettext as _
from cellwarden.language import language, use
from cellwarden.runtime.files import Job, Progress, hear


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one job: what to tell of it, or why it failed."""

    job: Job
    verdict: str = ""
    total: int = 0
    phones: int = 0
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()
    error: str | None = None

    @property
    def path(self) -> Path:
        """The recording."""
        return self.job.path


@dataclass(slots=True)
class _Worker:
    """A process and the number of the job that it is at."""

    process: SpawnProcess
    number: int = field(default=-1)


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def outcome(job: Job, progress: Progress | None = None) -> Outcome:
    """Do one job here and now; an error that a person can act on becomes words."""
    try:
        heard = hear(job, progress)
    except CellwardenError as error:
        return Outcome(job, error=str(error))
    seconds = sum(segment.sample_count / segment.rate_hz for segment in heard.recording.segments)
    return Outcome(job, heard.verdict(), heard.total, heard.phones, seconds, heard.warnings)


def hear_all(
    jobs: Sequence[Job], *, processes: int, progress: Callable[[int, int, int], None] | None = None
) -> Iterator[tuple[int, Outcome]]:
    """Do all jobs; yields (number of the job, outcome) as they end.

    `progress` is told the number of the job, the samples done since it was last told, and all samples of its recording.
    """
    waiting = deque(enumerate(jobs))
    workers: dict[Connection, _Worker] = {}
    try:
        while waiting or workers:
            while waiting and len(workers) < processes:
                pipe, worker = _started(get_context("spawn"))
                workers[pipe] = worker
                _next(pipe, worker, waiting)
            for ready in wait(list(workers)):
                assert isinstance(ready, Connection)
                worker = workers[ready]
                message = _received(ready)
                if isinstance(message, tuple):
                    if progress is not None:
                        progress(worker.number, *message)
                    continue
                if message is None:
                    worker.process.join()
                    message = Outcome(jobs[worker.number], error=_early_end(jobs[worker.number], worker.process))
                number = worker.number
                if not worker.process.is_alive() or not _next(ready, worker, waiting):
                    ready.close()
                    worker.process.join()
                    del workers[ready]
                yield number, message
    finally:
        for pipe, worker in workers.items():
            pipe.close()
            worker.process.terminate()
            worker.process.join()


def _started(context: SpawnContext) -> tuple[Connection, _Worker]:
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs, language()), daemon=True)
    process.start()
    theirs.close()  # so that the end of the process ends the pipe
    return ours, _Worker(process)


def _next(pipe: Connection, worker: _Worker, waiting: deque[tuple[int, Job]]) -> bool:
    """Hand the next job to a process, or tell it that there is none."""
    with suppress(OSError):  # a process that is gone is noticed where its answer is awaited
        if waiting:
            worker.number, job = waiting.popleft()
            pipe.send(job)
            return True
        pipe.send(None)
        return False
    return True


def _received(pipe: Connection) -> tuple[int, int] | Outcome | None:
    """What a process says; None where it ended without a word."""
    try:
        message: tuple[int, int] | Outcome = pipe.recv()
        return message
    except (EOFError, OSError):
        return None


def _early_end(job: Job, process: SpawnProcess) -> str:
    return _("{path}: its process ended early (code {code}): free some memory, or give --jobs 1").format(
        path=job.path, code=process.exitcode
    )


def _work(pipe: Connection, spoken: str) -> None:
    """The life of a process. An interrupt from the keyboard is its parent's to deal with."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    use(spoken)
    with suppress(BrokenPipeError):  # the parent is gone
        while (job := _job(pipe)) is not None:
            pipe.send(outcome(job, lambda done, total: pipe.send((done, total))))


def _job(pipe: Connection) -> Job | None:
    """The next job; None where there is none, or nobody is left to hand it out."""
    try:
        job: Job | None = pipe.recv()
        return job
    except EOFError:
        return None
