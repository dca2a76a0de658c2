"""Commands about what is usual: closure, backtest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from surveillance.cli.common import Desk, Format, Lang, Quiet, Site, State, parse_night, write_table

if TYPE_CHECKING:
    from surveillance.habits.backtest import Score


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(closure)
    app.command()(backtest)


def closure(
    action: Annotated[str, typer.Argument(help="list or add.", metavar="list|add")] = "list",
    association: Annotated[str, typer.Option("--association", "-a", help='Code, or "*" for all.')] = "",
    region: Annotated[str, typer.Option(help="In its place, a région (INSEE code).")] = "",
    department: Annotated[str, typer.Option(help="In its place, a département.")] = "",
    kind: Annotated[str, typer.Option(help="closure, strike, holiday or move.")] = "closure",
    first: Annotated[str, typer.Option("--from", help="First visit day.", metavar="DAY")] = "",
    last: Annotated[str, typer.Option("--until", help="Last visit day.", metavar="DAY")] = "",
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    who: Annotated[str, typer.Option(help="Who said so, and how.")] = "",
    form: Format = "table",
    site: Site = None,
    state: State = None,
    lang: Lang = None,
    quiet: Quiet = False,
) -> None:
    """Days declared to be unlike the others: list them, or add one to the site's extracts/closures.toml."""
    import pandas as pd

    from surveillance.associations import load_associations, load_closures
    from surveillance.declaring import add_closure
    from surveillance.errors import UsageError

    desk = Desk(site, state, lang, quiet)
    if action == "list":
        found = load_closures(desk.content, load_associations(desk.content))
        write_table(pd.DataFrame([item.model_dump(by_alias=True) for item in found]), form, desk)
    elif action == "add":
        entry = {
            "association": association,
            "region": region,
            "department": department,
            "kind": kind,
            "from": parse_night(first or None),
            "until": parse_night(last or None),
            "reason": reason,
            "who": who,
        }
        desk.out.print(add_closure(desk.content, entry), markup=False)
    else:
        raise UsageError(f"closure knows list and add, not {action!r}")


def backtest(
    first: Annotated[str, typer.Argument(metavar="FROM", help="First night.")],
    last: Annotated[str, typer.Argument(metavar="TO", help="Last night.")],
    counts: Annotated[
        Path | None,
        typer.Option(help="Folder of the published daily files: days as they were, strikes too.", metavar="DIR"),
    ] = None,
    seed: Annotated[int, typer.Option(help="Another seed makes other visits.")] = 1,
    sample: Annotated[int, typer.Option(help="Real files read to prove the profiles.")] = 40,
    form: Format = "table",
    site: Site = None,
    state: State = None,
    lang: Lang = None,
    quiet: Quiet = False,
) -> None:
    """Try the checks against habits on simulated nights: false alarms, faults seen, data events. Exit 1 above 0.1 %."""
    import pandas as pd

    from surveillance.cli.progress import counter
    from surveillance.errors import Exit, UsageError
    from surveillance.habits.backtest import MOST_FALSE
    from surveillance.habits.backtest import backtest as run

    desk = Desk(site, state, lang, quiet)
    begin, end = parse_night(first), parse_night(last)
    if begin is None or end is None or end < begin:
        raise UsageError("FROM and TO are nights in order, as 2023-02-01 2024-01-31")
    with counter(desk, "backtest", (end - begin).days + 1) as advance:
        score = run(desk.content, begin, end, counts, seed, sample, lambda: advance(0, 0))
    write_table(pd.DataFrame(score.rows()), form, desk)
    _tell(desk, score, form)
    raise typer.Exit(
        int(Exit.CHECK_FOUND if score.false_holds() > MOST_FALSE or score.files_differing else Exit.COMPLETE)
    )


def _tell(desk: Desk, score: Score, form: str) -> None:
    """What stands under the table: the rate that is judged, the sample, the events of the nation and the régions."""
    words: dict[str, Any] = {
        "nights": score.association_nights,
        "held": len(score.held),
        "rate": f"{100 * score.false_holds():.3f}",
        "files": score.files_read,
        "differing": score.files_differing,
    }
    console = desk.out if form == "table" else desk.err
    console.print(desk.say("backtest_rate", **words), markup=False)
    for event in score.events:
        if event.scope != "association":
            console.print(f"{event.visit_day} {event.scope} {event.territory}: {event.sentence_fr}", markup=False)
