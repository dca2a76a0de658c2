"""Commands that make nights: demo, simulate, replay."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from surveillance.cli.common import Desk, Lang, Quiet, Site, State, parse_night


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(demo)
    app.command()(simulate)
    app.command()(replay)


def demo(
    night: Annotated[str | None, typer.Option("--night", help="Another night than the usual one.")] = None,
    seed: Annotated[int, typer.Option(help="Another seed makes other visits and other trouble.")] = 1,
    serve: Annotated[
        bool,
        typer.Option(
            "--serve",
            help="Set everything up, then only serve the feeds and the drop box until "
            "Ctrl-C, for `surveillance run` in another terminal.",
        ),
    ] = False,
    state: State = None,
    lang: Lang = None,
    quiet: Quiet = False,
) -> None:
    """A whole night on this machine alone: 63 SFTP feeds, an agency, a report; nothing to configure."""
    from surveillance.cli.demo import run_demo

    run_demo(parse_night(night), seed, serve, state or Path("demo-state"), lang, quiet)


def simulate(
    first: Annotated[str, typer.Argument(metavar="FROM", help="First night.")],
    last: Annotated[str, typer.Argument(metavar="TO", help="Last night.")],
    out: Annotated[
        Path, typer.Option(help="Folder to write NIGHT/ASSOCIATION/file and truth.json into.", metavar="DIR")
    ],
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 1,
    counts: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the published daily files (sursaud-corona-quot-reg*.csv) to be exact to the day.",
            metavar="DIR",
        ),
    ] = None,
    fault: Annotated[
        list[str] | None, typer.Option(help="e.g. absent:5901@2024-01-15, late:3, truncated, resent, header.")
    ] = None,
    outbreak: Annotated[
        list[str] | None, typer.Option(help="e.g. gastro:dep=33:from=2024-01-08:to=2024-01-14:extra=120:age=15-64")
    ] = None,
    site: Site = None,
    state: State = None,
    lang: Lang = None,
    quiet: Quiet = False,
) -> None:
    """Nights of the 63 feeds made from published counts, with delays, faults and outbreaks of known truth."""
    from surveillance.cli.progress import counter
    from surveillance.errors import UsageError
    from surveillance.simulation import parse_fault, parse_outbreak
    from surveillance.simulation import simulate as make

    desk = Desk(site, state, lang, quiet)
    begin, end = parse_night(first), parse_night(last)
    if begin is None or end is None or end < begin:
        raise UsageError("FROM and TO are nights in order, as 2024-01-08 2024-01-15")
    with counter(desk, "simulate", (end - begin).days + 1) as bar:
        make(
            desk.content,
            begin,
            end,
            out,
            seed,
            counts,
            tuple(parse_fault(text) for text in fault or ()),
            tuple(parse_outbreak(text) for text in outbreak or ()),
            bar,
        )
    desk.out.print(str(out / "truth.json"), markup=False)


def replay(
    first: Annotated[str, typer.Argument(metavar="FROM", help="First night.")],
    last: Annotated[str, typer.Argument(metavar="TO", help="Last night: the store will hold nothing later.")],
    inbox: Annotated[
        Path | None,
        typer.Option(
            "--inbox", help="Read the nights from this folder of feeds (NIGHT/ASSOCIATION/file).", metavar="DIR"
        ),
    ] = None,
    signals: Annotated[
        int, typer.Option(help="Of so many nights, the last ones, tell the signals again (half a second each).", min=0)
    ] = 100,
    site: Site = None,
    state: State = None,
    lang: Lang = None,
    quiet: Quiet = False,
) -> None:
    """Rebuild the store from the records; or run past nights from a folder of feeds."""
    from surveillance.cli.progress import counter
    from surveillance.errors import UsageError
    from surveillance.replay import replay as again

    desk = Desk(site, state, lang, quiet)
    begin, end = parse_night(first), parse_night(last)
    if begin is None or end is None:
        raise UsageError("FROM and TO are nights, as 2024-01-08 2024-01-15")
    nights = (end - begin).days + 1
    with counter(desk, "replay", nights + min(signals, nights)) as advance:
        result = again(desk.content, desk.settings, begin, end, inbox, lambda: advance(0, 0), signals)
    raise typer.Exit(int(result))
