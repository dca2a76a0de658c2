"""The command `demo`: sets the stage, runs the night, and shows what came of it."""

from __future__ import annotations

import signal
from datetime import date, timedelta
from pathlib import Path

import typer

from surveillance.board_words import duration
from surveillance.cli.common import Desk
from surveillance.cli.progress import counter, teller
from surveillance.demonstration.demo import (
    NIGHT,
    Demo,
    add_nights,
    fill_history,
    make_feeds,
    put_on_servers,
    stand_servers,
    write_site,
)
from surveillance.journal import read_journal
from surveillance.night import Night, new_night, run_night
from surveillance.status import NightStatus, journal_path, read_status


def run_demo(night: date | None, seed: int, serve: bool, state: Path, lang: str | None, quiet: bool) -> None:
    """Make what is not there yet, then run the night, or only serve."""
    demo = Demo(state.absolute(), night or NIGHT, seed)
    desk = Desk(None, state, lang, quiet)
    if not (demo.simulated / "truth.json").is_file():
        with counter(desk, desk.say("demo_feeds"), demo.nights) as advance:
            make_feeds(demo, advance)
        put_on_servers(demo)
    with counter(desk, desk.say("demo_feeds"), 1) as advance:
        if add_nights(demo, advance):
            put_on_servers(demo)
    with stand_servers(demo) as server:
        write_site(demo, server.ports)
        desk = Desk(demo.state / "site", demo.state, lang, quiet)
        if not (demo.state / "published" / "surveillance.duckdb").is_file():
            with counter(desk, desk.say("demo_history"), demo.nights - 1) as advance:
                fill_history(demo, advance)
        if serve:
            _wait(desk, demo)
            return
        with teller(desk) as tell:
            one = new_night(demo.night, desk.content, desk.settings, tell)
            result = run_night(one)
    _summary(desk, demo, one)
    raise typer.Exit(int(result))


def _wait(desk: Desk, demo: Demo) -> None:
    """Serve until Ctrl-C; says what to type elsewhere."""
    desk.err.print(desk.say("demo_served"), markup=False)
    for line in (
        f"surveillance run {demo.night} --state {demo.state}",
        f"surveillance status {demo.night} --state {demo.state}",
    ):
        desk.out.print(line, markup=False)
    try:
        signal.pause()
    except KeyboardInterrupt:
        desk.err.print("")


def _summary(desk: Desk, demo: Demo, night: Night) -> None:
    """The last table: what was received, what was sent, how much time was left, where to look."""
    from rich import box
    from rich.table import Table

    found = read_status(read_journal(journal_path(demo.state, demo.night)))
    table = Table(
        title=desk.say("summary_title", night=demo.night),
        box=box.SIMPLE_HEAD,
        show_header=False,
        title_justify="left",
    )
    table.add_column()
    table.add_column(justify="right")
    for name, value in _facts(desk, demo, night, found):
        table.add_row(name, value)
    desk.out.print(table)
    outbox = sorted((demo.state / "outbox" / demo.night.isoformat()).glob("*_VIS.csv.gz"))
    desk.out.print(f"{desk.say('summary_file')} : {outbox[-1] if outbox else '–'}", markup=False)
    page = demo.state / "pages" / demo.night.isoformat() / "rapport.html"
    desk.out.print(f"{desk.say('summary_report')} : {page if page.is_file() else '–'}", markup=False)
    desk.out.print(f"{desk.say('status_type')} : surveillance status --state {demo.state}", markup=False)


def _facts(desk: Desk, demo: Demo, night: Night, found: NightStatus) -> list[tuple[str, str]]:
    coded = found.facts.get("coded_percent")
    left = night.at(night.timetable.deadline) - night.clock.now()
    rows = [
        (desk.say(f"summary_{name}"), str(found.counted(name))) for name in ("received", "partial", "absent", "refused")
    ]
    rows.insert(1, (desk.say("summary_late"), str(found.late())))
    return [
        *rows,
        (desk.say("summary_visits", day=demo.night - timedelta(days=1)), _number(found.facts.get("day_acts"))),
        (desk.say("summary_late_visits"), _number(found.facts.get("late_visits"))),
        (desk.say("summary_coded"), f"{coded} %"),
        (desk.say("summary_signals"), _number(found.facts.get("signals"))),
        (desk.say("summary_delivery"), desk.say("state_" + str(found.delivery.get("state", "failed")))),
        (desk.say("summary_left"), duration(left)),
    ]


def _number(value: object) -> str:
    return f"{value:,}".replace(",", " ") if isinstance(value, int) else "–"
