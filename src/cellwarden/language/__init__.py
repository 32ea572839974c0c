"""What people read, in French and English.

English sentences in the source are the keys. A translation stands in `locale/<language>/LC_MESSAGES/cellwarden.po`,
a gettext catalogue that translators' tools open; it is read as it is, without a compile step, on the first sentence
asked for, and English needs no catalogue at all. A room says

    from cellwarden.language import gettext as _

    raise RecordingError(_("{path} is empty: choose another recording").format(path=path))

so that the placeholder, not its value, is in the key. A sentence with a count takes `ngettext`; a sentence that must
stand in a table before the language is known is marked with `mark` and goes through `gettext` where it is shown.
Numbers and dates for people go through `number`; files for machines never do.

A process speaks one language, set by `use`; where it answers several people at once, as the console does, each answer
is made within `speaking`.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import NamedTuple

LANGUAGES = ("en", "fr")
DEFAULT = "en"
DOMAIN = "cellwarden"
LOCALE = Path(__file__).parent / "locale"


class _Catalogue(NamedTuple):
    """Translations of one language: singular by key, plural forms by singular key, and which form a number takes."""

    single: Mapping[str, str]
    plural: Mapping[str, tuple[str, ...]]
    form: Callable[[int], int]


_language = DEFAULT
_spoken: ContextVar[str | None] = ContextVar("spoken", default=None)
"""Within `speaking`, its language: of this task or thread alone."""


def choose(asked: str | None = None, environment: Mapping[str, str] = os.environ) -> str:
    """The language to speak: the one asked for, else CELLWARDEN_LANGUAGE, else the locale (POSIX order), else English.

    The first variable that is set decides, also where it names a language that Cellwarden does not speak.
    """
    wishes = (asked, *(environment.get(name) for name in ("CELLWARDEN_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")))
    wish = next((wish for wish in wishes if wish), DEFAULT)
    language = wish.replace("-", "_").partition(".")[0].partition("@")[0].partition("_")[0].lower()
    return language if language in LANGUAGES else DEFAULT


def use(language: str | None = None) -> str:
    """Speak `language` from now on in this process (None: what the environment says). Returns the one in use."""
    global _language
    _language = choose(language)
    return _language


@contextmanager
def speaking(asked: str) -> Iterator[None]:
    """Speak another language in this task or thread, and in those that it starts meanwhile; others are not touched."""
    token = _spoken.set(choose(asked, {}))
    try:
        yield
    finally:
        _spoken.reset(token)


def language() -> str:
    """The language in use: `en` or `fr`."""
    return _spoken.get() or _language


def gettext(message: str) -> str:
    """`message` in the language in use; itself where there is no translation."""
    spoken = language()
    return message if spoken == DEFAULT else catalogue(spoken).single.get(message, message)


def ngettext(singular: str, plural: str, count: int) -> str:
    """The sentence for `count` things. The caller formats the number in: `.format(count=number(count))`."""
    spoken = language()
    if spoken == DEFAULT:
        return singular if count == 1 else plural
    translations = catalogue(spoken)
    forms = translations.plural.get(singular)
    if forms is None:
        return singular if count == 1 else plural
    return forms[translations.form(count)]


def mark(message: str) -> str:
    """`message` as it is, noted for translators: for tables that are written before the language is known."""
    return message


REASONS = (
    mark("No such file or directory"),
    mark("Permission denied"),
    mark("Is a directory"),
    mark("Not a directory"),
    mark("File exists"),
    mark("No space left on device"),
    mark("Disk quota exceeded"),
    mark("Read-only file system"),
    mark("File name too long"),
    mark("Too many open files"),
    mark("Input/output error"),
    mark("Connection refused"),
    mark("Connection reset by peer"),
    mark("Connection timed out"),
    mark("timed out"),
    mark("Broken pipe"),
    mark("Address already in use"),
    mark("Cannot assign requested address"),
    mark("Network is unreachable"),
    mark("No route to host"),
    mark("Name or service not known"),
    mark("Temporary failure in name resolution"),
    mark("Invalid statement"),
    mark("Invalid value"),
    mark("Invalid initial character for a key part"),
    mark("Expected '=' after a key in a key/value pair"),
    mark("Expected newline or end of document after a statement"),
    mark("Cannot overwrite a value"),
    mark("Unclosed array"),
    mark("Unterminated string"),
)
"""What the operating system, and Python of TOML, say most often; all else stays in its own English."""
PLACED = re.compile(r"(.*) \(at line (\d+), column (\d+)\)", re.DOTALL)
"""How Python says where a TOML is none."""


def reason_of(error: BaseException) -> str:
    """Why something failed, in the language in use: without number and path, which the sentence around it tells."""
    said = getattr(error, "strerror", None) or str(error)
    if placed := PLACED.fullmatch(said):
        why, line, column = placed.groups()
        return gettext("{why} (at line {line}, column {column})").format(why=gettext(why), line=line, column=column)
    return gettext(said)


def about(name: object, said: str) -> str:
    """What is said of a thing that is named first: `SITE.db: sound`, in French `SITE.db : saine`."""
    return gettext("{name}: {said}").format(name=name, said=said)


def number(value: float, decimals: int = 0) -> str:
    """A number for people: `3,412.5` in English, `3 412,5` with a narrow no-break space in French."""
    spoken = language()
    if spoken == DEFAULT:
        return f"{value:,.{decimals}f}"
    from babel.numbers import format_decimal

    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    return format_decimal(round(value, decimals), format=pattern, locale=spoken)


@cache
def catalogue(language: str, domain: str = DOMAIN) -> _Catalogue:
    """Read a language's catalogue (once)."""
    from gettext import c2py  # the standard library's compiler of plural rules

    from babel.messages.pofile import read_po

    with (LOCALE / language / "LC_MESSAGES" / f"{domain}.po").open("rb") as file:
        entries = read_po(file, locale=language, domain=domain)
    single: dict[str, str] = {}
    plural: dict[str, tuple[str, ...]] = {}
    for entry in entries:
        key, translation = entry.id, entry.string
        if not key or entry.fuzzy or not translation:
            continue
        if isinstance(key, str) and isinstance(translation, str):
            single[key] = translation
        elif not isinstance(key, str) and not isinstance(translation, str) and all(translation):
            plural[key[0]] = tuple(translation)
    return _Catalogue(single, plural, c2py(entries.plural_expr))
