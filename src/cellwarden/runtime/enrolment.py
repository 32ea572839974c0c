"""Who may speak for a node: a key of its own, which it brings with a token that is good once.

    site   cellwarden node token --site SITE.toml A0-S1     ─► token: the site's public key and a secret, for a day
    node   cellwarden node enrol --config NODE.toml TOKEN   ─► its key, sent sealed to the site with the secret

A message is sealed to the site's public key (age), so that nobody on the way reads it, and signed with the node's key
(HMAC-SHA256), so that nobody else speaks for it; answers are signed with the same key. A server of NATS between them
need not be trusted. Who enrols a node again replaces its key: the old one, on a box that was stolen, is worth nothing.
"""

import hashlib
import hmac
import json
import secrets
import sqlite3
from pathlib import Path
from typing import NamedTuple

from cellwarden.errors import NodeError
from cellwarden.language import gettext as _
from cellwarden.language import reason_of
from cellwarden.model.span import DAY_NS
from cellwarden.seal import age

TOKEN_NS = DAY_NS
"""How long a token is good for."""
TABLES = """
    CREATE TABLE IF NOT EXISTS site (only_one INTEGER PRIMARY KEY CHECK (only_one = 1), secret TEXT, public TEXT);
    CREATE TABLE IF NOT EXISTS token (digest TEXT PRIMARY KEY, node TEXT NOT NULL, ends_ns INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS node (name TEXT PRIMARY KEY, key BLOB NOT NULL, since_ns INTEGER NOT NULL);
"""


class Credentials(NamedTuple):
    """What a node's key file holds."""

    key: bytes
    site: str
    """The site's public key."""


def opened(path: Path) -> sqlite3.Connection:
    """A site's file of keys, which nobody else may read. Raises NodeError."""
    try:
        path.touch(mode=0o600, exist_ok=True)
        base = sqlite3.connect(path, check_same_thread=False, timeout=30.0)
        base.execute("PRAGMA journal_mode=WAL")
        base.execute("PRAGMA synchronous=FULL")
        base.executescript(TABLES)
        secret, public = age.fresh_key()
        with base:
            base.execute("INSERT OR IGNORE INTO site VALUES (1, ?, ?)", (secret, public))
    except (OSError, sqlite3.Error) as error:
        raise NodeError(
            _("{path} cannot be used ({why}): make room, or mend its place").format(path=path, why=reason_of(error))
        ) from error
    return base


def token(base: sqlite3.Connection, node: str, now_ns: int) -> str:
    """A new token for a node; those that it had before are worth nothing any more."""
    secret = secrets.token_urlsafe(18)
    (public,) = base.execute("SELECT public FROM site").fetchone()
    with base:
        base.execute("DELETE FROM token WHERE node = ? OR ends_ns < ?", (node, now_ns))
        base.execute("INSERT INTO token VALUES (?, ?, ?)", (_digest(secret), node, now_ns + TOKEN_NS))
    return f"{public}:{secret}"


def enrolled(base: sqlite3.Connection, node: str, secret: str, key: bytes, now_ns: int) -> bool:
    """Take in a node's key, if its token is good; it is used up then."""
    with base:
        good = base.execute(
            "DELETE FROM token WHERE digest = ? AND node = ? AND ends_ns >= ?", (_digest(secret), node, now_ns)
        ).rowcount
        if good:
            base.execute("INSERT OR REPLACE INTO node VALUES (?, ?, ?)", (node, key, now_ns))
    return bool(good)


def key_of(base: sqlite3.Connection, node: str) -> bytes | None:
    """A node's key; None where it has none."""
    row = base.execute("SELECT key FROM node WHERE name = ?", (node,)).fetchone()
    return None if row is None else bytes(row[0])


def secret_of(base: sqlite3.Connection) -> str:
    """The site's secret key."""
    return str(base.execute("SELECT secret FROM site").fetchone()[0])


def signed(key: bytes, *parts: bytes) -> str:
    """HMAC-SHA256 over parts, each with its length before it."""
    return hmac.new(key, b"".join(len(part).to_bytes(8, "big") + part for part in parts), hashlib.sha256).hexdigest()


def is_signed(key: bytes, mark: object, *parts: bytes) -> bool:
    """Whether `mark` is what `signed` makes; how long that takes tells nothing."""
    return isinstance(mark, str) and mark.isascii() and hmac.compare_digest(mark, signed(key, *parts))


def parted(token: str) -> tuple[str, str]:
    """The site's public key and the secret in a token. Raises NodeError."""
    public, colon, secret = token.strip().partition(":")
    if not colon or not secret or not age.is_key(public):
        raise NodeError(_("this is no token: give what `cellwarden node token` printed at the site, age1…:…"))
    return public, secret


def write(path: Path, credentials: Credentials) -> None:
    """Make a node's key file, which nobody else may read. Raises NodeError."""
    text = json.dumps({"key": credentials.key.hex(), "site": credentials.site})
    try:
        path.touch(mode=0o600)
        path.chmod(0o600)
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise NodeError(_("{path} cannot be written: {why}").format(path=path, why=reason_of(error))) from error


def read(path: Path | None) -> Credentials:
    """What `write` wrote. Raises NodeError, which tells to enrol."""
    if path is None:
        raise NodeError(_("nats:// needs key = FILE under [site]: cellwarden node enrol makes it"))
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return Credentials(bytes.fromhex(told["key"]), str(told["site"]))
    except FileNotFoundError as error:
        raise NodeError(
            _("{path} is not there: run cellwarden node enrol with a token of the site").format(path=path)
        ) from error
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise NodeError(_("{path} is no key of a node: enrol it anew").format(path=path)) from error


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
