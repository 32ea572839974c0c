"""Where a site keeps evidence, as its file tells it; without the table it keeps none.

```
[evidence]
folder = "evidence"     # meant from the file's own folder
keep_mb = 1000.0        # the oldest go first
keep_days = 30.0
```
"""

import math
from pathlib import Path
from typing import NamedTuple, NoReturn

from cellwarden.errors import SiteError
from cellwarden.language import gettext as _
from cellwarden.locate import site_file
from cellwarden.runtime.tables import EVIDENCE, kept, values


class Kept(NamedTuple):
    """What a folder of evidence may hold."""

    folder: Path
    most_bytes: float
    most_age_s: float = math.inf


def read(path: Path) -> Kept | None:
    """Raises SiteError."""
    told = site_file.tables(path)
    if "evidence" not in told:
        return None

    def refuse(problem: str) -> NoReturn:
        raise SiteError(_("{path}: {where}: {problem}").format(path=path, where="[evidence]", problem=problem))

    table = values(told["evidence"], EVIDENCE, refuse)
    return Kept(path.parent / table["folder"], *kept(table))
