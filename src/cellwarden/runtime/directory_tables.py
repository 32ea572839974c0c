"""What the tables of the site's file have in common that name a directory: [console.oidc] and [console.ldap]."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from cellwarden.console.rights import ROLES
from cellwarden.errors import SiteError
from cellwarden.language import gettext as _
from cellwarden.locate import site_file
from cellwarden.model import Role

KNOWN = {"oidc", "ldap"}
Refuse = Callable[[str], NoReturn]


def directory_table(path: Path, name: str) -> tuple[dict[str, Any], Refuse] | None:
    """The table [console.NAME], and who raises SiteError with its place; None where there is none. Raises SiteError."""

    def refuse(problem: str) -> NoReturn:
        raise SiteError(_("{path}: {where}: {problem}").format(path=path, where=f"[console.{name}]", problem=problem))

    told = site_file.tables(path).get("console", {})
    if not isinstance(told, dict) or not set(told) <= KNOWN or not all(isinstance(one, dict) for one in told.values()):
        refuse(_("it must be a table of names and values"))
    return (dict(told[name]), refuse) if name in told else None


def roles(told: Any, name: str, refuse: Refuse) -> tuple[tuple[Role, tuple[str, ...]], ...]:
    """For each role what gives it, in the order of the file."""
    if not isinstance(told, dict) or not told:
        refuse(_("{key} is missing: add it").format(key=f"[console.{name}.roles]"))
    for role, groups in told.items():
        fits = isinstance(groups, list) and groups and all(isinstance(one, str) and one for one in groups)
        if role not in ROLES or not fits:
            refuse(_("{key} = {value} is not understood").format(key=role, value=groups))
    return tuple((role, tuple(groups)) for role, groups in told.items())
