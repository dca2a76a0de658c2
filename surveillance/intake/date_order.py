"""Are day and month exchanged in a file's dates? Then the file is refused: nothing is ever exchanged here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta

from surveillance.date_forms import day_first, swapped
from surveillance.dialects import Dialect
from surveillance.intake.moments import date_reader
from surveillance.intake.readers.raw import FileRefused

LATE_DAYS = 14  # a visit so much older than its file is late, or misdated (as `delay_days` of extracts/visit.toml)
OLD_DAYS = 400  # the same where no name tells the day of the file (as `past_days`)


def check_order(
    texts: Iterable[str | None] | Mapping[str | None, int],
    dialect: Dialect,
    named_day: date | None,
    night: date | None,
    share: float,
    lines: int,
) -> None:
    """FileRefused (date_order) when a clear majority of the start dates is only plausible with day and month exchanged.

    texts: the start dates as received, or how often each occurs. named_day: the visit day that the file's name tells;
    night: that of reception. Plausible = one of the days that the file is expected to hold. Says nothing for a dialect
    whose dates begin with the year, or that knows both orders (such dates are refused one by one).
    """
    forms = [form for form in start_forms(dialect) if day_first(form)]
    last = named_day or (night - timedelta(days=1) if night else None)
    if last is None or not forms or len(forms) < len(start_forms(dialect)):
        return
    counts = Counter(dict(texts) if isinstance(texts, Mapping) else texts)
    oldest = last - timedelta(days=LATE_DAYS if named_day else OLD_DAYS)
    declared, other = date_reader(forms), date_reader([swapped(form) for form in forms])
    expected = (last - timedelta(days=dialect.window.days - 1), last)
    suspect = sum(
        count
        for text, count in counts.items()
        if text and not within(declared, text, (oldest, last + timedelta(days=1))) and within(other, text, expected)
    )
    if suspect > share * sum(count for text, count in counts.items() if text and text.strip()):
        raise FileRefused("date_order", f"{suspect} dates ne tombent juste que le mois en premier", lines)


def start_forms(dialect: Dialect) -> list[str]:
    """The forms of the start of a visit, cut to their date: the day is what matters."""
    if "start_at" not in dialect.fields:
        return dialect.forms.date
    return dialect.forms.datetime


def within(read: Callable[[str], tuple[date | None, str]], text: str, days: tuple[date, date]) -> bool:
    """Does a text read as a day between two days?"""
    day, _ = read(text.strip())
    return day is not None and days[0] <= day <= days[1]
