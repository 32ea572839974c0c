"""A site's file changed by a program: read as tables, checked as `site check` does, written whole or not at all.

```
 site.toml ─► opened ─► tables_of ─► (somebody draws) ─► site_file.of_tables ─► problems ─┬─► words
                                                                                              └─► changed ─► site.toml
```

What other rooms read in the file stays in it; comments do not, so the text of before is kept beside it, as
`site.toml.before`.
"""

import hashlib
import json
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cellwarden.document.whole import write_whole
from cellwarden.errors import SiteError
from cellwarden.language import gettext as _
from cellwarden.language import reason_of
from cellwarden.locate.site import Site
from cellwarden.locate.site_check import faults
from cellwarden.locate.site_file import FORMAT, others, read
from cellwarden.locate.site_write import to_toml

More = Callable[[Path, Site], list[str]]
"""What is wrong with the tables of a file that are not its plan."""
_ONE = threading.Lock()


class Overtaken(SiteError):
    """Somebody else changed the file meanwhile."""


def opened(path: Path) -> tuple[Site, str]:
    """A site, and a mark of the text that it was read from. Raises SiteError."""
    mark = _mark(path)
    return read(path)[0], mark


def tables_of(site: Site) -> dict[str, Any]:
    """A site as the tables of its plan, ready for JSON."""
    kinds: dict[str, tuple[Any, ...]]
    kinds = {"floor": site.floors, "room": site.rooms, "wall": site.walls, "sensor": site.sensors}
    tables = {kind: [asdict(one) for one in ones] for kind, ones in kinds.items()}
    return dict(json.loads(json.dumps({"format": FORMAT, "name": site.name} | tables)))


def problems(path: Path, site: Site, more: More) -> list[str]:
    """What `site check` would say of the file with this plan in it; lines are left out, since nobody sees them."""
    draft = _draft(path)
    try:
        _write(draft, to_toml(site, others(path)), path)
        told = more(draft, site)
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
    return [fault.words for fault in faults(site, {})] + [one.replace(str(draft), path.name) for one in told]


def changed(path: Path, site: Site, seen: str) -> None:
    """Write the file with this plan in it. `seen` is the mark of what was changed.

    Raises Overtaken where the file is no longer that, SiteError where it cannot be written.
    """
    with _ONE:
        if _mark(path) != seen:
            raise Overtaken(_("somebody else changed the site meanwhile: look at theirs, then change it anew"))
        text = to_toml(site, others(path))
        try:
            write_whole(path.with_name(f"{path.name}.before"), (path.read_bytes(),))
            write_whole(path, (text.encode(),))
        except OSError as error:
            raise _unwritable(path, error) from error


def _draft(path: Path) -> Path:
    """Beside the file: what it names is meant from its folder."""
    return path.with_name(f".{path.stem}.{os.getpid()}-{threading.get_ident()}{path.suffix}")


def _mark(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise SiteError(_("{path} cannot be read: {why}").format(path=path, why=reason_of(error))) from error


def _write(place: Path, text: str, path: Path) -> None:
    try:
        place.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> SiteError:
    return SiteError(
        _("{path} cannot be written: {why}: make room, or mend its rights").format(path=path, why=reason_of(error))
    )
