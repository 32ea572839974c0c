"""To whom a site's alerts go, as the site's file tells it.

```
[notify]
addresses = [
    "https://tickets.prison.example/alerts",
    "mqtts://guard:password@broker.prison.example/alerts",
    "mailtos://watch:password@mail.prison.example?to=guard@prison.example",
    "https://cameras.prison.example/bookmark?camera=17#rooms=A-104,A-106,A-2%20office",
]
```
"""

from pathlib import Path
from typing import Any

from cellwarden.errors import SiteError
from cellwarden.language import gettext as _
from cellwarden.locate import site_file
from cellwarden.watch.notify import hidden, problem, rooms

KEY = "addresses"


def read(path: Path) -> tuple[str, ...]:
    """The addresses of a site's file, each once; none where it has no [notify]. Raises SiteError."""
    tables = site_file.tables(path)
    if "notify" not in tables:
        return ()
    table = tables["notify"]
    known = isinstance(table, dict) and set(table) == {KEY} and isinstance(table[KEY], list)
    if not known or not table[KEY] or not all(isinstance(one, str) for one in table[KEY]):
        raise SiteError(_('{path}: [notify] needs addresses = ["https://…", …], and nothing else').format(path=path))
    return _checked(path, table[KEY], {room.get("name") for room in tables.get("room", ())})


def _checked(path: Path, addresses: list[Any], known: set[Any]) -> tuple[str, ...]:
    for number, address in enumerate(addresses, 1):
        wrong = problem(address)
        if not wrong and address in addresses[: number - 1]:
            wrong = _("stands there twice: remove one")
        if not wrong and (strange := set(rooms(address)) - known):
            wrong = _("names {room}, which is no room of this site").format(room=min(strange))
        if wrong:
            raise SiteError(
                _("{path}: address {number} in [notify] ({address}) {problem}").format(
                    path=path, number=number, address=hidden(address), problem=wrong
                )
            )
    return tuple(addresses)
