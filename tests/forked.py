"""The program in a process of its own, without two seconds of importing and loading each time.

    worker of pytest ──a line of JSON: words, folder, environment──► server: imports once, scans once
                     ◄──────────────exit code──────────────────────     └─fork─► child: `python -m cellwarden words…`

Each child is a process as a person starts it: its own environment, folder, standard streams and end. It finds imported
only what no language touches: never a module of a command, which makes its help as it is imported. The server has one
thread and forks between two commands, so no child inherits a lock that somebody holds.

Where the start itself is what a test is about, or a signal, it starts Python anew (`subprocess`, `processes.started`).
"""

import atexit
import gc
import json
import os
import runpy
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import IO, Any

STREAMS = ((0, "r"), (1, "w"), (2, "w"))
SERVER = [sys.executable, "-P", __file__]  # -P: this folder holds no modules


def run(
    words: list[str], environment: Mapping[str, str], folder: Path | None = None
) -> "subprocess.CompletedProcess[str]":
    """`cellwarden words…` as `subprocess.run` would tell of it."""
    server = _server()
    assert server.stdin is not None and server.stdout is not None
    with tempfile.TemporaryDirectory(prefix="cellwarden-") as place:
        out, err = Path(place, "out"), Path(place, "err")
        job = {"words": words, "environment": dict(environment), "folder": str(folder or Path.cwd())}
        server.stdin.write(json.dumps(job | {"out": str(out), "err": str(err)}) + "\n")
        server.stdin.flush()
        code = int(server.stdout.readline())
        return subprocess.CompletedProcess(words, code, out.read_text("utf-8"), err.read_text("utf-8"))


@cache
def _server() -> "subprocess.Popen[str]":
    """Of this worker; ends with it, when nobody holds its standard input any more."""
    server = subprocess.Popen(SERVER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    atexit.register(_end, server)
    return server


def _end(server: "subprocess.Popen[str]") -> None:
    with server:
        assert server.stdin is not None
        server.stdin.close()


def _ready() -> None:
    """Import what a scan and its report need, and load the loops of one."""
    from cellwarden.runtime import garbage

    garbage.rarely()
    from cellwarden.runtime.files import Job, hear
    from cellwarden.simulate.wing import PLACE

    with tempfile.TemporaryDirectory(prefix="cellwarden-") as place:
        found, page = Path(place, "found.sigmf-meta"), Path(place, "page.html")
        assert hear(Job(PLACE.with_suffix(".sigmf-meta"), output=found, report=page)).total
    gc.freeze()  # no child looks through what is the server's


def _serve(answers: IO[str]) -> None:
    for line in sys.stdin:
        child = os.fork()
        if not child:
            answers.close()
            _be(json.loads(line))
        answers.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
        answers.flush()


def _be(job: dict[str, Any]) -> None:
    """The program, to its end."""
    code: object = 1
    try:
        os.chdir(job["folder"])
        os.environ.clear()
        os.environ.update(job["environment"])
        write = os.O_WRONLY | os.O_CREAT
        for number, (path, how) in enumerate([(os.devnull, os.O_RDONLY), (job["out"], write), (job["err"], write)]):
            os.dup2(os.open(path, how, 0o600), number)
        sys.stdin, sys.stdout, sys.stderr = (os.fdopen(number, mode, encoding="utf-8") for number, mode in STREAMS)
        sys.argv = ["cellwarden", *job["words"]]
        runpy.run_module("cellwarden", run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        code = end.code or 0
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 1)


if __name__ == "__main__":
    told = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is no answer
    _ready()
    _serve(told)
