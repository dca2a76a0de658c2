"""Commands that ask: query."""

from __future__ import annotations

from typing import Annotated

import typer

from surveillance.cli.common import (
    By,
    Desk,
    Format,
    Lang,
    Quiet,
    Scheme,
    Since,
    Site,
    State,
    Until,
    asked,
    parse_night,
    write_table,
)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(query)


def query(
    syndromes: Annotated[
        list[str], typer.Argument(metavar="SYNDROME", help="Ids of case definitions, e.g. covid grippe.")
    ],
    by: By = "week",
    since: Since = None,
    until: Until = None,
    age: Annotated[list[str] | None, typer.Option(help="Keep these age groups.")] = None,
    scheme: Scheme = "gene5",
    sex: Annotated[list[str] | None, typer.Option(help="Keep these sexes: M, F, I, NR.")] = None,
    territory: Annotated[
        list[str] | None,
        typer.Option(help="Keep these: an association, dep:CODE or reg:CODE (a bare code where it is only one)."),
    ] = None,
    as_of: Annotated[str | None, typer.Option("--as-of", help="As known after that night (YYYY-MM-DD).")] = None,
    basis: Annotated[
        str, typer.Option(help="diagnosis (the published series) or reason (call reasons, a series of its own).")
    ] = "diagnosis",
    coding: Annotated[
        int | None,
        typer.Option(help="As coded by that one (surveillance indicators codings), and known while it was the last."),
    ] = None,
    total: Annotated[bool, typer.Option("--total", hidden=True)] = False,
    form: Format = "table",
    site: Site = None,
    state: State = None,
    lang: Lang = None,
    quiet: Quiet = False,
) -> None:
    """Counts and shares of syndromes, from the published copy of the store."""
    from surveillance.errors import UsageError
    from surveillance.questions import ASK_INSTEAD, NEVER_ADDED, Question, ask
    from surveillance.store import open_published

    desk = Desk(site, state, lang, quiet)
    if total:
        raise UsageError(f"--total: {NEVER_ADDED}", ASK_INSTEAD)
    question = Question(
        syndromes=tuple(syndromes),
        **asked(by, since, until, scheme),
        ages=tuple(age or ()),
        sexes=tuple(sex or ()),
        territories=tuple(territory or ()),
        as_of=parse_night(as_of),
        basis=basis,
        coding=coding,
    )
    with open_published(desk.settings.state, desk.content) as store:
        answer = ask(store, question)
    desk.logged("query", vars(question) | {"format": form}, rows=len(answer.table), night=question.as_of)
    write_table(answer.table, form, desk)
    for name, value in answer.facts.items():
        desk.err.print(f"{desk.say('fact_' + name)}: {value}")
    if form == "table" and not answer.table["complete"].all():
        desk.err.print(desk.say("incomplete_rows"))
