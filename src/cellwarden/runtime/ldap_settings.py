"""By which LDAP directory people sign in, as the site's file tells it.

```
[console.ldap]
address = "ldaps://directory.prison.example"    # ldap:// begins TLS before anything is asked
people = "ou=people,dc=prison,dc=example"       # where people are, and below
groups = "ou=groups,dc=prison,dc=example"       # where groups are, and below
name = "uid"                                    # attribute that tells a name; sAMAccountName in Active Directory
reader = "cn=cellwarden,dc=prison,dc=example"   # as whom they are looked for, and its password
password = "…"
certificates = "prison-ca.pem"                  # of whom the directory's certificate is, beside this file

[console.ldap.roles]                            # the first that fits holds
administrator = ["cellwarden-admins"]           # names (cn) of groups
officer = ["guards", "guards-night"]
```
"""

from pathlib import Path
from urllib.parse import urlsplit

from cellwarden.console.ldap import Directory
from cellwarden.language import gettext as _
from cellwarden.runtime.directory_tables import directory_table, roles
from cellwarden.runtime.tables import Kinds, beside, values

KINDS: Kinds = {
    "address": (str, True), "people": (str, True), "groups": (str, True), "name": (str, False), "reader": (str, False),
    "password": (str, False), "certificates": (str, False),
}  # fmt: skip
SCHEMES = ("ldaps", "ldap")


def read(path: Path) -> Directory | None:
    """Raises SiteError, also where the library is missing that is needed for it."""
    found = directory_table(path, "ldap")
    if found is None:
        return None
    table, refuse = found
    giving = roles(table.pop("roles", None), "ldap", refuse)
    known = values(table, KINDS, refuse)
    address, name = urlsplit(known["address"]), known.get("name", "uid")
    if not address.hostname or address.scheme not in SCHEMES or address.path not in ("", "/"):
        refuse(_("{key} = {value} is not understood").format(key="address", value=known["address"]))
    if not (name.isascii() and name.replace("-", "").isalnum()):  # it stands in each question
        refuse(_("{key} = {value} is not understood").format(key="name", value=name))
    for key, other in (("reader", "password"), ("password", "reader")):
        if key in known and other not in known:
            refuse(_("{key} is missing: add it").format(key=other))
    certificates = beside(path, known, "certificates")
    if certificates is not None and not certificates.is_file():
        refuse(_("{key} = {value} is not understood").format(key="certificates", value=known["certificates"]))
    try:
        import ldap3  # noqa: F401
    except ImportError:
        refuse(_("it needs libraries that are not installed: pip install {names}").format(names="ldap3"))
    return Directory(roles=giving, **(known | {"certificates": certificates}))
