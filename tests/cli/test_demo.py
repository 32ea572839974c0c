"""`cellwarden demo` as a newcomer meets it: an address, a password, and a phone on the screen."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx
import pytest
from tests.cli.conftest import interruptible
from tests.processes import started

COMMAND = [sys.executable, "-m", "cellwarden", "demo", "--port", "0"]


@pytest.fixture
def demo() -> Iterator["subprocess.Popen[str]"]:
    environment = os.environ | {"CELLWARDEN_LANGUAGE": "en"}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with started(COMMAND, preexec_fn=interruptible, env=environment, **pipes) as running:
        yield running


def test_a_newcomer_signs_in_sees_a_phone_and_ends_it_and_a_second_demo_finds_the_port_taken(
    demo: "subprocess.Popen[str]",
) -> None:
    assert demo.stdout is not None
    told = re.search(r"Open (\S+) in a browser; name: (\S+), password: (\S+)", demo.stdout.readline())
    assert told is not None
    address, name, password = told.groups()
    port = address.rpartition(":")[2]
    taken = subprocess.run([*COMMAND[:-1], port], capture_output=True, text=True, check=False)
    assert taken.returncode == 2 and taken.stderr.count("\n") == 1 and port in taken.stderr
    demo.stdout.readline()
    line = demo.stdout.readline()  # comes with the first alert
    alert = re.search(r"A-\d{4}-000001", line)
    assert alert is not None
    with httpx.Client(base_url=address, follow_redirects=True) as browser:
        for _turn in range(100):
            try:
                page = browser.get("/sign-in")
                break
            except httpx.TransportError:
                time.sleep(0.1)
        token = re.search(r'name="csrf" value="([^"]+)"', page.text)
        assert token is not None
        browser.post("/sign-in", data={"name": name, "password": password, "csrf": token[1]})
        assert alert[0] in browser.get("/alerts").text
    demo.send_signal(signal.SIGINT)
    _out, err = demo.communicate(timeout=60)
    assert demo.returncode == 0 and "Traceback" not in err
