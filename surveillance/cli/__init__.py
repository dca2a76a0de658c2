"""The command line: a thin skin. Every command parses, calls, prints and exits; heavy imports wait inside commands."""

from __future__ import annotations

import sys

import typer

from surveillance.cli import asking, contents, making, nightly

app = typer.Typer(
    name="surveillance",
    help="Nightly syndromic surveillance of SOS Médecins: from 63 feeds to the daily file, before 06:00.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for module in (making, nightly, asking, contents):
    module.register(app)


def main() -> None:
    """Run the command line; an error for a person is one sentence and its exit code, a bug keeps its traceback."""
    from surveillance.errors import Exit, SurveillanceError

    try:
        app()
    except SurveillanceError as error:
        print(f"surveillance: {error}", file=sys.stderr)
        if error.hint:
            print(f"  → {error.hint}", file=sys.stderr)
        sys.exit(int(error.exit_code))
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except Exception:
        import traceback

        traceback.print_exc()
        sys.exit(int(Exit.BUG))
