"""Shared recordings lie beside the checkout where they are present; tests that need them say so and skip."""

from pathlib import Path

import pytest

SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    if not (SHARED / "recordings").is_dir():
        pytest.skip("the shared recordings are not beside this checkout")
    return SHARED
