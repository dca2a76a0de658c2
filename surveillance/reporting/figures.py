"""The charts of the page with the table behind each: rows for Vega-Lite, and the same rows for a screen reader."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from surveillance.content import Content
from surveillance.reporting.charts import render
from surveillance.reporting.data import ReportData, Row
from surveillance.reporting.french import acts, day_short, number, percent, share_text, week_number
from surveillance.reporting.keypoints import by_day
from surveillance.reporting.rules import Labels, Rules
from surveillance.reporting.seasons import (
    Season,
    current_rows,
    position,
    previous_seasons,
    season_name,
    season_year,
    share_of,
)
from surveillance.reporting.trends import Trend


@dataclass(frozen=True)
class Table:
    """A table behind a chart: heads, and rows of text whose first cell is the head of the row."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Figure:
    """A chart ready for the page. `seasons` are the previous ones drawn, the latest first."""

    id: str
    trend: Trend
    svg: str
    table: Table
    seasons: tuple[Season, ...]
    current: str

    @property
    def source(self) -> str:
        """Where the previous seasons come from: a key of [source], or nothing."""
        return self.seasons[0].source if self.seasons else ""


def trend_figure(content: Content, data: ReportData, rules: Rules, labels: Labels, trend: Trend) -> Figure:
    """The weekly chart of one syndrome."""
    start = rules.start_week(trend.syndrome)
    past = previous_seasons(data, rules, trend.syndrome)
    rows = current_rows(data, rules, trend.syndrome)
    name = season_name(season_year(data.meta.visit_day - timedelta(days=data.meta.visit_day.weekday()), start), start)
    key = "trend_desc" if trend.week else "trend_desc_none"
    desc = labels.say(
        "chart",
        key,
        week=week_number(trend.week) if trend.week else "",
        share=share_text(trend.share),
        visits=acts(trend.visits),
    )
    svg = render(
        content,
        "trend",
        _trend_rows(rows, past, start, name, labels),
        f"t-{trend.syndrome}",
        labels.say("chart", "trend_title", label=trend.label),
        desc,
        {"start": start},
    )
    return Figure(f"s-{trend.syndrome}", trend, svg, _trend_table(rows, past, name, labels), tuple(past), name)


def _trend_rows(rows: list[Row], past: list[Season], start: int, name: str, labels: Labels) -> dict[str, list[Row]]:
    current = [_current(row, start, name, labels) for row in rows]
    drawn = [row for row in current if row["percent"] is not None]
    complete = [row for row in drawn if row["part"] == "complete"]
    # The dashed end starts at the last complete point, so that the curve has no gap.
    dashed = [{**complete[-1], "part": "open", "tip": ""}] if complete else []
    previous = [
        _point(monday, share, start, season.name, "tip_share", labels, rank=rank)
        for rank, season in enumerate(past, 1)
        for monday, share in season.shares.items()
    ]
    counts: list[Row] = [
        {
            "at": position(_day(row), start),
            "visits": int(row["visits"]),
            "complete": bool(row["complete"]),
            "tip": labels.say("chart", "tip_visits", week=week_number(_day(row)), visits=acts(row["visits"])),
        }
        for row in rows
    ]
    unfinished = [row["at"] for row in counts if not row["complete"]]
    return {
        "previous": previous,
        "current": [*dashed, *drawn],
        "open": [{"from": at - 0.5, "to": at + 0.5} for at in unfinished],
        "counts": counts,
        "last": [{**row, "text": share_text(row["percent"] / 100)} for row in complete[-1:]],
    }


def _current(row: Row, start: int, name: str, labels: Labels) -> Row:
    share = share_of(row["visits"], row["visits_coded"])
    tip = "tip_share" if row["complete"] else "tip_share_partial"
    part = "complete" if row["complete"] else "open"
    return _point(_day(row), share, start, name, tip, labels, part=part)


def _point(monday: date, share: float | None, start: int, name: str, tip: str, labels: Labels, **more: object) -> Row:
    text = labels.say("chart", tip, week=week_number(monday), season=name, share=share_text(share))
    at = position(monday, start)
    return {
        "at": at,
        "percent": None if share is None else round(share * 100, 4),
        "season": name,
        "tip": text,
        **more,
    }


def _trend_table(rows: list[Row], past: list[Season], name: str, labels: Labels) -> Table:
    before = [f"Part {season.name} ({labels.get('source', season.source)})" for season in past]
    heads = ("Semaine", f"Actes {name}", f"Part {name}", *before)
    lines = []
    for row in reversed(rows):
        then = [season.shares.get(_same(season, _day(row))) for season in past]
        share = share_of(row["visits"], row["visits_coded"])
        mark = "" if row["complete"] else " (incomplète)"
        head = f"{week_number(_day(row))}, {day_short(_day(row))}{mark}"
        lines.append((head, number(row["visits"]), share_text(share), *(share_text(s) for s in then)))
    return Table(heads, tuple(lines))


def _same(season: Season, monday: date) -> date:
    week = min(monday.isocalendar().week, 52)
    return next((m for m in season.shares if m.isocalendar().week == week), monday)


def _day(row: Row) -> date:
    value = row["week_monday"]
    assert isinstance(value, date)
    return value


def daily_figure(content: Content, data: ReportData, rules: Rules, labels: Labels) -> tuple[str, Table]:
    """The chart of all visits per day, and its table (the latest day first)."""
    frame = by_day(data)
    last = data.meta.visit_day
    first = last - timedelta(days=rules.daily_days - 1)
    settled = last - timedelta(days=rules.unsettled_days)
    kept = [(day, int(a), int(c)) for day, a, c in frame.itertuples(name=None) if first <= day <= last]
    days: list[Row] = [
        {
            "day": day.isoformat(),
            "all": total,
            "coded": coded,
            "settled": day <= settled,
            "tip": labels.say("chart", "tip_daily", day=day_short(day), all=acts(total), coded=number(coded)),
        }
        for day, total, coded in kept
    ]
    svg = render(
        content,
        "daily",
        {"days": days, "mean": _mean(kept)},
        "daily",
        labels.say("chart", "daily_title", days=rules.daily_days),
        labels.say("chart", "daily_desc", unsettled=rules.unsettled_days),
    )
    heads = ("Jour", "Actes", "Actes codés", "Part codée")
    rows = [(day_short(d), number(a), number(c), percent(c / a if a else None)) for d, a, c in reversed(kept)]
    return svg, Table(heads, tuple(rows))


def _mean(kept: list[tuple[date, int, int]]) -> list[Row]:
    """Mean of the 7 days that end each day (only where all seven are there)."""
    counts = {day: total for day, total, _ in kept}
    weeks = {day: [counts.get(day - timedelta(days=back)) for back in range(7)] for day in counts}
    return [
        {"day": day.isoformat(), "mean": round(sum(week) / 7, 2)}  # type: ignore[arg-type]
        for day, week in weeks.items()
        if None not in week
    ]
