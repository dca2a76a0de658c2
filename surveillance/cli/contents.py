"""Commands about decisions: content, check, site."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from surveillance.cli.common import (
    Desk,
    Format,
    Lang,
    OfAssociation,
    OfReception,
    Quiet,
    Site,
    State,
    parse_night,
    write_table,
)

if TYPE_CHECKING:
    from surveillance.errors import ContentError


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(content)
    app.command()(check)
    app.command()(site)


def content(
    form: Format = "table",
    site: Site = None,
    state: State = None,
    lang: Lang = None,
    quiet: Quiet = False,
) -> None:
    """Check the content; then every file in force, where it came from, and the digest of journals and manifests."""
    import sys

    import pandas as pd

    from surveillance.checking import check_content
    from surveillance.errors import Exit
    from surveillance.files import sha256_file

    desk = Desk(site, state, lang, quiet)
    if problems := check_content(desk.content)[0]:
        print("\n".join(_told(problems)), file=sys.stderr)
        raise typer.Exit(int(Exit.CONTENT))
    rows = [
        {"file": item.rel, "origin": item.origin, "sha256": sha256_file(item.path)[:12]}
        for item in desk.content.files()
    ]
    write_table(pd.DataFrame(rows), form, desk)
    desk.err.print(f"digest {desk.content.digest()}\ndecisions {desk.content.decisions()}", markup=False)


def check(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Files to try before they are sent; without any, the content is checked."),
    ] = None,
    association: OfAssociation = None,
    night: OfReception = None,
    form: Annotated[str, typer.Option("--format", help="text or json.", metavar="FORMAT")] = "text",
    site: Site = None,
    state: State = None,
    lang: Lang = None,
    quiet: Quiet = False,
) -> None:
    """Check the content; or files against exactly the rules of the night: prints the body of the receipt, in French."""
    from surveillance.errors import UsageError

    desk = Desk(site, state, lang, quiet)
    if not files:
        _check_content(desk)
    elif association is None:
        raise UsageError("whose file is it?", "surveillance check FILE -a 5901")
    else:
        _check_files(desk, files, association, night, form)


def _check_content(desk: Desk) -> None:
    from surveillance.checking import check_content, unfilled
    from surveillance.clock import Clock
    from surveillance.coding.codings import Codings, version_problems
    from surveillance.errors import Exit
    from surveillance.intake.exceptions import load_exceptions

    problems, facts = check_content(desk.content)
    problems = problems or version_problems(desk.content, Codings(desk.settings.state))
    for line in _told(problems):
        desk.out.print(line, markup=False)
    if problems:
        raise typer.Exit(int(Exit.CONTENT))
    desk.out.print(desk.say("check_content_ok", **facts), markup=False)
    for what, number in unfilled(desk.content).items():
        desk.out.print(desk.say(f"check_{what}", number=number), markup=False)
    for what in load_exceptions(desk.content).expired(Clock().tonight()):
        desk.out.print(desk.say("check_expired", what=what), markup=False)


def _told(problems: list[ContentError]) -> Iterator[str]:
    """A line for each problem (file, line, key, sentence), and one for what to do about it."""
    for problem in problems:
        yield str(problem)
        if problem.hint:
            yield f"  → {problem.hint}"


def _check_files(desk: Desk, files: list[Path], code: str, night: str | None, form: str) -> None:
    import json

    from surveillance.associations import find_association, load_associations
    from surveillance.errors import Exit, UsageError
    from surveillance.receipts.issuing import issuer
    from surveillance.receipts.text import body_json, body_text

    if form not in ("text", "json"):
        raise UsageError(f"--format knows text and json here, not {form!r}")
    missing = [path for path in files if not path.is_file()]
    if missing:
        raise UsageError(f"there is no file {missing[0]}")
    member, chosen = find_association(load_associations(desk.content), code), parse_night(night)
    issue = issuer(desk.content)
    receipts = [issue.read(path, member, chosen)[1] for path in files]
    if form == "json":
        print(json.dumps([body_json(item) for item in receipts], ensure_ascii=False, indent=1))
    else:
        print("\n".join(body_text(item, issue.words) for item in receipts), end="")
    raise typer.Exit(int(Exit.COMPLETE if all(item.clean for item in receipts) else Exit.CHECK_FOUND))


def site(
    folder: Annotated[Path, typer.Argument(help="The site folder to begin.", metavar="DIR")],
    site: Site = None,
    state: State = None,
    lang: Lang = None,
    quiet: Quiet = False,
) -> None:
    """Begin a site folder: copies of the files that every site must edit, and fresh private keys."""
    from surveillance.installing import begin_site

    desk = Desk(site, state, lang, quiet)
    for line in begin_site(desk.content, desk.settings, folder):
        desk.out.print(line, markup=False)
