"""The command `rebuild`: the daily files of past nights made again and held against what was sent; nothing is sent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from surveillance.cli.common import Desk, Lang, Quiet, Site, State, parse_night

if TYPE_CHECKING:
    from surveillance.delivery.rebuilding import Rebuilt

LISTED = 8  # names told of a longer list


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(rebuild)


def rebuild(
    night: Annotated[
        str | None, typer.Argument(metavar="NIGHT", help="Date on which the file left; default: every night.")
    ] = None,
    number: Annotated[
        int | None, typer.Option("--number", help="An earlier delivery of that night; default: its last.", metavar="N")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write the files there, by NIGHT.", metavar="DIR")] = None,
    site: Site = None, state: State = None, lang: Lang = None, quiet: Quiet = False,
) -> None:  # fmt: skip
    """Make the daily file of past nights again, as known and said then: is it what was sent? Nothing is sent."""
    from surveillance.delivery.rebuilding import deliveries_of, nights_delivered
    from surveillance.delivery.rebuilding import rebuild as again
    from surveillance.errors import Exit, UsageError
    from surveillance.store import open_published

    desk, chosen, equal = Desk(site, state, lang, quiet), parse_night(night), True
    with open_published(desk.settings.state, desk.content) as store:
        for one in [chosen] if chosen else nights_delivered(desk.settings.state):
            found = deliveries_of(store, desk.settings.state, one, desk.settings.env)
            wanted = [item for item in found if number in (None, item.seq)][-1:]
            if chosen and not wanted:
                known = ", ".join(str(item.seq) for item in found)
                hint = f"its numbers: {known}" if known else "surveillance rebuild alone does every night there is"
                raise UsageError(f"nothing of that kind was delivered in the night of {one}", hint)
            for issued in wanted:
                done = again(store, desk.settings.state, issued)
                desk.logged("rebuild", {"number": issued.seq, "out": out}, rows=len(done.files), night=one)
                _tell(desk, done, superseded=issued is not found[-1])
                _write(out, done)
                equal = equal and done.equal
    raise typer.Exit(int(Exit.COMPLETE if equal else Exit.CHECK_FOUND))


def _tell(desk: Desk, done: Rebuilt, superseded: bool) -> None:
    """A line for each file, and below it what stands otherwise today."""
    for one in done.verdicts:
        told = desk.say(f"rebuilt_{one.code.lower()}", what=_listed(one.what), number=one.number)
        desk.out.print(f"{done.issued.night} {one.name}: {told}", markup=False)
    if superseded and not done.equal:
        desk.out.print(f"  {desk.say('rebuilt_superseded')}", markup=False)
    for code, what in done.notes.items():
        if code != "changed" or not done.equal:
            desk.err.print(f"  {desk.say(f'rebuilt_note_{code}', what=_listed(what))}", markup=False)


def _listed(names: tuple[str, ...]) -> str:
    more = len(names) - LISTED
    return ", ".join(names[:LISTED]) + (f" … +{more}" if more > 0 else "")


def _write(out: Path | None, done: Rebuilt) -> None:
    from surveillance.files import make_folder, write_atomic

    if out is not None:
        folder = make_folder(out / done.issued.night.isoformat())
        for name, data in done.files.items():
            write_atomic(folder / name, data)
