"""How a French reader expects numbers and dates: narrow spaces, decimal commas, true minus signs, days in words."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta

from surveillance.clock import PARIS

THIN = "\u202f"  # narrow no-break space: between thousands and before %, ; : ! ?
JOIN = "\u00a0"  # no-break space: between a number and its unit
MINUS = "\u2212"
NOTHING = "–"
DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip


def missing(value: object) -> bool:
    """Is there no number here (None, NaN, infinite)?"""
    return value is None or (isinstance(value, float) and not math.isfinite(value))


def number(value: float | None, digits: int = 0) -> str:
    """`12 510` or `3,4`; an en dash when there is no number."""
    if value is None or missing(value):
        return NOTHING
    text = f"{abs(value):,.{digits}f}".replace(",", THIN).replace(".", ",")
    negative = value < 0 and any(char in "123456789" for char in text)
    return MINUS + text if negative else text


def signed(value: float | None, digits: int = 0) -> str:
    """`+38` or `−4`: a change always shows its sign, except nought."""
    text = number(value, digits)
    positive = value is not None and not missing(value) and value > 0
    return f"+{text}" if positive and any(char in "123456789" for char in text) else text


def acts(count: float | None) -> str:
    """`1 acte`, `12 510 actes`, not broken at the end of a line."""
    return f"{number(count)}{JOIN}acte{'s' if count is not None and not missing(count) and abs(count) >= 2 else ''}"


def signed_acts(count: float | None) -> str:
    """`+1 acte`, `−38 actes`."""
    return f"{signed(count)}{JOIN}acte{'s' if count is not None and not missing(count) and abs(count) >= 2 else ''}"


def percent(share: float | None, digits: int = 1) -> str:
    """A share between 0 and 1 as `8,6 %`."""
    return NOTHING if share is None or missing(share) else number(share * 100, digits) + THIN + "%"


def share_text(value: float | None) -> str:
    """A share with one decimal, two below 1 %: `8,6 %`, `0,41 %`."""
    return percent(value, 2 if value is not None and not missing(value) and 0 < value < 0.00995 else 1)


def signed_percent(change: float | None, digits: int = 0) -> str:
    """A relative change between −1 and +∞ as `+38 %`."""
    return NOTHING if change is None or missing(change) else signed(change * 100, digits) + THIN + "%"


def day_long(day: date) -> str:
    """`dimanche 14 janvier 2024`."""
    return f"{DAYS[day.weekday()]} {day_month(day)} {day.year}"


def day_month(day: date) -> str:
    """`14 janvier`, and `1er janvier`."""
    return f"{'1er' if day.day == 1 else day.day} {MONTHS[day.month - 1]}"


def day_short(day: date) -> str:
    """`14/01/2024`."""
    return day.strftime("%d/%m/%Y")


def week_number(day: date) -> str:
    """`S02`, the ISO week of a day, as Santé publique France writes it."""
    return f"S{day.isocalendar().week:02d}"


def week_span(monday: date) -> str:
    """`du 8 au 14 janvier 2024`, with the month (and year) of the first day only when they differ."""
    sunday = monday + timedelta(days=6)
    if monday.year != sunday.year:
        return f"du {day_month(monday)} {monday.year} au {day_month(sunday)} {sunday.year}"
    first = day_month(monday) if monday.month != sunday.month else day_month(monday).split()[0]
    return f"du {first} au {day_month(sunday)} {sunday.year}"


def moment(when: datetime) -> str:
    """`15/01/2024 à 05 h 42`, Paris time."""
    return when.astimezone(PARIS).strftime("%d/%m/%Y à %H h %M").replace(" h ", f"{THIN}h{THIN}")


def hour(when: datetime) -> str:
    """`05 h 42`, Paris time."""
    return when.astimezone(PARIS).strftime(f"%H{THIN}h{THIN}%M")


def ordinal(rank: int) -> str:
    """`1re`, `2e`, `3e` (a week is feminine)."""
    return "1re" if rank == 1 else f"{rank}e"
