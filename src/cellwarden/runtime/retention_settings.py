"""For how many days a site keeps what it keeps, as its file tells it; what it does not tell is kept as always.

```
[retention]
sightings = 30
sensor_states = 14
```

A week at least: so far the watch itself looks back, for alerts of the same phone, false alarms and dry runs of rules.
"""

from pathlib import Path
from typing import NoReturn

from cellwarden.errors import SiteError
from cellwarden.language import gettext as _
from cellwarden.locate import site_file
from cellwarden.store.retention import RULES, SILENT

LEAST, MOST = 7, 36_500
KINDS = {kind.replace(" ", "_"): kind for kind in RULES if kind not in SILENT}
"""How the file names each kind of data of which people are to know that it is kept."""


def read(path: Path) -> dict[str, int]:
    """Days by kind of data, for `store.retention.forget`. Raises SiteError."""
    table = site_file.tables(path).get("retention", {})

    def refuse(problem: str) -> NoReturn:
        raise SiteError(_("{path}: {where}: {problem}").format(path=path, where="[retention]", problem=problem))

    if not isinstance(table, dict):
        refuse(_("it must be a table of names and values"))
    for name, days in table.items():
        if name not in KINDS:
            refuse(_("{key} is unknown: write {known}").format(key=name, known=", ".join(KINDS)))
        if not isinstance(days, int) or isinstance(days, bool) or not LEAST <= days <= MOST:
            refuse(
                _("{key} must be a whole number of days from {least} to {most}").format(
                    key=name, least=LEAST, most=MOST
                )
            )
    return {KINDS[name]: days for name, days in table.items()}
