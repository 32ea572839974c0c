"""The page that lists the reports of several recordings."""

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

from cellwarden import __version__
from cellwarden.document import page
from cellwarden.language import number
from cellwarden.radio.annotations import write_text
from cellwarden.runtime.parallel import Outcome
from cellwarden.runtime.places import INDEX


def index_place(folder: Path) -> Path:
    """Where the page of a folder of reports lies."""
    return folder / f"{INDEX}.html"


def write_index(outcomes: Iterable[Outcome], folder: Path, *, force: bool) -> None:
    """Write `index.html` beside the reports, those with a phone first. Raises OutputError."""
    ordered = sorted(outcomes, key=lambda outcome: (outcome.error is None, -outcome.phones))
    rows = [
        {
            "name": str(outcome.path),
            "link": quote(outcome.job.report.name) if outcome.job.report and outcome.error is None else None,
            "verdict": outcome.verdict,
            "phone": outcome.phones > 0,
            "phones": number(outcome.phones),
            "others": number(outcome.total - outcome.phones),
            "seconds": number(outcome.seconds, 1),
            "notes": [*outcome.warnings, *([outcome.error] if outcome.error else [])],
            "failed": outcome.error is not None,
        }
        for outcome in ordered
    ]
    heard = sum(outcome.phones > 0 for outcome in ordered)
    failed = sum(outcome.error is not None for outcome in ordered)
    text = page.render("index.html", rows=rows, heard=heard, failed=failed, total=len(ordered), version=__version__)
    write_text(index_place(folder), text, force=force)
