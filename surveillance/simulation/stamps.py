"""Local dates and hours as the feeds write them; the hour that a clock change leaves out is never written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from surveillance.simulation.visits import Small

Texts = list[str]


@lru_cache(512)
def skipped(zone: str, day: date) -> tuple[int, int] | None:
    """First minute and the minute after the last of the hour a clock change leaves out that day, if it does."""
    missing = [minute for minute, (written, _) in enumerate(_minutes(zone, day.toordinal())) if written != minute]
    return (missing[0], missing[-1] + 1) if missing else None


@lru_cache(256)
def _minutes(zone: str, day: int) -> tuple[tuple[int, str], ...]:
    """For each minute of a local day: the minute written (an hour later if it does not exist) and its offset."""
    place, midnight = ZoneInfo(zone), datetime.combine(date.fromordinal(day), datetime.min.time())
    found = []
    for hour in range(24):
        moment = midnight + timedelta(hours=hour)
        there = moment.replace(tzinfo=place).astimezone(UTC).astimezone(place)
        shift = int((there.replace(tzinfo=None) - moment).total_seconds() // 60)
        offset = f"{there:%z}"
        found += [(hour * 60 + minute + shift, f"{offset[:3]}:{offset[3:]}") for minute in range(60)]
    return tuple(found)


@lru_cache(1024)
def _table(kind: str, zone: str, day: int) -> tuple[str, ...]:
    form = FORMS[kind]
    when = date.fromordinal(day)
    return tuple(form(when, *divmod(minute, 60), offset) for minute, offset in _minutes(zone, day))


FORMS: dict[str, Callable[[date, int, int, str], str]] = {
    "iso": lambda day, hour, minute, offset: f"{day.isoformat()}T{hour:02d}:{minute:02d}:00",
    "offset": lambda day, hour, minute, offset: f"{day.isoformat()}T{hour:02d}:{minute:02d}:00{offset}",
    "day": lambda day, hour, minute, offset: f"{day:%d/%m/%Y}",
    "hour": lambda day, hour, minute, offset: f"{hour:02d}h{minute:02d}",
    "both": lambda day, hour, minute, offset: f"{day:%d/%m/%Y} {hour:02d}:{minute:02d}",
    "month_first": lambda day, hour, minute, offset: f"{day:%m/%d/%Y}",
    "month_first_hour": lambda day, hour, minute, offset: f"{day:%m/%d/%Y} {hour:02d}:{minute:02d}",
}


def moments(kind: str, zone: str, day: Small, minute: Small) -> Texts:
    """Text of each moment: minutes count from midnight of the day and may be negative or beyond it."""
    days, minutes = day + minute // 1440, minute % 1440
    tables = {number: _table(kind, zone, number) for number in np.unique(days).tolist()}
    return [tables[d][m] for d, m in zip(days.tolist(), minutes.tolist(), strict=True)]


@lru_cache(60_000)
def birth(ordinal: int, form: str) -> str:
    """A birth date, empty when unknown."""
    return date.fromordinal(ordinal).strftime(form) if ordinal else ""
