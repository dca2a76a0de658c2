"""Commands that ask: query, sql."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from surveillance.cli.common import Desk, Format, Lang, Quiet, Site, State, write_table

if TYPE_CHECKING:
    from datetime import date


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(query)


def query(
    syndromes: Annotated[
        list[str], typer.Argument(metavar="SYNDROME", help="Ids of case definitions, e.g. covid grippe.")
    ],
    by: Annotated[
        str,
        typer.Option(
            help="day, week, month, season, association, department, region, national, age, sex; "
            "several separated by commas."
        ),
    ] = "week",
    since: Annotated[str | None, typer.Option(help="First visit day (YYYY-MM-DD) or ISO week (2023-W05).")] = None,
    until: Annotated[str | None, typer.Option(help="Last visit day or ISO week, included.")] = None,
    age: Annotated[list[str] | None, typer.Option(help="Keep these age groups.")] = None,
    scheme: Annotated[str, typer.Option("--age-scheme", help="gene5, sursaud7, bulletin, bronchio or all.")] = "gene5",
    sex: Annotated[list[str] | None, typer.Option(help="Keep these sexes: M, F, I, NR.")] = None,
    territory: Annotated[
        list[str] | None,
        typer.Option(help="Keep these: an association, dep:CODE or reg:CODE (a bare code where it is only one)."),
    ] = None,
    as_of: Annotated[str | None, typer.Option("--as-of", help="As known after that night (YYYY-MM-DD).")] = None,
    form: Format = "table",
    site: Site = None,
    state: State = None,
    lang: Lang = None,
    quiet: Quiet = False,
) -> None:
    """Counts and shares of syndromes, from the published copy of the store."""
    from datetime import date

    from surveillance.cli.common import parse_night
    from surveillance.questions import Question, ask
    from surveillance.store import open_published

    desk = Desk(site, state, lang, quiet)
    question = Question(
        syndromes=tuple(syndromes),
        by=tuple(dict.fromkeys(part.strip() for part in by.split(",") if part.strip())) or ("national",),
        since=_day(since, first=True) or date(2000, 1, 1),
        until=_day(until, first=False) or date(2100, 1, 1),
        scheme=scheme,
        ages=tuple(age or ()),
        sexes=tuple(sex or ()),
        territories=tuple(territory or ()),
        as_of=parse_night(as_of),
    )
    with open_published(desk.settings.state, desk.content) as store:
        answer = ask(store, question)
    write_table(answer.table, form, desk)
    for name, value in answer.facts.items():
        desk.err.print(f"{desk.say('fact_' + name)}: {value}")
    if form == "table" and not answer.table["complete"].all():
        desk.err.print(desk.say("incomplete_rows"))


def _day(text: str | None, first: bool) -> date | None:
    """A day, or the first or last day of an ISO week."""
    import re
    from datetime import timedelta

    from surveillance.cli.common import parse_night
    from surveillance.clock import week_monday
    from surveillance.errors import UsageError

    if text and re.fullmatch(r"\d{4}-W\d\d", text):
        try:
            return week_monday(text) + timedelta(days=0 if first else 6)
        except ValueError:
            raise UsageError(f"{text!r} is not a week of that year", "write YYYY-Www, as 2023-W05") from None
    return parse_night(text)
