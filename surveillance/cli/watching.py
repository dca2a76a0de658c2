"""Commands that look over a syndrome: phases, nowcast, clusters."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from surveillance.cli import asking_options as option
from surveillance.cli.common import Desk, Format, Lang, Quiet, Site, State, from_first_night, parse_night, write_table

if TYPE_CHECKING:
    from datetime import date

    import pandas as pd

    from surveillance.questions import Question
    from surveillance.store import Store


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(phases)
    app.command()(nowcast)
    app.command()(clusters)


def phases(
    syndromes: Annotated[list[str] | None, typer.Argument(metavar="[SYNDROME]", help="None: all of them.")] = None,
    as_of: option.AsOf = None,
    territory: option.Territory = None,
    weeks: Annotated[int | None, typer.Option(help="Show so many weeks.", min=1)] = None,
    validate: Annotated[
        Path | None, typer.Option(help="Folder of published data: try the rules on past seasons.", metavar="DIR")
    ] = None,
    form: Format = "table",
    site: Site = None, state: State = None, lang: Lang = None, quiet: Quiet = False,
) -> None:  # fmt: skip
    """Epidemic phases by région and week, by the vote of three methods (docs/phases.md)."""
    from surveillance.errors import UsageError
    from surveillance.signal_rules import load_rules

    desk = Desk(site, state, lang, quiet)
    rules = load_rules(desk.content)
    rule = rules.phases
    if validate is not None:
        from surveillance.phases.validating import validation

        write_table(validation(validate, rule, rules.published_epidemics), form, desk)
        return
    wanted = tuple(syndromes or rule.syndromes)
    if lost := [name for name in wanted if name not in rule.syndromes]:
        raise UsageError(
            f"no phases are made for {', '.join(lost)}",
            f"for: {', '.join(rule.syndromes)} (indicators/signals.toml, [phases])",
        )
    shown = weeks or rule.shown_weeks
    _give(
        desk, form, [_phases_of(desk, name, as_of, tuple(territory or ()), shown, form) for name in wanted], "history"
    )


def _phases_of(
    desk: Desk, syndrome: str, as_of: str | None, territories: tuple[str, ...], shown: int, form: str
) -> pd.DataFrame:
    from surveillance.phases.telling import table
    from surveillance.phases.weekly import questions, read_weeks
    from surveillance.signal_rules import load_rules
    from surveillance.store import open_published

    rule, night = load_rules(desk.content).phases.of(syndrome), parse_night(as_of)
    with open_published(desk.settings.state, desk.content) as store:
        from_first_night(store, night)
        weekly = read_weeks(store, syndrome, night, territories)
        frame = table(weekly, syndrome, rule, shown)
        if form != "table" and len(weekly.mondays):
            since = weekly.mondays[-min(shown, len(weekly.mondays))]
            asked = questions(syndrome, weekly.night, territories, since)
            frame = _hidden(desk, store, frame, asked, {"share": "region"})
    desk.logged(
        "phases", {"syndrome": syndrome, "territories": territories, "weeks": shown}, rows=len(frame), night=night
    )
    frame.insert(0, "syndrome", syndrome)
    frame.attrs["told"] = [_history(desk, frame, rule.min_weeks)] if (frame["why"] == "history").any() else []
    frame.attrs["title"] = desk.say("phases_title", syndrome=syndrome, night=weekly.night)
    return frame


def _history(desk: Desk, frame: pd.DataFrame, least: int) -> str:
    short = frame[frame["why"] == "history"]
    return desk.say(
        "phases_short", places=", ".join(sorted(set(short["region"]))), known=int(short["history"].max()), least=least
    )


def nowcast(
    syndrome: Annotated[str, typer.Argument(metavar="SYNDROME", help="Id of a case definition.")] = "",
    by: Annotated[str, typer.Option(help="day, and national, region, department or association.")] = "day,region",
    as_of: option.AsOf = None,
    territory: option.Territory = None,
    days: Annotated[int | None, typer.Option(help="Show so many days.", min=1)] = None,
    basis: option.Basis = "diagnosis",
    method: Annotated[str, typer.Option(help="ladder (chain ladder), or bnb (Bayesian).")] = "ladder",
    validate: Annotated[
        Path | None, typer.Option(help="Folder of published data: try it on past publications.", metavar="DIR")
    ] = None,
    form: Format = "table",
    site: Site = None, state: State = None, lang: Lang = None, quiet: Quiet = False,
) -> None:  # fmt: skip
    """What the last days will come to once every act is in, an interval of 80 % and past error (docs/nowcasting.md)."""
    from surveillance.errors import UsageError
    from surveillance.nowcasting.telling import METHODS
    from surveillance.questions import Question
    from surveillance.signal_rules import load_rules

    desk = Desk(site, state, lang, quiet)
    rule = load_rules(desk.content).nowcast
    if validate is not None:
        from surveillance.nowcasting.validating import validation

        write_table(validation(validate, rule), form, desk)
        return
    if not syndrome:
        raise UsageError("which syndrome?", "surveillance nowcast grippe")
    kinds = [part.strip() for part in by.split(",") if part.strip() and part.strip() != "day"] or ["national"]
    if len(kinds) > 1 or method not in METHODS:
        raise UsageError("--by is day and one kind of place; --method is ladder or bnb", "as --by day,region")
    night = parse_night(as_of)
    question = Question((syndrome,), ("day", kinds[0]), territories=tuple(territory or ()), as_of=night, basis=basis)
    frame, known = _nowcast_of(desk, question, method, days or rule.shown_days, form)
    desk.logged("nowcast", vars(question) | {"method": method}, rows=len(frame), night=night)
    frame.insert(0, "syndrome", syndrome)
    frame.attrs["told"] = _off(desk, frame, kinds[0], rule.error_weeks)
    frame.attrs["title"] = desk.say("nowcast_title", syndrome=syndrome, night=known)
    _give(desk, form, [frame], "error_known", "tried")


def _nowcast_of(desk: Desk, question: Question, method: str, days: int, form: str) -> tuple[pd.DataFrame, date]:
    """The table, as it may leave where it leaves, and the night that it is as known after."""
    from dataclasses import replace

    from surveillance.nowcasting.reading import read
    from surveillance.nowcasting.telling import placed, table, told
    from surveillance.questions import checked
    from surveillance.questions.asked import known_names
    from surveillance.signal_rules import load_rules
    from surveillance.store import open_published

    rule, kind = load_rules(desk.content).nowcast, question.by[1]
    checked(question)
    with open_published(desk.settings.state, desk.content) as store:
        from_first_night(store, question.as_of)
        known_names(store, question)
        reported = read(store, question.syndromes[0], question.as_of, rule, question.basis)
        names, places = placed(store, reported.associations, kind, question.territories)
        past, said = told(reported, places, rule, method)
        frame = table(reported, names, kind, past, said, days)
        if form != "table" and len(frame):
            asked = replace(question, since=frame["day"].min(), until=frame["day"].max())
            frame = _hidden(desk, store, frame, (asked,), dict.fromkeys(("visits", "nowcast", "low", "high"), kind))
    return frame, reported.night


def _off(desk: Desk, frame: pd.DataFrame, kind: str, weeks: int) -> list[str]:
    """Sentences about the estimates that are not given."""
    found = []
    for why in ("worse", "short"):
        off = frame[frame["why"] == why]
        if len(off):
            places = ", ".join(dict.fromkeys(off[kind].astype(str)))
            found.append(desk.say(f"nowcast_{why}", places=places, cells=len(off), weeks=weeks))
    return found


def clusters(
    syndrome: Annotated[str, typer.Argument(metavar="SYNDROME", help="Id of a case definition.")],
    as_of: option.AsOf = None,
    days: Annotated[int, typer.Option(help="Longest cluster, in days up to the last.", min=1, max=14)] = 7,
    history: Annotated[int, typer.Option(help="Days compared with, the last ones included.", min=14, max=91)] = 28,
    level: Annotated[float, typer.Option(help="p-value up to which a cluster is one.", min=0.0, max=1.0)] = 0.05,
    most: Annotated[int, typer.Option(help="Show so many, the most improbable ones.", min=1, max=20)] = 3,
    replicates: Annotated[int, typer.Option(help="Draws under chance alone.", min=99, max=9999)] = 999,
    seed: Annotated[int, typer.Option(help="Of the draws: the same gives the same.", min=0)] = 1,
    basis: option.Basis = "diagnosis",
    site: Site = None, state: State = None, lang: Lang = None, quiet: Quiet = False,
) -> None:  # fmt: skip
    """Neighbouring départements with more visits these days than chance allows: space-time scan (docs/scan.md)."""
    from surveillance import clusters as scanning
    from surveillance.questions import Question, checked
    from surveillance.questions.asked import known_names
    from surveillance.store import open_published

    desk = Desk(site, state, lang, quiet)
    night = parse_night(as_of)
    question = Question((syndrome,), ("day", "department"), as_of=night, basis=basis)
    checked(question)
    with open_published(desk.settings.state, desk.content) as store:
        from_first_night(store, question.as_of)
        known_names(store, question)
        found = scanning.read(store, syndrome, night, history, min(days, history), basis)
    frame = scanning.table(found, desk.content, days, replicates, seed, most)
    frame = frame[frame["p"] <= level]
    settings = {"days": days, "history": history, "replicates": replicates, "seed": seed}
    desk.logged("clusters", vars(question) | settings, rows=len(frame), night=night)
    if len(frame):
        shown = frame.assign(p=[f"{p:.3f}" for p in frame["p"]])
        write_table(shown, "table", desk, desk.say("clusters_title", syndrome=syndrome, night=found.night))
    key = "clusters_found" if len(frame) else "clusters_none"
    told = desk.say(key, syndrome=syndrome, number=len(frame), level=level, last=found.last, history=history)
    desk.tell(told)
    if found.silent:
        desk.tell(desk.say("clusters_silent", places=", ".join(found.silent), days=days))


def _hidden(
    desk: Desk, store: Store, frame: pd.DataFrame, asked: tuple[Question, ...], columns: dict[str, str]
) -> pd.DataFrame:
    """The table as it may leave: where an export of the counts behind it hides one, these columns are empty."""
    from datetime import UTC, datetime

    from surveillance.disclosure.release import SUPPRESSED, release
    from surveillance.questions import ask

    at, hidden = datetime.now(UTC).isoformat(timespec="seconds"), set()
    for question in asked:
        time, place = question.by
        left = release(store, desk.settings.state, question, ask(store, question).table, None, at).table
        rows = left[left["state"] == SUPPRESSED]
        hidden |= {(str(when), str(where)) for when, where in zip(rows[time], rows[place], strict=True)}
    keys = zip(frame[asked[0].by[0]].astype(str), frame[next(iter(columns.values()))].astype(str), strict=True)
    mask = [key in hidden for key in keys]
    frame.loc[mask, list(columns)] = None
    return frame


def _give(desk: Desk, form: str, frames: list[pd.DataFrame], *spare: str) -> None:
    """One table per syndrome for people, sentences below; else all rows, sentences on stderr."""
    import pandas as pd

    if form != "table":
        write_table(pd.concat(frames, ignore_index=True), form, desk)
    for frame in frames:
        if form == "table":
            shown: Any = frame.drop(columns=["syndrome", "why", *spare])
            write_table(_words(desk, shown), form, desk, frame.attrs["title"])
        for sentence in frame.attrs["told"]:
            (desk.tell if form == "table" else desk.note)(sentence)


def _words(desk: Desk, frame: pd.DataFrame) -> pd.DataFrame:
    """Codes of phases and intensities in the reader's language; the interval in one column, errors in per cent."""
    import pandas as pd

    from surveillance.words import knows

    def said(code: str) -> str:
        return desk.say(f"phase_{code}") if code and knows(desk.content, f"phase_{code}") else code or "–"

    if "phase" in frame:
        return frame.assign(**{name: frame[name].map(said) for name in ("phase", "intensity")})
    bounds = zip(frame["low"], frame["high"], strict=True)
    shown = frame[["day", frame.columns[1], "visits", "nowcast"]].assign(
        interval=["–" if pd.isna(low) else f"{low}–{high}" for low, high in bounds]
    )
    for name, column in (("error", "error"), ("rule", "error_rule")):
        shown[name] = [f"{100 * value:.1f} %" if value == value else "–" for value in frame[column]]
    return shown.assign(late=frame["lacking"])
