"""The command `detect`: any series of a CSV file judged by any method, and what the methods are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from surveillance.cli.common import Desk, Lang, Quiet, Site, State
from surveillance.cli.giving import can_be, give

if TYPE_CHECKING:
    from surveillance.detection.judged import Method
    from surveillance.detection.judging import Verdict
    from surveillance.detection.series_file import SeriesFile

FORMS = ("table", "csv", "json")
WEEKS = 53  # rows a year of a weekly series, at most
SHOWN = 60  # rows up to which a table shows all of them, not only the alarms
TOLD = ("observed", "expected", "upperbound", "alarm", "pvalue", "status")  # columns of a table


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(detect)


@dataclass(frozen=True)
class Asked:
    """Settings of every method, and those of one. rows: first and last judged, from 1; frequency: 0 as the days say."""

    rows: tuple[int, int] | None
    frequency: int
    by_date: bool
    own: dict[str, Any]


def detect(
    file: Annotated[
        Path | None, typer.Argument(help="A .csv or .csv.gz file: series_id,date,observed.", metavar="FILE")
    ] = None,
    method: Annotated[str | None, typer.Option("--method", "-m", help="The method; --list names them.")] = None,
    param: Annotated[
        list[str] | None,
        typer.Option("--param", "-p", metavar="NAME=VALUE", help="A setting, by our name or R's; range=9:60; freq=52."),
    ] = None,
    group: Annotated[str | None, typer.Option(help="Columns that tell series apart, separated by commas.")] = None,
    series: Annotated[list[str] | None, typer.Option(help="Judge this series only.", metavar="ID")] = None,
    form: Annotated[str | None, typer.Option("--format", help="table, csv or json.", metavar="FORMAT")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "--output", "-o", help="Write to this file (.csv, .csv.gz, .json).")
    ] = None,
    plot: Annotated[bool, typer.Option("--plot", help="Draw the series in the terminal.")] = False,
    listing: Annotated[
        bool, typer.Option("--list", help="The methods and their settings; --format json or markdown.")
    ] = False,
    site: Site = None, state: State = None, lang: Lang = None, quiet: Quiet = False,
) -> None:  # fmt: skip
    """Judge the series of a CSV file: which counts are above what their past lets expect (docs/detection.md)."""
    from surveillance.detection.judging import judge
    from surveillance.detection.registry import find_method
    from surveillance.detection.series_file import read_series
    from surveillance.errors import UsageError

    desk = Desk(site, state, lang, quiet)
    if listing:
        _list(method, form, out)
        return
    if file is None or method is None:
        raise UsageError(
            "which file, by which method?", "surveillance detect FILE.csv --method NAME; --list names them"
        )
    chosen = find_method(method)
    asked = read_asked(chosen, param or [])
    form = _form(form, out, plot)
    groups = tuple(name.strip() for name in (group or "").split(",") if name.strip())
    found = read_series(file, groups, series or (), asked.frequency)
    verdict = judge(found, chosen, asked.own, asked.rows, asked.by_date)
    _give(desk, verdict, chosen, asked, form, out, plot)
    _tell(desk, found, verdict, chosen)


def read_asked(method: Method, written: list[str]) -> Asked:
    """What `--param` says: range, freq and epoch for every method, the rest by the names of this one."""
    from surveillance.detection.registry import read_settings
    from surveillance.errors import UsageError

    pairs = [(name.strip(), value.strip()) for name, _, value in (one.partition("=") for one in written)]
    if any("=" not in one for one in written):
        raise UsageError("--param takes NAME=VALUE", "for example --param alpha=0.01")
    own, all_methods = [], {}
    names = {one.name for one in method.parameters}
    for name, value in pairs:
        common = {"range": "range", "freq": "freq", "frequency": "freq", "epoch": "epoch"}.get(name.lower())
        if common and name not in names:
            all_methods[common] = value
        else:
            own.append((name, value))
    settings = read_settings(method, own)
    epoch = all_methods.get("epoch", settings.get("epoch", "date"))
    frequency = all_methods.get("freq", "0")
    if epoch not in ("date", "index"):
        raise UsageError(f"epoch={epoch}", "it is date or index")
    if not re.fullmatch(r"\d{1,4}", frequency) or frequency.strip("0") == "" != all_methods.get("freq", ""):
        raise UsageError(f"freq={frequency}", "rows a year: 52 for weeks, 365 for days, 12 for months")
    return Asked(_range(all_methods.get("range")), int(frequency), epoch == "date", settings)


def _range(text: str | None) -> tuple[int, int] | None:
    from surveillance.errors import UsageError

    if text is None:
        return None
    found = re.fullmatch(r"(\d{1,9})(?:(:|-|\.\.)(\d{0,9}))?", text.replace(" ", ""))
    if not found:
        raise UsageError(f"range={text}", "positions from 1, both included: range=314:417, range=314: or range=417")
    first = int(found[1])
    last = first if found[2] is None else int(found[3] or 10**9)
    if not 1 <= first <= last:
        raise UsageError(f"range={text}", "the first position is 1, and the last one not before the first")
    return first, last


def _form(form: str | None, out: Path | None, plot: bool) -> str:
    """The form that was asked for, or that the name of the file says."""
    from surveillance.errors import UsageError

    named = (out.name.removesuffix(".gz").rpartition(".")[2] if out else "table").lower()
    found = form or named
    if found not in FORMS:
        raise UsageError(f"--format knows {', '.join(FORMS)}, not {found!r}", "name the file so, or give --format")
    if out and found == "table":
        raise UsageError("a table is for the screen", "for a file: --format csv or json")
    if plot and out is None and found != "table":
        raise UsageError("--plot draws on the screen, where the figures would go too", "give them a file: --out")
    can_be(out)
    return found


def _give(desk: Desk, verdict: Verdict, method: Method, asked: Asked, form: str, out: Path | None, plot: bool) -> None:
    from surveillance.cli.detection_output import as_csv, as_json, zipped

    if plot:
        from surveillance.cli.detection_chart import charts

        desk.out.print("\n".join(charts(verdict.rows, desk)), markup=False)
    if form == "csv":
        give(zipped(as_csv(verdict.rows), out), out)
    elif form == "json":
        give(zipped(as_json(verdict.rows, method.name, asked.own), out), out)
    elif not plot:
        _show(desk, verdict)


def _show(desk: Desk, verdict: Verdict) -> None:
    """The table for people: every row where they are few, else the alarms."""
    import pyarrow.compute as pc

    from surveillance.cli.common import write_table

    rows = verdict.rows
    keys = rows.column_names[: rows.column_names.index("k")]
    if len(rows) > SHOWN:
        rows = rows.filter(pc.equal(rows["alarm"], 1))
        desk.note(desk.say("detect_alarms_only", rows=len(verdict.rows)))
    place = "date" if rows["date"].null_count < len(rows) else "k"
    frame = rows.select([*keys, place, *TOLD]).to_pandas()
    frame["pvalue"] = [f"{value:.2g}" if value == value else None for value in frame["pvalue"]]
    write_table(frame, "table", desk)


def _tell(desk: Desk, file: SeriesFile, verdict: Verdict, method: Method) -> None:
    """On stderr: how much was judged, what was not and why, gaps that were filled."""
    status, alarms = verdict.counted("status"), verdict.counted("alarm")
    untested = [f"{desk.say('detect_' + word)} {number}" for word, number in status.items() if word != "ok"]
    done = {"series": len(file.keys), "rows": len(verdict.rows), "alarms": alarms.get("1", 0)}
    facts = [desk.say("detect_done", method=method.name, **done)]
    facts += [desk.say("detect_untested", reasons=", ".join(untested))] if untested else []
    facts += [desk.say("detect_gaps", rows=file.added, series=file.gapped)] if file.added else []
    facts += [desk.say("detect_empty", rows=file.missing)] if file.missing else []
    facts += [desk.say("detect_outside", series=verdict.outside)] if verdict.outside else []
    days = method.weekly and any(batch.series.frequency > WEEKS for batch in file.batches)
    facts += [desk.say("detect_weekly", method=method.name)] if days else []
    facts += [desk.say("detect_range")] if set(status) == {"history"} and not days else []
    for fact in facts:
        desk.note(fact)


def _list(name: str | None, form: str | None, out: Path | None) -> None:
    from surveillance.cli.detection_methods import LISTS
    from surveillance.detection.registry import find_method, methods
    from surveillance.errors import UsageError

    form = form or "table"
    if form not in LISTS:
        raise UsageError(f"--format of a list knows {', '.join(LISTS)}, not {form!r}")
    from io import BytesIO

    can_be(out)
    chosen = [find_method(name)] if name else list(methods().values())
    give(BytesIO(f"{LISTS[form](chosen)}\n".encode()), out)
