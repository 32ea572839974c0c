"""A certificate that a console makes for itself, where the prison has no authority that would sign one.

A browser cannot know whose it is and asks; who compares the fingerprint (SHA-256) once, and lets the tablets
trust it, is sure of every page from then on. Source: RFC 5280 (the certificate), RFC 6125 §6.4 (its names).
"""

import ipaddress
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from cellwarden.errors import OutputError
from cellwarden.language import gettext as _
from cellwarden.language import reason_of

if TYPE_CHECKING:
    from cryptography.x509 import GeneralName

DAYS = 397
"""Browsers take none that is good for longer (CA/Browser Forum, Baseline Requirements 6.3.2)."""
NAME = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?")
"""Of a machine: labels of letters, digits and hyphens; an underscore is seen in practice."""


def make(hosts: Sequence[str], place: Path, *, force: bool = False) -> str:
    """Write a new key and its certificate for names and addresses to one PEM file; its fingerprint as browsers show it.

    Nobody else may read the file. Raises OutputError, also where `place` exists and `force` is not given.
    """
    try:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives import serialization as form
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
    except ImportError as error:
        said = _("it needs libraries that are not installed: pip install {names}").format(names="cryptography")
        raise OutputError(said) from error
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Cellwarden")])
    names = [_name(host) for host in hosts]
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=DAYS))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    _written(place, secret + made.public_bytes(form.Encoding.PEM), force)
    return made.fingerprint(hashes.SHA256()).hex(":").upper()


def _name(host: str) -> "GeneralName":
    from cryptography import x509

    with suppress(ValueError):
        return x509.IPAddress(ipaddress.ip_address(host))
    try:
        name = host.encode("idna").decode("ascii")
    except UnicodeError:
        name = ""
    if not NAME.fullmatch(name):
        raise OutputError(_("{host} is no name of a machine: correct it").format(host=repr(host)))
    return x509.DNSName(name)


def _written(place: Path, octets: bytes, force: bool) -> None:
    flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if force else os.O_EXCL)
    try:
        with os.fdopen(os.open(place, flags, 0o600), "wb") as file:
            place.chmod(0o600)
            file.write(octets)
    except FileExistsError as error:
        raise OutputError(_("{path} exists: choose another name or give --force").format(path=place)) from error
    except OSError as error:
        raise OutputError(_("{path} cannot be written: {why}").format(path=place, why=reason_of(error))) from error
