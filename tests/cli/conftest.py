"""How the tests of this folder type a command, and the small site that they watch."""

import signal
import sys
from collections.abc import Callable

import pytest

from cellwarden.cli import main

Typed = Callable[..., tuple[int, str, str]]


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Typed:
    """Types words behind `cellwarden`, in English: exit code, standard output, standard error."""
    monkeypatch.setenv("CELLWARDEN_LANGUAGE", "en")

    def typed(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["cellwarden", *map(str, words)])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        told = capsys.readouterr()
        return code, told.out, told.err

    return typed


def interruptible() -> None:
    """For `preexec_fn`: Ctrl-C is heard, though a shell's background job would ignore it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def two_cells(outside_m: int, yard_m: int) -> str:
    """The plan of two cells side by side in a yard, as a site's file has it; both squares reach so far each way."""
    around = "[[-{0}, -{0}], [{0}, -{0}], [{0}, {0}], [-{0}, {0}]]"
    return f"""\
[[floor]]
number = 0
name = "Ground"
base_m = 0.0
height_m = 3.0
[[room]]
name = "outside"
kind = "outside"
floor = 0
outline_m = {around.format(outside_m)}
[[room]]
name = "Yard"
kind = "yard"
floor = 0
outline_m = {around.format(yard_m)}
[[room]]
name = "01"
kind = "cell"
floor = 0
outline_m = [[0, 0], [3, 0], [3, 4], [0, 4]]
[[room]]
name = "02"
kind = "cell"
floor = 0
outline_m = [[3, 0], [6, 0], [6, 4], [3, 4]]
"""
