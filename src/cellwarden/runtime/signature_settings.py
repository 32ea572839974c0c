"""Where a site keeps the signatures of phones, as its file tells it; without the table none are measured.

```
[signatures]
gallery = "emitters.json"     # meant from the file's own folder; `cellwarden emitter` shows and changes it
```
"""

from pathlib import Path
from typing import NoReturn

from cellwarden.errors import SiteError
from cellwarden.language import gettext as _
from cellwarden.locate import site_file
from cellwarden.runtime.tables import Kinds, beside, values

SIGNATURES: Kinds = {"gallery": (str, True)}


def read(path: Path) -> Path | None:
    """The gallery's file. Raises SiteError."""
    told = site_file.tables(path)
    if "signatures" not in told:
        return None

    def refuse(problem: str) -> NoReturn:
        raise SiteError(_("{path}: {where}: {problem}").format(path=path, where="[signatures]", problem=problem))

    return beside(path, values(told["signatures"], SIGNATURES, refuse), "gallery")
