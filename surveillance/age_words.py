"""Ages in words: of a visit, and the limits of a case definition, which are kept in completed months."""

from __future__ import annotations

from collections.abc import Callable

Say = Callable[..., str]  # a key of reports/words.toml and its values: the sentence in the reader's language


def age_said(say: Say, months: int) -> str:
    """An age: in months before the second birthday, as it is known; then in years."""
    unit, number = ("month", months) if months < 24 else ("year", months // 12)
    return say(f"age_{unit}" if number == 1 else f"age_{unit}s", number=number)


def limits_said(say: Say, low: int | None, high: int | None) -> str:
    """Limits in completed months, both included, None = no limit: `avant 2 ans`, `de 3 mois à moins de 2 ans`."""
    if high is None:
        return say("age_all") if not low else say("age_from", low=_birthday(say, low))
    if not low:
        return say("age_before", high=_birthday(say, high + 1))
    return say("age_between", low=_birthday(say, low), high=_birthday(say, high + 1))


def _birthday(say: Say, months: int) -> str:
    """An age at which something begins or ends: whole years as such."""
    if months % 12 or not months:
        return say("age_month" if months == 1 else "age_months", number=months)
    return say("age_year" if months == 12 else "age_years", number=months // 12)
