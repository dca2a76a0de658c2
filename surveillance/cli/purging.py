"""The command `purge`: visits older than the timetable says become counts; accesses older than that are forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from surveillance.cli.common import Desk, Lang, Quiet, Site, State, parse_night

if TYPE_CHECKING:
    from datetime import date

    from surveillance.purging import Plan


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(purge)


def purge(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go, and leave everything.")] = False,
    before: Annotated[
        str | None, typer.Option("--before", help="Only visit days before this one (YYYY-MM-DD).", metavar="DAY")
    ] = None,
    site: Site = None, state: State = None, lang: Lang = None, quiet: Quiet = False,
) -> None:  # fmt: skip
    """Reduce visits older than visit_months (schedules/night.toml) to counts; nothing is asked again."""
    from surveillance.purging import plan
    from surveillance.purging import purge as reduce
    from surveillance.store import open_published

    desk, day = Desk(site, state, lang, quiet), parse_night(before)
    if dry_run:
        with open_published(desk.settings.state, desk.content) as store:
            found = plan(store, desk.settings, day)
    else:
        found = reduce(desk.content, desk.settings, day)
    _tell(desk, found, dry_run)
    _accesses(desk, found.night if found else None, dry_run)


def _tell(desk: Desk, found: Plan | None, dry_run: bool) -> None:
    if found is None:
        desk.out.print(desk.say("purge_never"), markup=False)
    elif found.nothing:
        desk.out.print(desk.say("purge_nothing", before=found.before), markup=False)
    else:
        facts = {
            "before": found.before, "visits": found.visits, "versions": found.versions, "lines": found.lines,
            "records": len(found.records), "packages": len(found.packages),
        }  # fmt: skip
        desk.out.print(desk.say("purge_would" if dry_run else "purge_done", **facts), markup=False)
        for ledger, (rows, net, digest) in found.sums.items():
            desk.out.print(desk.say("purge_kept", ledger=ledger, rows=rows, acts=net, digest=digest[:12]), markup=False)


def _accesses(desk: Desk, night: date | None, dry_run: bool) -> None:
    """The log of accesses forgets its old months; it is never touched by a trial."""
    from surveillance.access.log import forget
    from surveillance.clock import Clock
    from surveillance.timetable import load_timetable

    today = night or Clock().tonight()
    place = today.year * 12 + today.month - 1 - load_timetable(desk.content).log_months
    month = f"{place // 12:04}-{place % 12 + 1:02}"
    if not dry_run and (gone := forget(desk.settings.state, month)):
        desk.out.print(desk.say("purge_log", files=", ".join(gone)), markup=False)
