"""What tests share: recordings that lie beside the checkout, and a browser. Without them tests skip and say why."""

import gc
import os
import shutil
from bisect import bisect
from collections.abc import Iterator
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from sqlalchemy.engine import URL
from tests.postgres import server

from cellwarden import language
from cellwarden.runtime.compiling import in_turn
from cellwarden.runtime.garbage import EACH

for threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):  # numpy, not imported yet, and processes that tests start
    os.environ.setdefault(threads, "1")  # of small matrices on cores that are all taken, more wait for each other
gc.set_threshold(*EACH)  # as the program has it
settings.register_profile("untimed", deadline=None)  # a first example imports and compiles
settings.load_profile("untimed")

ORDER = (
    ("airinterface", "detect", "signature", "associate", "bench", "benchmarks"),
    ("console", "radio", "document"),
    ("locate", "watch", "measure", "simulate", "language", "ledger", "model", "register", "seal", "store", "runtime",
     "cli", "docs"),
)  # fmt: skip
"""Folders, in a part for each of three workers to begin with. In the first all is compiled that recognises, which takes
minutes; the others begin with folders in which nothing is, and come to the rest when they find it on the disk. In the
last are those that wait in true time: three workers keep two cores busy."""
SHARED = Path(__file__).parents[2] / "shared"


@pytest.hookimpl(trylast=True)  # of those that are run
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """As many to each worker, which begins with its own part: what is too many of one stands at the end of others."""
    places = {folder: place for place, folder in enumerate(folder for part in ORDER for folder in part)}

    @cache
    def place_of(path: Path) -> int:
        return places.get(path.relative_to(Path(__file__).parent).parts[0], len(places))

    def place(item: pytest.Item) -> int:
        return place_of(item.path)

    items.sort(key=place)
    ends = list(accumulate(map(len, ORDER)))
    parts = [[item for item in items if bisect(ends[:-1], place(item)) == n] for n in range(len(ORDER))]
    share = -(-len(items) // len(ORDER))
    spare = [item for part in parts for item in part[share:]]
    items.clear()
    for part in parts:
        own = part[:share]
        items += own + spare[: share - len(own)]
        del spare[: share - len(own)]
    items += spare


@pytest.fixture(scope="session")
def shared() -> Path:
    if not (SHARED / "recordings").is_dir():
        pytest.skip("the shared recordings are not beside this checkout")
    return SHARED


@pytest.fixture(scope="session", autouse=True)
def compiled_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """By whichever worker comes first; workers of a run share the folder above their own."""
    own = tmp_path_factory.getbasetemp()
    with in_turn((own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "compiling"):
        yield


@pytest.fixture(scope="session", autouse=True)
def ready_to_listen() -> None:
    """A watch or node that a test starts begins at once: what it needs, other tests compile."""
    from cellwarden.runtime.ready import place

    place("all").parent.mkdir(parents=True, exist_ok=True)
    place("all").touch()


@pytest.fixture(scope="session")
def postgres() -> Iterator[URL]:
    """A PostgreSQL that ends with the tests."""
    with server() as url:
        yield url


@pytest.fixture(autouse=True)
def english_afterwards() -> Iterator[None]:
    """A command that was run in this process may have chosen French."""
    yield
    language.use("en")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Debian's chromium behind Playwright; without one the tests that need it are skipped."""
    driver = pytest.importorskip("playwright.sync_api", reason="the playwright package is not installed")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed")
    quiet = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"]
    if os.geteuid() == 0:
        quiet.append("--no-sandbox")  # chromium refuses to run as root otherwise
    with driver.sync_playwright() as play:
        opened = play.chromium.launch(executable_path=chromium, args=quiet)
        yield opened
        opened.close()
