"""What tests share: recordings that lie beside the checkout, and a browser. Without them tests skip and say why."""

import gc
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import URL
from tests.postgres import server

from cellwarden import language
from cellwarden.runtime.garbage import EACH

for threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):  # numpy, not imported yet, and processes that tests start
    os.environ.setdefault(threads, "1")  # of small matrices on cores that are all taken, more wait for each other
gc.set_threshold(*EACH)  # as the program has it

QUIET = ("simulate", "measure", "store", "console", "locate", "watch", "language", "ledger", "model", "register")
ORDER = (*QUIET, "radio", "document")
"""Folders in which hardly anything is recognised: half of all tests, so that the second of two workers begins with
them, and finds on disk what the first compiles meanwhile. That takes minutes, and both would do it at once."""
SHARED = Path(__file__).parents[2] / "shared"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def last(item: pytest.Item) -> int:
        folder = item.path.relative_to(Path(__file__).parent).parts[0]
        return ORDER.index(folder) if folder in ORDER else -1

    items.sort(key=last)


@pytest.fixture(scope="session")
def shared() -> Path:
    if not (SHARED / "recordings").is_dir():
        pytest.skip("the shared recordings are not beside this checkout")
    return SHARED


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
