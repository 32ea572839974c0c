"""Signing in by LDAP: the prison's own directory says whose a name and a password are, and by groups their role.

```
 name ─► search as the reader ─► one entry ─► bind as the entry, with the password ─► name and role
                │ its groups, by who is their member
```

Source: RFC 4511 (the protocol), RFC 4513 §5.1 (simple bind), RFC 4515 §3 (what a filter escapes). Nothing is asked in
the clear: TLS from the first octet (`ldaps://`) or begun before the first question (`ldap://`, RFC 4511 §4.14), with a
certificate that holds. A password is sent to the directory and kept nowhere.
"""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from cellwarden.errors import LdapError
from cellwarden.language import gettext as _
from cellwarden.model import Role

WAIT_S = 10
GROUP = "(|(member={dn})(uniqueMember={dn})(memberUid={name}))"
"""A group by who is its member: by DN (RFC 4519, Active Directory), or by name (RFC 2307)."""


@dataclass(frozen=True, slots=True)
class Directory:
    """Where people are asked for."""

    address: str
    """`ldaps://host[:port]`, or `ldap://host[:port]`, on which TLS begins before anything is asked."""
    people: str
    """DN below which people are."""
    groups: str
    """DN below which groups are."""
    roles: tuple[tuple[Role, tuple[str, ...]], ...]
    """For each role the groups (their `cn`) that give it; the first that fits holds."""
    name: str = "uid"
    """Attribute that tells a person's name; `sAMAccountName` in Active Directory."""
    reader: str = ""
    """DN as whom people are looked for; empty where the directory tells everybody."""
    password: str = ""
    certificates: Path | None = None
    """Of whom the directory's certificate is; None for those whom this machine trusts."""


class Entry(NamedTuple):
    """Whom a directory knows by a name. That it is they who ask is not proven yet."""

    dn: str
    name: str
    """As the directory writes it: in another spelling nobody is somebody else."""
    role: Role | None


def found(directory: Directory, name: str) -> Entry | None:
    """Who has a name; None for nobody, or more than one. Raises LdapError where the directory is lost."""
    from ldap3.utils.conv import escape_filter_chars as escaped

    with _asked(directory, directory.reader, directory.password) as asked:
        if asked is None:
            raise _lost(directory)
        people = _entries(asked, directory.people, f"({directory.name}={escaped(name)})", directory.name)
        if len(people) != 1 or not _fits(people[0][1][0]):
            return None
        dn, names = people[0]
        members = GROUP.format(dn=escaped(dn), name=escaped(names[0]))
        groups = {cn for _dn, cns in _entries(asked, directory.groups, members, "cn") for cn in cns}
    role = next((role for role, giving in directory.roles if groups & set(giving)), None)
    return Entry(dn, names[0], role)


def proven(directory: Directory, entry: Entry, password: str) -> bool:
    """Whether the password is theirs. Raises LdapError where the directory is lost."""
    if not password:  # RFC 4513 §5.1.2: a directory may let in whoever sends none, as nobody
        return False
    with _asked(directory, entry.dn, password) as asked:
        return asked is not None


@contextmanager
def _asked(directory: Directory, dn: str, password: str) -> Iterator[Any]:
    """A connection as somebody, behind TLS; None where the directory does not let them in."""
    from ldap3 import Connection, Server
    from ldap3.core.exceptions import LDAPException

    options = {"read_only": True, "auto_referrals": False, "receive_timeout": WAIT_S}
    one = None
    try:
        tls = _tls(directory.certificates)
        server = Server(directory.address, tls=tls, get_info="NO_INFO", connect_timeout=WAIT_S)
        one = Connection(server, dn or None, password or None, **options)
        one.open(read_server_info=False)
        if not server.ssl and not one.start_tls(read_server_info=False):
            raise _lost(directory)
        yield one if one.bind(read_server_info=False) else None
    except (LDAPException, OSError, ValueError) as error:
        raise _lost(directory) from error
    finally:
        if one is not None and one.socket is not None:
            one.socket.close()  # as `unbind` does not where nobody was let in


def _tls(certificates: Path | None) -> Any:
    """TLS as Python's own library has it by default; that of ldap3 tells names in a certificate by a copy of 2014."""
    from ldap3 import Tls

    context = ssl.create_default_context(cafile=certificates)

    class Default(Tls):  # type: ignore[misc]
        def wrap_socket(self, connection: Any, do_handshake: bool = False) -> None:
            connection.socket = context.wrap_socket(connection.socket, server_hostname=connection.server.host)

    return Default()


def _lost(directory: Directory) -> LdapError:
    return LdapError(
        _("{address} does not answer as it should: sign in with a password of this console, or wait").format(
            address=directory.address
        )
    )


def _entries(asked: Any, base: str, filtered: str, attribute: str) -> list[tuple[str, list[str]]]:
    """DN and values of an attribute of what lies below `base`."""
    if not asked.search(base, filtered, attributes=[attribute]) and asked.result["description"] != "success":
        raise ValueError(asked.result["description"])  # such as a DN that is not there
    told = [one for one in asked.response or () if one["type"] == "searchResEntry"]
    values = [(one["dn"], [_text(value) for value in one["raw_attributes"][attribute]]) for one in told]
    return [(dn, texts) for dn, texts in values if texts]


def _fits(name: str) -> bool:
    return bool(name.strip()) and name.isprintable() and len(name) <= 100


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")
