"""Seasons: which one a week belongs to, where in it, and the curves that can be laid over each other."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from surveillance.reporting.data import ReportData, Row, records
from surveillance.reporting.rules import Rules


@dataclass(frozen=True)
class Season:
    """One season of one syndrome: shares (0..1) by Monday, and where they come from."""

    name: str
    source: str
    shares: dict[date, float]


def season_year(monday: date, start_week: int) -> int:
    """The year in which the season of that week began (ISO year, so that S01 belongs with its neighbours)."""
    year, week, _ = monday.isocalendar()
    return year if week >= start_week else year - 1


def season_name(year: int, start_week: int) -> str:
    """`2023-24`, or `2023` when the season is the calendar year."""
    return str(year) if start_week == 1 else f"{year}-{(year + 1) % 100:02d}"


def position(monday: date, start_week: int) -> float:
    """Weeks since the season began; the same ISO week of two seasons coincides, S53 is half a week after S52."""
    week = monday.isocalendar().week
    return (52 - start_week) % 52 + 0.5 if week == 53 else float((week - start_week) % 52)


def same_week(monday: date, years_back: int) -> date:
    """The Monday of the same ISO week some years before (S53 becomes S52 where there is none)."""
    year, week, _ = monday.isocalendar()
    try:
        return date.fromisocalendar(year - years_back, week, 1)
    except ValueError:
        return date.fromisocalendar(year - years_back, 52, 1)


def share_of(visits: float, coded: float) -> float | None:
    """Part of the coded visits; none when nothing was coded."""
    return float(visits) / float(coded) if coded and coded > 0 else None


def previous_seasons(data: ReportData, rules: Rules, syndrome: str) -> list[Season]:
    """Seasons before the current one, the latest first; published figures win over what this store counted."""
    start = rules.start_week(syndrome)
    current = season_year(data.meta.visit_day - timedelta(days=data.meta.visit_day.weekday()), start)
    found: dict[int, dict[str, dict[date, float]]] = {}
    for row in _rows(data.seasons, syndrome):
        year = season_year(row["week_monday"], start)
        if year < current and math.isfinite(float(row["share"])):
            found.setdefault(year, {}).setdefault(str(row["source"]), {})[row["week_monday"]] = float(row["share"])
    own = "simulated" if data.meta.simulated else "observed"
    for row in _rows(data.weekly, syndrome):
        year = season_year(row["week_monday"], start)
        share = share_of(row["visits"], row["visits_coded"])
        if year < current and share is not None and row["complete"]:
            found.setdefault(year, {}).setdefault(own, {}).setdefault(row["week_monday"], share)
    return [_best(year, found[year], start) for year in sorted(found, reverse=True)][: rules.previous_seasons]


def _best(year: int, by_source: dict[str, dict[date, float]], start: int) -> Season:
    for source in ("published", "observed", "simulated"):
        if source in by_source:
            return Season(season_name(year, start), source, dict(sorted(by_source[source].items())))
    source = sorted(by_source)[0]
    return Season(season_name(year, start), source, dict(sorted(by_source[source].items())))


def current_rows(data: ReportData, rules: Rules, syndrome: str) -> list[Row]:
    """Rows of `weekly` in the season of the visit day, in order of week."""
    start = rules.start_week(syndrome)
    monday = data.meta.visit_day - timedelta(days=data.meta.visit_day.weekday())
    current = season_year(monday, start)
    rows = [row for row in _rows(data.weekly, syndrome) if season_year(row["week_monday"], start) == current]
    return sorted((row for row in rows if row["week_monday"] <= monday), key=lambda row: row["week_monday"])


def _rows(frame: pd.DataFrame, syndrome: str) -> list[Row]:
    return records(frame[frame["syndrome"] == syndrome])
