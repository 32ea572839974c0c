"""Watches the stages of the scan from outside: how often each is asked, and how long it takes by itself."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from unittest.mock import patch

from cellwarden.detect import bursts, coarse
from cellwarden.runtime import scan

READ, COARSE, FINE, NAME, REST = "reading", "coarse pass", "fine pass", "recognition", "rest"


@dataclass
class Watch:
    """Processor seconds of each stage without those that it calls, and how often it was entered."""

    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    entered: Counter[str] = field(default_factory=Counter)
    _stack: list[str] = field(default_factory=lambda: [REST])
    _since: float = field(default_factory=time.process_time)

    def _switch(self) -> None:
        now = time.process_time()
        self.seconds[self._stack[-1]] += now - self._since
        self._since = now

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time within this belongs to the stage."""
        self._switch()
        self._stack.append(name)
        self.entered[name] += 1
        try:
            yield
        finally:
            self._switch()
            self._stack.pop()

    def shares(self) -> dict[str, float]:
        """Part of the whole time that each stage took."""
        self._switch()
        whole = sum(self.seconds.values())
        return {name: self.seconds[name] / whole for name in (READ, COARSE, FINE, NAME, REST)}

    def call(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, watched."""

        def watched(*args: Any, **named: Any) -> Any:
            with self.stage(name):
                return function(*args, **named)

        return watched

    def stream(self, name: str, function: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
        """A generator function of which each step is watched."""

        def watched(*args: Any, **named: Any) -> Iterator[Any]:
            steps = iter(function(*args, **named))
            while True:
                with self.stage(name):
                    item = next(steps, None)
                if item is None:
                    return
                yield item

        return watched


@contextmanager
def watching() -> Iterator[Watch]:
    """Within this, every scan of this process is watched."""
    watch = Watch()
    interfaces = tuple(
        replace(
            i,
            recognise=watch.call(NAME, i.recognise),
            recognise_all=watch.call(NAME, i.recognise_all) if i.recognise_all else None,
        )
        for i in scan.INTERFACES
    )
    with ExitStack() as patches:
        patches.enter_context(patch.object(scan, "blocks", watch.stream(READ, scan.blocks)))
        patches.enter_context(patch.object(coarse, "chunks", watch.stream(COARSE, coarse.chunks)))
        patches.enter_context(patch.object(bursts, "refine", watch.call(FINE, bursts.refine)))
        patches.enter_context(patch.object(scan, "INTERFACES", interfaces))
        yield watch
