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
from typing import Any, NoReturn
from urllib.parse import urlsplit

from cellwarden.console.openid import Provider
from cellwarden.console.rights import ROLES
from cellwarden.errors import SiteError
from cellwarden.language import gettext as _
from cellwarden.locate import site_file
from cellwarden.runtime.tables import Kinds, values

KINDS: Kinds = {
    "issuer": (str, True), "client_id": (str, True), "client_secret": (str, True), "claim": (str, False),
    "name": (str, False), "scope": (str, False),
}  # fmt: skip
HERE = ("localhost", "127.0.0.1", "::1")
"""Where a provider may be asked without TLS."""


def read(path: Path) -> Provider | None:
    """Raises SiteError, also where the library is missing that is needed for it."""
    told = site_file.tables(path).get("console", {})

    def refuse(problem: str) -> NoReturn:
        raise SiteError(_("{path}: {where}: {problem}").format(path=path, where="[console.oidc]", problem=problem))

    if told == {}:
        return None
    if not isinstance(told, dict) or set(told) != {"oidc"} or not isinstance(told["oidc"], dict):
        refuse(_("it must be a table of names and values"))
    table = dict(told["oidc"])
    roles = _roles(table.pop("roles", None), refuse)
    known = values(table, KINDS, refuse)
    address = urlsplit(known["issuer"])
    if not address.hostname or (address.scheme != "https" and address.hostname not in HERE):
        refuse(_("{key} = {value} is not understood").format(key="issuer", value=known["issuer"]))
    try:
        import authlib.integrations.requests_client  # noqa: F401
    except ImportError:
        refuse(_("it needs a library that is not installed: pip install authlib"))
    return Provider(roles=roles, **known)


def _roles(told: Any, refuse: Any) -> Any:
    """For each role its values, in the order of the file."""
    if not isinstance(told, dict) or not told:
        refuse(_("{key} is missing: add it").format(key="[console.oidc.roles]"))
    for role, groups in told.items():
        fits = isinstance(groups, list) and groups and all(isinstance(one, str) and one for one in groups)
        if role not in ROLES or not fits:
            refuse(_("{key} = {value} is not understood").format(key=role, value=groups))
    return tuple((role, tuple(groups)) for role, groups in told.items())
