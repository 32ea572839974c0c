"""Every sentence in the source has a French translation, and the catalogue holds no other."""

import re
from pathlib import Path

from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po

import cellwarden
from cellwarden.airinterface import INTERFACES
from cellwarden.runtime.report_words import DETAILS, VALUES

SOURCE = Path(cellwarden.__file__).parent
TITLES = {"time", "frequency", "channel", "interface", "kind", "SNR", "CFO", "confidence"}
REASONS = {"faint", "impulse", "line", "rival", "shadow", "twice", "unsure"}


def test_french_marks_are_not_torn_from_their_words() -> None:
    torn = re.compile(r" [:;?!»]|« |\d %(?!\()")
    for name in ("cellwarden", "click"):
        with (SOURCE / f"language/locale/fr/LC_MESSAGES/{name}.po").open("rb") as file:
            strings = [one for entry in read_po(file) if entry.id for one in _strings(entry.string)]
        assert len(strings) > 20 and [one for one in strings if torn.search(one)] == []


def _strings(one: str | tuple[str, ...]) -> tuple[str, ...]:
    return (one,) if isinstance(one, str) else one


def test_the_french_catalogue_is_complete_and_not_stale() -> None:
    methods = [("**.py", "python"), ("**/templates/*.html", "jinja2.ext.babel_extract")]
    options = {"**/templates/*.html": {"newstyle_gettext": "true", "extensions": "jinja2.ext.i18n"}}
    marked = {
        message if isinstance(message, str) else tuple(message[:2])  # of a sentence with a count: singular and plural
        for _file, _line, message, _comments, _context in extract_from_dir(
            SOURCE, methods, options, keywords={**DEFAULT_KEYWORDS, "mark": None}
        )
    }
    marked |= {*DETAILS.values(), *VALUES.values()}
    marked |= TITLES | REASONS | {meaning for i in INTERFACES for meaning in i.kinds.values()}
    with (SOURCE / "language/locale/fr/LC_MESSAGES/cellwarden.po").open("rb") as file:
        translated = {entry.id for entry in read_po(file) if entry.id and entry.string}
    assert sorted(map(str, marked - translated)) == []
    assert sorted(map(str, translated - marked)) == []
