"""A directory for tests: OpenLDAP's own server of Debian, in a folder of its own, and gone at the end."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.processes import started

SLAPD = shutil.which("slapd", path="/usr/sbin")
OPENSSL = shutil.which("openssl")
BASE = "dc=prison,dc=example"
READER, READS = f"cn=reader,{BASE}", "it reads"
PATIENCE_S = 60.0
SETTINGS = """\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/nis.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCertificateFile {folder}/certificate.pem
TLSCertificateKeyFile {folder}/key.pem
security simple_bind=128
database mdb
suffix "{base}"
directory {folder}/data
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{reader}" read by * none
"""
"""Passwords are taken behind TLS alone; only the reader reads."""


class Served(NamedTuple):
    """Where it answers, and what its certificate is proven by."""

    plain: int
    secure: int
    certificate: Path


@contextmanager
def directory(folder: Path, entries: str) -> Iterator[Served]:
    """A server at localhost that knows the entries (LDIF below BASE)."""
    assert SLAPD is not None and OPENSSL is not None
    (folder / "data").mkdir()
    settings, certificate = folder / "slapd.conf", folder / "certificate.pem"
    words = [
        OPENSSL,
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ]
    words += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    _done([*words, "-keyout", folder / "key.pem", "-out", certificate])
    settings.write_text(SETTINGS.format(folder=folder, base=BASE, reader=READER))
    _done([SLAPD, "-T", "add", "-f", settings], entries)
    served = Served(_free(), _free(), certificate)
    listen = f"ldap://localhost:{served.plain} ldaps://localhost:{served.secure}"
    with started([SLAPD, "-d", "0", "-f", settings, "-h", listen], stderr=subprocess.DEVNULL) as process:
        until_s = time.monotonic() + PATIENCE_S
        while not all(_answers(port) for port in served[:2]):
            assert process.poll() is None and time.monotonic() < until_s
            time.sleep(0.02)
        yield served


def _done(words: list[object], told: str = "") -> None:
    done = subprocess.run(list(map(str, words)), input=told, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def _free() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _answers(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0
