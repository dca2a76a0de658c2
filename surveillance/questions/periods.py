"""Days, ISO weeks, months and seasons: their names, their first and last day, and those they are compared with."""

from __future__ import annotations

from datetime import date, timedelta

TIME = ("day", "week", "month", "season")  # from the finest to the widest
SEASON_MONTH = 9  # a season is named by its two years and begins on 1 September


def label(kind: str, day: date) -> str:
    """The name of the period that holds a day: 2024-01-15, 2024-W03, 2024-01, 2023-24."""
    if kind == "day":
        return day.isoformat()
    if kind == "week":
        year, week, _ = day.isocalendar()
        return f"{year}-W{week:02d}"
    if kind == "month":
        return f"{day.year}-{day.month:02d}"
    year = day.year - (day.month < SEASON_MONTH)
    return f"{year}-{(year + 1) % 100:02d}"


def span(kind: str, day: date) -> tuple[date, date]:
    """The first and the last day of the period that holds a day."""
    if kind == "day":
        return day, day
    if kind == "week":
        first = day - timedelta(days=day.weekday())
        return first, first + timedelta(days=6)
    if kind == "month":
        return day.replace(day=1), (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    year = day.year - (day.month < SEASON_MONTH)
    return date(year, SEASON_MONTH, 1), date(year + 1, SEASON_MONTH, 1) - timedelta(days=1)


def first_day(kind: str, name: str) -> date:
    """The first day of a period, by its name."""
    if kind == "day":
        return date.fromisoformat(name)
    if kind == "week":
        return date.fromisocalendar(int(name[:4]), int(name[6:]), 1)
    if kind == "month":
        return date(int(name[:4]), int(name[5:]), 1)
    return date(int(name[:4]), SEASON_MONTH, 1)


def back(kind: str, name: str, periods: int) -> str:
    """The period so many periods before."""
    day = first_day(kind, name)
    for _ in range(periods):
        day = span(kind, day - timedelta(days=1))[0]
    return label(kind, day)


def following(kind: str, first: str, last: str) -> list[str]:
    """Every period from one to another, both included, by name."""
    names = [first]
    while names[-1] < last:
        names.append(label(kind, span(kind, first_day(kind, names[-1]))[1] + timedelta(days=1)))
    return names


def years_back(kind: str, name: str, years: int) -> str | None:
    """The same period so many years before: ISO week and weekday, month, season; None for a week 53 not there."""
    day = first_day(kind, name)
    if kind == "month":
        return label(kind, day.replace(year=day.year - years))
    if kind == "season":
        return label(kind, date(day.year - years, SEASON_MONTH, 1))
    year, week, weekday = day.isocalendar()
    try:
        return label(kind, date.fromisocalendar(year - years, week, weekday))
    except ValueError:
        return None


def whole(kinds: tuple[str, ...], first: date, last: date) -> tuple[date, date]:
    """The days from `first` to `last`, with the rest of the widest periods they begin and end."""
    widest = max(kinds, key=TIME.index, default="day")
    return span(widest, first)[0], span(widest, last)[1]
