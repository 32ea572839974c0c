"""The commands that people type; thin, in French and English.

Help is text that is made when a command's module is imported. So the language is chosen first, and the modules are
imported after it; in them `help=_("…")` is all that is needed.
"""

import os
import re
import sys
from importlib import import_module
from pathlib import Path

import click

from cellwarden import __version__
from cellwarden.errors import CellwardenError
from cellwarden.language import gettext as _
from cellwarden.language import reason_of, use
from cellwarden.runtime import garbage

THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")
EXAMPLES = """\
  cellwarden scan RECORDING.sigmf-meta -o FOUND.sigmf-meta --report REPORT.html
  cellwarden listen rtltcp://192.168.1.20:1234 --centre 897.5MHz --rate 2.4M"""


COMMANDS = (
    "scan",
    "listen",
    "near",
    "watch",
    "demo",
    "node",
    "evidence",
    "associate",
    "locate",
    "survey",
    "site",
    "rules",
    "store",
    "emitter",
    "lane",
    "interfaces",
    "bands",
    "bench",
)
"""Each is the command of its name in the module of its name, imported when it is asked for: the start matters. In the
order in which they are shown: what is heard, where it was, what is kept, what it was, what there is."""


class _OnDemand(click.Group):
    """Knows its commands by name, and imports the one that is typed; help needs them all."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"cellwarden.cli.{cmd_name}"), cmd_name)
        _finished(command)
        return command


def commands() -> click.Group:
    """All commands, with their help in the language in use."""
    from cellwarden.cli.words import language_option, name_values

    group = _OnDemand(
        "cellwarden",
        invoke_without_command=True,
        callback=_bare,
        context_settings={"help_option_names": ["-h", "--help"]},
        help=_("Find contraband phones by the radio waves they send. It only listens."),
        epilog="\b\n" + _("Examples:") + "\n" + EXAMPLES,
    )
    group.params.append(language_option())
    name_values(group)
    click.version_option(__version__, prog_name="cellwarden")(group)
    return group


def _finished(command: click.Command) -> None:
    """Give a command, and all below it, once, what all have: a short help, words for values, `--language`."""
    from cellwarden.cli.words import language_option, name_values

    for inner in command.commands.values() if isinstance(command, click.Group) else ():
        _finished(inner)
    if any(parameter.name == "language" for parameter in command.params):
        return
    command.short_help = (command.help or "").partition(". ")[0].rstrip(".")  # Click would cut it short
    name_values(command)
    command.params.append(language_option())


@click.pass_context
def _bare(context: click.Context) -> None:
    """Without a command, show what there is, on one screen."""
    if context.invoked_subcommand is not None:
        return
    group, page = context.command, context.make_formatter()
    assert isinstance(group, click.Group)
    group.format_help_text(context, page)
    group.format_commands(context, page)
    page.write_paragraph()
    page.write_text(_("cellwarden COMMAND --help says more of each, cellwarden --help of all."))
    click.echo(page.getvalue().strip("\n"))


def complain(message: str) -> None:
    """A mistake or a warning, as one line on standard error. French no-break spaces stay what they are."""
    click.echo("cellwarden: " + re.sub(r"\s+", " ", message, flags=re.ASCII).strip(" "), err=True)


def main() -> None:
    """Entry point: an error that a person can act on is one line and exit code 2."""
    from cellwarden.cli import interrupt
    from cellwarden.cli.words import speak, wish

    interrupt.install()
    garbage.rarely()
    # numpy is not imported yet. Its products are small: threads that wait for each other on busy cores cost far more.
    os.environ.update({name: "1" for name in THREADS if name not in os.environ})
    use(wish(sys.argv[1:]))
    speak()
    try:
        code = commands()(prog_name="cellwarden", standalone_mode=False)
        sys.stdout.flush()  # here, where a full disk can still be told
        if code:
            sys.exit(code)
    except CellwardenError as error:
        complain(str(error))
        sys.exit(2)
    except click.ClickException as error:
        complain(error.format_message())
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt, EOFError) as end:
        if not isinstance(end, EOFError) and not isinstance(end.__cause__, EOFError):  # Click makes both an Abort
            sys.exit(130)
        complain(
            _(
                "a compiled file of the program is cut short, as by a full disk: remove each __pycache__ in {path}"
            ).format(path=Path(__file__).parents[1])
        )
        sys.exit(2)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:  # of what rooms read and write they tell themselves; what is left is what was printed
        place = error.filename or _("the output")
        complain(
            _("{path} cannot be written: {why}: make room or choose another place").format(
                path=place, why=reason_of(error)
            )
        )
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what still waits to be printed would fail again
        sys.exit(2)
