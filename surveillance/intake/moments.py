"""Dates and hours as feeds write them: explicit forms only, local time of the association, doubtful hours said."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from surveillance.date_forms import compile_form

Moment = tuple[date, int]  # local day, minute of the day (-1 = not known)
NOWHEN: Moment = (date.min, -1)


def date_reader(forms: list[str]) -> Callable[[str], tuple[date | None, str]]:
    """Reads a date in one of the forms as (date, check).

    UNREADABLE: it is in none of them or does not exist. AMBIGUOUS: two forms make two different days of it (both
    day first and month first are declared): no day is better than a wrong one.
    """
    patterns = [compile_form(form) for form in forms]

    def read(text: str) -> tuple[date | None, str]:
        found = {day for pattern in patterns if (match := pattern.fullmatch(text)) and (day := _day(match))}
        if len(found) == 1:
            return found.pop(), ""
        return None, "AMBIGUOUS" if found else "UNREADABLE"

    return read


def _day(match: re.Match[str]) -> date | None:
    try:
        return date(int(match["Y"]), int(match["m"]), int(match["d"]))
    except ValueError:
        return None


def time_reader(forms: list[str]) -> Callable[[str], int]:
    """Reads an hour in one of the forms as a minute of the day; -1 when it is in none of them (24:00 is not)."""
    patterns = [compile_form(form) for form in forms]

    def read(text: str) -> int:
        for pattern in patterns:
            if match := pattern.fullmatch(text):
                hour, minute = int(match["H"]), int(match["M"])
                return hour * 60 + minute if hour < 24 and minute < 60 else -1
        return -1

    return read


def moment_reader(forms: list[str], zone: ZoneInfo) -> Callable[[str], tuple[Moment, str]]:
    """Reads a date with its hour as (local moment, check): with an offset it is converted to the zone.

    The check is "" or DST_AMBIG, DST_MISSING (an hour without offset that exists twice, or not at all); a text
    in none of the forms gives (NOWHEN, "UNREADABLE"), one that two forms read differently (NOWHEN, "AMBIGUOUS").
    """
    patterns = [compile_form(form) for form in forms]

    def read(text: str) -> tuple[Moment, str]:
        matches = (match for pattern in patterns if (match := pattern.fullmatch(text)))
        found = {moment: check for moment, check in (_moment(match, zone) for match in matches) if moment != NOWHEN}
        if len(found) == 1:
            return found.popitem()
        return NOWHEN, "AMBIGUOUS" if found else "UNREADABLE"

    return read


def _moment(match: re.Match[str], zone: ZoneInfo) -> tuple[Moment, str]:
    part = match.groupdict()
    try:
        day = date(int(part["Y"]), int(part["m"]), int(part["d"]))
        hour = time(int(part["H"]), int(part["M"]), int(part.get("S") or 0))
    except ValueError:
        return NOWHEN, "UNREADABLE"
    if offset := part.get("z"):
        return _shifted(day, hour, offset, zone)
    minute = hour.hour * 60 + hour.minute
    return (day, minute), doubtful(day, minute, zone)


def _shifted(day: date, hour: time, offset: str, zone: ZoneInfo) -> tuple[Moment, str]:
    minutes = 0 if offset == "Z" else int(offset[1:3]) * 60 + int(offset[-2:])
    shift = timedelta(minutes=-minutes if offset[0] == "-" else minutes)
    try:
        local = (datetime.combine(day, hour, UTC) - shift).astimezone(zone)
    except OverflowError:
        return NOWHEN, "UNREADABLE"
    return (local.date(), local.hour * 60 + local.minute), ""


@lru_cache(maxsize=4096)
def changes(day: date, zone: ZoneInfo) -> bool:
    """Do the clocks of the zone change on that day?"""
    try:
        midnight = datetime.combine(day, time(), zone)
        return midnight.utcoffset() != datetime.combine(day + timedelta(days=1), time(), zone).utcoffset()
    except OverflowError:
        return False


def doubtful(day: date, minute: int, zone: ZoneInfo) -> str:
    """DST_AMBIG for a local hour that exists twice, DST_MISSING for one that does not exist, else ""."""
    if minute < 0 or not changes(day, zone):
        return ""
    local = datetime.combine(day, time(minute // 60, minute % 60), zone)
    first, second = local.utcoffset(), local.replace(fold=1).utcoffset()
    if first is None or second is None or first == second:
        return ""
    return "DST_AMBIG" if first > second else "DST_MISSING"
