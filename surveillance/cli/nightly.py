"""Commands of the night: run, status, journal, schedule, deliver, report, verify."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from surveillance.cli.common import Desk, Format, Lang, Quiet, Site, State, parse_night

if TYPE_CHECKING:
    from datetime import date

NightArgument = Annotated[
    str | None,
    typer.Argument(metavar="NIGHT", help="Date on which the file leaves (YYYY-MM-DD); default: tonight."),
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (run, status, journal, schedule, deliver, report, verify):
        app.command()(command)


def run(
    night: NightArgument = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            help="Run again from this step on: gather, validate, code, aggregate, detect, deliver, receipts, report.",
        ),
    ] = None,
    site: Site = None,
    state: State = None,
    lang: Lang = None,
    quiet: Quiet = False,
) -> None:
    """The night, for cron: gather, validate, code, aggregate, detect, deliver, receipts, report."""
    _run(Desk(site, state, lang, quiet), night, since)


def _run(desk: Desk, night: str | None, since: str | None, until: str | None = None) -> None:
    from surveillance.cli.progress import teller
    from surveillance.night import STEPS, new_night, run_night, steps_since

    steps = steps_since(since) if since else STEPS
    if until:
        steps = tuple(step for step in steps if STEPS.index(step) <= STEPS.index(until))
    desk.checked()
    with teller(desk) as tell:
        result = run_night(new_night(parse_night(night), desk.content, desk.settings, tell), steps)
    raise typer.Exit(int(result))


def deliver(
    night: NightArgument = None,
    resend: Annotated[
        bool, typer.Option("--resend", help="The same as without: sending again is always safe.")
    ] = False,
    site: Site = None,
    state: State = None,
    lang: Lang = None,
    quiet: Quiet = False,
) -> None:
    """Build the package of a night, send it, read it back. What is already there with the same bytes is left alone."""
    _run(Desk(site, state, lang, quiet), night, "deliver", "deliver")


def report(
    night: NightArgument = None,
    site: Site = None,
    state: State = None,
    lang: Lang = None,
    quiet: Quiet = False,
) -> None:
    """Draw the page of a night again."""
    desk = Desk(site, state, lang, quiet)
    desk.logged("report", {"night": night})
    _run(desk, night, "report", "report")


def status(
    night: NightArgument = None,
    form: Format = "table",
    association: Annotated[
        str | None, typer.Option("--association", "-a", help="The story of one association.", metavar="CODE")
    ] = None,
    whole: Annotated[
        bool, typer.Option("--all", help="All 63 rows, however small the terminal (so it is in a pipe).")
    ] = False,
    page: Annotated[bool, typer.Option("--page", help="Write the same as a page, pages/NIGHT/tableau.html.")] = False,
    delivered: Annotated[
        bool,
        typer.Option(
            "--delivered", help="Say nothing unless tonight's file is not at the agency (exit 14): for a watchdog."
        ),
    ] = False,
    site: Site = None,
    state: State = None,
    lang: Lang = None,
    quiet: Quiet = False,
) -> None:
    """The board: time left, who is missing and why, by harm, whom to call, the next command to type."""
    from surveillance.cli.boarding import show_board
    from surveillance.clock import Clock
    from surveillance.errors import DeliveryError
    from surveillance.journal import read_journal
    from surveillance.status import journal_path, read_status

    desk = Desk(site, state, lang, quiet)
    chosen = parse_night(night) or (Clock().tonight() if delivered else _last_night(desk))
    found = read_status(read_journal(journal_path(desk.settings.state, chosen)))
    if delivered:
        if found.delivery.get("state") not in ("read_back", "acknowledged"):
            raise DeliveryError(f"the file of the night of {chosen} is not at the agency", "surveillance status")
        return
    show_board(desk, chosen, found, form, association, whole, page)


def _last_night(desk: Desk) -> date:
    """Tonight if it has begun, else the last night that has a journal, else tonight."""
    from datetime import date

    from surveillance.clock import Clock

    tonight = Clock().tonight()
    known = sorted(path.stem for path in (desk.settings.state / "journal").glob("????-??-??.jsonl"))
    return tonight if tonight.isoformat() in known or not known else date.fromisoformat(known[-1])


def journal(
    night: NightArgument = None,
    association: Annotated[str | None, typer.Option(help="Only events of this association.")] = None,
    accesses: Annotated[bool, typer.Option("--accesses", help="Who asked what of the store, newest last.")] = False,
    whole: Annotated[
        bool, typer.Option("--verify", help="Is the log of accesses whole? Names the first line that is not (exit 1).")
    ] = False,
    form: Format = "table",
    site: Site = None,
    state: State = None,
    lang: Lang = None,
    quiet: Quiet = False,
) -> None:
    """What was done in a night, event by event; first what was received before it began."""
    import json

    from surveillance.journal import read_journal

    desk = Desk(site, state, lang, quiet)
    if accesses or whole:
        from surveillance.cli.accesses import show_accesses, verify_accesses

        (verify_accesses if whole else show_accesses)(desk, form)
        return
    chosen = parse_night(night) or _last_night(desk)
    events = [
        event
        for folder in ("receive", ".")
        for event in read_journal(desk.settings.state / "journal" / folder / f"{chosen}.jsonl")
        if association in (None, event.get("association"))
    ]
    if form != "table":
        import pandas as pd

        from surveillance.cli.common import write_table

        write_table(pd.DataFrame(events), form, desk)
        return
    if not events:
        desk.note(desk.say("journal_empty", night=chosen))
    for event in events:
        rest = {key: value for key, value in event.items() if key not in ("at", "event")}
        told = " ".join(f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in rest.items())
        desk.out.print(f"{event['at'][:19]}  {event['event']}  {told}", markup=False)


def schedule(
    units: Annotated[
        Path | None,
        typer.Option("--write", help="Write the systemd units and the crontab into this folder.", metavar="DIR"),
    ] = None,
    site: Site = None,
    state: State = None,
    lang: Lang = None,
    quiet: Quiet = False,
) -> None:
    """When things run: the night's timetable, and the units that start it."""
    from surveillance.cli.screen import schedule_screen
    from surveillance.installing import write_units

    desk = Desk(site, state, lang, quiet)
    if units is not None:
        for path in write_units(desk.content, desk.settings, units):
            desk.out.print(str(path), markup=False)
        return
    desk.out.print(schedule_screen(desk), markup=False)


def verify(
    manifest: Annotated[Path, typer.Argument(help="SOS_…manifest.json, with the data files beside it.")],
    key: Annotated[list[str] | None, typer.Option(help="Public key that may sign (ed25519:…).")] = None,
    site: Site = None,
    state: State = None,
    lang: Lang = None,
    quiet: Quiet = False,
) -> None:
    """The receiver's side: does this delivery prove itself?"""
    from surveillance.delivery.package import load_contract
    from surveillance.delivery.verify import verify_delivery
    from surveillance.errors import Exit

    desk = Desk(site, state, lang, quiet)
    columns = {item.kind: item.columns for item in load_contract(desk.content).file}
    result = verify_delivery(manifest, columns, tuple(key or ()))
    for name, value in result.facts.items():
        desk.out.print(f"{name}: {value}", markup=False)
    for problem in result.problems:
        desk.out.print(f"{problem.code}: {problem.file} {problem.cause}", markup=False)
    desk.out.print("OK" if result.ok else "NOT PROVEN")
    raise typer.Exit(int(Exit.COMPLETE if result.ok else Exit.CHECK_FOUND))
