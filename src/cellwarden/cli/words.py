"""The command line's own words in the language in use: usage, headings, mistakes.

Click marks its sentences for gettext, but asks the standard library, which reads compiled catalogues of the system's
language only. `speak` lets its modules ask Cellwarden's language instead; their French stands in `click.po`. A sentence
that a future Click words otherwise is shown in English.
"""

from collections.abc import Sequence

import click
from click import core, decorators, exceptions, formatting, parser, types

from cellwarden.language import DEFAULT, LANGUAGES, catalogue, language
from cellwarden.language import gettext as _

DOMAIN = "click"


def speak() -> None:
    """Make Click speak the language in use, also when it changes later."""
    for module in (core, decorators, exceptions, formatting, parser, types):
        vars(module).update(_=_single, ngettext=_plural)


def _single(message: str) -> str:
    return message if language() == DEFAULT else catalogue(language(), DOMAIN).single.get(message, message)


def _plural(singular: str, plural: str, count: int) -> str:
    if language() != DEFAULT:
        words = catalogue(language(), DOMAIN)
        if singular in words.plural:
            return words.plural[singular][words.form(count)]
    return singular if count == 1 else plural


def wish(words: Sequence[str]) -> str | None:
    """The language asked for on a command line: help is made before options are read. None where none is."""
    before = words[: words.index("--")] if "--" in words else words
    asked = None
    for word, following in zip(before, [*before[1:], ""], strict=False):
        name, equals, value = word.partition("=")
        if name == "--language":
            asked = value if equals else following
    return asked


def language_option() -> click.Option:
    """`--language`, which every command has; `wish` has acted on it already."""
    return click.Option(
        ["--language"],
        type=click.Choice(LANGUAGES),
        expose_value=False,
        help=_("Speak English or French; otherwise the locale decides."),
    )
