"""`cellwarden near` as it is typed: an address with a key, and a phone on it while it is heard."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest
from tests.cli.conftest import Typed, interruptible
from tests.processes import started

from cellwarden.simulate import wing

SOURCE = f"file:{wing.PLACE.with_suffix('.sigmf-meta')}?loop&realtime"


@pytest.fixture
def running() -> Iterator["subprocess.Popen[str]"]:
    words = [sys.executable, "-m", "cellwarden", "near", SOURCE, "--at", "902.8MHz", "--for", "10m", "--port", "0"]
    environment = os.environ | {"CELLWARDEN_LANGUAGE": "en"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with started(words, preexec_fn=interruptible, env=environment, **pipes) as made:
        yield made


def test_who_has_the_address_sees_the_phone_and_nobody_else_anything(running: "subprocess.Popen[str]") -> None:
    assert running.stdout is not None
    told = re.search(r"Open (http://\S+?)/near/(\S+) in a browser", running.stdout.readline())
    assert told is not None
    with httpx.Client(base_url=told[1], timeout=60) as browser:
        with browser.stream("GET", f"/near/{told[2]}/live", headers={"Accept-Language": "fr"}) as live:
            for line in live.iter_lines():
                news = json.loads(line.removeprefix("data: ")) if line else {"phones": []}
                if news["phones"] and news["wanted"] is not None:
                    break
        chosen = next(phone for phone in news["phones"] if phone["phone"] == news["wanted"])
        assert chosen["name"] == "GSM, 902,8 MHz" and 0 < chosen["heat"] < 1
        assert browser.get("/near/guessed").status_code == browser.get("/near/guessed/live").status_code == 404
        assert browser.get("/").status_code == 404
    running.send_signal(signal.SIGINT)
    _out, err = running.communicate(timeout=120)
    assert running.returncode == 0 and "Traceback" not in err


def test_bad_input_is_one_line(typed: Typed) -> None:
    code, out, err = typed("near", "file:none.sigmf-meta", "--port", "0")
    assert (code, out) == (2, "") and err.count("\n") == 1 and "none" in err
    code, _out, err = typed("near", "rtltcp://127.0.0.1:1", "--centre", "897MHz", "--rate", "2.4M", "--port", "0")
    assert code == 2 and "give --gain" in err.splitlines()[0]
