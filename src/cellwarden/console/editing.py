"""The site's file, as people change it on pages."""

from dataclasses import dataclass
from pathlib import Path

from cellwarden.locate.site import Site
from cellwarden.locate.site_edit import More


def nothing(_path: Path, _site: Site) -> list[str]:
    """Nobody reads more of the file."""
    return []


@dataclass(frozen=True, slots=True)
class Editing:
    """What may be changed, and what else is looked at before it is."""

    path: Path
    more: More = nothing
    """What is wrong with the tables that are not the plan: a receiver whose sensor was taken out."""

    @property
    def stays(self) -> Path:
        """Where somebody stood with a test phone, from when to when."""
        return self.path.with_suffix(".stays.csv")

    @property
    def proposal(self) -> Path:
        """Where the next sensors would help most, as it was found last."""
        return self.path.with_suffix(".placement.json")
