"""Ctrl-C, and what the compiler would make of it."""

import signal
import sys
import time
from collections.abc import Iterator

import pytest

from cellwarden.cli import interrupt


@pytest.fixture
def installed() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    interrupt.install()
    yield
    signal.signal(signal.SIGINT, before)


def test_an_interrupt_is_one_at_once(installed: None) -> None:
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_an_interrupt_while_the_compiler_calls_back_comes_when_it_is_done(installed: None) -> None:
    told: list[str] = []
    called_back = (
        "import signal\ndef called_back(told):\n    signal.raise_signal(signal.SIGINT)\n    told.append('done')\n"
    )
    compiler = {"__name__": interrupt.COMPILER}
    exec(called_back, compiler)
    with pytest.raises(KeyboardInterrupt):
        compiler["called_back"](told)  # type: ignore[operator]
        time.sleep(30)
    assert told == ["done"]


def test_who_answers_otherwise_or_not_at_all_goes_on_doing_so() -> None:
    before = signal.getsignal(signal.SIGINT)
    try:
        for answer in (signal.SIG_IGN, lambda number, frame: None):
            signal.signal(signal.SIGINT, answer)
            interrupt.install()
            assert signal.getsignal(signal.SIGINT) is answer
    finally:
        signal.signal(signal.SIGINT, before)


def test_the_compiler_still_calls_back_by_the_module_that_is_named() -> None:
    import llvmlite.binding.executionengine as called

    assert called.__name__ == interrupt.COMPILER in sys.modules
    assert hasattr(called.ExecutionEngine, "set_object_cache")  # whose calls are those that swallow an exception
