"""HTML from templates. Everything that comes from a recording is escaped.

A page may run and wear only what its template brings: its content security policy names the one script and the one
style sheet by their hashes, so that nothing that a recording's name or label smuggles in could run even if an escape
were missed.
"""

import base64
import hashlib
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cellwarden.language import gettext, language, ngettext

TEMPLATES = Path(__file__).parent / "templates"


def render(template: str, **values: object) -> str:
    """The page of a template in the language in use, with the script and style sheet of the template's name."""
    script, style = (_asset(template, ending) for ending in (".js", ".css"))
    policy = (
        f"default-src 'none'; img-src data:; script-src '{_digest(script)}'; style-src '{_digest(style)}';"
        " base-uri 'none'; form-action 'none'"
    )
    made = _environment().get_template(template)
    return made.render(lang=language(), script=script, style=style, policy=policy, **values)


@cache
def _environment() -> Environment:
    """Keeps what templates were compiled to: of several recordings each has a page."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]
    return environment


def _asset(template: str, ending: str) -> str:
    path = (TEMPLATES / template).with_suffix(ending)
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
