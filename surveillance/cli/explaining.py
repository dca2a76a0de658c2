"""The command `explain visit`: why a visit counts in a syndrome, or does not; a screen of 80 columns."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from surveillance.cli.common import Desk, Lang, OfAssociation, OfNight, Quiet, Site, State, parse_night

if TYPE_CHECKING:
    from surveillance.explaining import Line
    from surveillance.store import Store

commands = typer.Typer(
    name="explain", help="Why a visit counts or does not (visit), why a count changed (change).", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    """Add the commands of this module, and the one of `changes`."""
    from surveillance.cli.changes import explain_change

    commands.command("change")(explain_change)
    app.add_typer(commands)


@commands.command("visit")
def explain_visit(
    uid: Annotated[str | None, typer.Argument(help="Pseudonym of the visit.", metavar="UID")] = None,
    association: OfAssociation = None,
    file: Annotated[str | None, typer.Option("--file", help="Name of a file it sent.", metavar="NAME")] = None,
    line: Annotated[int | None, typer.Option("--line", help="Line of that file.", metavar="N", min=1)] = None,
    syndrome: Annotated[
        str | None, typer.Option("--syndrome", help="Also why it counts there, or does not.", metavar="ID")
    ] = None,
    night: OfNight = None,
    site: Site = None, state: State = None, lang: Lang = None, quiet: Quiet = False,
) -> None:  # fmt: skip
    """A visit of the published store: its versions, its codes, the definitions that count it and by which rule."""
    from surveillance.cli.explanation import Screen
    from surveillance.cli.terminal import show
    from surveillance.errors import UsageError
    from surveillance.explaining import Explainer, find_file_line
    from surveillance.store import open_published

    desk, chosen = Desk(site, state, lang, quiet), parse_night(night)
    by_line = (association, file, line)
    asked = {"uid": uid, "association": association, "file": file, "line": line, "syndrome": syndrome}
    if (uid is None) == (None in by_line) or (uid and any(by_line)):
        raise UsageError("which visit?", "give its UID, or --association CODE --file NAME --line N")
    with open_published(desk.settings.state, desk.content) as store:
        place = None if uid else find_file_line(store, str(association), str(file), int(line or 0), chosen)
        uid = uid or _visit(desk, store, place)
        if uid is None:
            return
        explainer = Explainer(store, desk.content)
        found = explainer.explain(uid, None if place else chosen, place)
        screen = Screen(desk.say, desk.lang, found, explainer.coder)
        lines = screen.visit()
        lines += screen.syndrome(*explainer.definition(syndrome, found.visit["event_date"])) if syndrome else []
    desk.logged("explain", asked, rows=len(found.versions), night=chosen)
    show("\n".join(lines))


def _visit(desk: Desk, store: Store, line: Line | None) -> str | None:
    """The visit of a line; without one says what became of the line."""
    from surveillance.cli.terminal import show, wrapped
    from surveillance.explaining import refusal_of_line, visit_of_line

    if line is None or (uid := visit_of_line(store, line)):
        return uid if line else None
    values: dict[str, Any] = {"file": line.name, "line": line.number}
    desk.logged("explain", {"association": line.association, **values})
    refused = refusal_of_line(desk.settings.state, line)
    held = [row for row in line.files if row["code"] == "held"]
    if refused:
        told = desk.say("explain_line_refused", check=refused["check"], sentence=refused["sentence_fr"], **values)
    elif held:
        night: date = held[-1]["night"]
        values |= {"night": night, "reason": held[-1]["detail"], "association": line.association}
        told = desk.say("explain_line_held", **values)
    else:
        told = desk.say("explain_line_nothing", **values)
    show("\n".join(wrapped("", told)))
    return None
