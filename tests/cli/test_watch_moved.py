"""`cellwarden watch`, as a process, whose store's file is deleted: it goes on and says so; the copy is put back."""

import signal
from pathlib import Path

import pytest
from tests.cli.conftest import Typed
from tests.cli.test_watch import LEGAL
from tests.cli.test_watch_damaged import served, signed_in, store
from tests.processes import until

from cellwarden.store.moved import saved

__all__ = ["store"]


@pytest.mark.long
def test_a_store_that_is_deleted_while_it_is_watched_is_saved_and_put_back(
    store: Path, tmp_path: Path, typed: Typed
) -> None:
    with served(tmp_path, LEGAL.format(day="2126-01-01"), store, "watched") as (running, address):
        officer = signed_in(address, "officer")
        store.unlink()
        until(lambda: "file is gone" in officer.get("/alerts").text)
        running.send_signal(signal.SIGINT)
        _out, err = running.communicate(timeout=60)
    copy = saved(store)[0]
    remedy = f"cellwarden store restore {copy} -o {store} --force"
    assert running.returncode == 0 and remedy in err
    assert typed("store", "restore", copy, "-o", store, "--force")[0] == 0
    assert typed("store", "check", store)[0] == 0
