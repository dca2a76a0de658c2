"""The command `dialect`: list the dialects, show one, try a file against one, draft one from a sample."""

from __future__ import annotations

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
    from surveillance.associations import Association
    from surveillance.dialects import Dialect
    from surveillance.intake.reading import FileResult

commands = typer.Typer(
    name="dialect", help="How the files of each software are read: list, show, try, guess.", no_args_is_help=True
)
OfFile = Annotated[Path, typer.Argument(help="A file as the software writes it.", metavar="FILE")]
ByDialect = Annotated[str | None, typer.Option("--dialect", "-d", help="Id of a dialect, or a TOML file.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(commands)


@commands.command("list")
def list_dialects(
    form: Format = "table", site: Site = None, state: State = None, lang: Lang = None, quiet: Quiet = False
) -> None:
    """The dialects in force, and how many associations send in each."""
    import pandas as pd

    from surveillance.associations import load_associations
    from surveillance.dialects import load_dialects

    desk = Desk(site, state, lang, quiet)
    used = [member.dialect for member in load_associations(desk.content)]
    rows = [
        {"id": one.id, "kind": one.kind, "status": one.status, "associations": used.count(one.id), "label": one.label}
        for one in load_dialects(desk.content).values()
    ]
    write_table(pd.DataFrame(rows), form, desk)


@commands.command("show")
def show_dialect(
    ident: Annotated[str, typer.Argument(help="Id of a dialect.", metavar="ID")],
    site: Site = None, state: State = None, lang: Lang = None, quiet: Quiet = False,
) -> None:  # fmt: skip
    """The file of a dialect."""
    from surveillance.dialects import FOLDER

    desk = Desk(site, state, lang, quiet)
    desk.out.print(desk.content.text(f"{FOLDER}{_dialect(desk, ident).id}.toml"), markup=False)


@commands.command("try")
def try_dialect(
    file: OfFile,
    dialect: ByDialect = None,
    association: OfAssociation = None,
    night: OfReception = None,
    site: Site = None, state: State = None, lang: Lang = None, quiet: Quiet = False,
) -> None:  # fmt: skip
    """Try a file against a dialect, in force or not yet: verdict, accounts, header, fields; no value."""
    from surveillance.errors import Exit, UsageError
    from surveillance.intake.reading import build_context, read_file

    desk = Desk(site, state, lang, quiet)
    if not file.is_file():
        raise UsageError(f"there is no file {file}")
    sender = _sender(desk, association, dialect, file)
    chosen = _dialect(desk, dialect or sender.dialect)
    data, context = file.read_bytes(), build_context(desk.content, b"a key for trials, not for any feed")
    result = read_file(data, file.name, sender, chosen, context, parse_night(night))
    _print_trial(desk, result, chosen)
    _print_header(desk, data, chosen, context.checks.limits)
    raise typer.Exit(int(Exit.COMPLETE if result.code == "ok" and not result.refusals.num_rows else Exit.CHECK_FOUND))


@commands.command("guess")
def guess_dialect(
    file: OfFile,
    out: Annotated[Path | None, typer.Option("--out", help="Where the draft goes.", metavar="DRAFT.toml")] = None,
    site: Site = None, state: State = None, lang: Lang = None, quiet: Quiet = False,
) -> None:  # fmt: skip
    """Draft a dialect from a sample: what the file proves, and questions for the rest. No night uses a draft."""
    from surveillance.errors import UsageError
    from surveillance.guessing.drafting import draft_of

    desk = Desk(site, state, lang, quiet)
    if not file.is_file():
        raise UsageError(f"there is no file {file}")
    if out is not None and out.exists():
        raise UsageError(f"{out} exists", "give another name: a draft that somebody works on is not written over")
    text = draft_of(file.read_bytes(), file.name, desk.content, out.stem if out else "draft", desk.lang)
    if out is None:
        desk.out.print(text, markup=False, end="")
    else:
        out.write_text(text, encoding="utf-8")
        desk.err.print(desk.say("dialect_drafted", path=out, file=file), markup=False)


def _dialect(desk: Desk, asked: str) -> Dialect:
    """The dialect of that id, or in that file."""
    from surveillance.content import parse
    from surveillance.dialects import Dialect, load_dialects
    from surveillance.errors import UsageError

    if asked.endswith(".toml"):
        if not Path(asked).is_file():
            raise UsageError(f"there is no file {asked}")
        return parse(Path(asked).read_text(encoding="utf-8"), asked, Dialect)
    found = load_dialects(desk.content)
    if asked not in found:
        raise UsageError(f"no dialect is called {asked!r}", f"there are: {', '.join(found)}")
    return found[asked]


def _sender(desk: Desk, code: str | None, dialect: str | None, file: Path) -> Association:
    """The association that sends the file: the one asked for, else the one that the name of the file tells."""
    from surveillance.associations import find_association, load_associations
    from surveillance.dialects import load_dialects
    from surveillance.errors import UsageError

    chosen = [_dialect(desk, dialect)] if dialect else list(load_dialects(desk.content).values())
    named = code or next((name for one in chosen if (name := one.read_name(file.name)[1])), "")
    if not named:
        raise UsageError("whose file is it?", "surveillance dialect try FILE -a 5901")
    return find_association(load_associations(desk.content), named)


def _print_trial(desk: Desk, result: FileResult, dialect: Dialect) -> None:
    """Verdict, accounts, refused lines, fields."""
    from surveillance.intake.trial import filled, refused_lines

    ledger = result.ledger
    desk.out.print(
        desk.say("dialect_verdict", dialect=dialect.name, status=result.status, code=result.code), markup=False
    )
    if result.sentence_fr:
        desk.out.print(f"  {result.sentence_fr}", markup=False)
    desk.out.print(desk.say("dialect_accounts", **ledger), markup=False)
    for check, sentence, count, lines in refused_lines(result):
        desk.out.print(f"  {check} × {count} : {sentence} ({lines})", markup=False)
    for _, sentence in result.notes:
        desk.out.print(f"  {sentence}", markup=False)
    for column, share, flagged in filled(result.visits, dialect):
        desk.out.print(
            desk.say("dialect_field", column=column, share=round(100 * share), flagged=flagged), markup=False
        )


def _print_header(desk: Desk, data: bytes, dialect: Dialect, limits: object) -> None:
    """The agreed columns beside those found."""
    from surveillance.errors import UsageError
    from surveillance.guessing.sample import look
    from surveillance.intake.trial import compare_header

    try:
        names = list(look(data, limits).columns)  # type: ignore[arg-type]
    except UsageError:
        return
    if names:
        matches = compare_header(names, dialect)
        width = max(len(item.agreed) for item in matches)
        for item in matches:
            desk.out.print(f"  {item.sign} {item.agreed:<{width}}  {item.found}".rstrip(), markup=False)
