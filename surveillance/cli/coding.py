"""The command `code`: what the call reasons of a CSV file say."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from surveillance.cli.common import Desk, Lang, Quiet, Site, State


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(code)


def code(
    file: Annotated[Path, typer.Argument(help="A CSV file with a header.", metavar="FILE.csv")],
    text: Annotated[str, typer.Option("--text", help="The column that holds the call reasons.")],
    out: Annotated[Path, typer.Option("--out", help="Where the rows go, with a column labels.", metavar="OUT.csv")],
    details: Annotated[
        bool, typer.Option("--details", help="Also the columns suspected and ambiguous.")
    ] = False,
    site: Site = None,
    state: State = None,
    lang: Lang = None,
    quiet: Quiet = False,
) -> None:
    """Code French call reasons: adds what each says, as the night does, to the rows of a CSV file."""
    from surveillance.errors import UsageError
    from surveillance.reasons.coder import load_nomenclature
    from surveillance.reasons.files import code_file

    desk = Desk(site, state, lang, quiet)
    if not file.is_file():
        raise UsageError(f"there is no file {file}")
    if out.exists() and out.samefile(file):
        raise UsageError("--out is the file itself", "give another name")
    found = code_file(file, text, out, desk.content, details)
    share = 100 * found.coded / found.texts if found.texts else 0.0
    desk.err.print(
        desk.say("code_done", texts=found.texts, distinct=found.distinct, share=round(share), unclear=found.ambiguous),
        markup=False,
    )
    least = load_nomenclature(desk.content).unknown_words.uses
    words = [f"{word} {number}" for word, number in found.unknown.most_common(15) if number >= least]
    if words:
        desk.err.print(desk.say("code_unknown", words=", ".join(words)), markup=False)
