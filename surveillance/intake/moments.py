"""Dates and hours as feeds write them: explicit forms only, local time of the association, doubtful hours said."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

Moment = tuple[date, int]  # local day, minute of the day (-1 = not known)
NOWHEN: Moment = (date.min, -1)
PARTS = {
    "%d": "(?P<d>[0-9]{2})", "%m": "(?P<m>[0-9]{2})", "%Y": "(?P<Y>[0-9]{4})", "%H": "(?P<H>[0-9]{2})",
    "%M": "(?P<M>[0-9]{2})", "%S": r"(?P<S>[0-9]{2})(?:\.[0-9]{1,6})?", "%z": "(?P<z>Z|[+-][0-9]{2}:?[0-9]{2})",
}  # fmt: skip


def compile_form(form: str) -> re.Pattern[str]:
    """A pattern for a form such as `%d/%m/%Y`: ASCII digits of full width, nothing around them."""
    pieces = re.split(r"(%.)", form)
    unknown = [piece for piece in pieces if piece.startswith("%") and piece not in PARTS]
    if unknown:
        raise ValueError(f"unknown part {unknown[0]} in the form {form!r}")
    return re.compile("".join(PARTS.get(piece) or re.escape(piece) for piece in pieces))


def date_reader(forms: list[str]) -> Callable[[str], date | None]:
    """Reads a date in one of the forms; None when it is in none of them or does not exist."""
    patterns = [compile_form(form) for form in forms]

    def read(text: str) -> date | None:
        for pattern in patterns:
            if match := pattern.fullmatch(text):
                try:
                    return date(int(match["Y"]), int(match["m"]), int(match["d"]))
                except ValueError:
                    return None
        return None

    return read


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
    in none of the forms gives (NOWHEN, "UNREADABLE").
    """
    patterns = [compile_form(form) for form in forms]

    def read(text: str) -> tuple[Moment, str]:
        for pattern in patterns:
            if match := pattern.fullmatch(text):
                return _moment(match, zone)
        return NOWHEN, "UNREADABLE"

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
