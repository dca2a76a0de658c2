"""Commands that ask: query."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from surveillance.cli import asking_options as option
from surveillance.cli.common import By, Desk, Lang, Quiet, Scheme, Since, Site, State, Until, asked, parse_night
from surveillance.cli.giving import Output, can_be, give

if TYPE_CHECKING:
    from surveillance.questions import Answer, Question
    from surveillance.store import Store


@dataclass(frozen=True)
class Handing:
    """How an answer is given: as `table`, csv, json, parquet or xlsx, into a file, or as a chart of a column.

    profile: of an export, for whom it is (reports/disclosure.toml).
    """

    form: str
    output: Path | None
    plot: bool
    of: str
    profile: str | None


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(query)


def query(
    syndromes: option.Syndromes,
    by: By = "week",
    since: Since = None,
    until: Until = None,
    age: option.Age = None,
    scheme: Scheme = "gene5",
    sex: option.Sex = None,
    act: option.Act = None,
    territory: option.Territory = None,
    as_of: option.AsOf = None,
    basis: option.Basis = "diagnosis",
    coding: option.Coding = None,
    perimeter: option.Perimeter = "current",
    rate: option.Rate = False,
    moving: option.Moving = 0,
    compare: option.Compare = False,
    plot: option.Plot = False,
    of: option.Of = "visits",
    form: option.Form = None,
    output: Output = None,
    profile: option.Profile = None,
    total: option.Total = False,
    site: Site = None,
    state: State = None,
    lang: Lang = None,
    quiet: Quiet = False,
) -> None:
    """Counts, shares, rates and changes of syndromes, from the published copy of the store (docs/queries.md)."""
    from surveillance.questions import Question, refuse_total

    desk = Desk(site, state, lang, quiet)
    if total:
        refuse_total()
    question = Question(
        syndromes=tuple(syndromes),
        **asked(by, since, until, scheme),
        ages=tuple(age or ()),
        sexes=tuple(sex or ()),
        acts=tuple(act or ()),
        territories=tuple(territory or ()),
        as_of=parse_night(as_of),
        basis=basis,
        coding=coding,
        perimeter=perimeter,
        rate=rate,
        moving=moving,
        compare=compare,
    )
    _answer(desk, question, Handing(_form(form, output, plot), output, plot, of, profile))


def _form(form: str | None, output: Path | None, plot: bool) -> str:
    """The form that was asked for, or that the name of the file says."""
    from surveillance.cli.exporting import FORMS
    from surveillance.errors import UsageError

    found = form or (output.suffix.removeprefix(".") if output else "table")
    if found not in ("table", *FORMS):
        raise UsageError(
            f"--format knows table, {', '.join(FORMS)}, not {found!r}", "name the file so, or give --format"
        )
    if output and found == "table":
        raise UsageError("a table is for the screen", "for a file: --format csv, json, parquet or xlsx")
    if output is None and found == "xlsx":
        raise UsageError("a workbook needs a file", "--output NAME.xlsx")
    if plot and output is None and found != "table":
        raise UsageError("--plot draws on the screen, where the figures would go too", "give them a file: --output")
    can_be(output)
    return found


def _answer(desk: Desk, question: Question, how: Handing) -> None:
    """Ask, give, then say the facts."""
    from surveillance.questions import ask
    from surveillance.store import open_published

    with open_published(desk.settings.state, desk.content) as store:
        answer = ask(store, question)
        leaving = _leaving(desk, store, answer, how.profile) if how.form != "table" else answer
    logged = vars(question) | {"format": how.form, "plot": how.plot}
    desk.logged("query", logged, rows=len(answer.table), night=question.as_of)
    if how.plot:
        _draw(desk, answer, how)
    elif how.form == "table":
        _show(desk, answer)
    if how.form != "table":
        _export(desk, leaving, how)
    for name, value in leaving.facts.items():
        desk.note(f"{desk.say('fact_' + name)}: {value}")
    if how.form == "table" and not answer.table["complete"].all():
        desk.note(desk.say("incomplete_rows"))


def _leaving(desk: Desk, store: Store, answer: Answer, profile: str | None) -> Answer:
    """The answer as it may leave: small counts hidden, those it is compared with too, and remembered."""
    from dataclasses import replace
    from datetime import UTC, datetime

    from surveillance.disclosure.release import release

    state, at = desk.settings.state, datetime.now(UTC).isoformat(timespec="seconds")
    if answer.earlier:
        before = release(store, state, answer.earlier.question, answer.earlier.table, profile, at)
        answer = replace(answer, earlier=replace(answer.earlier, table=before.table))
    out = release(store, state, answer.question, answer.table, profile, at)
    return replace(answer, table=out.table, facts=answer.facts | out.facts)


def _export(desk: Desk, answer: Answer, how: Handing) -> None:
    """The one place where an answer becomes a file, or the bytes of one on stdout.

    What looks at other cells (`shown`) is computed last, from the table and the earlier periods as they may leave.
    """
    from io import BytesIO

    from surveillance.cli.exporting import FORMS
    from surveillance.questions import shown

    table = shown(answer)
    give(BytesIO(FORMS[how.form](table, answer.facts, desk)), how.output)
    if how.output:
        desk.err.print(desk.say("query_written", file=how.output, rows=len(table)), markup=False)


def _show(desk: Desk, answer: Answer) -> None:
    """The table for people: each change beside its per cent, in one column."""
    from surveillance.cli.common import write_table
    from surveillance.questions import REFERENCES, shown

    table = shown(answer)
    for name in REFERENCES if answer.question.compare else ():
        pairs = zip(table[f"change_{name}"], table[f"change_{name}_percent"], strict=True)
        table = table.assign(**{f"vs_{name}": [_change(*pair) for pair in pairs]}).drop(
            columns=[f"visits_{name}", f"change_{name}", f"change_{name}_percent"]
        )
    write_table(table, "table", desk)


def _change(change: Any, percent: Any) -> str:
    import pandas as pd

    if pd.isna(change):
        return "–"
    return f"{change:+,} ({'–' if pd.isna(percent) else f'{percent:+.0f} %'})".replace(",", " ")


def _draw(desk: Desk, answer: Answer, how: Handing) -> None:
    from surveillance.cli.plotting import charts
    from surveillance.questions import shown

    for line in charts(shown(answer), answer.question, how.of, desk):
        desk.out.print(line, markup=False)
