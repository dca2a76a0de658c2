"""The command line: a thin skin. Every command parses, calls, prints and exits; heavy imports wait inside commands."""

from __future__ import annotations

import sys
from typing import NoReturn

import typer

from surveillance.cli import (
    analysing,
    asking,
    coding,
    contents,
    dialects,
    explaining,
    habits,
    indicators,
    making,
    nightly,
    purging,
    rebuilding,
    recoding,
    senders,
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
    explaining,
    coding,
    contents,
    indicators,
    recoding,
    dialects,
    habits,
):
    module.register(app)


def main() -> None:
    """Run the command line; an error for a person is one sentence and its exit code, a bug keeps its traceback."""
    from surveillance.errors import as_known

    try:
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
