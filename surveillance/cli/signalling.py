"""The command `signals`: the events of a night, one of them, and what people judged of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from surveillance.cli.common import Desk, Format, Lang, Quiet, Site, from_first_night, parse_night, write_table

if TYPE_CHECKING:
    from surveillance.store import Store

LINE = "{:>3} {:<37} {:<5} {:>5} {:>7} {:>2} {:<12} {}"
JUDGED = "{:<9} {:<24} {:>8} {:>10} {:>8} {:>6} {:>6}"
DATA_SHOWN, ALARMS_SHOWN = 8, 15
ACTIONS = ("list", "show", "judge")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(signals)


def signals(
    action: Annotated[str, typer.Argument(help="list, show or judge.", metavar="list|show|judge")] = "list",
    event: Annotated[str, typer.Argument(help="Its name, or the only beginning of one.", metavar="ID")] = "",
    night: Annotated[str | None, typer.Option(help="That night (YYYY-MM-DD); default: the last one.")] = None,
    since: Annotated[str | None, typer.Option(help="All nights from that one on.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Those beyond the number shown a night too.")] = False,
    opened: Annotated[bool, typer.Option("--open", help="Without those rejected or closed.")] = False,
    precision: Annotated[
        bool, typer.Option("--precision", help="Of the events judged, how many were confirmed.")
    ] = False,
    verdict: Annotated[
        str, typer.Option("--verdict", help="new, under_review, confirmed, rejected or closed.", metavar="STATE")
    ] = "",
    owner: Annotated[str, typer.Option(help="Who has it in hand.")] = "",
    reason: Annotated[str, typer.Option(help="Why it was judged so.")] = "",
    result: Annotated[str, typer.Option("--outcome", help="What came of it: alert, investigation, nothing…")] = "",
    form: Format = "table",
    site: Site = None,
    state: Annotated[
        list[str] | None,
        typer.Option("--state", help="Folder of the state; one of the five states is taken as --verdict."),
    ] = None,
    lang: Lang = None,
    quiet: Quiet = False,
) -> None:
    """Signals of a night: data signals first, then events by rank; judge them, and see how many were right."""
    from surveillance.errors import UsageError
    from surveillance.signals.judgements import STATES
    from surveillance.store import open_published

    given = [one.replace(" ", "_").replace("-", "_") for one in state or [] if "/" not in one]
    if action == "judge" and (unheard := [one for one in given if one not in STATES and not Path(one).is_dir()]):
        raise UsageError(f"no signal is ever {unheard[0]!r}", f"states: {', '.join(STATES)}")
    verdict = next((one for one in given if one in STATES), verdict.replace(" ", "_").replace("-", "_"))
    folders = [Path(one) for one in state or [] if one.replace(" ", "_").replace("-", "_") not in STATES]
    desk = Desk(site, folders[-1] if folders else None, lang, quiet)
    if action not in ACTIONS:
        raise UsageError(f"signals knows {', '.join(ACTIONS)}, not {action!r}")
    if precision:
        _precision(desk, form)
        return
    with open_published(desk.settings.state, desk.content) as store:
        if action == "list":
            if event or verdict:
                said = "event" if event else "state"
                raise UsageError(f"list takes no {said}", "signals show ID; signals list --open; --since NIGHT")
            _list(desk, store, form, (parse_night(night), parse_night(since)), (everything, opened))
        elif not event:
            raise UsageError(f"signals {action} wants the name of an event", "surveillance signals list")
        elif action == "show":
            _show(desk, store, form, event)
        else:
            _judge(desk, store, event, (verdict, owner, reason, result))


def _list(desk: Desk, store: Store, form: str, nights: tuple[Any, Any], kept: tuple[bool, bool]) -> None:
    import pandas as pd

    from surveillance.errors import UsageError
    from surveillance.signals.judgements import read, standing
    from surveillance.signals.listing import data_signals_of, events_of, last_night

    known = last_night(store)
    from_first_night(store, nights[0])
    if nights[0] and known and nights[0] > known:
        raise UsageError(f"nothing is known of the night of {nights[0]}", f"the last night known is {known}")
    last = nights[0] or known
    rows = events_of(store, nights[1] or last, last, standing(read(desk.settings.state)), *kept) if last else []
    data = data_signals_of(store, last) if last else []
    desk.logged("signals", {"night": last, "since": nights[1]}, rows=len(rows))
    if form == "json":
        _json({"night": last, "data_signals": data, "signals": rows})
    elif form != "table":
        write_table(pd.DataFrame(_flat(rows)), form, desk)
    else:
        _screen(desk, last, data, rows)


def _screen(desk: Desk, night: Any, data: list[dict[str, Any]], rows: list[dict[str, Any]]) -> None:
    from surveillance.cli.terminal import cut, show, wrapped

    show(desk.say("signals_title", night=night, data=len(data), count=len(rows)))
    for one in data[:DATA_SHOWN]:
        days = f"{one['first_day']:%d/%m}" + (
            f"-{one['last_day']:%d/%m}" if one["last_day"] != one["first_day"] else ""
        )
        show(cut(f"  {_kind(desk, one['kind'])} {one['territory']} {days} : {_detail(desk, one)}"))
    if len(data) > DATA_SHOWN:
        show(desk.say("signals_more_data", count=len(data) - DATA_SHOWN))
    if rows:
        show(LINE.format(*desk.say("signals_heads").split(), ""))
        for row in rows:
            show(_line(desk, row))
        show("\n".join(wrapped("", desk.say("signals_doubt"))))


def _kind(desk: Desk, kind: str) -> str:
    """A kind of data signal in the reader's language; its own name where a site's words lack it."""
    from surveillance.words import knows

    return desk.say(f"data_{kind}") if knows(desk.content, f"data_{kind}") else kind


def _detail(desk: Desk, one: dict[str, Any]) -> str:
    """What is wrong; of a feed lost the state in the reader's language, then its code."""
    if one["kind"] != "feed_lost":
        return str(one["detail"])
    state, _, code = one["detail"].partition(", ")
    return f"{desk.say(f'data_{state}')} ({code})"


def _line(desk: Desk, row: dict[str, Any]) -> str:
    """An event in 80 columns; `?`: doubtful feeds, `c`: of the calendar."""
    mark = "?" if row["doubtful"] else "c" if row["calendar"] else ""
    numbers = f"{row['observed']:.0f}", desk.number(row["expected"]), str(row["duration"])
    return LINE.format(row["rank"], row["event"], row["age"], *numbers, row["state"], mark).rstrip()


def _show(desk: Desk, store: Store, form: str, name: str) -> None:
    from dataclasses import asdict

    import pandas as pd

    from surveillance.cli.terminal import show
    from surveillance.signals.judgements import read, standing
    from surveillance.signals.listing import alarms_of, history_of, nights_of, one_event

    judged = read(desk.settings.state)
    row = one_event(store, name, standing(judged))
    alarms, history = alarms_of(store, row["event"]), history_of(judged, row["event"])
    course = nights_of(store, row["event"])
    desk.logged("signals", {"event": row["event"]}, rows=len(alarms))
    if form == "json":
        _json(row | {"nights": course, "series": alarms, "judgements": [asdict(one) for one in history]})
        return
    if form != "table":
        write_table(pd.DataFrame(alarms), form, desk)
        return
    for line in _lines(desk, row, len(alarms)):
        show(line)
    if len(course) > 1:
        write_table(pd.DataFrame([_night(one) for one in course[:ALARMS_SHOWN]]), "table", desk)
    shown = [_alarm(one) for one in alarms[:ALARMS_SHOWN]]
    write_table(pd.DataFrame(shown), "table", desk)
    for one in history:
        show(
            desk.say(
                "signals_judged", at=one.at[:16], state=one.state, owner=one.owner or "–", reason=one.reason,
                outcome=one.outcome,
            ).rstrip(" ;:")
        )  # fmt: skip


def _night(one: dict[str, Any]) -> dict[str, Any]:
    """An event on one night, by its most improbable series."""
    return {"night": one["night"], **_series(one), "rank": one["rank"], "territories": len(one["territories"])}


def _alarm(one: dict[str, Any]) -> dict[str, Any]:
    return {"day": one["last_day"], **_series(one), "method": one["method"]}


def _series(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "territory": f"{one['territory_kind'][:3]} {one['territory']}",
        "age": one["age"],
        "n": round(one["observed"]),
        "expected": one["expected"],
        "p": f"{one['pvalue']:.1e}",
    }


def _lines(desk: Desk, row: dict[str, Any], series: int) -> list[str]:
    """What is known of an event, in lines of 80 columns."""
    from surveillance.cli.terminal import wrapped
    from surveillance.signal_rules import load_rules

    protocol = load_rules(desk.content).protocol.get(row["protocol"])
    share = {name: "–" if row[name] is None else f"{100 * row[name]:.0f} %" for name in ("coded_share", "late_share")}
    told = [
        desk.say(
            "signals_figures", event=row["event"], state=row["state"], first=row["first_day"], last=row["last_day"],
            days=row["duration"], n=f"{row['observed']:.0f}", expected=desk.number(row["expected"]),
            low=f"{row['low']:.0f}", high=f"{row['high']:.0f}", excess=desk.number(row["excess"]),
            p=f"{row['pvalue']:.0e}", rank=row["rank"], series=series,
        ),
        desk.say(
            "signals_where", territories=", ".join(row["territories"]), ages=", ".join(row["ages"]),
            neighbours=", ".join(row["neighbours"]) or "–", methods=", ".join(row["methods"]),
            coded=share["coded_share"], late=share["late_share"],
        ),
    ]  # fmt: skip
    if row["doubtful"]:
        told.append(desk.say("signals_why_doubtful", reason=row["reason"]))
    if row["calendar"]:
        told.append(desk.say("signals_calendar", reason=row["calendar"]))
    if protocol:
        told.append(desk.say("signals_protocol", text=getattr(protocol, desk.lang)))
    return [line for text in told for line in wrapped("", text)]


def _judge(desk: Desk, store: Store, name: str, said: tuple[str, str, str, str]) -> None:
    from surveillance.clock import Clock
    from surveillance.errors import UsageError
    from surveillance.signals.judgements import STATES, Judgement, append, now, read, standing
    from surveillance.signals.listing import one_event

    verdict, owner, reason, result = said
    before = standing(read(desk.settings.state))
    row = one_event(store, name, before)
    if not verdict and not owner and not result:
        raise UsageError("judge wants --verdict, --owner or --outcome", f"states: {', '.join(STATES)}")
    last = before.get(row["event"])
    one = Judgement(
        now(Clock().now()), row["event"], verdict or row["state"], owner or (last.owner if last else ""),
        reason or (last.reason if last and not verdict else ""), result or (last.outcome if last else ""),
        row["syndrome"], f"{row['territory_kind']}:{row['territory']}", tuple(row["methods"]), str(row["night"]),
    )  # fmt: skip
    append(desk.settings.state, one)
    desk.out.print(desk.say("signals_noted", event=one.event, state=one.state, owner=one.owner or "–"), markup=False)


def _precision(desk: Desk, form: str) -> None:
    from dataclasses import asdict

    import pandas as pd

    from surveillance.cli.terminal import show, wrapped
    from surveillance.signals.judgements import Precision, precisions, read

    found = precisions(read(desk.settings.state))
    if not found and form == "table":
        show("\n".join(wrapped("", desk.say("signals_none_judged"))))
        return
    if form != "table":
        names = list(Precision.__dataclass_fields__)
        write_table(pd.DataFrame([asdict(one) for one in found], columns=names), form, desk)
        return
    show(JUDGED.format(*desk.say("signals_precision").split()))
    for one in found:
        shares = (f"{100 * value:.0f} %" for value in (one.precision, one.low, one.high))
        show(JUDGED.format(one.by, one.name, one.judged, one.confirmed, *shares))


def _flat(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows for a file of one table: lists joined by spaces."""
    return [
        {name: " ".join(value) if isinstance(value, list) else value for name, value in row.items()} for row in rows
    ]


def _json(found: dict[str, Any]) -> None:
    import json

    print(json.dumps(found, ensure_ascii=False, indent=1, default=str))
