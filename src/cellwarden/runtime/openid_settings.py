"""By which directory people sign in, as the site's file tells it; without the table by passwords alone.

```
[console.oidc]
issuer = "https://login.prison.example/realms/staff"
client_id = "cellwarden"
client_secret = "…"
name = "preferred_username"     # claim that tells a name; nobody may change their own
claim = "groups"                # claim that gives a role

[console.oidc.roles]            # the first that fits holds
administrator = ["cellwarden-admins"]
officer = ["guards", "guards-night"]
```
"""

from pathlib import Path
from urllib.parse import urlsplit

from cellwarden.console.openid import Provider
from cellwarden.language import gettext as _
from cellwarden.runtime.directory_tables import directory_table, roles
from cellwarden.runtime.tables import Kinds, values

KINDS: Kinds = {
    "issuer": (str, True), "client_id": (str, True), "client_secret": (str, True), "claim": (str, False),
    "name": (str, False), "scope": (str, False),
}  # fmt: skip
HERE = ("localhost", "127.0.0.1", "::1")
"""Where a provider may be asked without TLS."""


def read(path: Path) -> Provider | None:
    """Raises SiteError, also where the library is missing that is needed for it."""
    found = directory_table(path, "oidc")
    if found is None:
        return None
    table, refuse = found
    giving = roles(table.pop("roles", None), "oidc", refuse)
    known = values(table, KINDS, refuse)
    address = urlsplit(known["issuer"])
    if not address.hostname or (address.scheme != "https" and address.hostname not in HERE):
        refuse(_("{key} = {value} is not understood").format(key="issuer", value=known["issuer"]))
    try:
        import authlib.integrations.requests_client  # noqa: F401
    except ImportError:
        refuse(_("it needs libraries that are not installed: pip install {names}").format(names="authlib requests"))
    return Provider(roles=giving, **known)
