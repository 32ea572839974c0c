"""What is looked for seldom while a recording is scanned, and again as before when it is done."""

import gc

import pytest

from cellwarden.runtime.garbage import EACH, seldom


def test_garbage_is_looked_for_as_before_once_a_scan_ends_or_breaks_off() -> None:
    before = gc.get_threshold()
    with pytest.raises(ValueError, match="broken off"), seldom():
        assert gc.get_threshold() == EACH and gc.get_freeze_count() > 0
        raise ValueError("broken off")
    assert gc.get_threshold() == before and gc.get_freeze_count() == 0
