"""Shared recordings lie beside the checkout where they are present; tests that need them say so and skip."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cellwarden import language

SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    if not (SHARED / "recordings").is_dir():
        pytest.skip("the shared recordings are not beside this checkout")
    return SHARED


@pytest.fixture(autouse=True)
def english_afterwards() -> Iterator[None]:
    """A command that was run in this process may have chosen French."""
    yield
    language.use("en")
