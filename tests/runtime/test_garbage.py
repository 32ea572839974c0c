"""What is looked for seldom while a recording is scanned, and again as before when it is done."""

import gc
import subprocess
import sys

import pytest

from cellwarden.runtime.garbage import EACH, seldom


def test_garbage_is_looked_for_as_before_once_a_scan_ends_or_breaks_off() -> None:
    before = gc.get_threshold()
    with pytest.raises(ValueError, match="broken off"), seldom():
        assert gc.get_threshold() == EACH and gc.get_freeze_count() > 0
        raise ValueError("broken off")
    assert gc.get_threshold() == before and gc.get_freeze_count() == 0


def test_a_command_looks_for_garbage_neither_as_it_imports_nor_at_its_end() -> None:
    told = (
        "gc.callbacks.append(lambda phase, _about: phase == 'stop' and not gc.get_freeze_count() and print('looked'))"
    )
    code = f"import gc; gc.disable(); from cellwarden.cli import main; gc.enable(); {told}; main()"
    for words in (["interfaces"], ["scan", "nowhere.sigmf-meta"]):  # the one returns, the other exits
        done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False)
        assert done.returncode == (0 if words == ["interfaces"] else 2), done.stderr
        assert "looked" not in done.stdout
