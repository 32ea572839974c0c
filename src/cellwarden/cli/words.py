"""The command line's own words in the language in use: usage, headings, mistakes.

Click marks its sentences for gettext, but asks the standard library, which reads compiled catalogues of the system's
language only. `speak` lets its modules ask Cellwarden's language instead; their French stands in `click.po`. A sentence
that a future Click words otherwise is shown in English.
"""

from collections.abc import Sequence

import click
from click import core, decorators, exceptions, formatting, parser, types

from cellwarden.language import DEFAULT, LANGUAGES, catalogue, language, mark
from cellwarden.language import gettext as _

DOMAIN = "click"
VALUES = {
    "text": mark("TEXT"),
    "path": mark("PATH"),
    "integer": mark("INTEGER"),
    "integer range": mark("INTEGER"),
    "float": mark("FLOAT"),
    "float range": mark("FLOAT"),
    "TIME": mark("TIME"),
}
"""What stands for a value in help, by the name of its type, which Click does not mark for gettext."""


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


def name_values(command: click.Command) -> None:
    """Let a command's help name the values of its options, and a group's what is below it, in the language in use."""
    for option in command.params:
        if isinstance(option, click.Option) and not option.is_flag and option.metavar is None:
            option.metavar = _(VALUES[option.type.name]) if option.type.name in VALUES else None
    if isinstance(command, click.Group):
        command.subcommand_metavar = _("COMMAND [ARGUMENTS]...")


def language_option() -> click.Option:
    """`--language`, which every command has; `wish` has acted on it already."""
    return click.Option(
        ["--language"],
        type=click.Choice(LANGUAGES),
        expose_value=False,
        help=_("Speak English or French; otherwise the locale decides."),
    )
