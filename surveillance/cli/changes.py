"""The command `explain change`: why a count is another than it was; a screen of 80 columns, or a table."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from surveillance.cli.common import Desk, Format, Lang, Quiet, Scheme, Since, Site, State, Until, parse_day, parse_night


def explain_change(
    syndrome: Annotated[str, typer.Argument(help="Id of a case definition.", metavar="SYNDROME")],
    from_night: Annotated[str, typer.Option("--from", help="As known after that night.", metavar="NIGHT")],
    to_night: Annotated[str, typer.Option("--to", help="And after that later one.", metavar="NIGHT")],
    day: Annotated[str | None, typer.Option("--day", help="Visit day.", metavar="DAY")] = None,
    week: Annotated[str | None, typer.Option("--week", help="ISO week (2024-W02).", metavar="WEEK")] = None,
    since: Since = None,
    until: Until = None,
    territory: Annotated[
        list[str] | None,
        typer.Option(help="These only: an association, dep:CODE or reg:CODE (a bare code where it is only one)."),
    ] = None,
    age: Annotated[list[str] | None, typer.Option(help="These age groups only.")] = None,
    scheme: Scheme = "gene5",
    sex: Annotated[list[str] | None, typer.Option(help="These sexes only: M, F, I, NR.")] = None,
    act: Annotated[list[str] | None, typer.Option(help="These types of act only, of those counted.")] = None,
    basis: Annotated[str, typer.Option(help="diagnosis or reason.")] = "diagnosis",
    share: Annotated[bool, typer.Option("--share", help="Also what each part does to the share.")] = False,
    visits: Annotated[bool, typer.Option("--visits", help="The visits themselves, each with its part.")] = False,
    form: Format = "table",
    site: Site = None, state: State = None, lang: Lang = None, quiet: Quiet = False,
) -> None:  # fmt: skip
    """A count as known after two nights, and the difference by cause: late, corrected, withdrawn, recoded…"""
    from surveillance.changes import Cell, changed_visits
    from surveillance.changes import explain_change as explained
    from surveillance.cli.change_screen import ChangeScreen, change_table
    from surveillance.cli.common import write_table
    from surveillance.cli.terminal import show
    from surveillance.store import open_published

    desk = Desk(site, state, lang, quiet)
    nights = _night(from_night), _night(to_night)
    lists = tuple(tuple(given or ()) for given in (territory, age, sex, act))
    places, ages, sexes, acts = lists
    cell = Cell(syndrome, *_days(day, week, since, until), basis, places, scheme, ages, sexes, acts)
    asked = vars(cell) | {"from": nights[0], "to": nights[1], "visits": visits}
    with open_published(desk.settings.state, desk.content) as store:
        if visits:
            listed = changed_visits(store, cell, nights)
            desk.logged("explain change", asked, rows=len(listed), night=nights[1])
            write_table(listed, form, desk)
            return
        found = explained(store, cell, nights)
    desk.logged("explain change", asked, rows=len(found.moves), night=nights[1])
    if form == "table":
        show("\n".join(ChangeScreen(desk.say, found).lines(share)))
    else:
        write_table(change_table(found, share), form, desk)


def _night(text: str) -> date:
    from surveillance.errors import UsageError

    found = parse_night(text)
    if found is None:
        raise UsageError("which night?", "write YYYY-MM-DD, as 2024-01-15")
    return found


def _days(day: str | None, week: str | None, since: str | None, until: str | None) -> tuple[date, date]:
    """The first and the last visit day meant: one day, one week, or a stretch."""
    from surveillance.errors import UsageError

    if sum((day is not None, week is not None, (since or until) is not None)) > 1:
        raise UsageError("which visit days?", "give --day, or --week, or --since and --until")
    first, last = day or week or since, day or week or until
    return parse_day(first, first=True) or date(2000, 1, 1), parse_day(last, first=False) or date(2100, 1, 1)
