"""What a changed case definition moves, adopting it, and the codings so far: commands of the group `indicators`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
    parse_day,
    write_table,
)
from surveillance.cli.indicators import commands

if TYPE_CHECKING:
    from surveillance.recoding.preview import Preview


def register(_: typer.Typer) -> None:
    """Nothing of its own: importing this module has put its commands into the group `indicators`."""


@commands.command("preview")
def preview(
    file: Annotated[Path, typer.Argument(help="A changed or new definition, in force nowhere.", metavar="FILE")],
    by: By = "week",
    since: Since = None,
    until: Until = None,
    scheme: Scheme = "gene5",
    form: Format = "table",
    site: Site = None,
    state: State = None,
    lang: Lang = None,
    quiet: Quiet = False,
) -> None:
    """What a definition would move in the counts that are known, cell by cell; nothing is changed."""
    from surveillance.questions import Question
    from surveillance.recoding.preview import preview as previewed
    from surveillance.store import open_published

    desk = Desk(site, state, lang, quiet)
    question = Question((), **asked(by, since, until, scheme))
    with open_published(desk.settings.state, desk.content) as store:
        found = previewed(store, desk.content, desk.settings.state, file, question)
    _show_preview(desk, found, form)


def _show_preview(desk: Desk, found: Preview, form: str) -> None:
    """A table has the cells that change, then totals and codes; another form has every cell, the totals on stderr."""
    one = found.tried.one
    desk.logged("preview", {"id": one.id, "version": one.version, "format": form}, rows=len(found.cells))
    desk.err.print(
        desk.say("preview_title", id=one.id, version=one.version, replaced=", ".join(found.tried.replaced) or "–"),
        markup=False,
    )
    if form == "table":
        changed = found.cells[found.cells["difference"] != 0]
        write_table(changed.drop(columns=["acts", "definition_before", "definition_after"]), form, desk)
        desk.out.print(desk.say("preview_unchanged", number=len(found.cells) - len(changed)), markup=False)
        write_table(found.totals, form, desk, desk.say("preview_totals"))
        write_table(found.codes, form, desk, desk.say("preview_codes"))
    else:
        write_table(found.cells, form, desk)
        for row in found.totals.to_dict("records"):
            desk.note(desk.say("preview_total", **{str(key): value for key, value in row.items()}))
    for rel in found.tried.shorter:
        desk.note(desk.say("preview_shorter", file=rel, since=one.since))
    for problem in found.tried.uncovered:
        desk.note(desk.say("preview_uncovered", why=str(problem)))
    if found.version:
        desk.note(desk.say("preview_version", why=found.version))


@commands.command("adopt")
def adopt(
    who: Annotated[str, typer.Option(help="Who adopts: stays with the numbers.", metavar="NAME")],
    why: Annotated[str, typer.Option(help="Why: stays with the numbers.", metavar="TEXT")],
    since: Annotated[
        str | None, typer.Option(help="Code again from this visit day on (YYYY-MM-DD); without it, all of history.")
    ] = None,
    site: Site = None,
    state: State = None,
    lang: Lang = None,
    quiet: Quiet = False,
) -> None:
    """Code history again with the definitions in force; the old coding stays, and can be asked with query --coding."""
    from surveillance.recoding.adopting import adopt as adopted

    desk = Desk(site, state, lang, quiet)
    done = adopted(desk.content, desk.settings, who, why, parse_day(since, first=True))
    if not done.new:
        desk.out.print(desk.say("adopt_nothing", number=done.coding.number), markup=False)
        return
    desk.out.print(
        desk.say("adopt_done", number=done.coding.number, night=done.coding.from_night, earlier=done.coding.number - 1),
        markup=False,
    )
    for (basis, syndrome), (ended, begun) in done.moved.items():
        desk.out.print(f"  {syndrome} ({basis}): -{ended} +{begun}", markup=False)


@commands.command("codings")
def codings(
    form: Format = "table",
    site: Site = None,
    state: State = None,
    lang: Lang = None,
    quiet: Quiet = False,
) -> None:
    """The codings: which definitions were in force from which night on, who adopted them and why."""
    import pandas as pd

    from surveillance.coding.codings import Codings

    desk = Desk(site, state, lang, quiet)
    rows = [
        {
            "number": one.number,
            "definitions": one.version,
            "from_night": str(one.from_night),
            "recoded_since": _since(desk, one.recoded_since),
            "who": one.who,
            "why": one.why,
            "digest": one.digest[:12],
        }
        for one in Codings(desk.settings.state).all
    ]
    if not rows:
        desk.note(desk.say("codings_none"))
        return
    write_table(pd.DataFrame(rows), form, desk)


def _since(desk: Desk, day: Any) -> str:
    from datetime import date

    if day is None:
        return "–"
    return desk.say("codings_all") if day == date.min else str(day)
