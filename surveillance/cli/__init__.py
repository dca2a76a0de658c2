"""The command line: a thin skin. Every command parses, calls, prints and exits; heavy imports wait inside commands."""

from __future__ import annotations

import errno
import sys
from typing import NoReturn

import typer

from surveillance.cli import asking, contents, dialects, habits, making, nightly, senders

# What the machine refuses, and its administrator can grant: no bug of ours.
MACHINE = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT}

app = typer.Typer(
    name="surveillance",
    help="Nightly syndromic surveillance of SOS Médecins: from 63 feeds to the daily file, before 06:00.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for module in (making, nightly, senders, asking, contents, dialects, habits):
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
    except OSError as error:
        if error.errno not in MACHINE:
            _bug()
        print(f"surveillance: {error.filename or 'the disk'}: {error.strerror}", file=sys.stderr)
        print("  → the user who runs this must own the state folder and read the site folder", file=sys.stderr)
        sys.exit(int(Exit.SETTINGS))
    except Exception:
        _bug()


def _bug() -> NoReturn:
    import traceback

    from surveillance.errors import Exit

    traceback.print_exc()
    sys.exit(int(Exit.BUG))
