"""The command line: a thin skin. Every command parses, calls, prints and exits; heavy imports wait inside commands."""

from __future__ import annotations

import sys
from typing import Any, NoReturn

import typer

from surveillance.cli import (
    analysing,
    asking,
    coding,
    contents,
    detecting,
    dialects,
    evaluating,
    explaining,
    habits,
    indicators,
    making,
    nightly,
    purging,
    rebuilding,
    recoding,
    senders,
    signalling,
    watching,
)

app = typer.Typer(
    name="surveillance",
    help="Nightly syndromic surveillance of SOS Médecins: from 63 feeds to the daily file, before 06:00.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for module in (
    making,
    nightly,
    rebuilding,
    purging,
    senders,
    asking,
    analysing,
    detecting,
    evaluating,
    explaining,
    coding,
    contents,
    indicators,
    recoding,
    dialects,
    habits,
    signalling,
    watching,
):
    module.register(app)


def only(command: str) -> None:
    """Build one command, where its name is the first word: to build all sixty is a fifth of the start (50 ms)."""
    commands = [one for one in app.registered_commands if command == (one.name or _named(one.callback))]
    groups = [one for one in app.registered_groups if one.typer_instance and command == one.typer_instance.info.name]
    if commands or groups:
        app.registered_commands, app.registered_groups = commands, groups
        app.callback()(lambda: None)  # one command alone would take the place of the group


def _named(function: Any) -> str:
    return str(function.__name__).replace("_", "-")


def main() -> None:
    """Run the command line; an error for a person is one sentence and its exit code, a bug keeps its traceback."""
    from surveillance.errors import as_known

    try:
        only(sys.argv[1] if len(sys.argv) > 1 else "")
        app()
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except Exception as error:
        known = as_known(error)
        if known is None:
            _bug()
        print(f"surveillance: {known}", file=sys.stderr)
        if known.hint:
            print(f"  → {known.hint}", file=sys.stderr)
        sys.exit(int(known.exit_code))


def _bug() -> NoReturn:
    import traceback

    from surveillance.errors import Exit

    traceback.print_exc()
    sys.exit(int(Exit.BUG))
