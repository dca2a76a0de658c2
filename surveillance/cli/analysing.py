"""Commands for analysts: sql, lines."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

from surveillance.cli.common import Desk, Format, Lang, Quiet, Scheme, Site, State, parse_day, parse_night
from surveillance.cli.giving import Output, can_be, give, give_frame, show_table

if TYPE_CHECKING:
    from surveillance.access.limits import Allowance

AsOf = Annotated[str | None, typer.Option("--as-of", help="As known after that night (YYYY-MM-DD).")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(sql)
    app.command()(lines)


def sql(
    statement: Annotated[str | None, typer.Argument(help="One statement that reads; - reads it from stdin.")] = None,
    file: Annotated[Path | None, typer.Option("--file", "-f", help="Read the statement from this file.")] = None,
    views: Annotated[bool, typer.Option("--views", help="List the views, what one row is, and their columns.")] = False,
    as_of: AsOf = None,
    limit: Annotated[int | None, typer.Option("--limit", help="Give out no more rows than that.", min=1)] = None,
    seconds: Annotated[float | None, typer.Option("--seconds", help="Stop the statement after that time.")] = None,
    memory: Annotated[str | None, typer.Option("--memory", help="What it may hold, as 512MB or 2GB.")] = None,
    output: Output = None,
    form: Format = "table",
    site: Site = None, state: State = None, lang: Lang = None, quiet: Quiet = False,
) -> None:  # fmt: skip
    """A statement on the published copy, read-only, within limits of time and memory; every one is logged."""
    from surveillance.access.limits import allowance, load_limits

    desk = Desk(site, state, lang, quiet)
    limits = load_limits(desk.content)
    allowed = allowance(limits, seconds, memory)
    if views:
        _views(desk, allowed, form, output)
        return
    asked = Asked(_text(statement, file), form, limit if limit or form != "table" else limits.table_rows, output)
    asked.checked()
    from tempfile import TemporaryFile

    folder = desk.settings.state / "published"
    with TemporaryFile(dir=folder if folder.is_dir() else None) as answer:
        found = _run(desk, allowed, asked, parse_night(as_of), answer)
        answer.seek(0)
        if form != "table":
            give(answer, output)
        else:
            show_table(desk, answer, output)
        if found["more"]:
            told = desk.say("sql_more" if form == "table" else "sql_cut", rows=f"{found['rows']:,}".replace(",", " "))
            (desk.err if form != "table" or output else desk.out).print(told, markup=False)


class Asked:
    """A statement, and the form of its answer."""

    def __init__(self, text: str, form: str, limit: int | None, output: Path | None) -> None:
        self.text, self.form, self.limit, self.output = text, form, limit, output

    def checked(self) -> None:
        """UsageError for a form that there is not, or a file that cannot be."""
        from surveillance.access.answers import FORMATS
        from surveillance.errors import UsageError

        if self.form not in FORMATS:
            raise UsageError(f"--format knows {', '.join(FORMATS)}, not {self.form!r}")
        can_be(self.output)


def _run(desk: Desk, allowed: Allowance, asked: Asked, night: Any, answer: IO[bytes]) -> dict[str, Any]:
    """Run it in a process of its own, its rows into `answer`; it is in the log when this returns."""
    import time
    from dataclasses import replace

    from surveillance.access.apart import Ended, apart
    from surveillance.access.log import Access, statement_asked, write
    from surveillance.access.session import outcome, too_long, too_much
    from surveillance.errors import SurveillanceError

    state, begun = desk.settings.state, time.monotonic()
    access = Access("sql", statement_asked(asked.text) | {"format": asked.form}, night=night)
    try:
        found = apart(lambda loaded: _work(desk, allowed, asked, night, answer, loaded), allowed)
    except Ended as ended:
        error: SurveillanceError = (too_long if ended.late else too_much)(allowed)
        write(state, replace(access, seconds=time.monotonic() - begun, result="stopped"))
        raise error from None
    except SurveillanceError as error:
        write(state, replace(access, seconds=time.monotonic() - begun, result=outcome(error)))
        raise
    took = time.monotonic() - begun
    write(state, replace(access, tables=tuple(found["tables"]), rows=found["rows"], seconds=took))
    return found


def _work(desk: Desk, allowed: Allowance, asked: Asked, night: Any, answer: IO[bytes], loaded: Any) -> dict[str, Any]:
    from surveillance.access.answers import write_answer
    from surveillance.access.session import Session

    session = Session.open(desk.settings.state, desk.content, allowed, night)
    loaded()
    judged = session.judge(asked.text)
    with session.batches(judged) as found:
        written = write_answer(found, asked.form, answer, asked.limit)
    answer.flush()
    return {"tables": judged.tables, "rows": written.rows, "more": written.more}


def _views(desk: Desk, allowed: Allowance, form: str, output: Path | None) -> None:
    """The views, told from what is published."""
    import pandas as pd

    from surveillance.access.session import Session
    from surveillance.access.views import list_views
    from surveillance.cli.terminal import wrapped

    session = Session.open(desk.settings.state, desk.content, allowed)
    found = list_views(session.store)
    session.close()
    if form != "table":
        give_frame(desk, pd.DataFrame(found), form, output)
        return
    before = ""
    for row in found:
        if row["view"] != before:
            print("\n".join(["", row["view"], *wrapped("  ", row["row"])]))
            before = row["view"]
        print("\n".join(wrapped(f"    {row['column']:<18}", f"{row['type'].lower()}. {row['meaning']}".rstrip(". "))))


def _text(statement: str | None, file: Path | None) -> str:
    from surveillance.errors import UsageError

    if (statement is None) == (file is None):
        raise UsageError("which statement?", 'surveillance sql "SELECT …", or --file q.sql, or - for stdin')
    try:
        if file is not None:
            return file.read_text(encoding="utf-8")
        return sys.stdin.buffer.read().decode() if statement == "-" else str(statement)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{file or 'what came by stdin'} is not UTF-8") from None


def lines(
    syndrome: Annotated[str, typer.Argument(metavar="SYNDROME", help="Id of a case definition.")],
    since: Annotated[str, typer.Option(help="First visit day (YYYY-MM-DD) or ISO week (2023-W05).")],
    until: Annotated[str, typer.Option(help="Last visit day or ISO week, included.")],
    why: Annotated[str, typer.Option(help="The reason for it: it is logged.")] = "",
    who: Annotated[str, typer.Option(help="For whom, when it is not for yourself: it is logged.")] = "",
    territory: Annotated[list[str] | None, typer.Option(help="An association, dep:CODE or reg:CODE.")] = None,
    age: Annotated[list[str] | None, typer.Option(help="Keep these age groups.")] = None,
    scheme: Scheme = "gene5",
    basis: Annotated[str, typer.Option(help="diagnosis or reason.")] = "diagnosis",
    as_of: AsOf = None,
    output: Output = None,
    form: Format = "table",
    site: Site = None, state: State = None, lang: Lang = None, quiet: Quiet = False,
) -> None:  # fmt: skip
    """A pseudonymised line list for an investigation, one visit a row; --why is logged. Never cut short: refused when
    it is too long."""
    from surveillance.access.limits import load_limits
    from surveillance.access.lines import TABLES, LineList, line_list
    from surveillance.access.log import Access, write
    from surveillance.errors import SurveillanceError, UsageError
    from surveillance.store import open_published

    desk = Desk(site, state, lang, quiet)
    can_be(output)
    first, last = parse_day(since, first=True), parse_day(until, first=False)
    if first is None or last is None:
        raise UsageError("--since and --until: which visit days?")
    places, ages = tuple(territory or ()), tuple(age or ())
    asked = LineList(syndrome, first, last, why, who, places, ages, scheme, basis, parse_night(as_of))
    try:
        with open_published(desk.settings.state, desk.content) as store:
            found = line_list(store, asked, load_limits(desk.content))
    except SurveillanceError:
        write(desk.settings.state, Access("lines", vars(asked), TABLES, night=asked.as_of, result="refused"))
        raise
    write(desk.settings.state, Access("lines", vars(asked), TABLES, rows=len(found), night=asked.as_of))
    give_frame(desk, found, form, output)
    desk.err.print(desk.say("lines_given", rows=len(found), rest="surveillance journal --accesses"), markup=False)
