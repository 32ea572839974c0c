"""How warm a receiver is: a driver that is slow to tell holds nobody up."""

import time
from threading import Event

from cellwarden.runtime.warmth import warmth


def test_a_driver_that_is_slow_to_answer_holds_nobody_up() -> None:
    answers = Event()

    def slow() -> float:
        answers.wait(10)
        return 41.5

    with warmth(slow) as celsius:
        begun = time.monotonic()
        assert celsius() is None
        assert time.monotonic() - begun < 1
        answers.set()
        until = time.monotonic() + 10
        while celsius() is None and time.monotonic() < until:
            time.sleep(0.01)
        assert celsius() == 41.5


def test_it_is_asked_now_and_then_and_no_more_at_the_end() -> None:
    asked: list[int] = []
    with warmth(lambda: asked.append(1) or float(len(asked)), each_s=0.05) as celsius:
        until = time.monotonic() + 10
        while celsius() != 3.0 and time.monotonic() < until:
            time.sleep(0.01)
    count = len(asked)
    assert count >= 3
    time.sleep(0.2)
    assert len(asked) == count


def test_what_has_no_thermometer_is_never_asked() -> None:
    with warmth(None) as celsius:
        assert celsius() is None
