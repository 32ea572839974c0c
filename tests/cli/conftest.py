"""How the tests of this folder type a command."""

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
