"""Messages that are carried in a file come in whole, also where the next file is not the last one grown longer."""

import json
from pathlib import Path
from threading import Event, Thread

import pytest
from tests.processes import until

from cellwarden.runtime import post
from cellwarden.runtime.inbox import Inbox


def lines(*numbers: int) -> str:
    told = ({"node": "A", "origin": "q", "number": n, "kind": "train", "body": {}} for n in numbers)
    return "".join(json.dumps(one) + "\n" for one in told)


def test_another_file_in_the_place_of_the_last_one_is_read_from_its_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node whose file was carried away begins a new one, which may be the longer one."""
    monkeypatch.setattr(post, "LOOK_S", 0.02)
    inbox, path, closed = Inbox(tmp_path / "i"), tmp_path / "carried.jsonl", Event()
    path.write_text(lines(1, 2))
    thread = Thread(target=post._follow, args=(path, "A", inbox, closed), daemon=True)
    thread.start()
    until(lambda: len(inbox.messages("A")) == 2, 20.0)
    with path.open("a") as file:
        file.write("[" * 100_000 + "\n" + lines(3))
    until(lambda: len(inbox.messages("A")) == 3, 20.0)
    path.write_text(lines(*range(4, 3000)))
    until(lambda: inbox.last("A", "q") == 2999, 20.0)
    closed.set()
    thread.join(5)
    assert [one.number for one in inbox.messages("A")] == list(range(1, 3000))
    inbox.close()
